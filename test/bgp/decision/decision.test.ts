/** The decision process, step by step: each decides exactly when all before it tie (RFC 4271 §9.1, RFC 4456 §9). */

import type { RibSession } from '../../../bgp/rib/rib-port.ts';
import { clusterList, med, origin, originatorId } from '../../harness/bgp/attributes.ts';
import { announcement, type RouteAttributes } from '../../harness/bgp/encode.ts';
import fc from '../../support/property.ts';
import { type FixtureSession, RibFixture } from '../routing/rib-fixture.ts';

const PREFIX = '10.1.0.0/16';

/** A route as announced, and by whom. What is left out ties with every other. */
interface Candidate {
  readonly name: string;
  readonly session?: Partial<RibSession>;
  readonly route?: Partial<RouteAttributes>;
  readonly origin?: number;
}

const EXTERNAL: Partial<RibSession> = { peerAsn: 65001, routeReflectorClient: false };

function message({ session, route, origin: code }: Candidate): Buffer {
  const isExternal = session?.peerAsn !== undefined;
  const bytes = announcement([PREFIX], {
    nextHop: '192.0.2.1',
    asPath: [65001],
    localPref: isExternal ? null : 100,
    ...route,
  });
  // ORIGIN is the first attribute: 23 octets of header and lengths, then 3 of its own header.
  if (code !== undefined) origin(code).copy(bytes, 23);
  return bytes;
}

/** The name of the best of the candidates, which arrive in the order given. */
function best(candidates: readonly Candidate[]): string {
  const fixture = new RibFixture();
  const sessions = new Map<string, FixtureSession>();
  candidates.forEach(({ name, session }, i) => {
    sessions.set(
      name,
      fixture.up(i + 1, { name, peerRouterId: '10.0.0.1', peerAddress: '10.0.0.1', ...session }),
    );
  });
  for (const one of candidates) fixture.receive(sessions.get(one.name)!, message(one));
  const routes = fixture.routes();
  expect(routes).toHaveLength(1);
  fixture.expectNothingLeft();
  return routes[0]!.peer;
}

const id = (last: number): Partial<RibSession> => ({ peerRouterId: `10.0.0.${last}` });
const address = (last: number): Partial<RibSession> => ({ peerAddress: `10.0.0.${last}` });

/** In the order of the steps: `wins` is better than `loses` by this step alone. */
const STEPS: readonly {
  readonly step: string;
  readonly wins: Omit<Candidate, 'name'>;
  readonly loses: Omit<Candidate, 'name'>;
}[] = [
  {
    step: 'highest LOCAL_PREF (RFC 4271 §9.1.1)',
    wins: { route: { localPref: 4_294_967_295 } },
    loses: { route: { localPref: 2_147_483_647 } },
  },
  {
    step: 'shortest AS_PATH (RFC 4271 §9.1.2.2(a))',
    wins: { route: { asPath: [65001] } },
    loses: { route: { asPath: [65001, 65002] } },
  },
  { step: 'lowest ORIGIN (RFC 4271 §9.1.2.2(b))', wins: { origin: 0 }, loses: { origin: 1 } },
  {
    step: 'lowest MED (RFC 4271 §9.1.2.2(c))',
    wins: { route: { extra: [med(2_147_483_647)] } },
    loses: { route: { extra: [med(2_147_483_648)] } },
  },
  {
    step: 'external before internal (RFC 4271 §9.1.2.2(d))',
    wins: { session: EXTERNAL, route: { localPref: null } },
    loses: {},
  },
  {
    step: 'lowest BGP Identifier (RFC 4271 §9.1.2.2(f))',
    wins: { session: { peerRouterId: '127.0.0.1' } },
    loses: { session: { peerRouterId: '128.0.0.1' } },
  },
  {
    step: 'shortest CLUSTER_LIST (RFC 4456 §9)',
    wins: { route: { extra: [clusterList(['9.9.9.9'])] } },
    loses: { route: { extra: [clusterList(['2.2.2.2', '3.3.3.3'])] } },
  },
  {
    step: 'lowest peer address (RFC 4271 §9.1.2.2(g))',
    wins: { session: address(9) },
    loses: { session: address(10) },
  },
];

function merge(a: Omit<Candidate, 'name'>, b: Omit<Candidate, 'name'>): Omit<Candidate, 'name'> {
  const extra = [...(a.route?.extra ?? []), ...(b.route?.extra ?? [])];
  return {
    ...a,
    ...b,
    session: { ...a.session, ...b.session },
    route: { ...a.route, ...b.route, ...(extra.length === 0 ? {} : { extra }) },
  };
}

describe.each(STEPS.map((one, i) => ({ ...one, i })))('$step', ({ wins, loses, i }) => {
  test('decides when all else ties, whichever comes first', () => {
    expect(
      best([
        { name: 'good', ...wins },
        { name: 'bad', ...loses },
      ]),
    ).toBe('good');
    expect(
      best([
        { name: 'bad', ...loses },
        { name: 'good', ...wins },
      ]),
    ).toBe('good');
  });

  const later = STEPS.slice(i + 1);
  if (later.length === 0) return;
  test.each(later)('overrules: $step', (other) => {
    const good = { name: 'good', ...merge(wins, other.loses) };
    const bad = { name: 'bad', ...merge(loses, other.wins) };
    expect(best([good, bad])).toBe('good');
    expect(best([bad, good])).toBe('good');
  });
});

describe('what counts', () => {
  test('a route of our own wins over any other (RFC 4271 §9.1.1)', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1);
    fixture.receive(source, announcement([PREFIX], { nextHop: '192.0.2.1', localPref: 4_294_967_295 }));
    fixture.rib.setOriginated([{ prefix: PREFIX, localPref: 1, communities: [] }]);
    fixture.settle();
    expect(fixture.routes()).toMatchObject([{ peer: 'local' }]);
    expect(fixture.routes({ all: true })).toHaveLength(2);
    fixture.rib.setOriginated([]);
    fixture.settle();
    expect(fixture.routes()).toMatchObject([{ peer: 'peer-1' }]);
    fixture.expectNothingLeft();
  });

  test('a route without LOCAL_PREF has 100', () => {
    const without: Candidate = { name: 'without', route: { localPref: null }, session: id(9) };
    expect(best([without, { name: '101', route: { localPref: 101 }, session: id(10) }])).toBe('101');
    expect(best([without, { name: '100', route: { localPref: 100 }, session: id(10) }])).toBe('without');
    expect(best([without, { name: '99', route: { localPref: 99 }, session: id(1) }])).toBe('without');
  });

  test('an AS_SET counts as one AS, however large (RFC 4271 §9.1.2.2(a))', () => {
    const fixture = new RibFixture();
    const set = fixture.up(1, { peerRouterId: '10.0.0.9' });
    const sequence = fixture.up(2, { peerRouterId: '10.0.0.1' });
    const bytes = announcement([PREFIX], { nextHop: '192.0.2.1', asPath: [65001, 65002, 65003] });
    fixture.receive(sequence, announcement([PREFIX], { nextHop: '192.0.2.2', asPath: [65001, 65002] }));
    bytes[30] = 1; // the type of the only segment: AS_SET
    fixture.receive(set, bytes);
    expect(fixture.routes()).toMatchObject([{ peer: 'peer-1', asPath: [[65001, 65002, 65003]] }]);
  });

  test('a missing MED is 0, the best (RFC 4271 §9.1.2.2(c))', () => {
    const without: Candidate = { name: 'without', session: id(9) };
    expect(best([{ name: '1', route: { extra: [med(1)] } }, without])).toBe('without');
    expect(best([{ name: '0', route: { extra: [med(0)] } }, without])).toBe('0');
  });

  test('MEDs of different neighbouring ASes are not compared (RFC 4271 §9.1.2.2(c))', () => {
    const high: Candidate = { name: 'high', route: { asPath: [65001], extra: [med(100)] }, session: id(1) };
    const low: Candidate = { name: 'low', route: { asPath: [65002], extra: [med(1)] }, session: id(9) };
    expect(best([high, low])).toBe('high');
  });

  test('MEDs of routes that begin in our own AS are compared with each other (RFC 4271 §9.1.2.2(c))', () => {
    const high: Candidate = { name: 'high', route: { asPath: [], extra: [med(100)] }, session: id(1) };
    const low: Candidate = { name: 'low', route: { asPath: [], extra: [med(1)] }, session: id(9) };
    expect(best([high, low])).toBe('low');
  });

  test('ORIGINATOR_ID stands for the BGP Identifier (RFC 4456 §9)', () => {
    const reflected: Candidate = {
      name: 'reflected',
      session: id(9),
      route: { extra: [originatorId('10.0.0.1'), clusterList(['9.9.9.9'])] },
    };
    expect(best([reflected, { name: 'direct', session: id(5) }])).toBe('reflected');
    expect(
      best([
        { ...reflected, session: id(1) },
        { name: 'direct', session: id(0) },
      ]),
    ).toBe('direct');
  });

  test('without CLUSTER_LIST its length is 0 (RFC 4456 §9)', () => {
    const listed: Candidate = {
      name: 'listed',
      session: address(1),
      route: { extra: [clusterList(['9.9.9.9'])] },
    };
    expect(best([listed, { name: 'plain', session: address(9) }])).toBe('plain');
  });

  test('addresses are compared as numbers, not as text (RFC 4271 §9.1.2.2(g))', () => {
    const nine: Candidate = { name: 'nine', session: { peerAddress: '9.0.0.1' } };
    expect(best([nine, { name: 'ten', session: { peerAddress: '10.0.0.1' } }])).toBe('nine');
    expect(best([nine, { name: 'high', session: { peerAddress: '200.0.0.1' } }])).toBe('nine');
  });
});

describe('MULTI_EXIT_DISC', () => {
  /** The example of RFC 3345: each pair has a winner, the three make a circle when compared in pairs. */
  const CIRCLE: readonly Candidate[] = [
    { name: 'a', route: { asPath: [65001, 1], extra: [med(10)] }, session: id(3) },
    { name: 'b', route: { asPath: [65002, 1], extra: [med(20)] }, session: id(2) },
    { name: 'c', route: { asPath: [65001, 1], extra: [med(5)] }, session: id(4) },
  ];

  test('routes that would beat each other in a circle have one best, in every order of arrival', () => {
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ];
    const found = orders.map((order) => best(order.map((i) => CIRCLE[i]!)));
    expect(new Set(found)).toEqual(new Set(['b']));
  });

  test('the order of arrival never matters', () => {
    const candidate = fc.record({
      asPath: fc.constantFrom([65001], [65002], [65001, 65003], []),
      med: fc.constantFrom(null, 0, 5, 10),
      localPref: fc.constantFrom(100, 100, 100, 200),
      routerId: fc.nat(5),
      isExternal: fc.boolean(),
    });
    const scenario = fc.array(candidate, { minLength: 2, maxLength: 7 }).chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray(
          list.map((_, i) => i),
          { minLength: list.length },
        ),
      ),
    );
    fc.assert(
      fc.property(scenario, ([list, order]) => {
        const all = list.map(
          (one, i): Candidate => ({
            name: `n${i}`,
            session: {
              ...(one.isExternal ? EXTERNAL : {}),
              peerRouterId: `10.0.0.${one.routerId}`,
              peerAddress: `10.1.0.${i}`,
            },
            route: {
              asPath: one.asPath,
              localPref: one.isExternal ? null : one.localPref,
              extra: one.med === null ? [] : [med(one.med)],
            },
          }),
        );
        expect(best(order.map((i) => all[i]!))).toBe(best(all));
      }),
      { numRuns: 300 },
    );
  });
});
