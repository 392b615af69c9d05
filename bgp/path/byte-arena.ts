/**
 * Memory for many small byte strings (the canonical attribute blocks): 1 MiB chunks, rounded up to 16 octets,
 * and one free list for each rounded size. A million small Buffers would cost 100 octets each and a malloc.
 */
import { tableBytes } from './table-memory.ts';

const CHUNK_BITS = 20;
const CHUNK_BYTES = 1 << CHUNK_BITS;
const GRAIN_BITS = 4;

export class ByteArena {
  readonly #chunks: Uint8Array[] = [];
  readonly #free = new Map<number, number[]>();
  /** Next unused grain in the last chunk. */
  #bump = CHUNK_BYTES;

  /** Stores bytes[start, end) (at most 1 MiB). @returns an address for `chunk` and `offset`. */
  store(bytes: Uint8Array, start: number, end: number): number {
    const size = roundUp(end - start);
    const address = this.#free.get(size)?.pop() ?? this.#allocate(size);
    const chunk = this.chunk(address);
    const offset = this.offset(address);
    for (let i = start, o = offset; i < end; i++, o++) chunk[o] = bytes[i]!;
    return address;
  }

  /** The chunk that holds the bytes at `address`. */
  chunk(address: number): Uint8Array {
    return this.#chunks[address >>> (CHUNK_BITS - GRAIN_BITS)]!;
  }

  /** Where in its chunk the bytes begin. */
  offset(address: number): number {
    return (address << GRAIN_BITS) & (CHUNK_BYTES - 1);
  }

  release(address: number, length: number): void {
    const size = roundUp(length);
    const list = this.#free.get(size);
    if (list === undefined) this.#free.set(size, [address]);
    else list.push(address);
  }

  #allocate(size: number): number {
    if (this.#bump + size > CHUNK_BYTES) {
      this.#chunks.push(tableBytes(CHUNK_BYTES));
      this.#bump = 0;
    }
    const address = ((this.#chunks.length - 1) << (CHUNK_BITS - GRAIN_BITS)) | (this.#bump >>> GRAIN_BITS);
    this.#bump += size;
    return address;
  }
}

function roundUp(length: number): number {
  const grain = 1 << GRAIN_BITS;
  return Math.max(grain, (length + grain - 1) & -grain);
}
