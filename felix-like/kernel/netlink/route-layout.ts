/**
 * How rtnetlink lays out routes: rtmsg { u8 family, dst_len, src_len, tos, table, protocol, scope, type; u32 flags } and
 * attributes; and its numbers for types and scopes.
 */
import type { RouteScope, RouteType } from '../kernel-port.ts';
import { SCOPE_NOWHERE, TYPE_UNSPEC } from './constants.ts';

export const ROUTE_HEADER_BYTES = 12;
/** rtnexthop { u16 len, u8 flags, u8 weight - 1, i32 interface index }. */
export const NEXT_HOP_HEADER_BYTES = 8;

export const TYPE_NUMBERS: Readonly<Record<RouteType, number>> = {
  unicast: 1,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
  other: TYPE_UNSPEC,
};
export const SCOPE_NUMBERS: Readonly<Record<RouteScope, number>> = {
  universe: 0,
  link: 253,
  host: 254,
  other: SCOPE_NOWHERE,
};
export const TYPE_NAMES = invert(TYPE_NUMBERS);
export const SCOPE_NAMES = invert(SCOPE_NUMBERS);

function invert<Name extends string>(
  numbers: Readonly<Record<Name, number>>,
): Readonly<Record<number, Name>> {
  return Object.fromEntries(Object.entries(numbers).map(([name, number]) => [number, name]));
}
