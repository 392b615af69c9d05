import { decodeAddress, encodeAddressDump } from '../../../../felix-like/kernel/netlink/address-message.ts';
import { MessageReader } from '../../../../felix-like/kernel/netlink/message-reader.ts';
import { MessageWriter } from '../../../../felix-like/kernel/netlink/message-writer.ts';
import { bytesOf, hexOf } from '../../support/hex.ts';

function decode(hex: string): ReturnType<typeof decodeAddress> {
  const message = new MessageReader(bytesOf(hex));
  expect(message.next()).toBe(true);
  return decodeAddress(message);
}

describe('addresses, as dumped by Linux 6.18', () => {
  test('ip addr add 10.0.0.1/24 dev v0', () => {
    const hex =
      '4c0000001400020001000000642e0000 0218800007000000 080001000a000001 080002000a000001 0700030076300000 0800080080000000 14000600ffffffffffffffff6eb308006eb30800';
    expect(decode(hex)).toEqual({ interfaceIndex: 7, address: '10.0.0.1', subnet: '10.0.0.0/24' });
  });

  test('ip addr add 10.0.5.1 peer 10.0.5.2/32 dev v1: the subnet is that of the far end', () => {
    const hex =
      '4c0000001400020001000000642e0000 0220800002000000 080001000a000502 080002000a000501 0700030076310000 0800080080000000 14000600ffffffffffffffff7bc108007bc10800';
    expect(decode(hex)).toEqual({ interfaceIndex: 2, address: '10.0.5.1', subnet: '10.0.5.2/32' });
  });

  test('ip addr add fd99::1/64 dev v0', () => {
    const hex =
      '480000001400020001000000642e0000 0a40820007000000 14000100fd990000000000000000000000000001 14000600ffffffffffffffff6fb308006fb30800 0800080082000000';
    expect(decode(hex)).toEqual({ interfaceIndex: 7, address: 'fd99::1', subnet: 'fd99::/64' });
  });

  test('a dump asks for both families', () => {
    const writer = new MessageWriter();
    encodeAddressDump(writer, 4);
    expect(hexOf(writer.finish())).toBe(
      hexOf(bytesOf('18000000 1600 0103 04000000 00000000 00000000 00000000')),
    );
  });
});
