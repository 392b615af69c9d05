/** A clock that only moves when told to. */
import type { Clock, Timer } from '../../../bgp/speaker/clock.ts';

interface Pending {
  readonly at: number;
  readonly callback: () => void;
}

export class FakeClock implements Clock {
  #now = 1_000_000;
  readonly #pending = new Set<Pending>();

  now(): number {
    return this.#now;
  }

  wallTime(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.#now);
  }

  startTimer(ms: number, callback: () => void): Timer {
    const pending: Pending = { at: this.#now + ms, callback };
    this.#pending.add(pending);
    return { cancel: () => this.#pending.delete(pending) };
  }

  /** Timers that run. */
  get timers(): number {
    return this.#pending.size;
  }

  /** Lets `ms` pass, firing what falls due on the way, in order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#pending].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#pending.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
    }
    this.#now = end;
  }
}
