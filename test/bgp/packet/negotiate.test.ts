import type { Capability } from '../../../bgp/packet/capabilities/capability.ts';
import { type NegotiationResult, negotiate } from '../../../bgp/packet/negotiate.ts';
import type { OpenMessage } from '../../../bgp/packet/open.ts';
import { fromHex, OPEN_VECTORS } from '../../vectors/session-messages.ts';

const IPV4 = { kind: 'multiprotocol', afi: 1, safi: 1 } as const;
const IPV6 = { kind: 'multiprotocol', afi: 2, safi: 1 } as const;
const EVPN = { kind: 'multiprotocol', afi: 25, safi: 70 } as const;
const bothWays = { send: true, receive: true };
const ADD_PATH: Capability = {
  kind: 'addPath',
  entries: [
    { afi: 1, safi: 1, ...bothWays },
    { afi: 2, safi: 1, ...bothWays },
  ],
};

const own: OpenMessage = {
  asn: 64512,
  holdTimeSec: 90,
  routerId: '10.0.0.1',
  capabilities: [IPV4, IPV6, { kind: 'fourOctetAs', asn: 64512 }, { kind: 'extendedMessage' }, ADD_PATH],
};
const peer: OpenMessage = { ...own, routerId: '10.0.0.2' };
const anyone = { keepaliveSec: 30, acceptsAsn: () => true };

function agreed(result: NegotiationResult) {
  if (!result.ok) throw new Error(result.text);
  return result.session;
}

function refused(result: NegotiationResult) {
  if (result.ok) throw new Error('expected a refusal');
  const { code, subcode, data } = result.notification;
  return { code, subcode, data };
}

describe('negotiation', () => {
  test('what both offer is the session', () => {
    expect(agreed(negotiate(own, peer, anyone))).toEqual({
      peerAsn: 64512,
      peerRouterId: '10.0.0.2',
      families: ['ipv4', 'ipv6'],
      fourOctetAs: true,
      addPathReceive: ['ipv4', 'ipv6'],
      addPathSend: ['ipv4', 'ipv6'],
      maxMessageBytes: 65535,
      holdTimeSec: 90,
      keepaliveSec: 30,
      routeRefresh: false,
      extendedNextHop: false,
      enhancedRefresh: false,
      sendsEndOfRib: false,
      preservesForwarding: false,
      gracefulRestart: null,
    });
  });

  test('of several graceful restart capabilities the last counts (RFC 4724 §3)', () => {
    const offer = (restartTimeSec: number, restarting: boolean, preserved: boolean) =>
      ({
        kind: 'gracefulRestart',
        ...{ restarting, notification: true, restartTimeSec },
        entries: [{ afi: 1, safi: 1, forwardingPreserved: preserved }],
      }) as const;
    const capabilities = [...peer.capabilities, offer(1, true, false), offer(90, false, true)];
    const ours = { ...own, capabilities: [...own.capabilities, offer(120, false, true)] };
    expect(agreed(negotiate(ours, { ...peer, capabilities }, anyone)).gracefulRestart).toEqual({
      restartTimeSec: 90,
      families: ['ipv4'],
      preserved: ['ipv4'],
      isRestarting: false,
      survivesNotification: true,
      isPreservedByUs: true,
    });
  });

  test('a peer without capabilities speaks IPv4 unicast with two-octet AS numbers', () => {
    const session = agreed(negotiate(own, { ...peer, asn: 65000, capabilities: [] }, anyone));
    expect(session).toMatchObject({
      families: ['ipv4'],
      fourOctetAs: false,
      addPathReceive: [],
      addPathSend: [],
      maxMessageBytes: 4096,
    });
  });

  test('a peer that offers IPv6 alone does not get IPv4 (RFC 4760 §8)', () => {
    expect(agreed(negotiate(own, { ...peer, capabilities: [IPV6] }, anyone)).families).toEqual(['ipv6']);
  });

  test('without a common family: 2/7 with the families that we offered (RFC 5492 §5)', () => {
    const data = fromHex('010400010001 010400020001');
    expect(refused(negotiate(own, { ...peer, capabilities: [EVPN] }, anyone))).toEqual({
      code: 2,
      subcode: 7,
      data,
    });
  });

  test('path identifiers are sent where we send and the peer receives (RFC 7911 §4)', () => {
    const entries = [
      { afi: 1, safi: 1, send: false, receive: true },
      { afi: 2, safi: 1, send: true, receive: false },
    ];
    const session = agreed(
      negotiate(own, { ...peer, capabilities: [IPV4, IPV6, { kind: 'addPath', entries }] }, anyone),
    );
    expect(session.addPathSend).toEqual(['ipv4']);
    expect(session.addPathReceive).toEqual(['ipv6']);
  });

  test('a refresh has markers where both offer them (RFC 7313 §4)', () => {
    const enhanced = { kind: 'enhancedRouteRefresh' } as const;
    const with1 = { ...own, capabilities: [...own.capabilities, enhanced] };
    const with2 = { ...peer, capabilities: [...peer.capabilities, enhanced] };
    expect(agreed(negotiate(with1, with2, anyone)).enhancedRefresh).toBe(true);
    expect(agreed(negotiate(with1, peer, anyone)).enhancedRefresh).toBe(false);
    expect(agreed(negotiate(own, with2, anyone)).enhancedRefresh).toBe(false);
  });

  test('IPv6 next hops of IPv4 unicast are for both or for nobody (RFC 8950 §4)', () => {
    const offer = (afi: number, nextHopAfi: number): OpenMessage => ({
      ...own,
      routerId: '10.0.0.3',
      capabilities: [IPV4, IPV6, { kind: 'extendedNextHop', entries: [{ afi, safi: 1, nextHopAfi }] }],
    });
    expect(
      agreed(negotiate(offer(1, 2), { ...offer(1, 2), routerId: '10.0.0.4' }, anyone)).extendedNextHop,
    ).toBe(true);
    expect(agreed(negotiate(offer(1, 2), peer, anyone)).extendedNextHop).toBe(false);
    expect(agreed(negotiate(peer, offer(1, 2), anyone)).extendedNextHop).toBe(false);
    const other = { ...offer(2, 1), routerId: '10.0.0.4' };
    expect(agreed(negotiate(offer(1, 2), other, anyone)).extendedNextHop).toBe(false);
  });

  test('an AS number that is not expected is 2/2', () => {
    const result = negotiate(own, { ...peer, asn: 65000 }, { ...anyone, acceptsAsn: (asn) => asn === 64512 });
    expect(refused(result)).toMatchObject({ code: 2, subcode: 2 });
  });

  test('our own identifier at an internal peer is 2/3, at an external one it is good (RFC 6286 §2.2)', () => {
    expect(refused(negotiate(own, { ...peer, routerId: own.routerId }, anyone))).toMatchObject({
      code: 2,
      subcode: 3,
    });
    expect(negotiate(own, { ...peer, routerId: own.routerId, asn: 65000 }, anyone).ok).toBe(true);
  });

  test.each([
    // own hold time, peer's, configured keepalive → hold time, keepalive
    [90, 90, 30, 90, 30],
    [90, 90, 10, 90, 10],
    [90, 30, 30, 30, 10],
    [90, 240, 30, 90, 30],
    [90, 9, 2, 9, 2],
    [90, 3, 30, 3, 1],
    [90, 0, 30, 0, 0],
    [0, 90, 30, 0, 0],
    [90, 90, 0, 90, 30],
    [90, 90, 90, 90, 30],
  ])(
    'hold times %i and %i, keepalive %i: %i and %i',
    (mine, theirs, keepaliveSec, holdTimeSec, keepalive) => {
      const session = agreed(
        negotiate(
          { ...own, holdTimeSec: mine },
          { ...peer, holdTimeSec: theirs },
          { ...anyone, keepaliveSec },
        ),
      );
      expect(session).toMatchObject({ holdTimeSec, keepaliveSec: keepalive });
    },
  );

  test.each([
    ['BIRD', 0, true, true, 65535],
    ['FRR', 1, true, false, 65535],
    ['GoBGP', 2, true, false, 4096],
    ['ExaBGP', 3, true, true, 65535],
  ])('with %s', (_name, index, sendsEndOfRib, preservesForwarding, maxMessageBytes) => {
    const session = agreed(negotiate(own, OPEN_VECTORS[index]!.open, anyone));
    expect(session).toMatchObject({
      families: ['ipv4', 'ipv6'],
      fourOctetAs: true,
      routeRefresh: true,
      enhancedRefresh: false,
      sendsEndOfRib,
      preservesForwarding,
      maxMessageBytes,
    });
  });
});

describe('roles (RFC 9234 §4.2)', () => {
  const ROLES = ['provider', 'rs', 'rs-client', 'customer', 'peer'];
  const ALLOWED = ['provider-customer', 'customer-provider', 'rs-rs-client', 'rs-client-rs', 'peer-peer'];
  const withRoles = (open: OpenMessage, ...values: readonly number[]): OpenMessage => ({
    ...open,
    capabilities: [...open.capabilities, ...values.map((value) => ({ kind: 'role', value }) as const)],
  });
  const other = { ...peer, asn: 65001 };
  const pairs = ROLES.flatMap((ours, i) => ROLES.map((theirs, j) => [ours, theirs, i, j] as const));

  test.each(pairs)('ours %s, theirs %s', (ours, theirs, i, j) => {
    const result = negotiate(withRoles(own, i), withRoles(other, j), anyone);
    if (ALLOWED.includes(`${ours}-${theirs}`)) agreed(result);
    else expect(refused(result)).toEqual({ code: 2, subcode: 11, data: new Uint8Array(0) });
  });

  test.each<[string, readonly number[], boolean, boolean]>([
    ['no role, and none is asked for', [], false, true],
    ['no role in strict mode', [], true, false],
    ['the same role twice', [3, 3], false, true],
    ['two roles', [3, 4], false, false],
    ['a role that is unassigned', [99], false, false],
  ])('the peer says %s', (_name, theirs, requiresRole, isAgreed) => {
    const result = negotiate(withRoles(own, 0), withRoles(other, ...theirs), { ...anyone, requiresRole });
    if (isAgreed) agreed(result);
    else expect(refused(result)).toMatchObject({ code: 2, subcode: 11 });
  });

  test('mean nothing between internal peers, nor where we have none', () => {
    agreed(negotiate(withRoles(own, 0), withRoles(peer, 0), { ...anyone, requiresRole: true }));
    agreed(negotiate(own, withRoles(other, 0), anyone));
  });
});
