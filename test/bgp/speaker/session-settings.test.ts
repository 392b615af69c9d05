import { ownOpen } from '../../../bgp/speaker/own-open.ts';
import {
  acceptsAsn,
  configuredSettings,
  dynamicSettings,
  expectedAsn,
  hasSameWireParameters,
} from '../../../bgp/speaker/session-settings.ts';
import type { PeerConfig } from '../../../bgp/speaker/speaker-config.ts';
import { peerConfig, rangeConfig } from './speaker-under-test.ts';

const identity = { asn: 64512, routerId: '10.0.0.1' };
const CLIENT = { address: '127.0.1.1', zone: null };
const settings = (changes: Partial<PeerConfig> = {}) =>
  configuredSettings(peerConfig(changes), changes.address ?? '127.0.0.2', identity);

describe('a change of the configuration', () => {
  const wireChanges: readonly Partial<PeerConfig>[] = [
    { families: ['ipv4'] },
    { holdTimeSec: 60 },
    { keepaliveSec: 10 },
    { addPath: false },
    { gracefulRestartSec: 120 },
    { localAsn: 65000 },
    { localAddress: '127.0.0.1' },
    { port: 1790 },
    { held: 'no key' },
    { ttlSecurity: 1 },
    { interface: 'eth0' },
  ];
  test.each(wireChanges)('%j needs a reset', (changes) => {
    expect(hasSameWireParameters(settings(), settings(changes))).toBe(false);
  });

  const softChanges: readonly Partial<PeerConfig>[] = [
    { name: 'renamed' },
    { routeReflectorClient: true },
    { nextHop: 'self' },
    { allowOwnAs: 2 },
    { maxPrefixes: 100 },
    { password: 'secret' },
    { passive: false },
    { exportPolicy: { name: 'none', terms: [], otherwise: 'reject' } },
  ];
  test.each(softChanges)('%j needs none', (changes) => {
    expect(hasSameWireParameters(settings(), settings(changes))).toBe(true);
  });

  test('another router ID of ours needs one', () => {
    const moved = configuredSettings(peerConfig(), '127.0.0.2', { ...identity, routerId: '10.9.9.9' });
    expect(hasSameWireParameters(settings(), moved)).toBe(false);
  });
});

describe('AS numbers', () => {
  test('a range without AS numbers accepts our own', () => {
    const dynamic = dynamicSettings(rangeConfig(), CLIENT, identity);
    expect(acceptsAsn(dynamic, 64512)).toBe(true);
    expect(acceptsAsn(dynamic, 64513)).toBe(false);
    expect(expectedAsn(dynamic)).toBe(64512);
  });

  test('ranges are inclusive at both ends', () => {
    const asNumbers = [
      { first: 64512, last: 64512 },
      { first: 65000, last: 65100 },
    ];
    const dynamic = dynamicSettings(rangeConfig({ asNumbers }), CLIENT, identity);
    expect([64512, 65000, 65100].every((asn) => acceptsAsn(dynamic, asn))).toBe(true);
    expect([64511, 64513, 64999, 65101].some((asn) => acceptsAsn(dynamic, asn))).toBe(false);
    expect(expectedAsn(dynamic)).toBe(0);
  });
});

describe('our OPEN', () => {
  test('offers the families, ADD-PATH both ways, and graceful restart without a family', () => {
    expect(ownOpen(settings({ gracefulRestartSec: 120 }))).toEqual({
      asn: 64512,
      holdTimeSec: 90,
      routerId: '10.0.0.1',
      capabilities: [
        { kind: 'multiprotocol', afi: 1, safi: 1 },
        { kind: 'multiprotocol', afi: 2, safi: 1 },
        { kind: 'routeRefresh' },
        { kind: 'enhancedRouteRefresh' },
        { kind: 'extendedMessage' },
        { kind: 'extendedNextHop', entries: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
        { kind: 'gracefulRestart', restarting: false, notification: false, restartTimeSec: 120, entries: [] },
        { kind: 'fourOctetAs', asn: 64512 },
        {
          kind: 'addPath',
          entries: [
            { afi: 1, safi: 1, send: true, receive: true },
            { afi: 2, safi: 1, send: true, receive: true },
          ],
        },
      ],
    });
  });

  test('offers no ADD-PATH where it is turned off, and a restart time of at most 4095 s', () => {
    const { capabilities } = ownOpen(settings({ addPath: false, gracefulRestartSec: 9000 }));
    expect(capabilities.some(({ kind }) => kind === 'addPath')).toBe(false);
    expect(capabilities).toContainEqual(expect.objectContaining({ restartTimeSec: 4095 }));
  });
});
