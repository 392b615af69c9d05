/**
 * Requests to write routes (RTM_NEWROUTE, RTM_DELROUTE). Tables are always given as RTA_TABLE, because `rtm_table` has
 * only eight bits.
 */
import { parseAddress } from '@manul/bgp/net';
import { PrefixKey } from '../../prefix/prefix-key.ts';
import type { KernelNextHop, RouteOperation, RouteTarget, RouteWrites } from '../kernel-port.ts';
import {
  AF_INET,
  AF_INET6,
  Flag,
  MessageType,
  RouteAttribute,
  RouteFlag,
  SCOPE_NOWHERE,
  TABLE_UNSPEC,
  TYPE_UNSPEC,
} from './constants.ts';
import { HOST_IS_LITTLE_ENDIAN } from './layout.ts';
import type { MessageWriter } from './message-writer.ts';
import { SCOPE_NUMBERS, TYPE_NUMBERS } from './route-layout.ts';

/** Of the sequence number in nlmsghdr. */
const SEQUENCE_OFFSET = 8;

const OPERATION_FLAGS: Readonly<Record<RouteOperation['op'], number>> = {
  add: Flag.Create | Flag.Exclusive,
  replace: Flag.Create | Flag.Replace,
  delete: 0,
};

/** Writes the request of one operation. The kernel reports its failure even when no acknowledgement is asked for. */
export function encodeRouteOperation(
  writer: MessageWriter,
  { op, route }: RouteOperation,
  sequence: number,
  wantsAck: boolean,
): void {
  const key = keyOf(route.prefix);
  encodeWrite(writer, { op, key, ...route }, Flag.Request | (wantsAck ? Flag.Ack : 0), sequence);
}

/** Of a prefix that the caller vouches for; with host bits it is the kernel that refuses it. */
function keyOf(text: string): PrefixKey {
  const key = PrefixKey.of(text);
  if (key.odd === null) return key;
  const slash = text.indexOf('/');
  const address = addressBytes(text.slice(0, slash));
  const bytes = new Uint8Array(16);
  bytes.set(address);
  const view = new DataView(bytes.buffer);
  const words = Int32Array.from({ length: 4 }, (_, i) => view.getInt32(i * 4));
  const length = Number(text.slice(slash + 1));
  if (address.length === 4) key.setIpv4(words[0]!, length);
  else key.setIpv6(words, 0, length);
  return key;
}

interface Write {
  readonly op: RouteOperation['op'];
  readonly key: PrefixKey;
  readonly table: number;
  readonly metric: number;
  readonly target: RouteTarget;
}

/** @returns where the octets of the destination stand; 0 when it has none */
function encodeWrite(writer: MessageWriter, write: Write, flags: number, sequence: number): number {
  const { op, key, table, metric, target } = write;
  const addressLength = key.isIpv6 ? 16 : 4;
  const isDelete = op === 'delete';
  const type = isDelete ? MessageType.DelRoute : MessageType.NewRoute;
  writer.beginMessage(type, flags | OPERATION_FLAGS[op], sequence);
  writer.u8(key.isIpv6 ? AF_INET6 : AF_INET);
  writer.u8(key.length);
  writer.u8(0);
  writer.u8(0);
  writer.u8(TABLE_UNSPEC);
  writer.u8(target.protocol);
  // A deletion names key and protocol only, so that it works whatever the target has become.
  writer.u8(isDelete ? SCOPE_NOWHERE : SCOPE_NUMBERS[target.scope]);
  writer.u8(isDelete ? TYPE_UNSPEC : TYPE_NUMBERS[target.type]);
  const single = !isDelete && target.nextHops.length === 1 ? target.nextHops[0]! : null;
  writer.u32(single?.onlink ? RouteFlag.OnLink : 0);
  writer.u32Attribute(RouteAttribute.Table, table);
  let destination = 0;
  if (key.length > 0) {
    key.writeAddress(octets, 0);
    writer.bytesAttribute(RouteAttribute.Destination, key.isIpv6 ? octets : ipv4Octets);
    destination = writer.position - addressLength;
  }
  writer.u32Attribute(RouteAttribute.Priority, metric);
  if (!isDelete && target.source !== undefined)
    writer.bytesAttribute(RouteAttribute.PreferredSource, addressBytes(target.source));
  if (single !== null) encodeNextHop(writer, single, addressLength);
  else if (!isDelete && target.nextHops.length > 1) encodeMultipath(writer, target.nextHops, addressLength);
  writer.endMessage();
  return destination;
}

const octets = new Uint8Array(16);
const ipv4Octets = octets.subarray(0, 4);

/**
 * Writes requests one after the other. Neighbours mostly differ in nothing but the destination; then the message
 * before is written again with another one.
 */
export class RouteWriteEncoder {
  readonly #key = new PrefixKey();
  #writer: MessageWriter | null = null;
  #op: RouteOperation['op'] = 'add';
  #target: RouteTarget | null = null;
  #metric = 0;
  #isIpv6 = false;
  #length = 0;
  /** Of the last message that was written in full. */
  #start = 0;
  #end = 0;
  #destination = 0;

  encode(writer: MessageWriter, writes: RouteWrites, i: number, sequence: number, wantsAck: boolean): void {
    const key = writes.readPrefix(i, this.#key);
    const op = writes.op(i);
    const target = writes.target(i);
    const metric = writes.metric(i);
    const isLike =
      this.#writer === writer &&
      this.#target === target &&
      this.#op === op &&
      this.#metric === metric &&
      this.#isIpv6 === key.isIpv6 &&
      this.#length === key.length &&
      key.length > 0 &&
      !wantsAck;
    if (isLike) {
      this.#encodeAgain(writer, key, sequence);
      return;
    }
    this.#start = writer.position;
    const flags = Flag.Request | (wantsAck ? Flag.Ack : 0);
    const write = { op, key, table: writes.table, metric, target };
    this.#destination = encodeWrite(writer, write, flags, sequence);
    this.#end = writer.position;
    this.#writer = writer;
    this.#op = op;
    this.#target = target;
    this.#metric = metric;
    this.#isIpv6 = key.isIpv6;
    this.#length = key.length;
    // Nothing is made from the last message of a batch, and it must not be kept.
    if (wantsAck) this.#writer = null;
  }

  #encodeAgain(writer: MessageWriter, key: PrefixKey, sequence: number): void {
    const at = writer.position;
    writer.repeat(this.#start, this.#end);
    writer.patchU32(at + SEQUENCE_OFFSET, sequence);
    key.writeAddress(writer.written, at + this.#destination - this.#start);
  }
}

function encodeNextHop(writer: MessageWriter, nextHop: KernelNextHop, addressBytesOfRoute: number): void {
  if (nextHop.interfaceIndex !== null) {
    writer.u32Attribute(RouteAttribute.OutInterface, nextHop.interfaceIndex);
  }
  encodeGateway(writer, nextHop, addressBytesOfRoute);
}

/** RTA_GATEWAY, or RTA_VIA { u16 family, address } for a gateway of the other family (RFC 8950). */
function encodeGateway(writer: MessageWriter, nextHop: KernelNextHop, addressBytesOfRoute: number): void {
  if (nextHop.gateway === null) return;
  if (addressBytesOfRoute === 4 && !nextHop.gateway.includes(':')) {
    writer.u32Attribute(RouteAttribute.Gateway, ipv4Word(nextHop.gateway, nextHop.gateway.length));
    return;
  }
  const gateway = addressBytes(nextHop.gateway);
  if (gateway.length === addressBytesOfRoute) {
    writer.bytesAttribute(RouteAttribute.Gateway, gateway);
    return;
  }
  const start = writer.beginAttribute(RouteAttribute.Via);
  writer.u16(gateway.length === 4 ? AF_INET : AF_INET6);
  writer.bytes(gateway);
  writer.endAttribute(start);
}

function encodeMultipath(
  writer: MessageWriter,
  nextHops: readonly KernelNextHop[],
  addressBytesOfRoute: number,
): void {
  const start = writer.beginAttribute(RouteAttribute.Multipath);
  for (const nextHop of nextHops) {
    // rtnexthop begins with its length, as an attribute does; the two bytes of the type are flags and weight.
    const flags = nextHop.onlink ? RouteFlag.OnLink : 0;
    const hopStart = writer.beginAttribute(
      HOST_IS_LITTLE_ENDIAN ? flags | ((nextHop.weight - 1) << 8) : (flags << 8) | (nextHop.weight - 1),
    );
    writer.u32(nextHop.interfaceIndex ?? 0);
    encodeGateway(writer, nextHop, addressBytesOfRoute);
    writer.endAttribute(hopStart);
  }
  writer.endAttribute(start);
}

/**
 * The first `length` characters of `text`, an IPv4 address that the caller vouches for, as the number whose bytes in
 * the host's order are the address. Of many routes each has one, and arrays for them would be garbage at once.
 */
function ipv4Word(text: string, length: number): number {
  let word = 0;
  let value = 0;
  let parts = 0;
  for (let i = 0; i <= length; i++) {
    const code = i === length ? DOT : text.charCodeAt(i);
    if (code === DOT) {
      word |= value << (HOST_IS_LITTLE_ENDIAN ? parts * 8 : 24 - parts * 8);
      parts++;
      value = 0;
    } else value = code >= ZERO && code <= NINE ? value * 10 + code - ZERO : Number.NaN;
    if (!(value <= 255)) break;
  }
  if (parts !== 4) throw new RangeError(`not an address: ${text.slice(0, length)}`);
  return word >>> 0;
}

const DOT = 46;
const ZERO = 48;
const NINE = 57;

/** Bytes of an address that the caller vouches for. */
function addressBytes(text: string): Uint8Array {
  const bytes = parseAddress(text);
  if (bytes === null) throw new RangeError(`not an address: ${text}`);
  return bytes;
}
