/**
 * Bytes of one connection that were read and not yet looked at, cut into messages. A message is viewed where it
 * lies; only one that is split over two chunks is copied. Header checks come before anything is gathered, so
 * that a connection never holds more than one message of legal length beyond what its reader has queued.
 */
import { checkHeader, HEADER_OCTETS, messageLength, messageType } from '../packet/header.ts';
import type { Notification } from '../packet/notification.ts';

/** `next` without a message type: no whole message yet, or a bad header (then `error` is set). */
export const INCOMPLETE = 0;
export const BAD_HEADER = -1;

export class InputQueue {
  /** The message that `next` found: bytes[start, end), header included. Valid until `next` is called again. */
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  error: Notification | null = null;

  #chunks: Uint8Array[] = [];
  /** Chunks before this index are used up. */
  #first = 0;
  /** Octets of the first chunk that are used up. */
  #offset = 0;
  #queuedBytes = 0;
  /** Length of the message that is being gathered, or 0: spares the look at its header for every chunk. */
  #gathering = 0;

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** `chunk` is kept, not copied. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#queuedBytes += chunk.length;
  }

  /**
   * Takes the next message off the queue.
   * @param maxOctets negotiated maximum length
   * @returns its type, INCOMPLETE or BAD_HEADER; after BAD_HEADER the queue is of no use any more
   */
  next(maxOctets: number): number {
    const chunk = this.#chunks[this.#first];
    if (chunk === undefined) return INCOMPLETE;
    const offset = this.#offset;
    const available = chunk.length - offset;
    if (available < HEADER_OCTETS) return this.#nextSplit(maxOctets);
    if (!this.#isGood(chunk, offset, maxOctets)) return BAD_HEADER;
    const length = messageLength(chunk, offset);
    if (available < length) return this.#nextSplit(maxOctets);
    this.bytes = chunk;
    this.start = offset;
    this.end = offset + length;
    this.#consume(length);
    return messageType(chunk, offset);
  }

  /** Forgets everything. */
  clear(): void {
    this.#chunks = [];
    this.#first = 0;
    this.#offset = 0;
    this.#queuedBytes = 0;
    this.#gathering = 0;
    this.bytes = new Uint8Array(0);
  }

  #isGood(bytes: Uint8Array, offset: number, maxOctets: number): boolean {
    this.error = checkHeader(bytes, offset, maxOctets);
    return this.error === null;
  }

  /** The first message lies in more than one chunk. */
  #nextSplit(maxOctets: number): number {
    if (this.#queuedBytes < HEADER_OCTETS) return INCOMPLETE;
    if (this.#gathering === 0) {
      const header = this.#copy(HEADER_OCTETS);
      if (!this.#isGood(header, 0, maxOctets)) return BAD_HEADER;
      this.#gathering = messageLength(header, 0);
    }
    const length = this.#gathering;
    if (this.#queuedBytes < length) return INCOMPLETE;
    this.#gathering = 0;
    this.bytes = this.#copy(length);
    this.start = 0;
    this.end = length;
    this.#consume(length);
    return messageType(this.bytes, 0);
  }

  /** The first `length` queued octets in one piece. */
  #copy(length: number): Uint8Array {
    // As what sockets read: code for two kinds of array is slower than for one.
    const out = Buffer.allocUnsafe(length);
    let index = this.#first;
    let from = this.#offset;
    let filled = 0;
    while (filled < length) {
      const chunk = this.#chunks[index++]!;
      const part = chunk.subarray(from, from + length - filled);
      out.set(part, filled);
      filled += part.length;
      from = 0;
    }
    return out;
  }

  #consume(length: number): void {
    this.#queuedBytes -= length;
    let rest = this.#offset + length;
    while (this.#first < this.#chunks.length && rest >= this.#chunks[this.#first]!.length) {
      rest -= this.#chunks[this.#first]!.length;
      this.#first++;
    }
    this.#offset = rest;
    if (this.#first === this.#chunks.length) {
      this.#chunks.length = 0;
      this.#first = 0;
    } else if (this.#first >= 64) {
      this.#chunks.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
