/** Protection of external sessions: strict for unknown clients of another AS, Calico's for BGPPeers unless asked for. */
import { decide, type TestRoute } from '../support/evaluate-policy.ts';
import {
  bgpConfiguration,
  calico,
  config,
  dynamicNeighbor,
  node,
  render,
  warningLines,
} from '../support/render-yaml.ts';

const CLUSTER =
  bgpConfiguration({
    nodeToNodeMeshEnabled: false,
    serviceClusterIPs: [{ cidr: '10.96.0.0/12' }],
    serviceExternalIPs: [{ cidr: '192.0.2.0/24' }],
    serviceLoadBalancerIPs: [{ cidr: '198.51.100.0/24' }],
  }) +
  node('a', { v4: '10.0.0.1/24' }) +
  node('b', { v4: '10.0.0.2/24', v6: 'fd00::2/64' }) +
  calico('IPPool', 'pods', { cidr: '10.65.0.0/16' });

const external = (prefix: string): TestRoute => ({ prefix, sessionType: 'ebgp', source: 'ebgp' });
const allowAll = calico('BGPFilter', 'all', {
  importV4: [{ action: 'Accept' }],
  exportV4: [{ action: 'Accept' }],
});
const range = (spec: object) =>
  CLUSTER +
  allowAll +
  dynamicNeighbor('c', { listenRanges: ['10.0.0.0/8'], asNumbers: ['65001'], filters: ['all'], ...spec });
const peerWith = (annotations: Record<string, string>, spec: object = {}) =>
  CLUSTER +
  allowAll +
  calico('BGPPeer', 'tor', { peerIP: '10.0.0.9', asNumber: 65001, ...spec }, { annotations });

const PROTECTED = [
  ['0.0.0.0/0', 'the default route is protected'],
  ['10.65.0.0/26', 'IPPool/pods is protected: pods'],
  ['10.65.3.4/32', 'IPPool/pods is protected: pods'],
  ['10.96.0.0/12', 'BGPConfiguration/default is protected: cluster IPs'],
  ['192.0.2.7/32', 'BGPConfiguration/default is protected: external and load balancer addresses'],
  ['198.51.100.0/24', 'BGPConfiguration/default is protected: external and load balancer addresses'],
  ['10.0.0.2/32', 'addresses of nodes are protected'],
] as const;

describe('a DynamicNeighbor of another AS', () => {
  test.each(PROTECTED)('may not announce %s', (prefix, rule) => {
    const { importPolicy } = config(range({}), 'a').speaker.dynamic[0]!;
    expect(decide(importPolicy, external(prefix))).toEqual({ action: 'reject', terms: [rule] });
  });

  test.each(['10.0.0.0/8', '10.66.0.0/16', '10.0.0.3/32', '203.0.113.0/24'])('may announce %s', (prefix) => {
    const { importPolicy } = config(range({}), 'a').speaker.dynamic[0]!;
    expect(decide(importPolicy, external(prefix)).action).toBe('accept');
  });

  test('a client of our own AS is not concerned, nor one where it is switched off', () => {
    const mixed = config(range({ asNumbers: ['64512', '65001'] }), 'a').speaker.dynamic[0]!;
    expect(decide(mixed.importPolicy, { prefix: '10.65.0.0/26' }).action).toBe('accept');
    const off = config(range({ importProtection: 'own' }), 'a').speaker.dynamic[0]!;
    expect(decide(off.importPolicy, external('0.0.0.0/0')).action).toBe('accept');
    expect(off.protectOwnPrefixes).toBeUndefined();
    expect(config(range({ importProtection: 'none' }), 'a').speaker.dynamic[0]!.protectOwnPrefixes).toBe(
      false,
    );
  });

  test('RFC 8212 may be switched off', () => {
    const strict = config(range({ filters: [] }), 'a').speaker.dynamic[0]!;
    const free = config(range({ filters: [], requirePolicy: false }), 'a').speaker.dynamic[0]!;
    expect(decide(strict.exportPolicy, external('203.0.113.0/24')).action).toBe('reject');
    expect(decide(free.exportPolicy, external('203.0.113.0/24')).action).toBe('accept');
  });

  test('role and first AS go to the speaker', () => {
    const written = range({ role: 'provider', strictRole: true, enforceFirstAs: true });
    expect(config(written, 'a').speaker.dynamic[0]).toMatchObject({
      role: 'provider',
      strictRole: true,
      enforceFirstAs: true,
    });
    const { role, enforceFirstAs } = config(range({}), 'a').speaker.dynamic[0]!;
    expect([role, enforceFirstAs]).toEqual([undefined, undefined]);
  });
});

describe('a BGPPeer of another AS', () => {
  test('may announce what Calico accepts: blocks of others and a default route', () => {
    const [tor] = config(peerWith({}), 'a').speaker.peers;
    for (const [prefix] of PROTECTED)
      expect(decide(tor!.importPolicy, external(prefix)).action).toBe('accept');
    expect([tor!.protectOwnPrefixes, tor!.multihop]).toEqual([undefined, undefined]);
  });

  test('is as strict as its annotations say', () => {
    const annotations = {
      'manul.dev/import-protection': 'strict',
      'manul.dev/require-policy': 'true',
      'manul.dev/role': 'customer',
      'manul.dev/strict-role': 'true',
      'manul.dev/enforce-first-as': 'true',
      'manul.dev/multihop': 'false',
    };
    const [tor] = config(peerWith(annotations), 'a').speaker.peers;
    for (const [prefix] of PROTECTED)
      expect(decide(tor!.importPolicy, external(prefix)).action).toBe('reject');
    expect(decide(tor!.exportPolicy, external('10.65.0.0/26')).terms).toEqual(['RFC 8212: no export policy']);
    expect(tor).toMatchObject({
      role: 'customer',
      strictRole: true,
      enforceFirstAs: true,
      multihop: false,
    });
    const [filtered] = config(peerWith(annotations, { filters: ['all'] }), 'a').speaker.peers;
    expect(decide(filtered!.exportPolicy, external('10.65.0.0/26')).action).toBe('accept');
  });

  test('an annotation that means nothing is a warning', () => {
    const yaml = peerWith({ 'manul.dev/role': 'king' });
    expect(warningLines(render(yaml, 'a'))).toEqual([
      'BGPPeer/tor metadata.annotations["manul.dev/role"]: "king" is none of provider, rs, rs-client, customer, peer: it has no effect',
    ]);
  });
});
