/** A clock that stands still until it is told to go on. */
import type { Clock, Timer } from '../../../felix-like/dataplane/clock.ts';

interface PendingTimer {
  readonly dueMs: number;
  readonly callback: () => void;
}

export class FakeClock implements Clock {
  /** What passes from one look at the clock to the next. */
  lookMs = 0;
  #nowMs = 0;
  #timers: PendingTimer[] = [];

  get timerCount(): number {
    return this.#timers.length;
  }

  now(): number {
    this.#nowMs += this.lookMs;
    return this.#nowMs;
  }

  wallTime(): Date {
    return new Date(Date.UTC(2030, 0, 1) + this.#nowMs);
  }

  startTimer(ms: number, callback: () => void): Timer {
    const timer = { dueMs: this.#nowMs + ms, callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Calls back what falls due, in order of time. */
  advance(ms: number): void {
    const end = this.#nowMs + ms;
    for (;;) {
      const [next] = this.#timers.filter(({ dueMs }) => dueMs <= end).sort((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
    }
    this.#nowMs = end;
  }
}
