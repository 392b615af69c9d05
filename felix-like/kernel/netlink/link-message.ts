/** Links as rtnetlink messages: ifinfomsg { u8 family, pad; u16 type; i32 index; u32 flags, change } and attributes. */
import { formatAddress } from '@manul/bgp/net';
import type { KernelLink, VxlanParameters } from '../kernel-port.ts';
import {
  AF_UNSPEC,
  EXTENDED_MASK_SKIP_STATS,
  Flag,
  LinkAttribute,
  LinkFlag,
  LinkInfoAttribute,
  MessageType,
  VxlanAttribute,
} from './constants.ts';
import { HOST_IS_LITTLE_ENDIAN } from './layout.ts';
import { formatMac } from './mac-address.ts';
import { AttributeReader, type MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';

export const LINK_HEADER_BYTES = 16;

/** Asks for all links. */
export function encodeLinkDump(writer: MessageWriter, sequence: number): void {
  writer.beginMessage(MessageType.GetLink, Flag.Request | Flag.Dump, sequence);
  for (let i = 0; i < LINK_HEADER_BYTES / 4; i++) writer.u32(0);
  writer.u32Attribute(LinkAttribute.ExtendedMask, EXTENDED_MASK_SKIP_STATS);
  writer.endMessage();
}

/** Asks for one link, and fails with ENODEV where there is none of that name. */
export function encodeLinkRequest(writer: MessageWriter, name: string, sequence: number): void {
  writer.beginMessage(MessageType.GetLink, Flag.Request | Flag.Ack, sequence);
  for (let i = 0; i < LINK_HEADER_BYTES / 4; i++) writer.u32(0);
  writer.u32Attribute(LinkAttribute.ExtendedMask, EXTENDED_MASK_SKIP_STATS);
  writer.textAttribute(LinkAttribute.Name, name);
  writer.endMessage();
}

/**
 * Decodes the present message of `message`, of type RTM_NEWLINK or RTM_DELLINK.
 * @returns null for messages of other families: a bridge says with them what happened to one of its ports
 */
export function decodeLink(message: MessageReader): KernelLink | null {
  const { bytes, view, start, end } = message;
  if (end - start < LINK_HEADER_BYTES || bytes[start] !== AF_UNSPEC) return null;
  const flags = view.getUint32(start + 8, HOST_IS_LITTLE_ENDIAN);
  const attributes = new AttributeReader(message, start + LINK_HEADER_BYTES, end);
  let name = '';
  let mtu = 0;
  let mac: string | null = null;
  let info: LinkInfo = { kind: null, vxlan: null };
  while (attributes.next()) {
    if (attributes.type === LinkAttribute.Name) name = attributes.text();
    else if (attributes.type === LinkAttribute.Mtu) mtu = attributes.u32();
    else if (attributes.type === LinkAttribute.Address) {
      mac = formatMac(bytes.subarray(attributes.start, attributes.end));
    } else if (attributes.type === LinkAttribute.LinkInfo) info = readLinkInfo(attributes);
  }
  return {
    index: view.getInt32(start + 4, HOST_IS_LITTLE_ENDIAN),
    name,
    isUp: (flags & LinkFlag.Up) !== 0,
    hasCarrier: (flags & LinkFlag.LowerUp) !== 0,
    isLoopback: (flags & LinkFlag.Loopback) !== 0,
    mtu,
    mac,
    ...info,
  };
}

type LinkInfo = Pick<KernelLink, 'kind' | 'vxlan'>;

function readLinkInfo(linkInfo: AttributeReader): LinkInfo {
  const inner = new AttributeReader(linkInfo, linkInfo.start, linkInfo.end);
  let kind: string | null = null;
  let vxlan: VxlanParameters | null = null;
  while (inner.next()) {
    if (inner.type === LinkInfoAttribute.Kind) kind = inner.text();
    // The kind stands before the data, which are its own.
    else if (inner.type === LinkInfoAttribute.Data && kind === 'vxlan') vxlan = readVxlan(inner);
  }
  return { kind, vxlan };
}

function readVxlan(data: AttributeReader): VxlanParameters {
  const inner = new AttributeReader(data, data.start, data.end);
  let vni = 0;
  let port = 0;
  let local: string | null = null;
  let parentIndex: number | null = null;
  let isLearning = false;
  while (inner.next()) {
    const { bytes, view, start, end } = inner;
    if (inner.type === VxlanAttribute.Id) vni = inner.u32();
    else if (inner.type === VxlanAttribute.Link) parentIndex = inner.u32();
    else if (inner.type === VxlanAttribute.Learning) isLearning = bytes[start] !== 0;
    else if (inner.type === VxlanAttribute.Port && end - start >= 2) port = view.getUint16(start);
    else if (inner.type === VxlanAttribute.Local && end - start === 4) local = formatAddress(bytes, start, 4);
    else if (inner.type === VxlanAttribute.Local6 && end - start === 16)
      local = formatAddress(bytes, start, 16);
  }
  return { vni, port, local, parentIndex: parentIndex === 0 ? null : parentIndex, isLearning };
}
