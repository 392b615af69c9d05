/**
 * When to deliver the next snapshot: soon after a change, many changes at once, and the later the longer the last one
 * took, so that a busy cluster of thousands of nodes leaves the process time for its sessions.
 */

/** A pod that starts waits for its route this long at least. */
const SETTLE_MS = 20;
/** At most a fifth of the time goes into snapshots. */
const REST_FACTOR = 4;
const MAX_REST_MS = 2000;

export class SnapshotPacer {
  readonly #deliver: () => void;
  #timer: NodeJS.Timeout | undefined;
  #restUntil = 0;
  #closed = false;

  constructor(deliver: () => void) {
    this.#deliver = deliver;
  }

  wake(): void {
    if (this.#timer !== undefined || this.#closed) return;
    const waitMs = Math.max(SETTLE_MS, this.#restUntil - performance.now());
    this.#timer = setTimeout(() => this.#fire(), waitMs);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #fire(): void {
    const started = performance.now();
    this.#timer = undefined;
    this.#deliver();
    const ended = performance.now();
    this.#restUntil = ended + Math.min(MAX_REST_MS, REST_FACTOR * (ended - started));
  }
}
