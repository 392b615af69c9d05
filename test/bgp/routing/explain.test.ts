/** `explain`: each reason is named where the route stops, and what is said agrees with what is sent. */

import { ColumnFlag } from '../../../bgp/packet/attributes/attribute-columns.ts';
import { SourceClass } from '../../../bgp/path/source-class.ts';
import type { PolicyConfig } from '../../../bgp/policy/policy-config.ts';
import type { RibSession } from '../../../bgp/rib/rib-port.ts';
import type { ExplainQuery } from '../../../bgp/speaker/route-explanation.ts';
import { canExport } from '../../../bgp/update-group/export-attributes.ts';
import { exportContext } from '../../../bgp/update-group/export-context.ts';
import { exportProblem } from '../../../bgp/update-group/export-problem.ts';
import { attribute, clusterList, communities, Flag, uint32 } from '../../harness/bgp/attributes.ts';
import { announcement, type RouteAttributes, withdrawal } from '../../harness/bgp/encode.ts';
import fc from '../../support/property.ts';
import { type FixtureSession, RibFixture } from './rib-fixture.ts';
import { CLUSTER_ID, OWN_ID, ribSession } from './rib-sessions.ts';

const PREFIX = '10.1.0.0/16';
const external = (asn: number): Partial<RibSession> => ({ peerAsn: asn, routeReflectorClient: false });

function announce(fixture: RibFixture, from: FixtureSession, route: Partial<RouteAttributes> = {}): void {
  const asPath = from.session.peerAsn === from.session.localAsn ? [] : [from.session.peerAsn];
  fixture.receive(from, announcement([PREFIX], { nextHop: '192.0.2.1', asPath, ...route }));
}

const explain = (fixture: RibFixture, query: ExplainQuery = { prefix: PREFIX }) =>
  fixture.rib.explain(query, (name) => fixture.sessions.get(name)?.slot ?? null);

const policy = (action: 'accept' | 'reject' | 'next', name: string): PolicyConfig => ({
  name: 'test',
  otherwise: 'accept',
  terms: [
    {
      name,
      match: {},
      action,
      ...(action === 'next' ? { operations: [{ kind: 'setLocalPref', localPref: 7 }] } : {}),
    },
  ],
});

describe('import', () => {
  type Row = readonly [
    name: string,
    session: Partial<RibSession>,
    route: Partial<RouteAttributes>,
    rule: RegExp,
    outcomes: string,
  ];
  test.each<Row>([
    ['our AS', external(65001), { asPath: [65001, 64512] }, /AS_PATH contains our AS 64512/, 'rejected'],
    ['our next hop', {}, { nextHop: OWN_ID }, /NEXT_HOP is our own address/, 'rejected'],
    [
      'our cluster',
      {},
      { extra: [clusterList([CLUSTER_ID])] },
      /CLUSTER_LIST contains our cluster \(RFC 4456 §8\)/,
      'rejected',
    ],
    [
      'another first AS',
      { ...external(65001), enforceFirstAs: true },
      { asPath: [65002] },
      /does not begin with/,
      'rejected',
    ],
    [
      'a leak',
      { ...external(65001), role: 'provider' },
      { extra: [attribute(Flag.Optional | Flag.Transitive, 35, uint32(9))] },
      /route leak/,
      'rejected',
    ],
    [
      'graceful shutdown',
      external(65001),
      { extra: [communities([0xffff0000])] },
      /accept-all/,
      'changed accepted won',
    ],
    [
      'a rule of a filter',
      { importPolicy: policy('reject', 'BGPFilter/f importV4[0]') },
      {},
      /BGPFilter\/f importV4\[0\]/,
      'rejected',
    ],
    [
      'a rule that goes on',
      { importPolicy: policy('next', 'BGPFilter/f importV4[0]') },
      {},
      /"test" accepts the rest/,
      'changed accepted won',
    ],
    ['nothing', {}, {}, /"accept-all" accepts the rest/, 'accepted won'],
  ])('%s', (_name, session, route, rule, outcomes) => {
    const fixture = new RibFixture();
    announce(fixture, fixture.up(1, session), route);
    const [path] = explain(fixture).paths;
    expect(path!.steps.map(({ outcome }) => outcome).join(' ')).toBe(outcomes);
    expect(path!.steps.filter(({ stage }) => stage === 'import').at(-1)!.rule).toMatch(rule);
    expect(path!.state).toBe(outcomes.endsWith('won') ? 'best' : 'ineligible');
    fixture.expectNothingLeft();
  });

  test('the resource of a rule is named', () => {
    const fixture = new RibFixture();
    announce(fixture, fixture.up(1, { importPolicy: policy('reject', 'BGPFilter/f importV4[0]') }));
    expect(explain(fixture).paths[0]!.steps).toEqual([
      { stage: 'import', outcome: 'rejected', rule: 'BGPFilter/f importV4[0]', resource: 'BGPFilter/f' },
    ]);
  });

  test('own prefixes and unreachable next hops', () => {
    const fixture = new RibFixture();
    announce(fixture, fixture.up(1, external(65001)));
    fixture.rib.setConnected([PREFIX]);
    fixture.settle();
    expect(explain(fixture).paths[0]!.steps[0]!.rule).toMatch(/is connected here/);
    fixture.rib.setConnected([]);
    fixture.rib.setNextHops([]);
    fixture.settle();
    const { paths, best } = explain(fixture);
    expect([paths[0]!.state, best]).toEqual(['ineligible', null]);
    expect(paths[0]!.steps.at(-1)!.rule).toMatch(/next hop 192.0.2.1 cannot be reached/);
  });
});

describe('decision', () => {
  test('every loser has the step that it lost at; what shares traffic is told apart', () => {
    const fixture = new RibFixture();
    fixture.rib.setDecision({ alwaysCompareMed: false, maxPaths: 4, relaxedAsPath: false });
    announce(fixture, fixture.up(1), { localPref: 50 });
    announce(fixture, fixture.up(2));
    announce(fixture, fixture.up(3), { nextHop: '192.0.2.3' });
    announce(fixture, fixture.up(4), { asPath: [65001] });
    const { paths, best, nextHops } = explain(fixture);
    expect([best, nextHops]).toEqual(['peer-2', ['192.0.2.1', '192.0.2.3']]);
    expect(paths.map(({ peer, state, steps }) => [peer, state, steps.at(-1)!.rule])).toEqual([
      [
        'peer-2',
        'best',
        expect.stringMatching(/^preferred to all 3 others; the last went by: lowest BGP Identifier/),
      ],
      ['peer-3', 'shares', expect.stringMatching(/^equal up to: lowest BGP Identifier/)],
      ['peer-4', 'candidate', 'shortest AS_PATH (RFC 4271 §9.1.2.2(a))'],
      ['peer-1', 'candidate', 'highest LOCAL_PREF (RFC 4271 §9.1.1)'],
    ]);
  });
});

describe('export', () => {
  type Row = readonly [
    name: string,
    source: Partial<RibSession>,
    to: Partial<RibSession>,
    extra: Buffer[],
    rule: RegExp,
  ];
  const nonClient = { routeReflectorClient: false };
  test.each<Row>([
    ['NO_EXPORT', {}, external(65002), [communities([0xffffff01])], /NO_EXPORT, and the peer is external/],
    ['NO_ADVERTISE', {}, {}, [communities([0xffffff02])], /NO_ADVERTISE/],
    ['NO_EXPORT_SUBCONFED', {}, external(65002), [communities([0xffffff03])], /NO_EXPORT_SUBCONFED/],
    ['NOPEER', {}, { ...external(65002), role: 'peer' }, [communities([0xffffff04])], /NOPEER/],
    [
      'ONLY_TO_CUSTOMER',
      {},
      { ...external(65002), role: 'customer' },
      [attribute(0xc0, 35, uint32(9))],
      /ONLY_TO_CUSTOMER/,
    ],
    [
      'no client on either side',
      nonClient,
      nonClient,
      [],
      /no client, and neither is this one \(RFC 4456 §6\)/,
    ],
    ['a rule', {}, { exportPolicy: policy('reject', 'RFC 8212: no export policy') }, [], /RFC 8212/],
    ['another family', {}, { families: ['ipv6'] }, [], /ipv4 was not negotiated/],
  ])('%s', (_name, source, to, extra, rule) => {
    const fixture = new RibFixture();
    const peer = fixture.up(2, to);
    announce(fixture, fixture.up(1, source), { extra });
    const { exports } = explain(fixture, { prefix: PREFIX, to: 'peer-2' });
    expect(exports).toHaveLength(1);
    expect(exports[0]!.sent).toBe(false);
    expect(exports[0]!.steps.at(-1)!.rule).toMatch(rule);
    expect(peer.output.prefixes).toEqual([]);
  });

  test('to all: peers that are treated alike stand together, the source apart', () => {
    const fixture = new RibFixture();
    for (let number = 1; number <= 30; number++) fixture.up(number);
    announce(fixture, fixture.sessions.get('peer-1')!);
    const { exports } = explain(fixture);
    expect(exports.map(({ sent, peerCount, peers }) => [sent, peerCount, peers.length])).toEqual([
      [true, 29, 20],
      [false, 1, 1],
    ]);
    expect(exports[1]!.steps.at(-1)!.rule).toMatch(/split horizon/);
  });

  test('to one: the route as it was sent; a peer without a session; a withdrawn speaker', () => {
    const fixture = new RibFixture();
    fixture.up(2, external(65002));
    announce(fixture, fixture.up(1));
    const to = (name: string) => explain(fixture, { prefix: PREFIX, to: name }).exports[0]!;
    expect(to('peer-2')).toMatchObject({ sent: true, route: { nextHop: OWN_ID, asPath: [64512] } });
    expect(to('peer-9').steps[0]!.rule).toBe('the session is not Established');
    fixture.rib.setDrain('withdrawn');
    fixture.settle();
    expect(to('peer-2')).toMatchObject({ sent: false, steps: [{ rule: expect.stringMatching(/drained/) }] });
  });

  test('what `canExport` refuses has a reason, and nothing else has', () => {
    const roles = ['provider', 'customer', 'peer', 'rs', 'rs-client', undefined] as const;
    fc.assert(
      fc.property(
        fc.nat(0x1fff),
        fc.constantFrom(...Object.values(SourceClass)),
        fc.constantFrom(...roles),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom('none' as const, 'graceful', 'withdrawn'),
        fc.constantFrom('ipv4' as const, 'ipv6'),
        (flags, source, role, isInternal, isClient, drain, family) => {
          const session = ribSession(1, {
            peerAsn: isInternal ? 64512 : 65001,
            routeReflectorClient: isClient,
            localAddressOtherFamily: null,
            ...(role === undefined ? {} : { role }),
          });
          const context = exportContext(session, family, drain);
          const withOrigin = flags | ColumnFlag.Origin; // every route has one
          expect(exportProblem(withOrigin, source, context) === null).toBe(
            canExport(withOrigin, source, context),
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('what is not here', () => {
  test('a prefix that nobody announces, and what covers it', () => {
    const fixture = new RibFixture();
    announce(fixture, fixture.up(1));
    expect(explain(fixture, { prefix: '10.1.2.0/24' })).toMatchObject({
      prefix: '10.1.2.0/24',
      absent: expect.stringMatching(/no peer announces/),
      coveredBy: PREFIX,
      paths: [],
    });
    expect(explain(fixture, { prefix: '10.0.0.0/8' })).toMatchObject({ coveredBy: null });
    expect(explain(fixture, { address: '10.1.2.3' })).toMatchObject({
      prefix: PREFIX,
      absent: null,
      best: 'peer-1',
    });
    expect(explain(fixture, { address: '10.2.0.1' })).toMatchObject({
      prefix: null,
      absent: 'no route covers 10.2.0.1',
    });
    expect(explain(fixture, { address: '2001:db8::1' })).toMatchObject({ family: 'ipv6', prefix: null });
    fixture.receive(fixture.sessions.get('peer-1')!, withdrawal([PREFIX]));
    expect(explain(fixture)).toMatchObject({ absent: expect.stringMatching(/no peer announces/) });
  });
});
