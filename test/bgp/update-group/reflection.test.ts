/** Who gets which route, and what reflection adds to it (RFC 4456 §6, §8, RFC 4271 §9.2). */
import type { RibSession } from '../../../bgp/rib/rib-port.ts';
import { clusterList, med, originatorId } from '../../harness/bgp/attributes.ts';
import { announcement } from '../../harness/bgp/encode.ts';
import { RibFixture } from '../routing/rib-fixture.ts';
import { CLUSTER_ID, OWN_AS, OWN_ID } from '../routing/rib-sessions.ts';

const CLIENT: Partial<RibSession> = { routeReflectorClient: true };
const NON_CLIENT: Partial<RibSession> = { routeReflectorClient: false };
const external = (asn: number): Partial<RibSession> => ({ peerAsn: asn, routeReflectorClient: false });

const PREFIX = '10.1.0.0/16';

type Kind = 'local' | 'client' | 'non-client' | 'external';

function sessionOf(kind: Exclude<Kind, 'local'>, asn: number): Partial<RibSession> {
  if (kind === 'external') return external(asn);
  return kind === 'client' ? CLIENT : NON_CLIENT;
}

/** Announces one route from a source of the kind. */
function announceFrom(kind: Kind, fixture: RibFixture) {
  if (kind === 'local') {
    fixture.rib.setOriginated([{ prefix: PREFIX, localPref: 100, communities: [] }]);
    fixture.settle();
    return null;
  }
  const source = fixture.up(1, sessionOf(kind, 65001));
  const asPath = kind === 'external' ? [65001] : [];
  fixture.receive(source, announcement([PREFIX], { nextHop: '192.0.2.1', asPath }));
  return source;
}

/** Rows: source; for each target whether it gets the route, and whether the route was reflected to it. */
const TABLE: readonly [Kind, Record<Exclude<Kind, 'local'>, 'no' | 'plain' | 'reflected'>][] = [
  ['local', { client: 'plain', 'non-client': 'plain', external: 'plain' }],
  ['external', { client: 'plain', 'non-client': 'plain', external: 'plain' }],
  ['client', { client: 'reflected', 'non-client': 'reflected', external: 'plain' }],
  ['non-client', { client: 'reflected', 'non-client': 'no', external: 'plain' }],
];

describe.each(TABLE)('a %s route (RFC 4456 §6)', (source, targets) => {
  test.each(Object.entries(targets))('to a %s: %s', (target, expected) => {
    const fixture = new RibFixture();
    const receiver = fixture.up(2, sessionOf(target as Exclude<Kind, 'local'>, 65002));
    announceFrom(source, fixture);
    expect(receiver.output.prefixes).toEqual(expected === 'no' ? [] : [PREFIX]);
    if (expected === 'no') return;
    expect(receiver.output.route(PREFIX)).toMatchObject(
      expected === 'reflected'
        ? { originatorId: '10.0.0.1', clusterList: [CLUSTER_ID] }
        : { originatorId: null, clusterList: [] },
    );
    fixture.expectNothingLeft();
  });
});

test.each(['client', 'non-client', 'external'] as const)('a %s is not sent its own route back', (kind) => {
  const fixture = new RibFixture();
  const source = announceFrom(kind, fixture)!;
  expect(source.output.prefixes).toEqual([]);
  expect(source.output.withdrawals).toEqual([]);
});

describe('what reflection adds (RFC 4456 §8)', () => {
  test('ORIGINATOR_ID is the BGP Identifier of the peer, not its address', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1, { peerRouterId: '198.51.100.7' });
    const receiver = fixture.up(2);
    fixture.receive(source, announcement([PREFIX], { nextHop: '192.0.2.1' }));
    expect(receiver.output.route(PREFIX).originatorId).toBe('198.51.100.7');
  });

  test('ORIGINATOR_ID that is there stays, our cluster goes in front of CLUSTER_LIST', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1);
    const receiver = fixture.up(2);
    const extra = [originatorId('192.0.2.77'), clusterList(['3.3.3.3', '2.2.2.2'])];
    fixture.receive(source, announcement([PREFIX], { nextHop: '192.0.2.1', extra }));
    expect(receiver.output.route(PREFIX)).toMatchObject({
      originatorId: '192.0.2.77',
      clusterList: [CLUSTER_ID, '3.3.3.3', '2.2.2.2'],
    });
  });

  test('without a configured cluster ID our BGP Identifier serves (RFC 4456 §7)', () => {
    const fixture = new RibFixture(null);
    const source = fixture.up(1);
    const receiver = fixture.up(2);
    fixture.receive(source, announcement([PREFIX], { nextHop: '192.0.2.1' }));
    expect(receiver.output.route(PREFIX).clusterList).toEqual([OWN_ID]);
  });

  test('NEXT_HOP, AS_PATH, LOCAL_PREF and MED pass unchanged (RFC 4456 §10)', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1);
    const receiver = fixture.up(2);
    const route = { nextHop: '192.0.2.1', asPath: [65001, 65002], localPref: 4_000_000_000, extra: [med(7)] };
    fixture.receive(source, announcement([PREFIX], route));
    expect(receiver.output.route(PREFIX)).toMatchObject({
      nextHop: '192.0.2.1',
      asPath: [65001, 65002],
      localPref: 4_000_000_000,
      med: 7,
    });
  });

  test('attributes are sent in ascending order of type, MP_REACH_NLRI first (RFC 4271 §5, RFC 7606 §5.1)', () => {
    const fixture = new RibFixture();
    const families = ['ipv4', 'ipv6'] as const;
    const source = fixture.up(1, { families });
    const receiver = fixture.up(2, { families });
    fixture.receive(
      source,
      announcement([PREFIX], { nextHop: '192.0.2.1', extra: [med(7)] }),
      announcement(['2001:db8::/32'], { nextHop: '2001:db8::1', extra: [med(7)] }),
    );
    const order = (key: string) => [...receiver.output.route(key).attributes.keys()];
    expect(order(PREFIX)).toEqual([1, 2, 3, 4, 5, 9, 10]);
    expect(order('2001:db8::/32')).toEqual([14, 1, 2, 4, 5, 9, 10]);
  });

  test('a new cluster ID is sent with every reflected route, and nothing is lost meanwhile', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1);
    const receiver = fixture.up(2);
    fixture.receive(source, announcement([PREFIX], { nextHop: '192.0.2.1' }));
    fixture.rib.configure({ asn: OWN_AS, routerId: OWN_ID, clusterId: '9.9.9.9' });
    fixture.settle();
    expect(receiver.output.route(PREFIX).clusterList).toEqual(['9.9.9.9']);
    expect(receiver.output.withdrawals).toEqual([]);
  });
});

describe('a session that becomes or ceases to be a client', () => {
  test('gets and loses the routes of non-clients', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1, NON_CLIENT);
    const receiver = fixture.up(2, NON_CLIENT);
    fixture.receive(source, announcement([PREFIX], { nextHop: '192.0.2.1' }));
    expect(receiver.output.prefixes).toEqual([]);
    fixture.rib.updateSession(receiver.slot, { ...receiver.session, ...CLIENT });
    fixture.settle();
    expect(receiver.output.prefixes).toEqual([PREFIX]);
    fixture.rib.updateSession(receiver.slot, receiver.session);
    fixture.settle();
    expect(receiver.output.prefixes).toEqual([]);
    fixture.expectNothingLeft();
  });

  test('has its own routes reflected to non-clients, or not any more', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1, NON_CLIENT);
    const receiver = fixture.up(2, NON_CLIENT);
    fixture.receive(source, announcement([PREFIX], { nextHop: '192.0.2.1' }));
    fixture.rib.updateSession(source.slot, { ...source.session, ...CLIENT });
    fixture.settle();
    expect(receiver.output.prefixes).toEqual([PREFIX]);
    fixture.rib.updateSession(source.slot, source.session);
    fixture.settle();
    expect(receiver.output.prefixes).toEqual([]);
  });
});

describe('loops are kept out of the decision, but stay in the Adj-RIB-In', () => {
  const NOT_OURS = { nextHop: '192.0.2.1' };
  test.each([
    ['AS_PATH with our AS (RFC 4271 §9.1.2)', { ...NOT_OURS, asPath: [65001, OWN_AS] }],
    ['ORIGINATOR_ID that is ours (RFC 4456 §8)', { ...NOT_OURS, extra: [originatorId(OWN_ID)] }],
    [
      'CLUSTER_LIST with our cluster (RFC 4456 §8)',
      { ...NOT_OURS, extra: [clusterList(['2.2.2.2', CLUSTER_ID])] },
    ],
    ['NEXT_HOP that is our address (RFC 4271 §5.1.3)', { nextHop: OWN_ID }],
  ])('%s', (_name, route) => {
    const fixture = new RibFixture();
    const source = fixture.up(1);
    const receiver = fixture.up(2);
    const verdict = fixture.receive(source, announcement([PREFIX], route));
    expect(verdict).toMatchObject({ notification: null, treatedAsWithdraw: false });
    expect(fixture.rib.sessionCounts(source.slot)).toMatchObject({
      received: { ipv4: 1 },
      accepted: { ipv4: 0 },
    });
    expect(fixture.received(source)).toMatchObject([{ prefix: PREFIX, best: false }]);
    expect(fixture.routes()).toEqual([]);
    expect(receiver.output.prefixes).toEqual([]);
    fixture.expectNothingLeft();
  });

  test.each([
    [0, [OWN_AS], false],
    [1, [OWN_AS], true],
    [1, [OWN_AS, 65001, OWN_AS], false],
    [2, [OWN_AS, 65001, OWN_AS], true],
  ])('allowOwnAs %i, AS_PATH %j: eligible %s', (allowOwnAs, asPath, isEligible) => {
    const fixture = new RibFixture();
    const source = fixture.up(1, { allowOwnAs });
    fixture.receive(source, announcement([PREFIX], { nextHop: '192.0.2.1', asPath }));
    expect(fixture.routes()).toHaveLength(isEligible ? 1 : 0);
  });

  test('the AS that we show on the session counts, not the one of the speaker (RFC 7705)', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1, { localAsn: 64999, peerAsn: 65001, routeReflectorClient: false });
    fixture.receive(source, announcement([PREFIX], { nextHop: '192.0.2.1', asPath: [65001, 64999] }));
    expect(fixture.routes()).toEqual([]);
  });

  test('an IPv6 next hop whose first octets are our IPv4 address is not ours', () => {
    const fixture = new RibFixture();
    const families = ['ipv4', 'ipv6'] as const;
    const source = fixture.up(1, { families, localAddress: '32.1.13.184', localAddressOtherFamily: null });
    fixture.receive(source, announcement(['2001:db8:1::/48'], { nextHop: '2001:db8::1' }));
    expect(fixture.routes()).toHaveLength(1);
  });

  test('an IPv6 next hop that is ours, with a link-local one behind it', () => {
    const fixture = new RibFixture();
    const families = ['ipv4', 'ipv6'] as const;
    const source = fixture.up(1, { families });
    fixture.receive(source, announcement(['2001:db8:1::/48'], { nextHop: 'fd00::100' }));
    expect(fixture.routes()).toEqual([]);
  });
});
