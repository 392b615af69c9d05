/**
 * Prefixes with dense ids: whatever belongs to a prefix stands in columns, at its id. Nothing here is an object of
 * its own, so a hundred thousand prefixes cost the garbage collector nothing.
 *
 * The memory is shared, although no other thread sees it: V8 counts ordinary buffers as growth of its heap, and
 * would collect the whole of it while they grow.
 */
import { PrefixKey } from './prefix-key.ts';

export const NO_ID = -1;

/** Words of a record: length and flags, metric, address. */
const RECORD = 6;
const LENGTH_MASK = 0xff;
const IPV6 = 1 << 8;
const IN_USE = 1 << 9;
const ODD = 1 << 10;
const FIRST_CAPACITY = 1024;

export class PrefixTable {
  #records = sharedWords(FIRST_CAPACITY * RECORD);
  /** Open addressing: id + 1, 0 for a free place. Twice as long as there are records. */
  #index = sharedWords(FIRST_CAPACITY * 2);
  readonly #seed: number;
  #used = 0;
  #highWater = 0;
  readonly #free: number[] = [];
  readonly #odd = new Map<string, number>();
  readonly #oddTexts = new Map<number, string>();
  readonly #scratch = new PrefixKey();

  /** @param seed peers choose the prefixes: by a number that they know they could make them all meet in one place */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  /** All ids are below. */
  get highWater(): number {
    return this.#highWater;
  }

  /** @param metric part of the key, for those who want it there */
  find(key: PrefixKey, metric = 0): number {
    if (key.odd !== null) return this.#odd.get(oddKey(key.odd, metric)) ?? NO_ID;
    const mask = this.#index.length - 1;
    const meta = metaOf(key);
    const records = this.#records;
    for (let place = hashOf(key, metric, this.#seed) & mask; ; place = (place + 1) & mask) {
      const id = this.#index[place]! - 1;
      if (id < 0) return NO_ID;
      const at = id * RECORD;
      if (
        records[at + 2] === key.word0 &&
        records[at] === meta &&
        records[at + 1] === (metric | 0) &&
        (!key.isIpv6 ||
          (records[at + 3] === key.word1 && records[at + 4] === key.word2 && records[at + 5] === key.word3))
      ) {
        return id;
      }
    }
  }

  /** The id of a prefix that is not in the table yet. */
  add(key: PrefixKey, metric = 0): number {
    const id = this.#free.pop() ?? this.#highWater++;
    if ((id + 1) * RECORD > this.#records.length) this.#records = grown(this.#records);
    const at = id * RECORD;
    this.#records[at] = metaOf(key);
    this.#records[at + 1] = metric;
    this.#records[at + 2] = key.word0;
    this.#records[at + 3] = key.word1;
    this.#records[at + 4] = key.word2;
    this.#records[at + 5] = key.word3;
    if (key.odd !== null) {
      this.#odd.set(oddKey(key.odd, metric), id);
      this.#oddTexts.set(id, key.odd);
      return id;
    }
    if (++this.#used * 2 > this.#index.length) this.#rehash(this.#index.length * 2);
    else this.#insert(hashOf(key, metric, this.#seed), id);
    return id;
  }

  inUse(id: number): boolean {
    return (this.#records[id * RECORD]! & IN_USE) !== 0;
  }

  isIpv6(id: number): boolean {
    return (this.#records[id * RECORD]! & IPV6) !== 0;
  }

  metric(id: number): number {
    return this.#records[id * RECORD + 1]! >>> 0;
  }

  /** Fills `key`. @returns it */
  read(id: number, key: PrefixKey): PrefixKey {
    const at = id * RECORD;
    const meta = this.#records[at]!;
    key.length = meta & LENGTH_MASK;
    key.isIpv6 = (meta & IPV6) !== 0;
    key.word0 = this.#records[at + 2]!;
    key.word1 = this.#records[at + 3]!;
    key.word2 = this.#records[at + 4]!;
    key.word3 = this.#records[at + 5]!;
    key.odd = (meta & ODD) === 0 ? null : this.#oddTexts.get(id)!;
    return key;
  }

  /** The id may be given to another prefix. */
  remove(id: number): void {
    const key = this.read(id, this.#scratch);
    const metric = this.metric(id);
    this.#records[id * RECORD] = 0;
    this.#free.push(id);
    if (key.odd !== null) {
      this.#odd.delete(oddKey(key.odd, metric));
      this.#oddTexts.delete(id);
      return;
    }
    this.#used--;
    this.#removeFromIndex(hashOf(key, metric, this.#seed), id);
  }

  #insert(hash: number, id: number): void {
    const mask = this.#index.length - 1;
    let place = hash & mask;
    while (this.#index[place] !== 0) place = (place + 1) & mask;
    this.#index[place] = id + 1;
  }

  /** Moves up what was pushed behind, so that no look-up ends at the gap. */
  #removeFromIndex(hash: number, id: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let gap = hash & mask;
    while (index[gap] !== id + 1) gap = (gap + 1) & mask;
    for (let place = (gap + 1) & mask; index[place] !== 0; place = (place + 1) & mask) {
      const home = this.#home(index[place]! - 1) & mask;
      if (((place - home) & mask) < ((place - gap) & mask)) continue;
      index[gap] = index[place]!;
      gap = place;
    }
    index[gap] = 0;
  }

  #home(id: number): number {
    return hashOf(this.read(id, this.#scratch), this.metric(id), this.#seed);
  }

  #rehash(length: number): void {
    this.#index = sharedWords(length);
    for (let id = 0; id < this.#highWater; id++) {
      const meta = this.#records[id * RECORD]!;
      if ((meta & IN_USE) !== 0 && (meta & ODD) === 0) this.#insert(this.#home(id), id);
    }
  }
}

function metaOf(key: PrefixKey): number {
  return key.length | (key.isIpv6 ? IPV6 | IN_USE : IN_USE) | (key.odd === null ? 0 : ODD);
}

function hashOf(key: PrefixKey, metric: number, seed: number): number {
  let hash = Math.imul(key.word0 ^ (key.length << 3) ^ metric ^ seed, 0x9e3779b1);
  if (key.isIpv6) {
    hash = Math.imul((hash ^ key.word1) + (hash >>> 15), 0x85ebca6b);
    hash = Math.imul((hash ^ key.word2) + (hash >>> 13), 0xc2b2ae35);
    hash = Math.imul((hash ^ key.word3) + (hash >>> 16), 0x9e3779b1);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

function oddKey(text: string, metric: number): string {
  return `${text} ${metric}`;
}

export function sharedWords(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT));
}

/** Twice as long, with the same beginning. */
export function grown(words: Int32Array): Int32Array {
  const longer = sharedWords(words.length * 2);
  longer.set(words);
  return longer;
}
