/** The harness is evidence only if it is right by itself: two test peers talk to each other, and bytes are pinned. */
import { clusterList, originatorId } from './attributes.ts';
import { quadsOf } from './decode.ts';
import { announcement, encodeOpen, KEEPALIVE, withdrawal } from './encode.ts';
import { addressBytes, addressText } from './prefix-text.ts';
import { TestListener } from './test-listener.ts';
import { TestPeer } from './test-peer.ts';

const MARKER = 'ff'.repeat(16);

describe('bytes', () => {
  test.each([
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['2001:db8::', '20010db8000000000000000000000000'],
    ['fd00:0:0:1::2', 'fd000000000000010000000000000002'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['127.0.0.2', '7f000002'],
  ])('address %s is %s', (text, hex) => {
    expect(addressBytes(text).toString('hex')).toBe(hex);
    expect(addressText(Buffer.from(hex, 'hex'))).toBe(text);
  });

  test('KEEPALIVE and OPEN are those of RFC 4271 §4', () => {
    expect(KEEPALIVE.toString('hex')).toBe(`${MARKER}001304`);
    const open = encodeOpen({ asn: 64512, routerId: '10.0.0.1', holdTimeSec: 90, capabilities: [] });
    expect(open.toString('hex')).toBe(`${MARKER}001d0104fc00005a0a00000100`);
  });

  test('an announcement and a withdrawal are those of RFC 4271 §4.3', () => {
    const update = announcement(['10.1.0.0/16'], { nextHop: '192.0.2.1' });
    expect(update.subarray(18).toString('hex')).toBe(
      '020000001540010100400200400304c000020140050400000064100a01',
    );
    expect(withdrawal(['10.1.2.0/23']).subarray(18).toString('hex')).toBe('020004170a01020000');
  });
});

describe('two test peers', () => {
  test('establish, exchange routes of both families and notice the end', async () => {
    const listener = await TestListener.listen('127.0.0.1', 0, { asn: 64512, routerId: '10.0.0.1' });
    const target = { address: '127.0.0.1', port: listener.port };
    const dialed = TestPeer.dial(target, {
      asn: 64513,
      routerId: '10.0.0.2',
      localAddress: '127.0.0.2',
      addPath: false,
    });
    const accepted = await listener.accepted();
    await Promise.all([dialed.established(), accepted.established()]);
    expect(accepted.open).toMatchObject({ asn: 64513, routerId: '10.0.0.2', holdTimeSec: 90 });

    dialed.announce(['10.1.0.0/16', '10.2.0.0/15'], {
      nextHop: '192.0.2.1',
      extra: [originatorId('10.0.0.9'), clusterList(['10.0.0.7', '10.0.0.8'])],
    });
    dialed.announce(['fd00:1::/48'], { nextHop: 'fd00::1' });
    const route = await accepted.route('10.2.0.0/15');
    expect(route.nextHop).toBe('192.0.2.1');
    expect(quadsOf(route.attributes, 10)).toEqual(['10.0.0.7', '10.0.0.8']);
    expect((await accepted.route('fd00:1::/48')).nextHop).toBe('fd00::1');

    dialed.withdraw(['10.2.0.0/15']);
    dialed.sendEndOfRib();
    await accepted.noRoute('10.2.0.0/15');
    await accepted.until((peer) => (peer.endOfRib.size === 2 ? true : null), 'both End-of-RIBs');

    await dialed.shutdown();
    expect(await accepted.notified()).toMatchObject({ code: 6, subcode: 2 });
    await accepted.closed();
    await listener.close();
  });
});
