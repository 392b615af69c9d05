/** What of the kernel's routes must be read again: everything, or the routes over some links. */

/** Of more links than this, reading everything once is cheaper. */
const MAX_SINGLE_LINKS = 8;

export class ResyncPlan {
  #isFull = true;
  #interfaces = new Set<number>();

  get isDue(): boolean {
    return this.#isFull || this.#interfaces.size > 0;
  }

  requestFull(): void {
    this.#isFull = true;
    this.#interfaces.clear();
  }

  requestInterfaces(indexes: readonly number[]): void {
    if (this.#isFull) return;
    for (const index of indexes) this.#interfaces.add(index);
    if (this.#interfaces.size > MAX_SINGLE_LINKS) this.requestFull();
  }

  /** Interfaces to read; null stands for all. Nothing is due afterwards. */
  take(): readonly (number | null)[] {
    const interfaces = this.#isFull ? [null] : [...this.#interfaces];
    this.#isFull = false;
    this.#interfaces.clear();
    return interfaces;
  }
}
