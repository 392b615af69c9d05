/** Next hops of IPv6: of IPv4 routes (RFC 8950), and link-local ones in every form that speakers write (RFC 2545). */
import type { RibSession } from '../../../bgp/rib/rib-port.ts';
import { Attr, asPath, attribute, Flag, localPref, origin } from '../../harness/bgp/attributes.ts';
import { announcement, encodeUpdate, withdrawal } from '../../harness/bgp/encode.ts';
import { addressBytes, encodePrefix } from '../../harness/bgp/prefix-text.ts';
import { RibFixture } from '../routing/rib-fixture.ts';

const PREFIX4 = '10.1.0.0/24';
const PREFIX6 = '2001:db8:1::/48';
const BOTH: Partial<RibSession> = { families: ['ipv4', 'ipv6'] };
const EXTENDED: Partial<RibSession> = { ...BOTH, extendedNextHop: true };
/** A session over IPv6. */
const OVER_IPV6: Partial<RibSession> = {
  ...EXTENDED,
  localAddress: '2001:db8::100',
  localAddressOtherFamily: '192.0.2.100',
};
const LINK: Partial<RibSession> = {
  ...EXTENDED,
  peerAddress: 'fe80::2',
  localAddress: 'fe80::100',
  localAddressOtherFamily: null,
  link: { zone: 'eth0', globalAddress: null },
};

/** One UPDATE with MP_REACH_NLRI and these next hops one behind the other. */
function reach(prefix: string, ...hops: string[]): Buffer {
  const next = Buffer.concat(hops.map((hop) => addressBytes(hop)));
  const head = Buffer.from([0, prefix.includes(':') ? 2 : 1, 1, next.length]);
  const value = Buffer.concat([head, next, Buffer.from([0]), encodePrefix(prefix)]);
  return encodeUpdate({
    attributes: [attribute(Flag.Optional, Attr.MpReach, value), origin(0), asPath([]), localPref(100)],
  });
}

describe('IPv4 routes with an IPv6 next hop (RFC 8950)', () => {
  test('are received where it was negotiated, and passed on as they are to whom it was negotiated with', () => {
    const fixture = new RibFixture();
    const from = fixture.up(1, EXTENDED);
    const receiver = fixture.up(2, EXTENDED);
    const old = fixture.up(3, BOTH);
    expect(fixture.receive(from, reach(PREFIX4, '2001:db8::1')).notification).toBeNull();
    expect(fixture.routes()).toMatchObject([{ prefix: PREFIX4, nextHop: '2001:db8::1' }]);
    const sent = receiver.output.route(PREFIX4);
    expect(sent.nextHop).toBe('2001:db8::1');
    expect(sent.attributes.has(Attr.NextHop)).toBe(false);
    expect(old.output.prefixes).toEqual([]);
    fixture.receive(from, withdrawal([PREFIX4]));
    expect(receiver.output.prefixes).toEqual([]);
    fixture.expectNothingLeft();
  });

  test('reset the session where it was not negotiated: the NLRI behind cannot be found (RFC 7606 §7.11)', () => {
    const fixture = new RibFixture();
    const from = fixture.up(1, BOTH);
    expect(fixture.receive(from, reach(PREFIX4, '2001:db8::1')).notification).toMatchObject({
      code: 3,
      subcode: 9,
    });
  });

  test('of two halves keep the global one', () => {
    const fixture = new RibFixture();
    const from = fixture.up(1, EXTENDED);
    const receiver = fixture.up(2, EXTENDED);
    fixture.receive(from, reach(PREFIX4, '2001:db8::1', 'fe80::1'));
    expect(receiver.output.route(PREFIX4).nextHop).toBe('2001:db8::1');
  });

  test('an IPv4 next hop inside MP_REACH_NLRI stays good (RFC 4760 §3)', () => {
    const fixture = new RibFixture();
    const from = fixture.up(1, EXTENDED);
    const old = fixture.up(3, BOTH);
    fixture.receive(from, reach(PREFIX4, '192.0.2.1'));
    expect(old.output.route(PREFIX4).nextHop).toBe('192.0.2.1');
  });

  test('replace one with an IPv4 next hop and are replaced by it', () => {
    const fixture = new RibFixture();
    const from = fixture.up(1, EXTENDED);
    const receiver = fixture.up(2, EXTENDED);
    const old = fixture.up(3, BOTH);
    fixture.receive(from, announcement([PREFIX4], { nextHop: '192.0.2.1' }));
    fixture.receive(from, reach(PREFIX4, '2001:db8::1'));
    expect(receiver.output.route(PREFIX4).nextHop).toBe('2001:db8::1');
    expect([old.output.prefixes, old.output.withdrawals]).toEqual([[], [PREFIX4]]);
    fixture.receive(from, announcement([PREFIX4], { nextHop: '192.0.2.1' }));
    expect(receiver.output.route(PREFIX4).nextHop).toBe('192.0.2.1');
    expect(old.output.route(PREFIX4).nextHop).toBe('192.0.2.1');
  });

  test('an IPv6 attribute set is not mistaken for one of NEXT_HOP in a plain UPDATE', () => {
    const fixture = new RibFixture();
    const from = fixture.up(1, EXTENDED);
    fixture.receive(from, reach(PREFIX4, '2001:db8::1'));
    const hop = attribute(Flag.Transitive, Attr.NextHop, addressBytes('2001:db8::1'));
    const attributes = [origin(0), asPath([]), hop, localPref(100)];
    const verdict = fixture.receive(from, encodeUpdate({ attributes, nlri: encodePrefix('10.2.0.0/24') }));
    expect(verdict.treatedAsWithdraw).toBe(true);
  });

  test('are what our own become over an IPv6 transport: our end of it, else our IPv4 address', () => {
    const fixture = new RibFixture();
    const modern = fixture.up(1, OVER_IPV6);
    const old = fixture.up(2, { ...OVER_IPV6, extendedNextHop: false });
    const overIpv4 = fixture.up(3, EXTENDED);
    fixture.rib.setOriginated([{ prefix: PREFIX4, localPref: 100, communities: [] }]);
    fixture.settle();
    expect(modern.output.route(PREFIX4).nextHop).toBe('2001:db8::100');
    expect(old.output.route(PREFIX4).nextHop).toBe('192.0.2.100');
    expect(overIpv4.output.route(PREFIX4).nextHop).toBe(overIpv4.session.localAddress);
  });

  test('need no IPv4 address of ours at all', () => {
    const fixture = new RibFixture();
    const modern = fixture.up(1, { ...OVER_IPV6, localAddressOtherFamily: null });
    const old = fixture.up(2, { ...OVER_IPV6, localAddressOtherFamily: null, extendedNextHop: false });
    fixture.rib.setOriginated([{ prefix: PREFIX4, localPref: 100, communities: [] }]);
    fixture.settle();
    expect(modern.output.route(PREFIX4).nextHop).toBe('2001:db8::100');
    expect(old.output.prefixes).toEqual([]);
  });

  test('carry path identifiers like any other (RFC 7911 §3)', () => {
    const fixture = new RibFixture();
    const from = fixture.up(1, EXTENDED);
    const receiver = fixture.up(2, { ...EXTENDED, addPathSend: ['ipv4'] });
    fixture.receive(from, reach(PREFIX4, '2001:db8::1'));
    expect([...receiver.output.table.values()]).toMatchObject([{ nextHop: '2001:db8::1' }]);
    fixture.receive(from, withdrawal([PREFIX4]));
    expect(receiver.output.table.size).toBe(0);
  });
});

describe('link-local next hops (RFC 2545 §3)', () => {
  test.each([
    ['alone', ['fe80::1'], 'fe80::1%eth0'],
    ['behind an unspecified one', ['::', 'fe80::1'], 'fe80::1%eth0'],
    ['twice', ['fe80::1', 'fe80::1'], 'fe80::1%eth0'],
    ['behind a global one', ['2001:db8::1', 'fe80::1'], '2001:db8::1'],
  ])('%s are taken and shown with their link', (_form, hops, shown) => {
    const fixture = new RibFixture();
    const from = fixture.up(1, LINK);
    expect(fixture.receive(from, reach(PREFIX6, ...hops))).toMatchObject({
      notification: null,
      treatedAsWithdraw: false,
    });
    expect(fixture.routes()).toMatchObject([{ prefix: PREFIX6, nextHop: shown }]);
  });

  test('a second half that is not link-local is ignored', () => {
    const fixture = new RibFixture();
    const from = fixture.up(1, BOTH);
    fixture.receive(from, reach(PREFIX6, '2001:db8::1', '2001:db8::2'));
    expect(fixture.routes()).toMatchObject([{ nextHop: '2001:db8::1' }]);
  });

  test('alone mean nothing on another link: there our own goes out', () => {
    const fixture = new RibFixture();
    const from = fixture.up(1, LINK);
    const receiver = fixture.up(2, BOTH);
    fixture.receive(from, reach(PREFIX6, 'fe80::1'));
    expect(receiver.output.route(PREFIX6).nextHop).toBe('fd00::100');
  });

  test('alone, of an IPv4 route, too', () => {
    const fixture = new RibFixture();
    const from = fixture.up(1, LINK);
    const receiver = fixture.up(2, BOTH);
    fixture.receive(from, reach(PREFIX4, 'fe80::1'));
    expect(fixture.routes()).toMatchObject([{ nextHop: 'fe80::1%eth0' }]);
    expect(receiver.output.route(PREFIX4).nextHop).toBe(receiver.session.localAddress);
  });

  test('of our own go out on a link-local session: alone, or behind the global one', () => {
    const fixture = new RibFixture();
    const bare = fixture.up(1, LINK);
    const pair = fixture.up(2, { ...LINK, link: { zone: 'eth0', globalAddress: '2001:db8::100' } });
    fixture.rib.setOriginated(
      [PREFIX4, PREFIX6].map((prefix) => ({ prefix, localPref: 100, communities: [] })),
    );
    fixture.settle();
    for (const prefix of [PREFIX4, PREFIX6]) {
      const hopOf = ({ output }: typeof bare) => {
        const { value } = output.route(prefix).attributes.get(Attr.MpReach)!;
        return value.subarray(4, 4 + value[3]!).toString('hex');
      };
      const local = addressBytes('fe80::100').toString('hex');
      expect(hopOf(bare)).toBe(local);
      expect(hopOf(pair)).toBe(addressBytes('2001:db8::100').toString('hex') + local);
    }
  });

  test('that are our own are a loop (RFC 4271 §5.1.3)', () => {
    const fixture = new RibFixture();
    const from = fixture.up(1, LINK);
    fixture.receive(from, reach(PREFIX6, '::', 'fe80::100'));
    expect(fixture.routes()).toEqual([]);
    expect(fixture.received(from)).toHaveLength(1);
  });
});
