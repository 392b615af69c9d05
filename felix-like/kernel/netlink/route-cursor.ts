/**
 * Steps through the routes of a dump. Neighbours mostly differ in nothing but the destination; then the octets are
 * compared with those of the route that was decoded last, and nothing is made but the numbers of the prefix.
 */
import { PrefixKey } from '../../prefix/prefix-key.ts';
import type { KernelRoute, RouteCursor, RouteTarget } from '../kernel-port.ts';
import { AF_INET6, MessageType, RouteAttribute } from './constants.ts';
import { HOST_IS_LITTLE_ENDIAN } from './layout.ts';
import { MessageReader } from './message-reader.ts';
import { decodeRoute } from './route-decode.ts';
import { ROUTE_HEADER_BYTES } from './route-layout.ts';

/** Of rtm_dst_len in rtmsg. */
const LENGTH_AT = 1;
/** RTA_TABLE, with its four octets, comes first, and then RTA_DST. */
const SECOND_ATTRIBUTE_AT = ROUTE_HEADER_BYTES + 8;
const SECOND_VALUE_AT = SECOND_ATTRIBUTE_AT + 4;
const NO_BYTES = new Uint8Array(0);
const NO_TARGET: RouteTarget = { type: 'other', protocol: 0, scope: 'other', nextHops: [] };

export class RouteDumpCursor implements RouteCursor {
  readonly key = new PrefixKey();
  metric = 0;
  target = NO_TARGET;
  readonly #isWanted: (route: KernelRoute) => boolean;
  #messages = new MessageReader(NO_BYTES);
  /** Payload of the message that was decoded last, in bytes[start, end), and whether it is wanted. */
  #bytes: Uint8Array = NO_BYTES;
  #start = 0;
  #end = 0;
  /** Where its destination ends, from the start. */
  #destinationEnd = 0;
  #isLastWanted = false;

  /** @param isWanted must not depend on the destination */
  constructor(isWanted: (route: KernelRoute) => boolean) {
    this.#isWanted = isWanted;
  }

  /** Begins with what came next. */
  reset(bytes: Uint8Array): void {
    this.#messages = new MessageReader(bytes);
  }

  next(): boolean {
    const messages = this.#messages;
    while (messages.next()) {
      if (messages.type !== MessageType.NewRoute) continue;
      if (this.#isLikeLast(messages)) {
        if (!this.#isLastWanted) continue;
        this.#readDestination(messages);
        return true;
      }
      if (this.#decode(messages)) return true;
    }
    return false;
  }

  #decode(message: MessageReader): boolean {
    const route = decodeRoute(message);
    this.#bytes = route !== null && hasDestinationSecond(message) ? message.bytes : NO_BYTES;
    this.#start = message.start;
    this.#end = message.end;
    this.#destinationEnd = SECOND_VALUE_AT + (message.bytes[message.start] === AF_INET6 ? 16 : 4);
    this.#isLastWanted = route !== null && this.#isWanted(route);
    if (route === null || !this.#isLastWanted) return false;
    this.key.parse(route.prefix);
    this.metric = route.metric;
    this.target = route.target;
    return true;
  }

  /** Same length, and the same octets but for those of the destination and its length. */
  #isLikeLast({ bytes, start, end }: MessageReader): boolean {
    const last = this.#bytes;
    const lastStart = this.#start;
    const length = end - start;
    if (last.length === 0 || length !== this.#end - lastStart) return false;
    const destinationEnd = this.#destinationEnd;
    for (let i = 0; i < SECOND_VALUE_AT; i++) {
      if (bytes[start + i] !== last[lastStart + i] && i !== LENGTH_AT) return false;
    }
    for (let i = destinationEnd; i < length; i++) if (bytes[start + i] !== last[lastStart + i]) return false;
    return bytes[start + LENGTH_AT]! <= (destinationEnd - SECOND_VALUE_AT) * 8;
  }

  #readDestination({ bytes, view, start }: MessageReader): void {
    const length = bytes[start + LENGTH_AT]!;
    const at = start + SECOND_VALUE_AT;
    if (bytes[start] === AF_INET6) {
      for (let i = 0; i < 4; i++) words[i] = view.getInt32(at + i * 4);
      this.key.setIpv6(words, 0, length);
    } else this.key.setIpv4(view.getInt32(at), length);
  }
}

const words = new Int32Array(4);

/** The message begins with a table and a destination of full length, as all do that the kernel writes. */
function hasDestinationSecond({ bytes, start, end }: MessageReader): boolean {
  if (end - start < SECOND_VALUE_AT + 4) return false;
  const addressBytes = bytes[start] === AF_INET6 ? 16 : 4;
  const typeAndLength = new DataView(bytes.buffer, bytes.byteOffset + start);
  return (
    typeAndLength.getUint16(SECOND_ATTRIBUTE_AT, HOST_IS_LITTLE_ENDIAN) === 4 + addressBytes &&
    typeAndLength.getUint16(SECOND_ATTRIBUTE_AT + 2, HOST_IS_LITTLE_ENDIAN) === RouteAttribute.Destination &&
    typeAndLength.getUint16(ROUTE_HEADER_BYTES + 2, HOST_IS_LITTLE_ENDIAN) === RouteAttribute.Table &&
    end - start >= SECOND_VALUE_AT + addressBytes
  );
}
