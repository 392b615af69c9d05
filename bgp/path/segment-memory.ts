/**
 * Memory for the segments of a hash index. All of them double at about the same time: two neighbours that were
 * given back become room for one of twice the size (a buddy system), so that a table of a million entries leaves
 * no trail of outgrown segments behind (16 MB of fresh memory less to touch, a third of the index).
 */
import { tableWords } from './table-memory.ts';

/** Words of a block that segments are cut from; larger ones stand alone. */
const BLOCK_WORDS = 1 << 19;

interface Free {
  readonly block: Int32Array;
  /** Word at which it begins in the block. */
  readonly at: number;
}

export class SegmentMemory {
  /** Free pieces by size in words, then by where they are. */
  readonly #free = new Map<number, Map<number, Free>>();
  readonly #blocks = new Map<ArrayBufferLike, { readonly block: Int32Array; readonly number: number }>();

  /** `words` (a power of two) words, all 0. */
  take(words: number): Int32Array {
    if (words > BLOCK_WORDS) return tableWords(words);
    const { block, at, isFresh } = this.#cut(words);
    const segment = block.subarray(at, at + words);
    if (!isFresh) segment.fill(0);
    return segment;
  }

  /** Takes back what `take` gave out; nobody may use it any more. */
  give(segment: Int32Array): void {
    const owner = this.#blocks.get(segment.buffer);
    if (owner === undefined) return; // stood alone
    let at = segment.byteOffset / segment.BYTES_PER_ELEMENT;
    let words = segment.length;
    for (; words < BLOCK_WORDS; words *= 2) {
      const buddy = at ^ words;
      if (!(this.#free.get(words)?.delete(key(owner.number, buddy)) ?? false)) break;
      at = Math.min(at, buddy);
    }
    this.#add(words, owner.block, owner.number, at);
  }

  #add(words: number, block: Int32Array, number: number, at: number): void {
    let pieces = this.#free.get(words);
    if (pieces === undefined) {
      pieces = new Map();
      this.#free.set(words, pieces);
    }
    pieces.set(key(number, at), { block, at });
  }

  /** The smallest free piece that is large enough, halved as often as it goes; else a new block. */
  #cut(words: number): Free & { readonly isFresh: boolean } {
    for (let size = words; size <= BLOCK_WORDS; size *= 2) {
      const pieces = this.#free.get(size);
      const first = pieces?.entries().next().value;
      if (pieces === undefined || first === undefined) continue;
      const [where, { block, at }] = first;
      pieces.delete(where);
      this.#giveRest(block, at, words, size);
      return { block, at, isFresh: false };
    }
    const block = tableWords(BLOCK_WORDS);
    this.#blocks.set(block.buffer, { block, number: this.#blocks.size });
    this.#giveRest(block, 0, words, BLOCK_WORDS);
    return { block, at: 0, isFresh: true };
  }

  /** Of the piece of `size` words at `at`, all but the first `words`. */
  #giveRest(block: Int32Array, at: number, words: number, size: number): void {
    const number = this.#blocks.get(block.buffer)!.number;
    for (let half = size / 2; half >= words; half /= 2) this.#add(half, block, number, at + half);
  }
}

function key(block: number, at: number): number {
  return block * BLOCK_WORDS + at;
}
