/**
 * The hold timer of one connection (RFC 4271 §4.4), made for thousands of them: a message only notes the time,
 * and the one timer looks at that note when it fires.
 *
 * When it fires and the note is old, our own event loop may have been late, with the peer's messages waiting in
 * the kernel or in our queue. So the verdict waits until the sockets have been read once more.
 */
import type { Clock, Timer } from './clock.ts';

/** How soon to look again while messages of the peer wait to be handled. */
const RECHECK_MS = 250;

export interface HoldTimerOptions {
  readonly clock: Clock;
  /** Whole messages of the peer are queued, or its socket is paused. */
  readonly hasUnreadInput: () => boolean;
  readonly onExpired: () => void;
}

export class HoldTimer {
  readonly #options: HoldTimerOptions;
  #holdMs = 0;
  #lastReceived = 0;
  #timer: Timer | null = null;
  #firesAt = 0;
  #recheck: NodeJS.Immediate | null = null;

  constructor(options: HoldTimerOptions) {
    this.#options = options;
  }

  /** The peer has shown that it lives. */
  touch(): void {
    this.#lastReceived = this.#options.clock.now();
  }

  /** Starts, or starts over with another hold time. */
  start(holdMs: number): void {
    this.touch();
    this.#holdMs = holdMs;
    if (this.#timer === null || this.#lastReceived + holdMs < this.#firesAt) this.#arm(holdMs);
  }

  stop(): void {
    this.#holdMs = 0;
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#recheck !== null) clearImmediate(this.#recheck);
    this.#recheck = null;
  }

  #arm(ms: number): void {
    this.#timer?.cancel();
    this.#firesAt = this.#options.clock.now() + ms;
    this.#timer = this.#options.clock.startTimer(ms, () => this.#onTimer());
  }

  #onTimer(): void {
    this.#timer = null;
    const rest = this.#restMs();
    if (rest > 0) {
      this.#arm(rest);
      return;
    }
    // Two rounds: the first immediate runs behind the poll phase, the second behind the turn that it asked for.
    this.#recheck = setImmediate(() => {
      this.#recheck = setImmediate(() => this.#decide());
    });
  }

  #decide(): void {
    this.#recheck = null;
    const rest = this.#restMs();
    if (rest > 0) this.#arm(rest);
    else if (this.#options.hasUnreadInput()) this.#arm(RECHECK_MS);
    else this.#options.onExpired();
  }

  #restMs(): number {
    return this.#lastReceived + this.#holdMs - this.#options.clock.now();
  }
}
