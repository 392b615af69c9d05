/** What a loop sleeps on: a wake-up that came while it worked is not lost. */
import type { Clock, Timer } from './clock.ts';

export class WakeUp {
  readonly #clock: Clock;
  #isAwake = true;
  #wakeSleeper: (() => void) | null = null;
  #timer: Timer | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something asked for attention since `begin`. */
  get isAwake(): boolean {
    return this.#isAwake;
  }

  /** What asked before now is about to be looked at. */
  begin(): void {
    this.#isAwake = false;
  }

  wake(): void {
    this.#isAwake = true;
    this.#wakeSleeper?.();
    this.#wakeSleeper = null;
  }

  /** Replaces an earlier time. */
  wakeAfter(ms: number): void {
    this.cancel();
    this.#timer = this.#clock.startTimer(ms, () => this.wake());
  }

  /** Returns at once when something asked since `begin`. */
  async sleep(): Promise<void> {
    if (this.#isAwake) return;
    await new Promise<void>((resolve) => {
      this.#wakeSleeper = resolve;
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}
