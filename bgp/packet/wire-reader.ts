/**
 * Reads a bounded piece of a message, where speed does not matter (OPEN, capabilities, ROUTE-REFRESH).
 *
 * Reading beyond the end never throws: it yields zeros and sets `truncated`, which the decoder looks at once,
 * at the end. A reader belongs to one message and is discarded with it.
 */
import { SmartBuffer } from 'smart-buffer';

export class WireReader {
  readonly #buffer: SmartBuffer;
  #truncated = false;

  /** `bytes` is viewed, not copied. */
  constructor(bytes: Uint8Array) {
    this.#buffer = SmartBuffer.fromBuffer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  /** True once something was read that is not there. */
  get truncated(): boolean {
    return this.#truncated;
  }

  get remaining(): number {
    return this.#buffer.remaining();
  }

  u8(): number {
    return this.#has(1) ? this.#buffer.readUInt8() : 0;
  }

  /** Network byte order, as all integers of BGP. */
  u16(): number {
    return this.#has(2) ? this.#buffer.readUInt16BE() : 0;
  }

  u32(): number {
    return this.#has(4) ? this.#buffer.readUInt32BE() : 0;
  }

  /** A copy of the next `length` octets; empty when they are not there. */
  bytes(length: number): Uint8Array {
    if (!this.#has(length)) return new Uint8Array(0);
    return length === 0 ? new Uint8Array(0) : Uint8Array.from(this.#buffer.readBuffer(length));
  }

  /** The next octet without consuming it, or null at the end. */
  peekU8(): number | null {
    return this.remaining > 0 ? this.#buffer.readUInt8(this.#buffer.readOffset) : null;
  }

  #has(length: number): boolean {
    if (this.#buffer.remaining() >= length) return true;
    this.#truncated = true;
    return false;
  }
}
