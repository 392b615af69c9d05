/** A column of 32-bit integers over a dense id space, 0 where never set; chunks appear when first written. */
import { tableWords } from './table-memory.ts';

const CHUNK_BITS = 13;
const CHUNK_MASK = (1 << CHUNK_BITS) - 1;

export class SparseColumn {
  readonly #chunks: (Int32Array | undefined)[] = [];
  readonly #strideBits: number;

  /** @param strideBits log2 of the number of 32-bit fields per id. */
  constructor(strideBits: number) {
    this.#strideBits = strideBits;
  }

  get(id: number, field: number): number {
    const chunk = this.#chunks[id >>> CHUNK_BITS];
    return chunk === undefined ? 0 : chunk[((id & CHUNK_MASK) << this.#strideBits) + field]!;
  }

  set(id: number, field: number, value: number): void {
    const index = id >>> CHUNK_BITS;
    let chunk = this.#chunks[index];
    if (chunk === undefined) {
      while (this.#chunks.length < index) this.#chunks.push(undefined); // keeps the array packed
      chunk = tableWords(1 << (CHUNK_BITS + this.#strideBits));
      this.#chunks[index] = chunk;
    }
    chunk[((id & CHUNK_MASK) << this.#strideBits) + field] = value;
  }
}
