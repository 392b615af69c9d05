/** The limit of prefixes (RFC 4486 §4), and routes that this speaker originates (RFC 4271 §9.4). */
import { announcement, withdrawal } from '../../harness/bgp/encode.ts';
import { RibFixture } from './rib-fixture.ts';
import { OWN_AS, OWN_ID } from './rib-sessions.ts';

describe('a limit of prefixes', () => {
  const prefixes = (count: number) => Array.from({ length: count }, (_, i) => `10.${i}.0.0/16`);

  test('may be reached, not exceeded: 6/1 with AFI, SAFI and the limit', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1, { maxPrefixes: 70_000, families: ['ipv4', 'ipv6'] });
    const limited = fixture.up(2, { maxPrefixes: 3, families: ['ipv4', 'ipv6'] });
    expect(
      fixture.receive(source, announcement(prefixes(5), { nextHop: '192.0.2.1' })).notification,
    ).toBeNull();
    expect(
      fixture.receive(limited, announcement(prefixes(3), { nextHop: '192.0.2.2' })).notification,
    ).toBeNull();
    const verdict = fixture.receive(limited, announcement(['172.16.0.0/12'], { nextHop: '192.0.2.2' }));
    expect(verdict.notification).toMatchObject({ code: 6, subcode: 1 });
    expect([...verdict.notification!.data]).toEqual([0, 1, 1, 0, 0, 0, 3]);
    expect(verdict.text).toBe('4 ipv4 prefixes exceed the limit of 3');
    fixture.expectNothingLeft();
  });

  test('warns once when it comes near, and again after it was left', () => {
    const fixture = new RibFixture();
    const limited = fixture.up(1, { maxPrefixes: 5, prefixWarning: 3 });
    const announce = (count: number) =>
      fixture.receive(limited, announcement(prefixes(count), { nextHop: '192.0.2.2' })).nearLimit;
    expect([announce(2), announce(3), announce(4)]).toEqual([undefined, 'ipv4', undefined]);
    fixture.receive(limited, withdrawal(prefixes(4).slice(1)));
    expect([announce(2), announce(3)]).toEqual([undefined, 'ipv4']);
  });

  test('is for each family by itself, and names the one', () => {
    const fixture = new RibFixture();
    const limited = fixture.up(1, { maxPrefixes: 1, families: ['ipv4', 'ipv6'] });
    expect(
      fixture.receive(limited, announcement(['10.1.0.0/16'], { nextHop: '192.0.2.2' })).notification,
    ).toBeNull();
    const v6 = (prefix: string) => announcement([prefix], { nextHop: '2001:db8::1' });
    expect(fixture.receive(limited, v6('2001:db8:1::/48')).notification).toBeNull();
    const { notification } = fixture.receive(limited, v6('2001:db8:2::/48'));
    expect([...notification!.data]).toEqual([0, 2, 1, 0, 0, 0, 1]);
  });

  test('does not count what is withdrawn, or announced again', () => {
    const fixture = new RibFixture();
    const limited = fixture.up(1, { maxPrefixes: 2 });
    for (let i = 0; i < 5; i++) {
      expect(
        fixture.receive(limited, announcement(prefixes(2), { nextHop: `192.0.2.${i + 1}` })).notification,
      ).toBeNull();
    }
    fixture.receive(limited, withdrawal(['10.0.0.0/16']));
    expect(
      fixture.receive(limited, announcement(['10.7.0.0/16'], { nextHop: '192.0.2.1' })).notification,
    ).toBeNull();
  });

  test('counts what policy rejects, which takes memory all the same', () => {
    const fixture = new RibFixture();
    const importPolicy = { name: 'none', terms: [], otherwise: 'reject' as const };
    const limited = fixture.up(1, { maxPrefixes: 2, importPolicy });
    expect(
      fixture.receive(limited, announcement(prefixes(3), { nextHop: '192.0.2.1' })).notification,
    ).not.toBeNull();
  });

  test('of 0 takes none', () => {
    const fixture = new RibFixture();
    const limited = fixture.up(1, { maxPrefixes: 0 });
    expect(
      fixture.receive(limited, announcement(prefixes(1), { nextHop: '192.0.2.1' })).notification,
    ).not.toBeNull();
  });
});

describe('originated routes', () => {
  const route = (prefix: string, communities: readonly string[] = [], localPref = 100) => ({
    prefix,
    localPref,
    communities,
  });

  test('have an empty path, ORIGIN IGP, their LOCAL_PREF and communities, and our next hop', () => {
    const fixture = new RibFixture();
    const receiver = fixture.up(1, { families: ['ipv4', 'ipv6'] });
    fixture.rib.setOriginated([
      route('10.1.0.0/16', ['64512:1', '1:2:3'], 2_147_482_623),
      route('2001:db8::/32', ['65535:65281']),
    ]);
    fixture.settle();
    expect(receiver.output.route('10.1.0.0/16')).toMatchObject({
      origin: 'igp',
      asPath: [],
      localPref: 2_147_482_623,
      med: null,
      nextHop: OWN_ID,
      communities: ['64512:1'],
      largeCommunities: ['1:2:3'],
      originatorId: null,
      clusterList: [],
    });
    expect(receiver.output.route('2001:db8::/32')).toMatchObject({
      nextHop: 'fd00::100',
      communities: ['65535:65281'],
    });
    expect(fixture.routes({ prefix: '10.1.0.0/16' })).toMatchObject([{ peer: 'local', nextHop: '0.0.0.0' }]);
    fixture.expectNothingLeft();
  });

  test('with NO_EXPORT stay inside the AS (RFC 1997)', () => {
    const fixture = new RibFixture();
    const external = fixture.up(1, { peerAsn: 65001, routeReflectorClient: false });
    fixture.rib.setOriginated([route('10.1.0.0/16', ['65535:65281']), route('10.2.0.0/16')]);
    fixture.settle();
    expect(external.output.prefixes).toEqual(['10.2.0.0/16']);
    expect(external.output.route('10.2.0.0/16').asPath).toEqual([OWN_AS]);
  });

  test('are a whole set: what stays is not sent again, what is missing is withdrawn', () => {
    const fixture = new RibFixture();
    const receiver = fixture.up(1);
    fixture.rib.setOriginated([route('10.1.0.0/16'), route('10.2.0.0/16')]);
    fixture.settle();
    const before = receiver.output.messageLengths.length;
    fixture.rib.setOriginated([route('10.2.0.0/16'), route('10.1.0.0/16')]);
    fixture.settle();
    expect(receiver.output.messageLengths).toHaveLength(before);
    fixture.rib.setOriginated([route('10.2.0.0/16', ['1:1'])]);
    fixture.settle();
    expect(receiver.output.withdrawals).toEqual(['10.1.0.0/16']);
    expect(receiver.output.route('10.2.0.0/16').communities).toEqual(['1:1']);
    fixture.expectNothingLeft();
  });

  test('that are named twice, or are no prefixes, do no harm', () => {
    const fixture = new RibFixture();
    const receiver = fixture.up(1);
    const set = [
      route('10.1.0.0/16'),
      route('10.1.0.0/16', ['1:1']),
      route('nonsense'),
      route('10.1.0.1/16'),
    ];
    fixture.rib.setOriginated(set);
    fixture.settle();
    expect(receiver.output.prefixes).toEqual(['10.1.0.0/16']);
    const before = receiver.output.messageLengths.length;
    fixture.rib.setOriginated(set);
    fixture.settle();
    expect(receiver.output.messageLengths).toHaveLength(before);
    fixture.expectNothingLeft();
  });
});
