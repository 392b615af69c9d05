/**
 * Neighbours as rtnetlink messages: ndmsg { u8 family, pad; u16 pad; i32 index; u16 state; u8 flags, type } and
 * attributes. The forwarding database of a VXLAN device speaks the same messages in the family of bridges.
 */
import { addressFamily, formatAddress, parseAddress } from '@manul/bgp/net';
import type { KernelNeighbour } from '../kernel-port.ts';
import {
  AF_BRIDGE,
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  Flag,
  MessageType,
  NEIGHBOUR_FLAG_SELF,
  NEIGHBOUR_STATE_NO_ARP,
  NEIGHBOUR_STATE_PERMANENT,
  NeighbourAttribute,
} from './constants.ts';
import { familyOfNumber, HOST_IS_LITTLE_ENDIAN } from './layout.ts';
import { formatMac, macBytes } from './mac-address.ts';
import { AttributeReader, type MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';

const NEIGHBOUR_HEADER_BYTES = 12;

/** Asks for the entries of one table of one link; of `ip` for both families. */
export function encodeNeighbourDump(
  writer: MessageWriter,
  table: KernelNeighbour['table'],
  interfaceIndex: number,
  sequence: number,
): void {
  writer.beginMessage(MessageType.GetNeighbour, Flag.Request | Flag.Dump, sequence);
  writeHeader(writer, table === 'fdb' ? AF_BRIDGE : AF_UNSPEC, 0, 0, 0);
  writer.u32Attribute(NeighbourAttribute.InterfaceIndex, interfaceIndex);
  writer.endMessage();
}

export function encodeNeighbourOperation(
  writer: MessageWriter,
  op: 'put' | 'delete',
  neighbour: KernelNeighbour,
  sequence: number,
  wantsAck: boolean,
): void {
  const address = parseAddress(neighbour.address);
  if (address === null) throw new RangeError(`not an address: ${neighbour.address}`);
  const isFdb = neighbour.table === 'fdb';
  const flags = op === 'put' ? Flag.Create | Flag.Replace : 0;
  const type = op === 'put' ? MessageType.NewNeighbour : MessageType.DelNeighbour;
  writer.beginMessage(type, Flag.Request | (wantsAck ? Flag.Ack : 0) | flags, sequence);
  const ipFamily = addressFamily(neighbour.address) === 'ipv4' ? AF_INET : AF_INET6;
  const state = isFdb ? NEIGHBOUR_STATE_PERMANENT | NEIGHBOUR_STATE_NO_ARP : NEIGHBOUR_STATE_PERMANENT;
  const family = isFdb ? AF_BRIDGE : ipFamily;
  writeHeader(writer, family, neighbour.interfaceIndex, state, isFdb ? NEIGHBOUR_FLAG_SELF : 0);
  writer.bytesAttribute(NeighbourAttribute.Destination, address);
  if (isFdb || op === 'put') {
    writer.bytesAttribute(NeighbourAttribute.LinkLayerAddress, macBytes(neighbour.mac));
  }
  writer.endMessage();
}

/**
 * Decodes the present message of `message`, of type RTM_NEWNEIGH or RTM_DELNEIGH.
 * @returns null for entries that name no address or no MAC, and for those of bridges
 */
export function decodeNeighbour(message: MessageReader): KernelNeighbour | null {
  const { bytes, view, start, end } = message;
  if (end - start < NEIGHBOUR_HEADER_BYTES) return null;
  const isFdb = bytes[start] === AF_BRIDGE;
  if (!isFdb && familyOfNumber(bytes[start]!) === null) return null;
  const attributes = new AttributeReader(message, start + NEIGHBOUR_HEADER_BYTES, end);
  let address: string | null = null;
  let mac: string | null = null;
  while (attributes.next()) {
    const length = attributes.end - attributes.start;
    if (attributes.type === NeighbourAttribute.Destination && (length === 4 || length === 16)) {
      address = formatAddress(bytes, attributes.start, length);
    } else if (attributes.type === NeighbourAttribute.LinkLayerAddress) {
      mac = formatMac(bytes.subarray(attributes.start, attributes.end));
    }
  }
  const isGone = message.type === MessageType.DelNeighbour;
  if (address === null || (mac === null && !isGone)) return null;
  return {
    table: isFdb ? 'fdb' : 'ip',
    interfaceIndex: view.getInt32(start + 4, HOST_IS_LITTLE_ENDIAN),
    address,
    mac: mac ?? NO_MAC,
    isPermanent: (view.getUint16(start + 8, HOST_IS_LITTLE_ENDIAN) & NEIGHBOUR_STATE_PERMANENT) !== 0,
  };
}

/** Of an entry that is gone, and whose MAC is not told. */
const NO_MAC = '00:00:00:00:00:00';

function writeHeader(
  writer: MessageWriter,
  family: number,
  interfaceIndex: number,
  state: number,
  flags: number,
): void {
  writer.u8(family);
  writer.u8(0);
  writer.u16(0);
  writer.u32(interfaceIndex);
  writer.u16(state);
  writer.u8(flags);
  writer.u8(0);
}
