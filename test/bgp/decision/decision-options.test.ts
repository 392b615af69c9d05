/**
 * What may be chosen about the decision: MED between all ASes, next hops that are resolved (RFC 4271 §9.1.2.1 and
 * §9.1.2.2(e)), and several paths that share the traffic. Everything may change while sessions are up.
 */

import type { RibSession } from '../../../bgp/rib/rib-port.ts';
import type { NextHopRoute } from '../../../bgp/speaker/speaker-config.ts';
import type { BestRouteChange } from '../../../bgp/speaker/speaker-status.ts';
import { med } from '../../harness/bgp/attributes.ts';
import { announcement, type RouteAttributes, withdrawal } from '../../harness/bgp/encode.ts';
import fc from '../../support/property.ts';
import { type FixtureSession, RibFixture } from '../routing/rib-fixture.ts';

const PREFIX = '10.1.0.0/16';
const MULTIPATH = { alwaysCompareMed: false, maxPaths: 16, relaxedAsPath: false };
const external = (asn: number): Partial<RibSession> => ({ peerAsn: asn, routeReflectorClient: false });

function announce(fixture: RibFixture, from: FixtureSession, route: Partial<RouteAttributes> = {}): void {
  const { peerAsn, localAsn, peerAddress } = from.session;
  const asPath = peerAsn === localAsn ? [] : [peerAsn];
  fixture.receive(from, announcement([PREFIX], { nextHop: peerAddress, asPath, ...route }));
}

const best = (fixture: RibFixture) => fixture.routes({ prefix: PREFIX })[0]?.peer;
const hop = (prefix: string, metric = 0): NextHopRoute => ({ prefix, metric, interfaceName: null });

describe('elevated routes', () => {
  const NORMAL = 2_147_482_623;
  const withOwn = (own: number, learnt: number): string | undefined => {
    const fixture = new RibFixture();
    fixture.rib.setDecision({ ...MULTIPATH, elevatedAbove: { ipv4: NORMAL, ipv6: 0 } });
    announce(fixture, fixture.up(1), { localPref: learnt });
    fixture.rib.setOriginated([{ prefix: PREFIX, localPref: own, communities: [] }]);
    fixture.settle();
    return best(fixture);
  };

  test.each([
    ['an elevated route comes before our own', NORMAL, NORMAL + 512, 'peer-1'],
    ['an ordinary one does not', NORMAL, NORMAL, 'local'],
    ['nor one with a higher LOCAL_PREF that is not elevated', 100, 200, 'local'],
    ['of two that are elevated our own wins', NORMAL + 1, NORMAL + 512, 'local'],
  ])('%s', (_, own, learnt, expected) => {
    expect(withOwn(own, learnt)).toBe(expected);
  });
});

describe('always-compare-med', () => {
  test('MED counts between neighbouring ASes where it is asked for, from then on', () => {
    const fixture = new RibFixture();
    announce(fixture, fixture.up(1, external(65001)), { extra: [med(20)] });
    announce(fixture, fixture.up(2, external(65002)), { extra: [med(10)] });
    expect(best(fixture)).toBe('peer-1');
    fixture.rib.setDecision({ ...MULTIPATH, maxPaths: 1, alwaysCompareMed: true });
    fixture.settle();
    expect(best(fixture)).toBe('peer-2');
    fixture.rib.setDecision({ ...MULTIPATH, maxPaths: 1 });
    fixture.settle();
    expect(best(fixture)).toBe('peer-1');
  });

  test('MED is deterministic: no order of arrival changes the best path (RFC 4271 §9.1.2.2(c))', () => {
    const paths = [
      { asn: 65001, value: 10 },
      { asn: 65002, value: 5 },
      { asn: 65001, value: 1 },
      { asn: 65002, value: 7 },
    ];
    const winners = (isAlways: boolean) => {
      const found = new Set<string | undefined>();
      fc.assert(
        fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), (order) => {
          const fixture = new RibFixture();
          fixture.rib.setDecision({ ...MULTIPATH, alwaysCompareMed: isAlways });
          for (const i of order) {
            const { asn, value } = paths[i]!;
            announce(fixture, fixture.up(i + 1, external(asn)), { extra: [med(value)] });
          }
          found.add(best(fixture));
        }),
        { numRuns: 60 },
      );
      return [...found];
    };
    expect(winners(false)).toEqual(['peer-2']);
    expect(winners(true)).toEqual(['peer-3']);
  });
});

describe('next hops (RFC 4271 §9.1.2)', () => {
  test('a path whose next hop cannot be reached is no candidate and is sent to nobody, ADD-PATH included', () => {
    const fixture = new RibFixture();
    const [one, two] = [fixture.up(1), fixture.up(2)];
    const onlooker = fixture.up(3);
    const paths = fixture.up(4, { addPathSend: ['ipv4'] });
    announce(fixture, one);
    announce(fixture, two);
    expect(paths.output.table.size).toBe(2);
    fixture.rib.setNextHops([hop('10.0.0.2/32')]);
    fixture.settle();
    expect(best(fixture)).toBe('peer-2');
    expect(onlooker.output.route(PREFIX).nextHop).toBe('10.0.0.2');
    expect(paths.output.table.size).toBe(1);
    fixture.rib.setNextHops([]);
    fixture.settle();
    expect(onlooker.output.prefixes).toEqual([]);
    fixture.rib.setNextHops(null);
    fixture.settle();
    expect(best(fixture)).toBe('peer-1');
    expect(paths.output.table.size).toBe(2);
    fixture.expectNothingLeft();
  });

  test.each<[string, readonly NextHopRoute[], string]>([
    ['the lower metric wins', [hop('10.0.0.1/32', 20), hop('10.0.0.2/32', 10)], 'peer-2'],
    ['at the same metric the identifier decides', [hop('10.0.0.0/24', 20)], 'peer-1'],
    [
      'the longest match counts',
      [hop('10.0.0.0/24', 5), hop('10.0.0.0/8', 1), hop('10.0.0.1/32', 20)],
      'peer-2',
    ],
    ['a default route reaches everything', [hop('0.0.0.0/0', 7), hop('10.0.0.1/32', 9)], 'peer-2'],
    [
      'of two routes to one prefix the nearer',
      [hop('10.0.0.2/32', 30), hop('10.0.0.2/32', 3), hop('0.0.0.0/0', 5)],
      'peer-2',
    ],
  ])('%s', (_name, routes, expected) => {
    const fixture = new RibFixture();
    fixture.rib.setNextHops(routes);
    announce(fixture, fixture.up(1));
    announce(fixture, fixture.up(2));
    expect(best(fixture)).toBe(expected);
  });

  test('our own routes need no next hop', () => {
    const fixture = new RibFixture();
    fixture.rib.setNextHops([]);
    fixture.rib.setOriginated([{ prefix: PREFIX, localPref: 100, communities: [] }]);
    fixture.settle();
    expect(best(fixture)).toBe('local');
  });

  test('IPv6 next hops are resolved by IPv6 routes', () => {
    const fixture = new RibFixture();
    const from = fixture.up(1, { families: ['ipv4', 'ipv6'] });
    fixture.rib.setNextHops([hop('::/0'), hop('2001:db8::/32')]);
    fixture.receive(from, announcement(['2001:db8:1::/48'], { nextHop: '2001:db8::1' }));
    announce(fixture, from);
    expect(fixture.routes().map(({ prefix }) => prefix)).toEqual(['2001:db8:1::/48']);
  });
});

describe('several paths that share the traffic', () => {
  function followed(decision = MULTIPATH) {
    const fixture = new RibFixture();
    fixture.rib.setDecision(decision);
    const changes: BestRouteChange[] = [];
    fixture.rib.subscribeBestRoutes(
      { onBestRoutes: (more) => changes.push(...more), onReplayed: () => undefined },
      { replay: true },
    );
    fixture.settle();
    const take = () => changes.splice(0).map(({ nextHop, nextHops }) => (nextHops ?? [nextHop]).join(' '));
    return { fixture, take };
  }

  test('the next hops of equal paths are told, best first, whenever they change and only then', () => {
    const { fixture, take } = followed();
    const [one, two, three] = [fixture.up(1), fixture.up(2), fixture.up(3)];
    announce(fixture, two);
    expect(take()).toEqual(['10.0.0.2']);
    announce(fixture, three);
    expect(take()).toEqual(['10.0.0.2 10.0.0.3']);
    announce(fixture, one);
    expect(take()).toEqual(['10.0.0.1 10.0.0.2 10.0.0.3']);
    announce(fixture, three, { extra: [med(5)] }); // loses now
    expect(take()).toEqual(['10.0.0.1 10.0.0.2']);
    announce(fixture, three, { extra: [med(6)] });
    expect(take()).toEqual([]);
    fixture.receive(two, withdrawal([PREFIX]));
    expect(take()).toEqual(['10.0.0.1']);
    fixture.receive(three, withdrawal([PREFIX]));
    expect(take()).toEqual([]);
    fixture.receive(one, withdrawal([PREFIX]));
    expect(take()).toEqual(['']);
    fixture.expectNothingLeft();
  });

  test('one path alone where nothing is to be shared, and again when it is switched off', () => {
    const { fixture, take } = followed({ ...MULTIPATH, maxPaths: 1 });
    for (const number of [1, 2, 3]) announce(fixture, fixture.up(number));
    expect(take()).toEqual(['10.0.0.1']);
    fixture.rib.setDecision({ ...MULTIPATH, maxPaths: 2 });
    fixture.settle();
    expect(take()).toEqual(['10.0.0.1 10.0.0.2']);
    fixture.rib.setDecision({ ...MULTIPATH, maxPaths: 1 });
    fixture.settle();
    expect(take()).toEqual(['10.0.0.1']);
  });

  test.each<[string, boolean, string]>([
    ['the same AS_PATH is asked for', false, '10.0.0.1 10.0.0.3'],
    ['relaxed: one of the same length will do', true, '10.0.0.1 10.0.0.2 10.0.0.3'],
  ])('%s', (_name, relaxedAsPath, expected) => {
    const { fixture, take } = followed({ ...MULTIPATH, relaxedAsPath });
    const paths = [[65001], [65002], [65001], [65001, 65001]];
    for (const [i, asPath] of paths.entries()) announce(fixture, fixture.up(i + 1), { asPath });
    expect(take().at(-1)).toBe(expected);
  });

  test.each<[string, Partial<RibSession>, Partial<RouteAttributes>]>([
    ['less preferred', {}, { localPref: 50 }],
    ['external beside internal', external(65001), { asPath: [] }],
    ['with the same next hop', {}, { nextHop: '10.0.0.1' }],
  ])('a path does not share when it is %s', (_name, session, route) => {
    const { fixture, take } = followed();
    announce(fixture, fixture.up(1, session.peerAsn === undefined ? {} : session), { asPath: [] });
    announce(fixture, fixture.up(2), route);
    const last = take().at(-1);
    expect(last?.split(' ')).toHaveLength(1);
  });

  test('a path farther away shares no traffic', () => {
    const { fixture, take } = followed();
    fixture.rib.setNextHops([hop('10.0.0.0/24', 1), hop('10.0.0.2/32', 2)]);
    for (const number of [1, 2, 3]) announce(fixture, fixture.up(number));
    expect(take().at(-1)).toBe('10.0.0.1 10.0.0.3');
  });
});
