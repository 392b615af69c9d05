/** Takes the decision on every net again after its rules have changed, in slices. */
import type { FamilyRib } from './family-rib.ts';

/** Nets marked in one slice. */
const SLICE = 1 << 14;

export class RedecideSweep {
  readonly #rib: FamilyRib;
  #cursor = -1;

  constructor(rib: FamilyRib) {
    this.#rib = rib;
  }

  start(): void {
    this.#cursor = 0;
  }

  /** Does one slice. @returns true when nothing is left. */
  work(): boolean {
    if (this.#cursor < 0) return true;
    const limit = this.#rib.nets.records.highWater;
    const end = Math.min(limit, this.#cursor + SLICE);
    for (let net = this.#cursor; net < end; net++) this.#rib.redecide(net);
    this.#cursor = end < limit ? end : -1;
    return this.#cursor < 0;
  }
}
