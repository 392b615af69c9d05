/**
 * A session on which nothing should happen but KEEPALIVEs: it takes part in another address family and asks for a hold
 * time of 3 s, so the daemon owes it a message every second, whatever else it does.
 */
import type { Family } from '../../harness/bgp/prefix-text.ts';
import type { Job } from './job.ts';
import { Session } from './session.ts';

const HOLD_TIME_SEC = 3;
const NUMBER = 65_000;
/** A daemon that is silent for longer is measured at this. */
const PATIENCE_MS = 10_000;

export class IdleWatch {
  readonly #session: Session;
  #lastAt = 0;
  #largestMs = 0;
  #next: (() => void) | null = null;

  private constructor(session: Session) {
    this.#session = session;
    session.onInput = () => this.#heard();
    session.onPhase = () => this.#next?.();
  }

  /** @param busy the family of the scenario; the watch uses the other one */
  static async open(job: Job, busy: Family): Promise<IdleWatch> {
    const family = busy === 'ipv4' ? 'ipv6' : 'ipv4';
    const session = new Session({
      target: job.target,
      asn: job.asn,
      number: NUMBER,
      family,
      prefixes: 0,
      holdTimeSec: HOLD_TIME_SEC,
    });
    await new Promise<void>((resolve, reject) => {
      session.onPhase = (phase) => {
        if (phase === 'established') resolve();
        if (phase === 'closed') reject(new Error(`idle session closed: ${session.reason}`));
      };
      session.dial();
    });
    return new IdleWatch(session);
  }

  /** Begins a phase: gaps from the last message before it count. */
  begin(): void {
    this.#largestMs = 0;
    if (this.#lastAt === 0) this.#lastAt = performance.now();
  }

  /** Ends a phase with the next message. @returns the largest gap, or null when the daemon closed the session */
  async end(): Promise<number | null> {
    if (this.#session.phase === 'closed') return null;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, PATIENCE_MS);
      this.#next = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#next = null;
    if (this.#session.phase !== 'established') return null;
    return Math.max(this.#largestMs, performance.now() - this.#lastAt);
  }

  #heard(): void {
    const now = performance.now();
    if (this.#lastAt > 0) this.#largestMs = Math.max(this.#largestMs, now - this.#lastAt);
    this.#lastAt = now;
    this.#next?.();
  }
}
