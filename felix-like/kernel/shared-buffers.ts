/**
 * Memory for requests, seen by both threads and used again and again: whoever gives it back is sure that the other
 * thread is done with it. Ordinary buffers would be copied or handed over, and be garbage after each request.
 */

/** What is kept for the next request: as much as is under way at a time. */
const MAX_KEPT = 8;
/** Smaller ones are cheap, and larger ones rare. */
const MIN_KEPT_BYTES = 32 << 10;
const MAX_KEPT_BYTES = 256 << 10;

export class SharedBuffers {
  readonly #kept: Uint8Array[] = [];

  /** @returns at least so many bytes, zeroed as far as was asked for */
  take(bytes: number): Uint8Array {
    const at = bytes < MIN_KEPT_BYTES ? -1 : this.#kept.findIndex((buffer) => buffer.length >= bytes);
    if (at < 0) return new Uint8Array(new SharedArrayBuffer(bytes));
    return this.#kept.splice(at, 1)[0]!.fill(0, 0, bytes);
  }

  giveBack(buffer: Uint8Array): void {
    if (buffer.length < MIN_KEPT_BYTES || buffer.length > MAX_KEPT_BYTES) return;
    if (this.#kept.length === MAX_KEPT) this.#kept.shift();
    this.#kept.push(buffer);
  }
}
