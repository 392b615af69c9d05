/**
 * Fixed-size records of 32-bit integers, addressed by a dense id. The records live in chunks, so that growing
 * never copies (no stall, no doubled memory) and one record's fields share a cache line.
 */
import { tableWords } from './table-memory.ts';

const CHUNK_BITS = 13;
const CHUNK_MASK = (1 << CHUNK_BITS) - 1;

export class RecordTable {
  readonly #chunks: Int32Array[] = [];
  readonly #stride: number;
  #highWater = 0;
  #freeHead = -1;
  #live = 0;

  /** @param stride number of 32-bit fields in a record. */
  constructor(stride: number) {
    this.#stride = stride;
  }

  /** Every id ever allocated is below this. */
  get highWater(): number {
    return this.#highWater;
  }

  /** Records in use. */
  get live(): number {
    return this.#live;
  }

  /** A record with all fields 0; ids are reused, the most recently freed first. O(1). */
  alloc(): number {
    this.#live++;
    const free = this.#freeHead;
    if (free >= 0) {
      this.#freeHead = this.get(free, 0);
      const chunk = this.chunk(free);
      const start = this.base(free);
      for (let i = start; i < start + this.#stride; i++) chunk[i] = 0;
      return free;
    }
    const id = this.#highWater++;
    if (id >>> CHUNK_BITS === this.#chunks.length) {
      this.#chunks.push(tableWords(this.#stride << CHUNK_BITS));
    }
    return id;
  }

  /** Gives the record back; its fields from 1 on keep their values until it is allocated again. */
  free(id: number): void {
    this.set(id, 0, this.#freeHead);
    this.#freeHead = id;
    this.#live--;
  }

  /** The chunk that holds the record: for hot loops that touch several fields, with `base`. */
  chunk(id: number): Int32Array {
    return this.#chunks[id >>> CHUNK_BITS]!;
  }

  /** Index of the record's first field in its chunk. */
  base(id: number): number {
    return (id & CHUNK_MASK) * this.#stride;
  }

  get(id: number, field: number): number {
    return this.#chunks[id >>> CHUNK_BITS]![(id & CHUNK_MASK) * this.#stride + field]!;
  }

  set(id: number, field: number, value: number): void {
    this.#chunks[id >>> CHUNK_BITS]![(id & CHUNK_MASK) * this.#stride + field] = value;
  }
}
