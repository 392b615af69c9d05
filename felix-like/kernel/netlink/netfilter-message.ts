/**
 * Messages of nfnetlink (linux/netfilter/nfnetlink.h): nfgenmsg { u8 family, u8 version, u16 resource } and
 * attributes. Of nftables only: does a notification concern us? Of connection tracking: list and delete.
 */
import { type Family, parseAddress } from '@manul/bgp/net';
import { AF_INET, AF_INET6, Flag } from './constants.ts';
import { AttributeReader, type MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';

export const NETLINK_NETFILTER = 12;
/** Multicast group of nftables changes, as a bit of the bind mask. */
export const NFTABLES_GROUP = 0x40;

const GENERAL_HEADER_BYTES = 4;
const NFTABLES = 10;
const CONNECTIONS = 1;
const ConnectionMessage = { New: 0, Get: 1, Delete: 2 } as const;
const NFPROTO_INET = 1;
/** In messages on tables, chains, rules, sets and elements alike: the name of the table. */
const TABLE_NAME = 1;

const ConnectionAttribute = { Original: 1, Reply: 2, Id: 12, Zone: 18, Filter: 25 } as const;
const KEY_ATTRIBUTES: readonly number[] = [
  ConnectionAttribute.Original,
  ConnectionAttribute.Id,
  ConnectionAttribute.Zone,
];
const TUPLE_IP = 1;
/** Inside TUPLE_IP. */
const SOURCE = { ipv4: 1, ipv6: 3 } as const;
const FilterAttribute = { Original: 1, Reply: 2 } as const;
const SOURCE_FLAG = 1;
const NESTED = 0x8000;

/** The notification is about our table, or about a table in which iptables keeps its FORWARD chain. */
export function isNftablesChange(message: MessageReader, ownTable: string): boolean {
  if (message.type >> 8 !== NFTABLES || message.end - message.start < GENERAL_HEADER_BYTES) return false;
  const family = message.bytes[message.start];
  const attributes = new AttributeReader(message, message.start + GENERAL_HEADER_BYTES, message.end);
  while (attributes.next()) {
    if (attributes.type !== TABLE_NAME) continue;
    const table = attributes.text();
    if (family === NFPROTO_INET) return table === ownTable;
    return (family === AF_INET || family === AF_INET6) && table === 'filter';
  }
  return false;
}

/** The address from which packets of one direction of a connection come. */
export interface ConnectionFilter {
  readonly direction: 'original' | 'reply';
  readonly source: string;
}

/** What names a tracked connection to the kernel: attributes as they came. */
export type ConnectionKey = readonly { readonly type: number; readonly value: Uint8Array }[];

/** Asks for connections; kernels before 5.8 know no filter and list all. */
export function encodeConnectionDump(
  writer: MessageWriter,
  family: Family,
  filter: ConnectionFilter | null,
  sequence: number,
): void {
  beginMessage(writer, ConnectionMessage.Get, Flag.Request | Flag.Dump, family, sequence);
  if (filter !== null) {
    const { direction, source } = filter;
    const isOriginal = direction === 'original';
    const tuple = writer.beginAttribute(
      (isOriginal ? ConnectionAttribute.Original : ConnectionAttribute.Reply) | NESTED,
    );
    const ip = writer.beginAttribute(TUPLE_IP | NESTED);
    writer.bytesAttribute(SOURCE[family], parseAddress(source)!);
    writer.endAttribute(ip);
    writer.endAttribute(tuple);
    const flags = writer.beginAttribute(ConnectionAttribute.Filter | NESTED);
    writer.u32Attribute(FilterAttribute.Original, isOriginal ? SOURCE_FLAG : 0);
    writer.u32Attribute(FilterAttribute.Reply, isOriginal ? 0 : SOURCE_FLAG);
    writer.endAttribute(flags);
  }
  writer.endMessage();
}

export function encodeConnectionDelete(
  writer: MessageWriter,
  family: Family,
  key: ConnectionKey,
  isLast: boolean,
  sequence: number,
): void {
  const flags = isLast ? Flag.Request | Flag.Ack : Flag.Request;
  beginMessage(writer, ConnectionMessage.Delete, flags, family, sequence);
  for (const { type, value } of key) {
    writer.bytesAttribute(type === ConnectionAttribute.Original ? type | NESTED : type, value);
  }
  writer.endMessage();
}

/**
 * Reads the present message.
 * @param isWanted is asked about the source of each direction; costs nothing more where it says no
 * @returns the connection's key, or null when it is not wanted, or no connection
 */
export function decodeConnection(
  message: MessageReader,
  isWanted: (bytes: Uint8Array, start: number, end: number) => boolean,
): ConnectionKey | null {
  if (message.type !== ((CONNECTIONS << 8) | ConnectionMessage.New)) return null;
  const start = message.start + GENERAL_HEADER_BYTES;
  const attributes = new AttributeReader(message, start, message.end);
  while (attributes.next()) {
    const { type } = attributes;
    // The tuples come first, and in this order.
    if (type !== ConnectionAttribute.Original && type !== ConnectionAttribute.Reply) return null;
    const source = sourceOf(attributes);
    if (source !== null && isWanted(source.bytes, source.start, source.end)) return keyOf(message, start);
  }
  return null;
}

function sourceOf(tuple: AttributeReader): AttributeReader | null {
  const parts = new AttributeReader(tuple, tuple.start, tuple.end);
  while (parts.next()) {
    if (parts.type !== TUPLE_IP) continue;
    const ends = new AttributeReader(parts, parts.start, parts.end);
    while (ends.next()) if (ends.type === SOURCE.ipv4 || ends.type === SOURCE.ipv6) return ends;
  }
  return null;
}

function keyOf(message: MessageReader, start: number): ConnectionKey {
  const attributes = new AttributeReader(message, start, message.end);
  const key: { type: number; value: Uint8Array }[] = [];
  while (attributes.next()) {
    const { type, bytes } = attributes;
    if (KEY_ATTRIBUTES.includes(type))
      key.push({ type, value: bytes.slice(attributes.start, attributes.end) });
  }
  return key;
}

function beginMessage(
  writer: MessageWriter,
  type: number,
  flags: number,
  family: Family,
  sequence: number,
): void {
  writer.beginMessage((CONNECTIONS << 8) | type, flags, sequence);
  writer.u8(family === 'ipv4' ? AF_INET : AF_INET6);
  writer.u8(0);
  writer.u16(0);
}
