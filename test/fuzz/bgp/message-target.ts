/** OPEN, NOTIFICATION, ROUTE-REFRESH, KEEPALIVE and headers, cut from a stream that arrives in pieces of any size. */
import { capabilityText } from '../../../bgp/packet/capabilities/registry.ts';
import { type NegotiationResult, negotiate } from '../../../bgp/packet/negotiate.ts';
import { decodeNotification, encodeNotification } from '../../../bgp/packet/notification-codec.ts';
import { notificationText } from '../../../bgp/packet/notification-text.ts';
import { decodeOpen, encodeOpen, type OpenMessage } from '../../../bgp/packet/open.ts';
import { decodeRouteRefresh } from '../../../bgp/packet/route-refresh.ts';
import { BAD_HEADER, INCOMPLETE, InputQueue } from '../../../bgp/speaker/input-queue.ts';
import { NOTIFICATION_VECTORS, OPEN_VECTORS } from '../../vectors/session-messages.ts';
import type { ByteSink } from './byte-sink.ts';
import { expectedOfHeader, expectedOfOpen, expectedOfRefresh } from './oracle/expected-messages.ts';
import type { Random } from './random.ts';

const OWN: OpenMessage = OPEN_VECTORS[0]!.open;
const OPENS = OPEN_VECTORS.map(({ message }) => message.subarray(19));
const NOTIFICATIONS = NOTIFICATION_VECTORS.map(({ message }) => message.subarray(19));
const CAPABILITY_CODES = [1, 2, 5, 6, 9, 64, 65, 69, 70, 73, 75, 128];
const TYPES = [1, 3, 4, 5];
const MAX_OCTETS = 4096;

export class MessageTarget {
  readonly #random: Random;
  readonly #sink: ByteSink;

  constructor(random: Random, sink: ByteSink) {
    this.#random = random;
    this.#sink = sink;
  }

  /** A stream of one to three messages. */
  write(): void {
    for (let i = this.#random.below(3); i >= 0; i--) this.#message();
  }

  /** Reads the stream as a connection would. @returns what happened; throws what is wrong. */
  receive(stream: Uint8Array): string {
    const queue = new InputQueue();
    let outcome = '';
    let at = 0;
    for (let fed = 0; fed < stream.length; ) {
      const size = this.#random.oneIn(3) ? 1 + this.#random.below(30) : stream.length;
      queue.push(stream.subarray(fed, fed + size));
      fed = Math.min(stream.length, fed + size);
      for (let type = queue.next(MAX_OCTETS); type !== INCOMPLETE; type = queue.next(MAX_OCTETS)) {
        const expected = expectedOfHeader(stream.subarray(at, at + 19), MAX_OCTETS);
        const got = type === BAD_HEADER ? `${queue.error?.code}/${queue.error?.subcode}` : null;
        if (got !== expected) throw new Error(`header: expected ${expected}, got ${got}`);
        if (type === BAD_HEADER) return `${outcome} ${got}`;
        const message = queue.bytes.subarray(queue.start, queue.end);
        if (Buffer.compare(message, stream.subarray(at, at + message.length)) !== 0) {
          throw new Error('a message came out of the queue changed');
        }
        at += message.length;
        outcome += ` ${this.#decode(type, message)}`;
      }
    }
    return outcome;
  }

  #decode(type: number, message: Uint8Array): string {
    const body = message.subarray(19);
    if (type === 1) return decodedOpen(body);
    if (type === 3) return decodedNotification(body);
    if (type !== 5) return `${type}`;
    const hasMarkers = this.#random.oneIn(2);
    const { kind } = decodeRouteRefresh(message, hasMarkers);
    const expected = expectedOfRefresh(message, hasMarkers);
    if (kind !== expected) throw new Error(`ROUTE-REFRESH: expected ${expected}, got ${kind}`);
    return kind;
  }

  #message(): void {
    const r = this.#random;
    const sink = this.#sink;
    const start = sink.length;
    const type = r.oneIn(60) ? r.below(256) : r.pick(TYPES);
    for (let i = 0; i < 16; i++) sink.u8(r.oneIn(3000) ? r.below(256) : 0xff);
    sink.u16(0).u8(type);
    if (type === 1) this.#open();
    else if (type === 3) this.#notification();
    else if (type === 5) this.#refresh();
    else if (r.oneIn(20)) sink.u8(r.below(256));
    const length = sink.length - start + (r.oneIn(60) ? r.below(9) - 4 : 0);
    sink.bytes[start + 16] = length >> 8;
    sink.bytes[start + 17] = length & 0xff;
  }

  #open(): void {
    const r = this.#random;
    const sink = this.#sink;
    if (r.oneIn(4)) {
      sink.put(r.pick(OPENS));
      if (r.oneIn(2)) sink.bytes[sink.length - 1 - r.below(30)] = r.below(256);
      return;
    }
    sink.u8(r.oneIn(40) ? r.below(256) : 4).u16(r.oneIn(20) ? 0 : 64500);
    sink.u16(r.oneIn(8) ? r.below(4) : 90).u32(r.oneIn(30) ? 0 : 0x0a000001 + r.below(4));
    const isExtended = r.oneIn(5);
    const lengthAt = sink.length;
    sink.u8(isExtended ? r.below(256) : 0);
    if (isExtended) sink.u8(r.oneIn(40) ? 2 : 255).u16(0);
    const valueAt = sink.length;
    for (let i = r.below(4); i > 0 && sink.length - valueAt < 200; i--) this.#parameter(isExtended);
    const length = sink.length - valueAt + (r.oneIn(60) ? r.below(5) - 2 : 0);
    if (isExtended) {
      sink.bytes[valueAt - 2] = length >> 8;
      sink.bytes[valueAt - 1] = length & 0xff;
    } else sink.bytes[lengthAt] = length & 0xff;
  }

  #parameter(isExtended: boolean): void {
    const r = this.#random;
    const sink = this.#sink;
    sink.u8(r.oneIn(40) ? r.below(256) : 2);
    if (isExtended) sink.u8(0);
    const at = sink.length;
    sink.u8(0);
    for (let i = r.below(4); i > 0; i--) {
      const length = r.oneIn(20) ? r.below(40) : r.pick([0, 1, 4, 6, 8]);
      sink.u8(r.oneIn(10) ? r.below(256) : r.pick(CAPABILITY_CODES)).u8(length);
      const isShort = r.oneIn(60);
      for (let o = isShort ? 1 : 0; o < length; o++) sink.u8(r.oneIn(3) ? r.below(256) : r.below(3));
    }
    sink.bytes[at] = (sink.length - at - 1 + (r.oneIn(80) ? 1 : 0)) & 0xff;
  }

  #notification(): void {
    const r = this.#random;
    if (r.oneIn(4)) {
      this.#sink.put(r.pick(NOTIFICATIONS));
      return;
    }
    this.#sink.u8(r.below(8)).u8(r.below(12));
    for (let i = r.oneIn(3) ? 0 : r.below(40); i > 0; i--) this.#sink.u8(r.below(256));
  }

  #refresh(): void {
    const r = this.#random;
    this.#sink.u16(r.oneIn(8) ? r.below(65536) : 1 + r.below(2)).u8(r.oneIn(8) ? r.below(256) : r.below(3));
    this.#sink.u8(r.oneIn(8) ? r.below(256) : 1);
    if (r.oneIn(20)) this.#sink.u8(0);
  }
}

function decodedOpen(body: Uint8Array): string {
  const expected = expectedOfOpen(body);
  const result = decodeOpen(body);
  if (!result.ok) {
    const { code, subcode } = result.notification;
    if (expected.includes(`${code}/${subcode}`)) return `open ${code}/${subcode}`;
    throw new Error(`OPEN: expected ${expected.join(' or ') || 'it to be good'}, got ${code}/${subcode}`);
  }
  if (expected.length > 0) throw new Error(`OPEN: expected ${expected.join(' or ')}, got a good one`);
  for (const capability of result.open.capabilities) requireShowable(capabilityText(capability));
  encodeOpen(result.open);
  const negotiated: NegotiationResult = negotiate(OWN, result.open, {
    keepaliveSec: 0,
    acceptsAsn: () => true,
  });
  if (negotiated.ok) return `open ${negotiated.session.families.join(',')}`;
  return `open ${negotiated.notification.code}/${negotiated.notification.subcode}`;
}

function decodedNotification(body: Uint8Array): string {
  const notification = decodeNotification(body);
  requireShowable(notificationText(notification));
  if (Buffer.compare(encodeNotification(notification).subarray(19), body) !== 0) {
    throw new Error('NOTIFICATION: is not the same once encoded again');
  }
  return `notification ${notification.code}`;
}

/** Nothing that a terminal, a log or a page would act on. */
function requireShowable(text: string): void {
  if (/\p{Cc}/u.test(text)) throw new Error(`text with control characters: ${JSON.stringify(text)}`);
}
