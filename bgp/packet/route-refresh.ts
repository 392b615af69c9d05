/**
 * ROUTE-REFRESH (RFC 2918 §3; the reserved octet is the message subtype of RFC 7313 §3.2).
 *
 * ```
 * +---------+-------------+----------+
 * | AFI (2) | subtype (1) | SAFI (1) |   0 request, 1 begin (BoRR), 2 end (EoRR) of a refresh
 * +---------+-------------+----------+
 * ```
 */
import { type Family, familyOf } from '../net/index.ts';
import { afiSafiOf } from './capabilities/capability.ts';
import { encodeMessage, HEADER_OCTETS, ROUTE_REFRESH_MIN_OCTETS } from './header.ts';
import { MessageTypeCode, RefreshSubtype } from './iana.ts';
import { type Notification, routeRefreshError } from './notification.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

export type RouteRefreshKind = 'request' | 'begin' | 'end';

export type RouteRefreshResult =
  | { readonly kind: RouteRefreshKind; readonly family: Family }
  /** A family that we do not speak, a marker that we did not negotiate, an unknown subtype (RFC 7313 §5). */
  | { readonly kind: 'ignored'; readonly text: string }
  | { readonly kind: 'error'; readonly notification: Notification };

const SUBTYPE_OF: Readonly<Record<RouteRefreshKind, number>> = {
  request: RefreshSubtype.Request,
  begin: RefreshSubtype.Begin,
  end: RefreshSubtype.End,
};

/**
 * `message` is the whole message, header included, for the data of an error (RFC 7313 §5).
 * @param hasMarkers both ends offered enhanced route refresh
 */
export function decodeRouteRefresh(message: Uint8Array, hasMarkers: boolean): RouteRefreshResult {
  if (message.length !== ROUTE_REFRESH_MIN_OCTETS) {
    return { kind: 'error', notification: routeRefreshError.invalidMessageLength(message) };
  }
  const reader = new WireReader(message.subarray(HEADER_OCTETS));
  const afi = reader.u16();
  const subtype = reader.u8();
  const safi = reader.u8();
  const kind = kindOf(subtype, hasMarkers);
  if (kind === null) return { kind: 'ignored', text: `ROUTE-REFRESH subtype ${subtype} was not negotiated` };
  const family = familyOf(afi, safi);
  if (family === null) return { kind: 'ignored', text: `ROUTE-REFRESH for afi ${afi} safi ${safi}` };
  return { kind, family };
}

function kindOf(subtype: number, hasMarkers: boolean): RouteRefreshKind | null {
  if (subtype === RefreshSubtype.Request) return 'request';
  if (!hasMarkers) return null;
  if (subtype === RefreshSubtype.Begin) return 'begin';
  return subtype === RefreshSubtype.End ? 'end' : null;
}

/** A whole message: asks for all routes of the family again, or marks where they begin or end. */
export function encodeRouteRefresh(family: Family, kind: RouteRefreshKind = 'request'): Uint8Array {
  const { afi, safi } = afiSafiOf(family);
  const body = new WireWriter().u16(afi).u8(SUBTYPE_OF[kind]).u8(safi).finish();
  return encodeMessage(MessageTypeCode.RouteRefresh, body);
}
