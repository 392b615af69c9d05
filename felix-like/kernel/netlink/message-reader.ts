/**
 * Reads what the kernel sends: messages in a buffer, and the attributes of a message. A length that does not fit
 * ends the reading, so no bytes whatever can make it run in circles or beyond the buffer.
 */
import { ATTRIBUTE_TYPE_MASK, HEADER_BYTES } from './constants.ts';
import { align, HOST_IS_LITTLE_ENDIAN } from './layout.ts';

const ATTRIBUTE_HEADER_BYTES = 4;

/** Steps through the messages of a buffer; the fields are those of the present message. */
export class MessageReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  type = 0;
  flags = 0;
  sequence = 0;
  /** Of the socket that caused the message; 0: the kernel itself. */
  portId = 0;
  /** The payload is bytes[start, end). */
  start = 0;
  end = 0;
  #next = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** False when there is no further message. */
  next(): boolean {
    const at = this.#next;
    if (at + HEADER_BYTES > this.bytes.length) return false;
    const length = this.view.getUint32(at, HOST_IS_LITTLE_ENDIAN);
    if (length < HEADER_BYTES || at + length > this.bytes.length) return false;
    this.type = this.view.getUint16(at + 4, HOST_IS_LITTLE_ENDIAN);
    this.flags = this.view.getUint16(at + 6, HOST_IS_LITTLE_ENDIAN);
    this.sequence = this.view.getUint32(at + 8, HOST_IS_LITTLE_ENDIAN);
    this.portId = this.view.getUint32(at + 12, HOST_IS_LITTLE_ENDIAN);
    this.start = at + HEADER_BYTES;
    this.end = at + length;
    this.#next = align(this.end);
    return true;
  }
}

/** Steps through attributes, rtattr { u16 len, u16 type, value… }; the fields are those of the present one. */
export class AttributeReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  type = 0;
  /** The value is bytes[start, end). */
  start = 0;
  end = 0;
  #next: number;
  readonly #limit: number;

  constructor(source: { readonly bytes: Uint8Array; readonly view: DataView }, start: number, end: number) {
    this.bytes = source.bytes;
    this.view = source.view;
    this.#next = start;
    this.#limit = end;
  }

  next(): boolean {
    const at = this.#next;
    if (at + ATTRIBUTE_HEADER_BYTES > this.#limit) return false;
    const length = this.view.getUint16(at, HOST_IS_LITTLE_ENDIAN);
    if (length < ATTRIBUTE_HEADER_BYTES || at + length > this.#limit) return false;
    this.type = this.view.getUint16(at + 2, HOST_IS_LITTLE_ENDIAN) & ATTRIBUTE_TYPE_MASK;
    this.start = at + ATTRIBUTE_HEADER_BYTES;
    this.end = at + length;
    this.#next = align(this.end);
    return true;
  }

  /** The value as u32, or 0 when it is shorter. */
  u32(): number {
    return this.end - this.start < 4 ? 0 : this.view.getUint32(this.start, HOST_IS_LITTLE_ENDIAN);
  }

  /** The value as text up to its first NUL. */
  text(): string {
    const value = this.bytes.subarray(this.start, this.end);
    const nul = value.indexOf(0);
    return TEXT.decode(nul < 0 ? value : value.subarray(0, nul));
  }
}

const TEXT = new TextDecoder();
