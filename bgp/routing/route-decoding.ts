/** Attribute sets as people and programs read them. Not for the hot path. */
import { formatAddress, type Prefix } from '../net/index.ts';
import { decodeAsPath } from '../packet/attributes/as-path.ts';
import { ColumnFlag } from '../packet/attributes/attribute-columns.ts';
import { readUint32 } from '../packet/attributes/attribute-descriptor.ts';
import { AttributeType } from '../packet/attributes/attribute-type.ts';
import { BlockCursor } from '../packet/attributes/canonical-block.ts';
import { formatCommunities, formatLargeCommunities } from '../packet/attributes/communities.ts';
import { originName } from '../packet/attributes/origin.ts';
import type { AttributeStore } from '../path/attribute-store.ts';
import type { NetTable } from '../path/net-table.ts';
import type { RouteStatus } from '../speaker/speaker-status.ts';

/** The part of a route's status that its attributes tell. */
export type RouteAttributes = Pick<
  RouteStatus,
  | 'nextHop'
  | 'origin'
  | 'asPath'
  | 'localPref'
  | 'med'
  | 'communities'
  | 'largeCommunities'
  | 'originatorId'
  | 'clusterList'
>;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Decodes the canonical block bytes[start, end). */
export function decodeBlock(bytes: Uint8Array, start: number, end: number): RouteAttributes {
  const route: Mutable<RouteAttributes> = {
    nextHop: '',
    origin: 'incomplete',
    asPath: [],
    localPref: null,
    med: null,
    communities: [],
    largeCommunities: [],
    originatorId: null,
    clusterList: [],
  };
  const cursor = new BlockCursor(bytes, start, end);
  while (cursor.next()) decodeAttribute(route, bytes, cursor);
  return route;
}

function decodeAttribute(route: Mutable<RouteAttributes>, bytes: Uint8Array, cursor: BlockCursor): void {
  const { at, length } = cursor;
  switch (cursor.code) {
    case AttributeType.Origin:
      route.origin = originName(bytes[at]!);
      break;
    case AttributeType.AsPath:
      route.asPath = decodeAsPath(bytes, at, length);
      break;
    case AttributeType.NextHop:
      route.nextHop = formatAddress(bytes, at, Math.min(length, 16));
      break;
    case AttributeType.MultiExitDisc:
      route.med = readUint32(bytes, at);
      break;
    case AttributeType.LocalPref:
      route.localPref = readUint32(bytes, at);
      break;
    case AttributeType.Communities:
      route.communities = formatCommunities(bytes, at, length);
      break;
    case AttributeType.LargeCommunities:
      route.largeCommunities = formatLargeCommunities(bytes, at, length);
      break;
    case AttributeType.OriginatorId:
      route.originatorId = formatAddress(bytes, at, 4);
      break;
    case AttributeType.ClusterList:
      route.clusterList = Array.from({ length: length >> 2 }, (_, i) => formatAddress(bytes, at + 4 * i, 4));
      break;
  }
}

/** Decodes an interned set. */
export function decodeSet(store: AttributeStore, set: number): RouteAttributes {
  const start = store.offset(set);
  return decodeBlock(store.bytes(set), start, start + store.length(set));
}

/** Text of the set's next hop; of a global and link-local pair the global one. @param zone link of a link-local one */
export function nextHopText(store: AttributeStore, set: number, zone: string | null): string {
  const bytes = store.bytes(set);
  const start = store.offset(set);
  const cursor = new BlockCursor(bytes, start, start + store.length(set));
  while (cursor.next()) {
    if (cursor.code === AttributeType.NextHop) {
      const text = formatAddress(bytes, cursor.at, Math.min(cursor.length, 16));
      const isOnLink = zone !== null && (store.flags(set) & ColumnFlag.NextHopLinkLocal) !== 0;
      return isOnLink ? `${text}%${zone}` : text;
    }
  }
  return '';
}

const address = new Uint8Array(16);

/** Canonical text of a net. */
export function prefixText(nets: NetTable, net: number): string {
  nets.writeAddress(net, address, 0);
  return `${formatAddress(address, 0, nets.maxLength >> 3)}/${nets.length(net)}`;
}

/** NLRI octets of a prefix, for the net table. */
export function prefixToNlri(prefix: Prefix): Uint8Array {
  return Uint8Array.of(prefix.length, ...prefix.bytes);
}
