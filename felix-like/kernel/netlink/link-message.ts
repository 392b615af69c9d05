/** Links as rtnetlink messages: ifinfomsg { u8 family, pad; u16 type; i32 index; u32 flags, change } and attributes. */
import type { KernelLink } from '../kernel-port.ts';
import {
  AF_UNSPEC,
  EXTENDED_MASK_SKIP_STATS,
  Flag,
  LINK_INFO_KIND,
  LinkAttribute,
  LinkFlag,
  MessageType,
} from './constants.ts';
import { HOST_IS_LITTLE_ENDIAN } from './layout.ts';
import { AttributeReader, type MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';

const LINK_HEADER_BYTES = 16;

/** Asks for all links. */
export function encodeLinkDump(writer: MessageWriter, sequence: number): void {
  writer.beginMessage(MessageType.GetLink, Flag.Request | Flag.Dump, sequence);
  for (let i = 0; i < LINK_HEADER_BYTES / 4; i++) writer.u32(0);
  writer.u32Attribute(LinkAttribute.ExtendedMask, EXTENDED_MASK_SKIP_STATS);
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
  let kind: string | null = null;
  let mtu = 0;
  while (attributes.next()) {
    if (attributes.type === LinkAttribute.Name) name = attributes.text();
    else if (attributes.type === LinkAttribute.Mtu) mtu = attributes.u32();
    else if (attributes.type === LinkAttribute.LinkInfo) kind = readKind(attributes);
  }
  return {
    index: view.getInt32(start + 4, HOST_IS_LITTLE_ENDIAN),
    name,
    isUp: (flags & LinkFlag.Up) !== 0,
    hasCarrier: (flags & LinkFlag.LowerUp) !== 0,
    isLoopback: (flags & LinkFlag.Loopback) !== 0,
    kind,
    mtu,
  };
}

function readKind(linkInfo: AttributeReader): string | null {
  const inner = new AttributeReader(linkInfo, linkInfo.start, linkInfo.end);
  while (inner.next()) if (inner.type === LINK_INFO_KIND) return inner.text();
  return null;
}
