/** Making, changing and deleting links: RTM_NEWLINK and RTM_DELLINK as `link-message.ts` lays them out. */
import { parseAddress } from '@manul/bgp/net';
import type { LinkChange, NewLink, ObjectOperation, VethPeer, VxlanParameters } from '../kernel-port.ts';
import {
  AF_UNSPEC,
  Flag,
  LinkAttribute,
  LinkFlag,
  LinkInfoAttribute,
  MessageType,
  VETH_INFO_PEER,
  VxlanAttribute,
} from './constants.ts';
import { macBytes } from './mac-address.ts';
import type { MessageWriter } from './message-writer.ts';

type LinkOperation = Extract<ObjectOperation, { kind: 'link' }>;

/**
 * @param namespaceFd descriptor of the namespace that the far end of a veth pair is made in, or null
 * @throws RangeError for text that is no address or MAC
 */
export function encodeLinkOperation(
  writer: MessageWriter,
  operation: LinkOperation,
  sequence: number,
  wantsAck: boolean,
  namespaceFd: number | null,
): void {
  const flags = Flag.Request | (wantsAck ? Flag.Ack : 0);
  if (operation.op === 'create') {
    writer.beginMessage(MessageType.NewLink, flags | Flag.Create | Flag.Exclusive, sequence);
    writeHeader(writer, 0, 0, 0);
    writeNewLink(writer, operation.link, namespaceFd);
  } else if (operation.op === 'change') {
    writer.beginMessage(MessageType.NewLink, flags, sequence);
    const { isUp } = operation.change;
    const upFlag = isUp === true ? LinkFlag.Up : 0;
    writeHeader(writer, operation.interfaceIndex, upFlag, isUp === undefined ? 0 : LinkFlag.Up);
    writeChange(writer, operation.change);
  } else {
    writer.beginMessage(MessageType.DelLink, flags, sequence);
    writeHeader(writer, operation.interfaceIndex, 0, 0);
  }
  writer.endMessage();
}

/** @param change bits of `flags` that count */
function writeHeader(writer: MessageWriter, index: number, flags: number, change: number): void {
  writer.u8(AF_UNSPEC);
  writer.u8(0);
  writer.u16(0);
  writer.u32(index);
  writer.u32(flags);
  writer.u32(change);
}

function writeChange(writer: MessageWriter, { name, mtu, mac }: LinkChange): void {
  if (name !== undefined) writer.textAttribute(LinkAttribute.Name, name);
  if (mtu !== undefined) writer.u32Attribute(LinkAttribute.Mtu, mtu);
  if (mac !== undefined) writer.bytesAttribute(LinkAttribute.Address, macBytes(mac));
}

function writeNewLink(writer: MessageWriter, link: NewLink, namespaceFd: number | null): void {
  const mac = link.kind === 'ipip' ? null : link.mac;
  writeChange(writer, present({ name: link.name, mtu: link.mtu, mac }));
  const info = writer.beginAttribute(LinkAttribute.LinkInfo);
  writer.textAttribute(LinkInfoAttribute.Kind, link.kind);
  if (link.kind !== 'ipip') {
    const data = writer.beginAttribute(LinkInfoAttribute.Data);
    if (link.kind === 'vxlan') writeVxlan(writer, link.vxlan);
    else writePeer(writer, link.peer, namespaceFd);
    writer.endAttribute(data);
  }
  writer.endAttribute(info);
}

function writeVxlan(
  writer: MessageWriter,
  { vni, port, local, parentIndex, isLearning }: VxlanParameters,
): void {
  writer.u32Attribute(VxlanAttribute.Id, vni);
  writer.bytesAttribute(VxlanAttribute.Port, Uint8Array.of(port >> 8, port & 0xff));
  writer.bytesAttribute(VxlanAttribute.Learning, Uint8Array.of(isLearning ? 1 : 0));
  if (parentIndex !== null) writer.u32Attribute(VxlanAttribute.Link, parentIndex);
  if (local === null) return;
  const bytes = parseAddress(local);
  if (bytes === null) throw new RangeError(`not an address: ${local}`);
  writer.bytesAttribute(bytes.length === 4 ? VxlanAttribute.Local : VxlanAttribute.Local6, bytes);
}

/** VETH_INFO_PEER holds a whole ifinfomsg with attributes. */
function writePeer(writer: MessageWriter, { name, mac, mtu }: VethPeer, namespaceFd: number | null): void {
  const peer = writer.beginAttribute(VETH_INFO_PEER);
  writeHeader(writer, 0, 0, 0);
  writeChange(writer, present({ name, mtu, mac }));
  if (namespaceFd !== null) writer.u32Attribute(LinkAttribute.NamespaceFd, namespaceFd);
  writer.endAttribute(peer);
}

function present(fields: {
  readonly name: string;
  readonly mtu: number | null;
  readonly mac: string | null;
}): LinkChange {
  const { name, mtu, mac } = fields;
  return { name, ...(mtu === null ? {} : { mtu }), ...(mac === null ? {} : { mac }) };
}
