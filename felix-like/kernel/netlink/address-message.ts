/** Addresses as rtnetlink messages: ifaddrmsg { u8 family, prefixlen, flags, scope; u32 index } and attributes. */
import {
  addressBits,
  formatAddress,
  formatPrefix,
  maskBytes,
  parseAddress,
  parsePrefix,
} from '@manul/bgp/net';
import type { KernelAddress } from '../kernel-port.ts';
import {
  ADDRESS_FLAG_NO_DAD,
  AddressAttribute,
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  Flag,
  MessageType,
} from './constants.ts';
import { familyOfNumber, HOST_IS_LITTLE_ENDIAN } from './layout.ts';
import { AttributeReader, type MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';

const ADDRESS_HEADER_BYTES = 8;

/** Asks for all addresses of both families. */
export function encodeAddressDump(writer: MessageWriter, sequence: number): void {
  writer.beginMessage(MessageType.GetAddr, Flag.Request | Flag.Dump, sequence);
  writer.u8(AF_UNSPEC);
  writer.u8(0);
  writer.u16(0);
  writer.u32(0);
  writer.endMessage();
}

/** @throws RangeError for text that is no address or prefix */
export function encodeAddressOperation(
  writer: MessageWriter,
  op: 'add' | 'delete',
  { interfaceIndex, address, subnet }: KernelAddress,
  sequence: number,
  wantsAck: boolean,
): void {
  const bytes = parseAddress(address);
  const prefix = parsePrefix(subnet);
  if (bytes === null || prefix === null) throw new RangeError(`not an address: ${address} in ${subnet}`);
  const isIpv4 = bytes.length === 4;
  const flags = op === 'add' ? Flag.Create | Flag.Exclusive : 0;
  const type = op === 'add' ? MessageType.NewAddr : MessageType.DelAddr;
  writer.beginMessage(type, Flag.Request | (wantsAck ? Flag.Ack : 0) | flags, sequence);
  writer.u8(isIpv4 ? AF_INET : AF_INET6);
  writer.u8(prefix.length);
  writer.u8(isIpv4 ? 0 : ADDRESS_FLAG_NO_DAD);
  writer.u8(0);
  writer.u32(interfaceIndex);
  writer.bytesAttribute(AddressAttribute.Local, bytes);
  writer.bytesAttribute(AddressAttribute.Address, bytes);
  writer.endMessage();
}

/**
 * Decodes the present message of `message`, of type RTM_NEWADDR or RTM_DELADDR. IFA_LOCAL is the own address where
 * it is given, and IFA_ADDRESS then that of the far end; else IFA_ADDRESS is the own one (IPv6).
 */
export function decodeAddress(message: MessageReader): KernelAddress | null {
  const { bytes, view, start, end } = message;
  if (end - start < ADDRESS_HEADER_BYTES) return null;
  const family = familyOfNumber(bytes[start]!);
  const length = bytes[start + 1]!;
  if (family === null || length > addressBits(family)) return null;
  const addressLength = addressBits(family) / 8;
  const attributes = new AttributeReader(message, start + ADDRESS_HEADER_BYTES, end);
  let address: Uint8Array | null = null;
  let local: Uint8Array | null = null;
  while (attributes.next()) {
    if (attributes.end - attributes.start !== addressLength) continue;
    if (attributes.type === AddressAttribute.Address)
      address = bytes.subarray(attributes.start, attributes.end);
    else if (attributes.type === AddressAttribute.Local)
      local = bytes.subarray(attributes.start, attributes.end);
  }
  const own = local ?? address;
  if (own === null) return null;
  return {
    interfaceIndex: view.getUint32(start + 4, HOST_IS_LITTLE_ENDIAN),
    address: formatAddress(own),
    subnet: formatPrefix({ family, bytes: maskBytes(address ?? own, length), length }),
  };
}
