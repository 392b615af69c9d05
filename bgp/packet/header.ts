/**
 * The 19-octet message header (RFC 4271 §4.1) and the checks of RFC 4271 §6.1, which come before anything of a
 * message is kept.
 *
 * ```
 * +----------------------+------------+----------+
 * | marker (16), all ones | length (2) | type (1) |
 * +----------------------+------------+----------+
 * ```
 */
import { MessageTypeCode } from './iana.ts';
import { headerError, type Notification } from './notification.ts';
import { WireWriter } from './wire-writer.ts';

export const HEADER_OCTETS = 19;
/** RFC 4271 §4.1. */
export const MAX_MESSAGE_OCTETS = 4096;
/** RFC 8654 §4. */
export const MAX_EXTENDED_MESSAGE_OCTETS = 65535;

export const OPEN_MIN_OCTETS = 29;
export const UPDATE_MIN_OCTETS = 23;
export const NOTIFICATION_MIN_OCTETS = 21;
export const ROUTE_REFRESH_MIN_OCTETS = 23;

const LENGTH_OFFSET = 16;
const TYPE_OFFSET = 18;

/** Length field of the header at `offset`. */
export function messageLength(bytes: Uint8Array, offset: number): number {
  return (bytes[offset + LENGTH_OFFSET]! << 8) | bytes[offset + LENGTH_OFFSET + 1]!;
}

/** Type field of the header at `offset`. */
export function messageType(bytes: Uint8Array, offset: number): number {
  return bytes[offset + TYPE_OFFSET]!;
}

/**
 * Checks the header at bytes[offset, offset + 19).
 * @param maxOctets negotiated maximum: 4096, or 65535 when both ends offered extended messages (RFC 8654)
 * @returns null when the header is good, else the NOTIFICATION of RFC 4271 §6.1: marker first, then length,
 *   then type.
 */
export function checkHeader(bytes: Uint8Array, offset: number, maxOctets: number): Notification | null {
  for (let i = offset; i < offset + LENGTH_OFFSET; i++) {
    if (bytes[i] !== 0xff) return headerError.connectionNotSynchronized();
  }
  const length = messageLength(bytes, offset);
  const type = messageType(bytes, offset);
  if (length < minOctets(type) || length > maxOctetsOf(type, maxOctets)) {
    return headerError.badMessageLength(length);
  }
  return type >= MessageTypeCode.Open && type <= MessageTypeCode.RouteRefresh
    ? null
    : headerError.badMessageType(type);
}

function minOctets(type: number): number {
  switch (type) {
    case MessageTypeCode.Update:
      return UPDATE_MIN_OCTETS;
    case MessageTypeCode.Open:
      return OPEN_MIN_OCTETS;
    case MessageTypeCode.Notification:
      return NOTIFICATION_MIN_OCTETS;
    case MessageTypeCode.RouteRefresh:
      return ROUTE_REFRESH_MIN_OCTETS;
    default:
      return HEADER_OCTETS;
  }
}

/** KEEPALIVE has one length only, and OPEN is never extended (RFC 8654 §4). */
function maxOctetsOf(type: number, negotiated: number): number {
  if (type === MessageTypeCode.Keepalive) return HEADER_OCTETS;
  return type === MessageTypeCode.Open ? Math.min(negotiated, MAX_MESSAGE_OCTETS) : negotiated;
}

/**
 * A whole message.
 * @throws RangeError when it is longer than `maxOctets`
 */
export function encodeMessage(type: number, body: Uint8Array, maxOctets = MAX_MESSAGE_OCTETS): Uint8Array {
  const length = HEADER_OCTETS + body.length;
  if (length > maxOctets) throw new RangeError(`message of ${length} octets exceeds ${maxOctets}`);
  return new WireWriter()
    .bytes(new Uint8Array(LENGTH_OFFSET).fill(0xff))
    .u16(length)
    .u8(type)
    .bytes(body)
    .finish();
}
