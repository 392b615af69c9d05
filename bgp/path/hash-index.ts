/**
 * Open addressing from a 32-bit hash to a dense id, in 256 segments chosen by the top byte. A segment re-hashes
 * alone when it is three quarters full, so that growing to millions of entries never stalls (one big table
 * of a million entries stalls 50 ms and more; a segment's growth stays below 0.3 ms). Slots hold the hash
 * beside the id: growing and probing past other keys then touch no record (inserting is four times as fast).
 * Keys stay with the subclass, which probes.
 */
import { SegmentMemory } from './segment-memory.ts';

const SEGMENTS = 256;
const FIRST_SLOTS = 8;
export const EMPTY = -1;

export abstract class HashIndex {
  /** Pairs of hash and id plus 1; id 0 is a free slot. Slot s stands at [2s, 2s + 1]. */
  protected readonly segments: Int32Array[] = [];
  readonly #counts = new Uint32Array(SEGMENTS);
  readonly #memory = new SegmentMemory();
  /** Part of every hash. */
  readonly seed: number;

  /**
   * @param seed any 32-bit integer that nobody outside can know: a peer chooses the keys, and must not be able to
   *   choose them all into one place.
   */
  constructor(seed: number) {
    this.seed = seed | 0;
    for (let i = 0; i < SEGMENTS; i++) this.segments.push(this.#memory.take(2 * FIRST_SLOTS));
  }

  /** Adds an id whose key is not present. Amortised O(1). */
  protected addToIndex(id: number, hash: number): void {
    const number = hash >>> 24;
    let segment = this.segments[number]!;
    const count = this.#counts[number]! + 1;
    if (count * 8 > segment.length * 3) segment = this.#grow(number);
    place(segment, hash, id + 1);
    this.#counts[number] = count;
  }

  /** Removes a present id and closes the gap, so that no tombstones pile up under churn. */
  protected removeFromIndex(id: number, hash: number): void {
    const number = hash >>> 24;
    const segment = this.segments[number]!;
    const mask = segment.length - 1;
    let gap = firstSlot(hash, mask);
    while (segment[gap + 1] !== id + 1) gap = (gap + 2) & mask;
    for (let i = (gap + 2) & mask; segment[i + 1] !== 0; i = (i + 2) & mask) {
      const home = firstSlot(segment[i]!, mask);
      // An entry may move into the gap only when its home is not cyclically inside (gap, i].
      const isHomeInside = gap <= i ? home > gap && home <= i : home > gap || home <= i;
      if (isHomeInside) continue;
      segment[gap] = segment[i]!;
      segment[gap + 1] = segment[i + 1]!;
      gap = i;
    }
    segment[gap + 1] = 0;
    this.#counts[number] = this.#counts[number]! - 1;
  }

  #grow(number: number): Int32Array {
    const old = this.segments[number]!;
    const segment = this.#memory.take(old.length * 2);
    for (let i = 0; i < old.length; i += 2) if (old[i + 1] !== 0) place(segment, old[i]!, old[i + 1]!);
    this.segments[number] = segment;
    this.#memory.give(old);
    return segment;
  }
}

/** Where probing for a hash begins in a segment whose length less 1 is `mask`. */
export function firstSlot(hash: number, mask: number): number {
  return (hash << 1) & mask;
}

function place(segment: Int32Array, hash: number, link: number): void {
  const mask = segment.length - 1;
  let i = firstSlot(hash, mask);
  while (segment[i + 1] !== 0) i = (i + 2) & mask;
  segment[i] = hash;
  segment[i + 1] = link;
}

/** Spreads the bits of a 32-bit integer over all of it. */
export function mix32(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
