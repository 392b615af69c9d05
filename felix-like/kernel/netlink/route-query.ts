/** Questions about routes (RTM_GETROUTE): all that a filter lets through, and the way to one address. */
import { parseAddress } from '@manul/bgp/net';
import type { RouteFilter } from '../kernel-port.ts';
import {
  AF_INET,
  AF_INET6,
  Flag,
  MessageType,
  RouteAttribute,
  TABLE_UNSPEC,
  TYPE_UNSPEC,
} from './constants.ts';
import { AttributeReader, type MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import { ROUTE_HEADER_BYTES, TYPE_NUMBERS } from './route-layout.ts';

/** Asks for all routes that `filter` lets through; the kernel filters where GET_STRICT_CHK is set. */
export function encodeRouteDump(writer: MessageWriter, filter: RouteFilter, sequence: number): void {
  writer.beginMessage(MessageType.GetRoute, Flag.Request | Flag.Dump, sequence);
  writer.u8(filter.family === 'ipv4' ? AF_INET : AF_INET6);
  writer.u8(0);
  writer.u8(0);
  writer.u8(0);
  writer.u8(TABLE_UNSPEC);
  writer.u8(filter.protocol ?? 0);
  writer.u8(0);
  writer.u8(TYPE_UNSPEC);
  writer.u32(0);
  writer.u32Attribute(RouteAttribute.Table, filter.table);
  if (filter.interfaceIndex !== null) writer.u32Attribute(RouteAttribute.OutInterface, filter.interfaceIndex);
  writer.endMessage();
}

/** Asks which way packets to an address take; the answer is one route, and an acknowledgement that ends it. */
export function encodeRouteLookup(writer: MessageWriter, address: string, sequence: number): void {
  const bytes = parseAddress(address)!;
  writer.beginMessage(MessageType.GetRoute, Flag.Request | Flag.Ack, sequence);
  writer.u8(bytes.length === 4 ? AF_INET : AF_INET6);
  writer.u8(bytes.length * 8);
  for (let i = 2; i < ROUTE_HEADER_BYTES; i++) writer.u8(0);
  writer.bytesAttribute(RouteAttribute.Destination, bytes);
  writer.endMessage();
}

/** The link in the answer to a lookup, or null for packets that go nowhere. */
export function decodeOutgoingLink(message: MessageReader): number | null {
  if (message.end - message.start < ROUTE_HEADER_BYTES) return null;
  if (message.bytes[message.start + 7] !== TYPE_NUMBERS.unicast) return null;
  const attributes = new AttributeReader(message, message.start + ROUTE_HEADER_BYTES, message.end);
  while (attributes.next()) if (attributes.type === RouteAttribute.OutInterface) return attributes.u32();
  return null;
}
