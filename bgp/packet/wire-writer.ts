/**
 * Writes small messages, where speed does not matter. A value that does not fit its field throws RangeError:
 * that is a mistake of the caller, never of a peer.
 */
import { SmartBuffer } from 'smart-buffer';

export class WireWriter {
  readonly #buffer = new SmartBuffer();

  u8(value: number): this {
    this.#buffer.writeUInt8(value);
    return this;
  }

  /** Network byte order, as all integers of BGP. */
  u16(value: number): this {
    this.#buffer.writeUInt16BE(value);
    return this;
  }

  u32(value: number): this {
    this.#buffer.writeUInt32BE(value);
    return this;
  }

  bytes(value: Uint8Array): this {
    if (value.length > 0) this.#buffer.writeBuffer(Buffer.from(value));
    return this;
  }

  /** What was written, as a copy of its own. */
  finish(): Uint8Array {
    return Uint8Array.from(this.#buffer.toBuffer());
  }
}
