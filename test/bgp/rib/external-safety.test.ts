/**
 * What an external session may not do to us, whatever its policy says: announce our own prefixes, leak routes
 * (RFC 9234), hide behind another AS (RFC 4271 §6.3); and how a route that is about to go is treated (RFC 8326).
 */
import type { RibSession } from '../../../bgp/rib/rib-port.ts';
import { attribute, communities, Flag, uint32 } from '../../harness/bgp/attributes.ts';
import { announcement } from '../../harness/bgp/encode.ts';
import { type FixtureSession, RibFixture } from '../routing/rib-fixture.ts';

const PREFIX = '10.1.0.0/16';
const GRACEFUL_SHUTDOWN = 0xffff0000;
const NOPEER = 0xffffff04;
const external = (overrides: Partial<RibSession> = {}, asn = 65001): Partial<RibSession> => ({
  peerAsn: asn,
  routeReflectorClient: false,
  ...overrides,
});
const onlyToCustomer = (asn: number) => attribute(Flag.Optional | Flag.Transitive, 35, uint32(asn));

function announce(
  fixture: RibFixture,
  from: FixtureSession,
  extra: Buffer[] = [],
  path: readonly number[] = [from.session.peerAsn],
): void {
  const asPath = from.session.peerAsn === from.session.localAsn ? [] : path;
  fixture.receive(from, announcement([PREFIX], { nextHop: '192.0.2.1', asPath, extra }));
}

const best = (fixture: RibFixture) => fixture.routes({ prefix: PREFIX })[0];

describe('own prefixes', () => {
  const originated = [{ prefix: PREFIX, localPref: 100, communities: [] }];

  test.each<[string, (fixture: RibFixture, is: boolean) => void]>([
    ['originated', (fixture, is) => fixture.rib.setOriginated(is ? originated : [])],
    ['connected', (fixture, is) => fixture.rib.setConnected(is ? [PREFIX] : [])],
  ])('what is %s here is not accepted of an external peer, and is again once it is no more', (_name, set) => {
    const fixture = new RibFixture();
    const peer = fixture.up(1, external());
    announce(fixture, peer);
    expect(fixture.rib.sessionCounts(peer.slot).accepted).toEqual({ ipv4: 1 });
    set(fixture, true);
    fixture.settle();
    expect(fixture.rib.sessionCounts(peer.slot)).toMatchObject({
      received: { ipv4: 1 },
      accepted: { ipv4: 0 },
    });
    announce(fixture, peer, [communities([1])]);
    expect(fixture.rib.sessionCounts(peer.slot).accepted).toEqual({ ipv4: 0 });
    set(fixture, false);
    fixture.settle();
    expect(best(fixture)).toMatchObject({ peer: 'peer-1', communities: ['0:1'] });
    fixture.expectNothingLeft();
  });

  test('more specific and less specific routes, and those of internal peers, are accepted', () => {
    const fixture = new RibFixture();
    fixture.rib.setConnected([PREFIX]);
    const peer = fixture.up(1, external());
    const inside = fixture.up(2);
    const route = { nextHop: '192.0.2.1', asPath: [65001] };
    fixture.receive(peer, announcement(['10.1.2.0/24', '10.0.0.0/8', '0.0.0.0/0'], route));
    expect(fixture.rib.sessionCounts(peer.slot).accepted).toEqual({ ipv4: 3 });
    announce(fixture, inside);
    expect(best(fixture)).toMatchObject({ peer: 'peer-2' });
  });

  test('the protection may be switched off for a session, without a reset', () => {
    const fixture = new RibFixture();
    fixture.rib.setConnected([PREFIX]);
    const peer = fixture.up(1, external());
    announce(fixture, peer);
    expect(best(fixture)).toBeUndefined();
    fixture.rib.updateSession(peer.slot, { ...peer.session, protectOwnPrefixes: false });
    fixture.settle();
    expect(best(fixture)).toMatchObject({ peer: 'peer-1' });
  });
});

describe('the first AS (RFC 4271 §6.3)', () => {
  test.each<[string, Partial<RibSession>, readonly number[], boolean]>([
    ['another AS first, checked', { enforceFirstAs: true }, [65002, 65001], false],
    ['another AS first, not checked', {}, [65002, 65001], true],
    ['the AS of the peer first', { enforceFirstAs: true }, [65001, 65002], true],
    ['no AS at all, checked', { enforceFirstAs: true }, [], false],
    [
      'of a route server, which leaves itself out (RFC 7947)',
      { enforceFirstAs: true, role: 'rs-client' },
      [65002],
      true,
    ],
  ])('%s', (_name, overrides, path, isAccepted) => {
    const fixture = new RibFixture();
    announce(fixture, fixture.up(1, external(overrides)), [], path);
    expect(best(fixture) !== undefined).toBe(isAccepted);
  });
});

describe('ONLY_TO_CUSTOMER (RFC 9234 §5)', () => {
  const roles = ['provider', 'rs', 'rs-client', 'customer', 'peer'] as const;
  /** Our role → what becomes of a route: without the attribute, with the AS of the peer in it, with another AS. */
  const INGRESS: Record<(typeof roles)[number], readonly (number | null | 'leak')[]> = {
    provider: [null, 'leak', 'leak'],
    rs: [null, 'leak', 'leak'],
    'rs-client': [65001, 65001, 65009],
    customer: [65001, 65001, 65009],
    peer: [65001, 65001, 'leak'],
  };
  const cases = roles.flatMap((role) =>
    ([null, 65001, 65009] as const).map((received, i) => [role, received, INGRESS[role][i]!] as const),
  );

  test.each(cases)('ingress: our role %s, received %s: %s', (role, received, expected) => {
    const fixture = new RibFixture();
    const inside = fixture.up(2);
    announce(fixture, fixture.up(1, external({ role })), received === null ? [] : [onlyToCustomer(received)]);
    if (expected === 'leak') {
      expect(inside.output.prefixes).toEqual([]);
      return;
    }
    const sent = inside.output.route(PREFIX).attributes.get(35);
    expect(sent === undefined ? null : sent.value.readUInt32BE(0)).toBe(expected);
  });

  test.each<[(typeof roles)[number], boolean, number | null]>([
    ['provider', true, 64512],
    ['rs', true, 64512],
    ['peer', false, 64512],
    ['customer', false, null],
    ['rs-client', false, null],
  ])(
    'egress: our role %s: a marked route goes: %s; an unmarked one leaves with %s',
    (role, marked, added) => {
      for (const isMarked of [true, false]) {
        const fixture = new RibFixture();
        const inside = fixture.up(2);
        const to = fixture.up(3, external({ role }, 65003));
        announce(fixture, inside, isMarked ? [onlyToCustomer(65009)] : []);
        if (isMarked && !marked) {
          expect(to.output.prefixes).toEqual([]);
          continue;
        }
        const sent = to.output.route(PREFIX).attributes.get(35);
        expect(sent?.value.readUInt32BE(0) ?? null).toBe(isMarked ? 65009 : added);
        expect([...to.output.route(PREFIX).attributes.keys()]).toEqual(
          [...to.output.route(PREFIX).attributes.keys()].toSorted((a, b) => a - b),
        );
      }
    },
  );

  test('NOPEER keeps a route from a peer, and from nobody else (RFC 3765)', () => {
    const fixture = new RibFixture();
    const peer = fixture.up(3, external({ role: 'peer' }, 65003));
    const customer = fixture.up(4, external({ role: 'provider' }, 65004));
    announce(fixture, fixture.up(2), [communities([NOPEER])]);
    expect([peer.output.prefixes, customer.output.prefixes]).toEqual([[], [PREFIX]]);
  });
});

describe('GRACEFUL_SHUTDOWN (RFC 8326)', () => {
  test.each<[string, Partial<RibSession>, number | null]>([
    ['an external route gets LOCAL_PREF 0', external(), 0],
    ['not where it is switched off', external({ honourGracefulShutdown: false }), null],
    ['an internal route keeps its own', {}, 100],
  ])('received: %s', (_name, overrides, localPref) => {
    const fixture = new RibFixture();
    announce(fixture, fixture.up(1, overrides), [communities([GRACEFUL_SHUTDOWN])]);
    expect(best(fixture)).toMatchObject({ localPref, communities: ['65535:0'] });
    fixture.expectNothingLeft();
  });

  test('draining: external sessions are sent the community, internal ones LOCAL_PREF 0; then nothing; and back', () => {
    const fixture = new RibFixture();
    const from = fixture.up(1);
    const inside = fixture.up(2);
    const outside = fixture.up(3, external({}, 65003));
    const sent = (one: FixtureSession) => {
      const route = one.output.table.get(PREFIX);
      return route && { localPref: route.localPref, communities: route.communities };
    };
    announce(fixture, from, [communities([7])]);
    const before = [sent(inside), sent(outside)];
    fixture.rib.setDrain('graceful');
    fixture.settle();
    expect(sent(inside)).toEqual({ ...before[0], localPref: 0 });
    expect(sent(outside)?.communities).toEqual([...before[1]!.communities, '65535:0']);
    const other = fixture.up(4, external({}, 65004));
    fixture.settle();
    expect(sent(other)?.communities).toEqual(['0:7', '65535:0']);
    fixture.rib.setDrain('withdrawn');
    fixture.settle();
    expect([inside, outside, other].map((one) => one.output.prefixes)).toEqual([[], [], []]);
    fixture.rib.setDrain('none');
    fixture.settle();
    expect([sent(inside), sent(outside)]).toEqual(before);
    fixture.expectNothingLeft();
  });
});

describe('AIGP (RFC 7311)', () => {
  test.each<[string, number, number]>([
    ['is left out', Flag.Optional, 0],
    ['is left out, whatever the other flags say', Flag.Optional | Flag.Partial | Flag.Extended, 0],
    [
      'is discarded when it claims to be transitive, and so passed to nobody',
      Flag.Optional | Flag.Transitive,
      1,
    ],
    ['is discarded when it claims to be well-known', Flag.Transitive, 1],
  ])('%s', (_name, flags, discarded) => {
    const fixture = new RibFixture();
    const [from, inside, outside] = [fixture.up(1), fixture.up(2), fixture.up(3, external({}, 65003))];
    const aigp = attribute(flags, 26, Buffer.from('01000b00000000000000ff', 'hex'));
    const message = announcement([PREFIX], { nextHop: '192.0.2.1', extra: [aigp] });
    expect(fixture.receive(from, message)).toMatchObject({
      notification: null,
      treatedAsWithdraw: false,
      attributesDiscarded: discarded,
    });
    for (const { output } of [inside, outside]) expect(output.route(PREFIX).attributes.has(26)).toBe(false);
  });
});
