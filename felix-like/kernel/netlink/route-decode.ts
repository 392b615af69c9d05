/** What the kernel tells of routes (RTM_NEWROUTE, RTM_DELROUTE). */
import { addressBits, type Family, formatAddress } from '@manul/bgp/net';
import type { KernelNextHop, KernelRoute } from '../kernel-port.ts';
import { RouteAttribute, RouteFlag } from './constants.ts';
import { align, familyOfNumber, HOST_IS_LITTLE_ENDIAN } from './layout.ts';
import { AttributeReader, type MessageReader } from './message-reader.ts';
import { NEXT_HOP_HEADER_BYTES, ROUTE_HEADER_BYTES, SCOPE_NAMES, TYPE_NAMES } from './route-layout.ts';

/**
 * Decodes the present message of `message`, of type RTM_NEWROUTE or RTM_DELROUTE.
 * @returns null for what has no place in a table of routes as the port knows it: cache entries, other families,
 *   and routes for one type of service or source, whose kernel keys differ from those of all our routes
 */
export function decodeRoute(message: MessageReader): KernelRoute | null {
  const { bytes, view, start, end } = message;
  if (end - start < ROUTE_HEADER_BYTES) return null;
  const family = familyOfNumber(bytes[start]!);
  const flags = view.getUint32(start + 8, HOST_IS_LITTLE_ENDIAN);
  const sourceLength = bytes[start + 2]!;
  const typeOfService = bytes[start + 3]!;
  if (family === null || sourceLength !== 0 || typeOfService !== 0 || (flags & RouteFlag.Cloned) !== 0)
    return null;
  const length = bytes[start + 1]!;
  if (length > addressBits(family)) return null;
  const fields = readRouteAttributes(new AttributeReader(message, start + ROUTE_HEADER_BYTES, end), family);
  const type = TYPE_NAMES[bytes[start + 7]!] ?? 'other';
  const onlink = (flags & RouteFlag.OnLink) !== 0;
  return {
    table: fields.table ?? bytes[start + 4]!,
    prefix: `${fields.destination ?? (family === 'ipv4' ? '0.0.0.0' : '::')}/${length}`,
    metric: fields.metric,
    target: {
      type,
      protocol: bytes[start + 5]!,
      scope: SCOPE_NAMES[bytes[start + 6]!] ?? 'other',
      // IPv6 hangs routes without a next hop on the loopback link; that is no property of the route.
      nextHops: type === 'unicast' ? nextHopsOf(fields, onlink) : [],
      ...(fields.source === null ? {} : { source: fields.source }),
    },
  };
}

interface RouteFields {
  table: number | null;
  destination: string | null;
  metric: number;
  interfaceIndex: number | null;
  gateway: string | null;
  source: string | null;
  multipath: KernelNextHop[] | null;
}

function readRouteAttributes(attributes: AttributeReader, family: Family): RouteFields {
  const fields: RouteFields = {
    table: null,
    destination: null,
    metric: 0,
    interfaceIndex: null,
    gateway: null,
    source: null,
    multipath: null,
  };
  const addressLength = addressBits(family) / 8;
  while (attributes.next()) {
    switch (attributes.type) {
      case RouteAttribute.Table:
        fields.table = attributes.u32();
        break;
      case RouteAttribute.Destination:
        fields.destination = readAddress(attributes, attributes.start, addressLength);
        break;
      case RouteAttribute.Priority:
        fields.metric = attributes.u32();
        break;
      case RouteAttribute.OutInterface:
        fields.interfaceIndex = attributes.u32();
        break;
      case RouteAttribute.Gateway:
        fields.gateway = readAddress(attributes, attributes.start, addressLength);
        break;
      case RouteAttribute.PreferredSource:
        fields.source = readAddress(attributes, attributes.start, addressLength);
        break;
      case RouteAttribute.Via:
        fields.gateway = readVia(attributes);
        break;
      case RouteAttribute.Multipath:
        fields.multipath = readMultipath(attributes, addressLength);
        break;
    }
  }
  return fields;
}

function nextHopsOf(fields: RouteFields, onlink: boolean): readonly KernelNextHop[] {
  if (fields.multipath !== null) return fields.multipath;
  return [{ gateway: fields.gateway, interfaceIndex: fields.interfaceIndex, onlink, weight: 1 }];
}

function readMultipath(attribute: AttributeReader, addressLength: number): KernelNextHop[] {
  const { bytes, view, end } = attribute;
  const nextHops: KernelNextHop[] = [];
  let at = attribute.start;
  while (at + NEXT_HOP_HEADER_BYTES <= end) {
    const length = view.getUint16(at, HOST_IS_LITTLE_ENDIAN);
    if (length < NEXT_HOP_HEADER_BYTES || at + length > end) break;
    const inner = new AttributeReader(attribute, at + NEXT_HOP_HEADER_BYTES, at + length);
    let gateway: string | null = null;
    while (inner.next()) {
      if (inner.type === RouteAttribute.Gateway) gateway = readAddress(inner, inner.start, addressLength);
      else if (inner.type === RouteAttribute.Via) gateway = readVia(inner);
    }
    nextHops.push({
      gateway,
      interfaceIndex: view.getInt32(at + 4, HOST_IS_LITTLE_ENDIAN),
      onlink: (bytes[at + 2]! & RouteFlag.OnLink) !== 0,
      weight: bytes[at + 3]! + 1,
    });
    at += align(length);
  }
  return nextHops;
}

function readVia(attribute: AttributeReader): string | null {
  if (attribute.end - attribute.start < 2) return null;
  const family = familyOfNumber(attribute.view.getUint16(attribute.start, HOST_IS_LITTLE_ENDIAN));
  return family === null ? null : readAddress(attribute, attribute.start + 2, addressBits(family) / 8);
}

function readAddress(attribute: AttributeReader, start: number, length: number): string | null {
  if (attribute.end - start < length) return null;
  return formatAddress(attribute.bytes, start, length);
}
