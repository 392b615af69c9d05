/**
 * The send hold timer of one connection (RFC 9687): a peer that takes nothing for too long is gone, however much it
 * says. The RFC's timer starts over with each message that is sent; here the output knows since when nothing was taken,
 * and is looked at with each KEEPALIVE, or, where a hold time of 0 leaves none, every 30 seconds.
 */
import type { Clock, Timer } from './clock.ts';

/** RFC 9687 §4: eight minutes, or twice the hold time if that is longer. */
const SEND_HOLD_MS = 480_000;
const LOOK_MS = 30_000;

export interface SendHoldTimerOptions {
  readonly clock: Clock;
  /** Milliseconds for which nothing was taken although something waits; 0 when nothing waits. */
  readonly stalledMs: () => number;
  readonly onExpired: () => void;
}

export class SendHoldTimer {
  readonly #options: SendHoldTimerOptions;
  #timer: Timer | null = null;

  constructor(options: SendHoldTimerOptions) {
    this.#options = options;
  }

  look(holdTimeSec: number): void {
    const { stalledMs, onExpired } = this.#options;
    if (stalledMs() > Math.max(SEND_HOLD_MS, 2000 * holdTimeSec)) onExpired();
  }

  /** For a connection without KEEPALIVEs: looks by itself from now on. */
  start(): void {
    this.stop();
    this.#timer = this.#options.clock.startTimer(LOOK_MS, () => {
      this.start();
      this.look(0);
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}
