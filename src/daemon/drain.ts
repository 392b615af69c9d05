/**
 * Taking leave of all peers: first they are asked to prefer other paths (RFC 8326 §4), and once they have had time for
 * that, the routes are withdrawn. Sessions stay. Nothing of it outlives the process.
 */
import type { DrainState, Logger, Speaker } from '@manul/bgp';

/** Longest time between asking and withdrawing, seconds. */
export const MAX_GRACE_SEC = 86_400;

export interface DrainReport {
  readonly state: DrainState;
  /** When that state began; null as long as nobody has drained. */
  readonly since: string | null;
  /** When the routes will be withdrawn, or null. */
  readonly withdrawAt: string | null;
}

export class Drain {
  readonly #speaker: Pick<Speaker, 'setDrain' | 'drain'>;
  readonly #logger: Logger;
  #since: string | null = null;
  #withdrawAt: string | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(speaker: Pick<Speaker, 'setDrain' | 'drain'>, logger: Logger) {
    this.#speaker = speaker;
    this.#logger = logger;
  }

  report(): DrainReport {
    return { state: this.#speaker.drain(), since: this.#since, withdrawAt: this.#withdrawAt };
  }

  /** Asks peers to prefer other paths, and withdraws `graceSec` later; what is withdrawn already stays so. */
  begin(graceSec: number): void {
    if (this.#speaker.drain() === 'withdrawn') return;
    this.#forgetTimer();
    if (graceSec === 0) {
      this.#enter('withdrawn');
      return;
    }
    if (this.#speaker.drain() === 'none') this.#enter('graceful');
    this.#withdrawAt = new Date(Date.now() + graceSec * 1000).toISOString();
    this.#timer = setTimeout(() => this.#enter('withdrawn'), graceSec * 1000);
  }

  /** Announces everything again, as before. */
  end(): void {
    if (this.#speaker.drain() !== 'none') this.#enter('none');
  }

  close(): void {
    this.#forgetTimer();
  }

  #enter(state: DrainState): void {
    this.#forgetTimer();
    this.#speaker.setDrain(state);
    this.#since = new Date().toISOString();
    this.#logger.info(TEXTS[state]);
  }

  #forgetTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#withdrawAt = null;
  }
}

const TEXTS: Readonly<Record<DrainState, string>> = {
  none: 'drain is over, routes are announced again',
  graceful: 'draining: peers are asked to prefer other paths',
  withdrawn: 'drained: nothing is announced any more, sessions stay',
};
