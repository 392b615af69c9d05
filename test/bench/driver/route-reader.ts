/**
 * Reads a reflector's byte stream into a ledger. This is the driver's hot path: some ns for each route, no allocation,
 * only the attributes that make up a route's key. What it cannot place is counted as a fault, never ignored.
 */
import type { Family } from '../../harness/bgp/prefix-text.ts';
import type { Ledger } from './ledger.ts';
import { ipv4Index, ipv6Index, PREFIX_BITS } from './prefix-space.ts';
import { foldCluster, routeKey } from './route-key.ts';

const HEADER_BYTES = 19;
const MAX_MESSAGE_BYTES = 4096;
const Type = { Update: 2 } as const;
const Attr = {
  NextHop: 3,
  Communities: 8,
  OriginatorId: 9,
  ClusterList: 10,
  MpReach: 14,
  MpUnreach: 15,
} as const;
const EXTENDED_LENGTH = 0x10;

/** Told of messages other than UPDATE; `body` is valid only during the call. */
export type OtherMessages = (type: number, body: Uint8Array) => void;

export class RouteReader {
  readonly ledger: Ledger;
  readonly #family: Family;
  readonly #onMessage: OtherMessages;
  readonly #carry = new Uint8Array(MAX_MESSAGE_BYTES);
  #carried = 0;
  /** UPDATEs so far. */
  updates = 0;
  /** Routes outside the space, of another length or family, or messages that make no sense. */
  faults = 0;
  /** Sets from this number on are handed to `onStamp`. */
  stampsFrom = 0x7fff_ffff;
  onStamp: ((stamp: number) => void) | null = null;

  #nextHop = 0;
  #originatorId = 0;
  #foldedClusters = 0;
  #set = 0;

  constructor(family: Family, ledger: Ledger, onMessage: OtherMessages) {
    this.#family = family;
    this.ledger = ledger;
    this.#onMessage = onMessage;
  }

  /** Takes the next `length` octets of the stream; nothing of `bytes` is kept. */
  consume(bytes: Uint8Array, length: number): void {
    let at = this.#carried === 0 ? 0 : this.#finishCarried(bytes, length);
    while (length - at >= HEADER_BYTES) {
      const size = (bytes[at + 16]! << 8) | bytes[at + 17]!;
      if (size < HEADER_BYTES || size > MAX_MESSAGE_BYTES) {
        this.faults += 1;
        return;
      }
      if (length - at < size) break;
      this.#message(bytes, at, at + size);
      at += size;
    }
    if (at < length) {
      this.#carry.set(bytes.subarray(at, length), 0);
      this.#carried = length - at;
    }
  }

  /** Completes the message that the last piece cut. @returns where the next one begins in `bytes`. */
  #finishCarried(bytes: Uint8Array, length: number): number {
    let at = 0;
    while (this.#carried < HEADER_BYTES) {
      if (at === length) return at;
      this.#carry[this.#carried++] = bytes[at++]!;
    }
    const size = (this.#carry[16]! << 8) | this.#carry[17]!;
    if (size < HEADER_BYTES || size > MAX_MESSAGE_BYTES) {
      this.faults += 1;
      return length;
    }
    const missing = Math.min(size - this.#carried, length - at);
    this.#carry.set(bytes.subarray(at, at + missing), this.#carried);
    this.#carried += missing;
    at += missing;
    if (this.#carried === size) {
      this.#carried = 0;
      this.#message(this.#carry, 0, size);
    }
    return at;
  }

  #message(bytes: Uint8Array, at: number, end: number): void {
    if (bytes[at + 18] === Type.Update) this.#update(bytes, at + HEADER_BYTES, end);
    else this.#onMessage(bytes[at + 18]!, bytes.subarray(at + HEADER_BYTES, end));
  }

  #update(bytes: Uint8Array, at: number, end: number): void {
    this.updates += 1;
    const withdrawnEnd = at + 2 + ((bytes[at]! << 8) | bytes[at + 1]!);
    const attributesEnd = withdrawnEnd + 2 + ((bytes[withdrawnEnd]! << 8) | bytes[withdrawnEnd + 1]!);
    if (attributesEnd > end) {
      this.faults += 1;
      return;
    }
    if (withdrawnEnd > at + 2) this.#routes4(bytes, at + 2, withdrawnEnd, 0);
    if (attributesEnd === withdrawnEnd + 2) return;
    const mpReachAt = this.#attributes(bytes, withdrawnEnd + 2, attributesEnd);
    if (attributesEnd < end) this.#routes4(bytes, attributesEnd, end, this.#key());
    if (mpReachAt > 0) this.#mpReach(bytes, mpReachAt);
  }

  #key(): number {
    return routeKey(this.#nextHop, this.#originatorId, this.#foldedClusters, this.#set);
  }

  /** Reads what makes up the key. @returns where MP_REACH_NLRI begins, or 0. */
  #attributes(bytes: Uint8Array, at: number, end: number): number {
    let mpReachAt = 0;
    this.#originatorId = 0;
    this.#foldedClusters = 0;
    while (at < end) {
      const type = bytes[at + 1]!;
      let value = at + 3;
      let length = bytes[at + 2]!;
      if ((bytes[at]! & EXTENDED_LENGTH) !== 0) {
        length = (length << 8) | bytes[at + 3]!;
        value = at + 4;
      }
      if (type === Attr.NextHop) this.#nextHop = word(bytes, value);
      else if (type === Attr.Communities) this.#readSet(bytes, value);
      else if (type === Attr.OriginatorId) this.#originatorId = word(bytes, value);
      else if (type === Attr.ClusterList) this.#readClusters(bytes, value, length);
      else if (type === Attr.MpReach) mpReachAt = at;
      else if (type === Attr.MpUnreach) this.#routes6(bytes, value + 3, value + length, 0);
      at = value + length;
    }
    return mpReachAt;
  }

  #readSet(bytes: Uint8Array, at: number): void {
    this.#set = word(bytes, at);
    if (this.#set >= this.stampsFrom) this.onStamp?.(this.#set);
  }

  #readClusters(bytes: Uint8Array, at: number, length: number): void {
    let folded = 0;
    for (let i = 0; i < length; i += 4) folded = foldCluster(folded, word(bytes, at + i));
    this.#foldedClusters = folded;
  }

  #mpReach(bytes: Uint8Array, at: number): void {
    const extended = (bytes[at]! & EXTENDED_LENGTH) !== 0;
    const value = at + (extended ? 4 : 3);
    const length = extended ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!;
    const hopBytes = bytes[value + 3]!;
    this.#nextHop = word(bytes, value + 4 + 12); // the last 32 bits of the global address
    this.#routes6(bytes, value + 4 + hopBytes + 1, value + length, this.#key());
  }

  /** Announces (or with key 0 withdraws) the IPv4 prefixes in bytes[at, end). */
  #routes4(bytes: Uint8Array, at: number, end: number, key: number): void {
    const { held } = this.ledger;
    let { count, sum } = this.ledger;
    for (; at < end; at += 4) {
      const index = ipv4Index(bytes, at + 1);
      const old = held[index];
      if (bytes[at] !== PREFIX_BITS.ipv4 || old === undefined) {
        this.faults += 1;
        break;
      }
      if (old === key) continue;
      held[index] = key;
      sum = (sum + Math.imul(2 * index + 1, key - old)) | 0;
      if (old === 0) count += 1;
      else if (key === 0) count -= 1;
    }
    this.ledger.count = count;
    this.ledger.sum = sum;
  }

  /** The same for IPv6. */
  #routes6(bytes: Uint8Array, at: number, end: number, key: number): void {
    if (at < end && this.#family !== 'ipv6') this.faults += 1;
    for (; at < end; at += 7) {
      const index = ipv6Index(bytes, at + 1);
      if (bytes[at] !== PREFIX_BITS.ipv6 || index < 0 || index >= this.ledger.held.length) {
        this.faults += 1;
        break;
      }
      this.ledger.set(index, key);
    }
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
