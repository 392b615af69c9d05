/** A message under construction, in one buffer for all cases. */
const ROOM = 1 << 16;

export class ByteSink {
  readonly bytes = new Uint8Array(ROOM);
  length = 0;

  clear(): this {
    this.length = 0;
    return this;
  }

  u8(value: number): this {
    this.bytes[this.length++] = value;
    return this;
  }

  u16(value: number): this {
    return this.u8(value >> 8).u8(value & 0xff);
  }

  u32(value: number): this {
    return this.u16(value >>> 16).u16(value & 0xffff);
  }

  put(bytes: ArrayLike<number>): this {
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  /** Runs `write`, then puts the number of octets that it wrote, plus `error`, into the 16-bit field in front. */
  counted16(write: () => void, error = 0): this {
    const at = this.length;
    this.u16(0);
    write();
    const count = this.length - at - 2 + error;
    this.bytes[at] = (count >> 8) & 0xff;
    this.bytes[at + 1] = count & 0xff;
    return this;
  }

  /** A copy of what is there. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}
