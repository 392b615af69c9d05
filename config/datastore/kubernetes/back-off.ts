/** How long to wait after a failure: twice as long each time, half of it by chance, so that nodes do not march in step. */

export interface BackOffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** In [0, 1). */
  readonly random: () => number;
}

export class BackOff {
  readonly #options: BackOffOptions;
  #failures = 0;

  constructor(options: BackOffOptions) {
    this.#options = options;
  }

  /** Milliseconds until the next try. @param atLeastMs what the server asked for */
  next(atLeastMs = 0): number {
    const { firstMs, maxMs, random } = this.#options;
    const full = Math.min(maxMs, firstMs * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    return Math.max(full / 2, atLeastMs) + (full / 2) * random();
  }

  reset(): void {
    this.#failures = 0;
  }
}
