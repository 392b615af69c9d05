/**
 * ROUTE-REFRESH (RFC 2918 §3; the reserved octet is the message subtype of RFC 7313 §3.2).
 *
 * ```
 * +---------+-------------+----------+
 * | AFI (2) | subtype (1) | SAFI (1) |
 * +---------+-------------+----------+
 * ```
 */
import { type Family, familyOf } from '../net/index.ts';
import { afiSafiOf } from './capabilities/capability.ts';
import { encodeMessage, HEADER_OCTETS, ROUTE_REFRESH_MIN_OCTETS } from './header.ts';
import { MessageTypeCode } from './iana.ts';
import { type Notification, routeRefreshError } from './notification.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

/** Subtype of a plain request; 1 and 2 are the markers of RFC 7313, which only follow its capability. */
const REQUEST = 0;

export type RouteRefreshResult =
  | { readonly kind: 'request'; readonly family: Family }
  /** A family that we do not speak, a marker that we did not negotiate, an unknown subtype (RFC 7313 §5). */
  | { readonly kind: 'ignored'; readonly text: string }
  | { readonly kind: 'error'; readonly notification: Notification };

/** `message` is the whole message, header included, for the data of an error (RFC 7313 §5). */
export function decodeRouteRefresh(message: Uint8Array): RouteRefreshResult {
  if (message.length !== ROUTE_REFRESH_MIN_OCTETS) {
    return { kind: 'error', notification: routeRefreshError.invalidMessageLength(message) };
  }
  const reader = new WireReader(message.subarray(HEADER_OCTETS));
  const afi = reader.u16();
  const subtype = reader.u8();
  const safi = reader.u8();
  if (subtype !== REQUEST)
    return { kind: 'ignored', text: `ROUTE-REFRESH subtype ${subtype} was not negotiated` };
  const family = familyOf(afi, safi);
  if (family === null) return { kind: 'ignored', text: `ROUTE-REFRESH for afi ${afi} safi ${safi}` };
  return { kind: 'request', family };
}

/** A whole message that asks for all routes of the family again. */
export function encodeRouteRefresh(family: Family): Uint8Array {
  const { afi, safi } = afiSafiOf(family);
  return encodeMessage(MessageTypeCode.RouteRefresh, new WireWriter().u16(afi).u8(REQUEST).u8(safi).finish());
}
