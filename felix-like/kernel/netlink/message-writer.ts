/** Writes netlink messages one after the other into one growing buffer: a batch for one send(). */
import { HEADER_BYTES } from './constants.ts';
import { align, HOST_IS_LITTLE_ENDIAN } from './layout.ts';

export class MessageWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;
  #messageStart = 0;

  /** @param room bytes to write to, or how many; with more to write another buffer takes their place */
  constructor(room: Uint8Array | number = 4096) {
    this.#bytes = typeof room === 'number' ? new Uint8Array(room) : room;
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset);
  }

  /** What has been written; the writer is not used again. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Begins a message: nlmsghdr { u32 len, u16 type, u16 flags, u32 seq, u32 pid = 0 (the kernel) }. */
  beginMessage(type: number, flags: number, sequence: number): void {
    this.#messageStart = this.#length;
    this.#reserve(HEADER_BYTES);
    this.#view.setUint16(this.#length + 4, type, HOST_IS_LITTLE_ENDIAN);
    this.#view.setUint16(this.#length + 6, flags, HOST_IS_LITTLE_ENDIAN);
    this.#view.setUint32(this.#length + 8, sequence, HOST_IS_LITTLE_ENDIAN);
    this.#length += HEADER_BYTES;
  }

  endMessage(): void {
    this.#view.setUint32(this.#messageStart, this.#length - this.#messageStart, HOST_IS_LITTLE_ENDIAN);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#view.setUint16(this.#length, value, HOST_IS_LITTLE_ENDIAN);
    this.#length += 2;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, HOST_IS_LITTLE_ENDIAN);
    this.#length += 4;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** An attribute with a number: rtattr { u16 len, u16 type, u32 }. */
  u32Attribute(type: number, value: number): void {
    this.u16(8);
    this.u16(type);
    this.u32(value);
  }

  /** An attribute with text and its NUL. */
  textAttribute(type: number, text: string): void {
    this.bytesAttribute(type, new TextEncoder().encode(`${text}\0`));
  }

  /** An attribute with bytes, padded to four. */
  bytesAttribute(type: number, value: Uint8Array): void {
    const start = this.beginAttribute(type);
    this.bytes(value);
    this.endAttribute(start);
  }

  /** Begins an attribute whose length is not known yet; hand the result to `endAttribute`. */
  beginAttribute(type: number): number {
    const start = this.#length;
    this.u16(0);
    this.u16(type);
    return start;
  }

  endAttribute(start: number): void {
    this.#view.setUint16(start, this.#length - start, HOST_IS_LITTLE_ENDIAN);
    this.#reserve(3);
    this.#length = align(this.#length);
  }

  /** Where the next byte goes. */
  get position(): number {
    return this.#length;
  }

  /** Writes bytes [start, end) of what stands here already once more. */
  repeat(start: number, end: number): void {
    this.#reserve(end - start);
    this.#bytes.copyWithin(this.#length, start, end);
    this.#length += end - start;
  }

  /** Overwrites a number, of the host's byte order. */
  patchU32(at: number, value: number): void {
    this.#view.setUint32(at, value, HOST_IS_LITTLE_ENDIAN);
  }

  /** The bytes themselves, to overwrite some; until something is written. */
  get written(): Uint8Array {
    return this.#bytes;
  }

  /** Room for `count` zeroed bytes. */
  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
