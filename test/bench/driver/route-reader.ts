/**
 * Reads a reflector's byte stream into a ledger. This is the driver's hot path: a few ns for each route, no
 * allocation, one load for each prefix (its length octet and three octets are one word), only the attributes that
 * make up a route's key. What it cannot place is counted as a fault, never ignored.
 */
import type { Ledger } from './ledger.ts';
import { FIRST_IPV4, PREFIX_BITS } from './prefix-space.ts';
import { foldCluster, routeKey } from './route-key.ts';

const HEADER_BYTES = 19;
const MAX_MESSAGE_BYTES = 4096;
const UPDATE = 2;
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
  /** Own router ID: routes that come back to their originator are ignored (RFC 4456 §8), as withdrawn. */
  readonly #routerId: number;
  readonly #onMessage: OtherMessages;
  /** The beginning of a message whose end has not arrived, and its octets so far. */
  readonly #carry = new DataView(new ArrayBuffer(MAX_MESSAGE_BYTES));
  #carried = 0;
  /** Messages that make no sense, and routes outside the scenario's prefixes. */
  faults = 0;
  /** Sets from this number on are handed to `onStamp`. */
  stampsFrom = 0x7fff_ffff;
  onStamp: ((stamp: number) => void) | null = null;

  constructor(ledger: Ledger, routerId: number, onMessage: OtherMessages) {
    this.ledger = ledger;
    this.#routerId = routerId;
    this.#onMessage = onMessage;
  }

  /** Takes the next `length` octets of the stream; nothing of `view` is kept. */
  consume(view: DataView, length: number): void {
    let at = this.#carried === 0 ? 0 : this.#finishCarried(view, length);
    while (length - at >= HEADER_BYTES) {
      const size = view.getUint16(at + 16);
      if (size < HEADER_BYTES || size > MAX_MESSAGE_BYTES) {
        this.faults += 1;
        return;
      }
      if (length - at < size) break;
      this.#message(view, at, at + size);
      at += size;
    }
    if (at < length) this.#keep(view, at, length - at);
  }

  #keep(view: DataView, at: number, length: number): void {
    octets(this.#carry).set(octets(view).subarray(at, at + length), this.#carried);
    this.#carried += length;
  }

  /** Completes the message that the last piece cut. @returns where the next one begins in `view` */
  #finishCarried(view: DataView, length: number): number {
    let at = 0;
    if (this.#carried < HEADER_BYTES) {
      at = Math.min(HEADER_BYTES - this.#carried, length);
      this.#keep(view, 0, at);
      if (this.#carried < HEADER_BYTES) return at;
    }
    const size = this.#carry.getUint16(16);
    if (size < HEADER_BYTES || size > MAX_MESSAGE_BYTES) {
      this.faults += 1;
      return length;
    }
    const missing = Math.min(size - this.#carried, length - at);
    this.#keep(view, at, missing);
    if (this.#carried === size) {
      this.#carried = 0;
      this.#message(this.#carry, 0, size);
    }
    return at + missing;
  }

  #message(view: DataView, at: number, end: number): void {
    const type = view.getUint8(at + 18);
    if (type === UPDATE) this.#update(view, at + HEADER_BYTES, end);
    else this.#onMessage(type, octets(view).subarray(at + HEADER_BYTES, end));
  }

  #update(view: DataView, at: number, end: number): void {
    const withdrawnEnd = at + 2 + view.getUint16(at);
    const attributesEnd = withdrawnEnd + 2 + view.getUint16(withdrawnEnd);
    if (attributesEnd > end) {
      this.faults += 1;
      return;
    }
    if (withdrawnEnd > at + 2) this.#routes4(view, at + 2, withdrawnEnd, 0);
    if (attributesEnd > withdrawnEnd + 2) this.#announce(view, withdrawnEnd + 2, attributesEnd, end);
  }

  /** Attributes in view[at, attributesEnd), then IPv4 NLRI up to `end`. */
  #announce(view: DataView, at: number, attributesEnd: number, end: number): void {
    let nextHop = 0;
    let originatorId = 0;
    let clusters = 0;
    let set = 0;
    let reach = 0;
    let reachEnd = 0;
    while (at < attributesEnd) {
      const type = view.getUint8(at + 1);
      const isExtended = (view.getUint8(at) & EXTENDED_LENGTH) !== 0;
      const value = at + (isExtended ? 4 : 3);
      const valueEnd = value + (isExtended ? view.getUint16(at + 2) : view.getUint8(at + 2));
      if (type === Attr.NextHop) nextHop = view.getInt32(value);
      else if (type === Attr.Communities) set = view.getInt32(value);
      else if (type === Attr.OriginatorId) originatorId = view.getInt32(value);
      else if (type === Attr.ClusterList) clusters = foldClusters(view, value, valueEnd);
      else if (type === Attr.MpReach) {
        reach = value;
        reachEnd = valueEnd;
      } else if (type === Attr.MpUnreach) this.#routes6(view, value + 3, valueEnd, 0);
      at = valueEnd;
    }
    if (set >= this.stampsFrom) this.onStamp?.(set);
    const isOwn = originatorId === this.#routerId;
    if (attributesEnd < end) {
      this.#routes4(view, attributesEnd, end, isOwn ? 0 : routeKey(nextHop, originatorId, clusters, set));
    }
    if (reach > 0) {
      nextHop = view.getInt32(reach + 4 + 12); // the last 32 bits of the global address
      const routes = reach + 4 + view.getUint8(reach + 3) + 1;
      this.#routes6(view, routes, reachEnd, isOwn ? 0 : routeKey(nextHop, originatorId, clusters, set));
    }
  }

  /** Announces (or with key 0 withdraws) the IPv4 prefixes in view[at, end). */
  #routes4(view: DataView, at: number, end: number, key: number): void {
    const { ledger } = this;
    const { held } = ledger;
    let { count, sum } = ledger;
    for (; at < end; at += 4) {
      // Another length than /24 makes the index fall outside of the table, like a foreign prefix.
      const index = view.getInt32(at) - ((PREFIX_BITS.ipv4 << 24) | FIRST_IPV4);
      if (index < 0 || index >= held.length) {
        this.faults += 1;
        break;
      }
      const old = held[index]!;
      held[index] = key;
      sum = (sum + Math.imul(2 * index + 1, key - old)) | 0;
      if (old === 0) count += key === 0 ? 0 : 1;
      else if (key === 0) count -= 1;
    }
    ledger.count = count;
    ledger.sum = sum;
  }

  /** The same for IPv6. */
  #routes6(view: DataView, at: number, end: number, key: number): void {
    const { ledger } = this;
    const { held } = ledger;
    let { count, sum } = ledger;
    for (; at < end; at += 7) {
      const index = view.getInt32(at + 3);
      if (view.getUint8(at) !== PREFIX_BITS.ipv6 || index < 0 || index >= held.length) {
        this.faults += 1;
        break;
      }
      const old = held[index]!;
      held[index] = key;
      sum = (sum + Math.imul(2 * index + 1, key - old)) | 0;
      if (old === 0) count += key === 0 ? 0 : 1;
      else if (key === 0) count -= 1;
    }
    ledger.count = count;
    ledger.sum = sum;
  }
}

function foldClusters(view: DataView, at: number, end: number): number {
  let folded = 0;
  for (; at < end; at += 4) folded = foldCluster(folded, view.getInt32(at));
  return folded;
}

const octets = (view: DataView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
