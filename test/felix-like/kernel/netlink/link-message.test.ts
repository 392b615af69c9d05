import { decodeLink, encodeLinkDump } from '../../../../felix-like/kernel/netlink/link-message.ts';
import { MessageReader } from '../../../../felix-like/kernel/netlink/message-reader.ts';
import { MessageWriter } from '../../../../felix-like/kernel/netlink/message-writer.ts';
import { bytesOf, hexOf } from '../../support/hex.ts';

const HEADER = '1000020001000000642e0000';
/** Linux 6.18, a veth pair; statistics and queueing left out of the middle. */
const VETH = `54000000 ${HEADER} 000001000700000043100100 00000000 070003007630 0000 08000400dc050000 10001200 09000100766574680000 0000 0a000100da09963da5750000 05002700 00000000`;

function decode(hex: string): ReturnType<typeof decodeLink> {
  const bytes = bytesOf(hex);
  new DataView(bytes.buffer).setUint32(0, bytes.length, true);
  const message = new MessageReader(bytes);
  expect(message.next()).toBe(true);
  return decodeLink(message);
}

describe('links', () => {
  test('ip link add v0 type veth: name, kind, up and carrier', () => {
    expect(decode(VETH)).toEqual({
      index: 7,
      name: 'v0',
      isUp: true,
      hasCarrier: true,
      isLoopback: false,
      kind: 'veth',
      mtu: 1500,
      mac: 'da:09:96:3d:a5:75',
      vxlan: null,
    });
  });

  test('the loopback link says so', () => {
    const loopback = `00000000 ${HEADER} 00000403010000004900010000000000 070003006c6f0000`;
    expect(decode(loopback)).toMatchObject({ index: 1, name: 'lo', isLoopback: true, kind: null });
  });

  test('a link without carrier is up all the same', () => {
    const down = `00000000 ${HEADER} 00000100020000000310000000000000 07000300763100 00`;
    expect(decode(down)).toMatchObject({ name: 'v1', isUp: true, hasCarrier: false });
  });

  test('what a bridge says of its ports is not about the link', () => {
    expect(decode(`00000000 ${HEADER} 07000100070000004310010000000000 0700030076300000`)).toBeNull();
  });

  test('a dump asks for all links, without their counters', () => {
    const writer = new MessageWriter();
    encodeLinkDump(writer, 3);
    const header = '28000000 1200 0103 03000000 00000000 00000000 00000000 00000000 00000000';
    expect(hexOf(writer.finish())).toBe(hexOf(bytesOf(`${header} 08001d0008000000`)));
  });
});
