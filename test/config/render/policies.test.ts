/** Expectations follow Calico's export rule and BGPFilter semantics (calico-node's BGP processor). */
import type { PolicyConfig } from '@manul/bgp';
import { decide, type TestRoute } from '../support/evaluate-policy.ts';
import {
  bgpConfiguration,
  bgpPeer,
  calico,
  config,
  dynamicNeighbor,
  node,
  peer,
  render,
  warningLines,
} from '../support/render-yaml.ts';

const NO_MESH = { nodeToNodeMeshEnabled: false };
const A = node('a', { v4: '10.0.0.1/24' });
const B = node('b', { v4: '10.0.0.2/24' });
const pool = (name: string, cidr: string, spec: object = {}) => calico('IPPool', name, { cidr, ...spec });
const affinity = (cidr: string, nodeName: string, state?: string) =>
  calico('BlockAffinity', `${nodeName}-${cidr.replace(/[./:]/g, '-')}`, {
    cidr,
    node: nodeName,
    ...(state === undefined ? {} : { state }),
  });

function exportPolicy(yaml: string, self = 'a'): PolicyConfig {
  return config(yaml, self).speaker.peers[0]!.exportPolicy;
}

function importPolicy(yaml: string, self = 'a'): PolicyConfig {
  return config(yaml, self).speaker.peers[0]!.importPolicy;
}

describe("Calico's export rule", () => {
  const CLUSTER =
    A +
    B +
    pool('pods', '10.65.0.0/16') +
    pool('hidden', '10.66.0.0/16', { disableBGPExport: true }) +
    pool('off', '10.67.0.0/16', { disabled: true }) +
    affinity('10.65.0.0/26', 'a') +
    affinity('10.65.1.0/26', 'a', 'pendingDeletion') +
    affinity('10.66.0.0/26', 'a') +
    affinity('10.65.7.7/32', 'a');

  test.each<[string, TestRoute, 'accept' | 'reject', string | undefined]>([
    [
      'step 1: inside a pool with disableBGPExport, an own block, too',
      { prefix: '10.66.0.0/26' },
      'reject',
      'IPPool/hidden disableBGPExport',
    ],
    ['step 5a: an own block', { prefix: '10.65.0.0/26' }, 'accept', 'own blocks'],
    ['step 5c: a host route inside an own block', { prefix: '10.65.0.5/32' }, 'reject', 'inside own blocks'],
    [
      'step 5b: an elevated host route inside an own block (priority 512)',
      { prefix: '10.65.0.5/32', localPref: 2_147_483_135 },
      'accept',
      'elevated ipv4 routes inside own blocks',
    ],
    [
      'step 5b: the ordinary priority is not elevated (2.17)',
      { prefix: '10.65.0.5/32', localPref: 2_147_482_623 },
      'reject',
      'inside own blocks',
    ],
    ['step 5: a block of one address is itself', { prefix: '10.65.7.7/32' }, 'accept', 'own blocks'],
    ['step 5: a block that is given back hides nothing', { prefix: '10.65.1.9/32' }, 'accept', 'IPPool/pods'],
    ['step 8: a borrowed address', { prefix: '10.65.9.9/32' }, 'accept', 'IPPool/pods'],
    ["step 8: another node's block", { prefix: '10.65.3.0/26', source: 'ibgp' }, 'accept', 'IPPool/pods'],
    [
      'step 8: a pool that is disabled for allocation',
      { prefix: '10.67.0.0/26', source: 'ibgp' },
      'accept',
      'IPPool/off',
    ],
    ['step 9: a route from outside', { prefix: '192.0.2.0/24', source: 'ebgp' }, 'reject', undefined],
    ['step 9: the default route', { prefix: '0.0.0.0/0', source: 'ebgp' }, 'reject', undefined],
    ['step 9: a prefix around a pool', { prefix: '10.0.0.0/8', source: 'ebgp' }, 'reject', undefined],
    ['step 9: IPv6', { prefix: 'fd00::/64', source: 'ibgp' }, 'reject', undefined],
  ])('%s', (_title, route, action, decidedBy) => {
    const decision = decide(exportPolicy(CLUSTER), route);
    expect([decision.action, decision.terms.at(-1)]).toEqual([action, decidedBy]);
  });

  test('holds for BGPPeers as for the mesh', () => {
    const yaml =
      CLUSTER + bgpConfiguration(NO_MESH) + bgpPeer('tor', { peerIP: '192.0.2.1', asNumber: 65_000 });
    const sessionType = 'ebgp';
    expect(decide(exportPolicy(yaml), { prefix: '10.65.0.0/26', sessionType }).action).toBe('accept');
    expect(decide(exportPolicy(yaml), { prefix: '10.65.0.1/32', sessionType }).action).toBe('reject');
  });

  test('without pools and blocks nothing is exported', () => {
    expect(decide(exportPolicy(A + B), { prefix: '10.65.0.0/26' }).action).toBe('reject');
  });

  test('step 7: a reflector passes on load balancer and external addresses of others, not cluster IPs', () => {
    const ranges = {
      nodeToNodeMeshEnabled: false,
      serviceClusterIPs: [{ cidr: '10.96.0.0/12' }],
      serviceExternalIPs: [{ cidr: '198.51.100.0/24' }],
      serviceLoadBalancerIPs: [{ cidr: '203.0.113.0/24' }],
    };
    const excluded = { 'node.kubernetes.io/exclude-from-external-load-balancers': 'true' };
    const rr = node('r', { v4: '10.0.0.9/24', clusterId: '244.0.0.1', labels: excluded });
    const yaml = rr + B + bgpConfiguration(ranges) + bgpPeer('p', { peerIP: '10.0.0.2', asNumber: 64_512 });
    const verdicts = ['198.51.100.7/32', '203.0.113.0/24', '10.96.0.1/32'].map(
      (prefix) => decide(exportPolicy(yaml, 'r'), { prefix, source: 'ibgp' }).action,
    );
    expect(verdicts).toEqual(['accept', 'accept', 'reject']);
    expect(decide(exportPolicy(yaml, 'b'), { prefix: '198.51.100.7/32', source: 'ibgp' }).terms).toEqual([
      'own service routes',
    ]);
  });

  test('import accepts everything', () => {
    expect(importPolicy(A + B)).toEqual({ name: 'accept', terms: [], otherwise: 'accept' });
  });
});

describe('communities', () => {
  const SETTINGS = {
    communities: [{ name: 'pods', value: '65001:100' }],
    prefixAdvertisements: [
      { cidr: '10.65.0.0/16', communities: ['pods', '65001:2:3'] },
      { cidr: '10.65.0.0/24', communities: ['65001:200'] },
    ],
  };

  test('every advertisement that contains the route adds its communities, on mesh sessions, too', () => {
    const yaml = A + B + pool('pods', '10.65.0.0/16') + bgpConfiguration(SETTINGS);
    const policy = exportPolicy(yaml);
    expect(decide(policy, { prefix: '10.65.0.64/26' }).terms).toEqual([
      'BGPConfiguration/default prefixAdvertisements[0]',
      'BGPConfiguration/default prefixAdvertisements[1]',
      'IPPool/pods',
    ]);
    expect(policy.terms[0]?.operations).toEqual([
      { kind: 'addCommunity', community: '65001:100' },
      { kind: 'addCommunity', community: '65001:2:3' },
    ]);
    expect(render(yaml, 'a').communities).toEqual([
      { prefix: '10.65.0.0/16', communities: ['65001:100', '65001:2:3'] },
      { prefix: '10.65.0.0/24', communities: ['65001:200'] },
    ]);
  });

  test("the node's own advertisements replace the cluster's", () => {
    const own = {
      prefixAdvertisements: [{ cidr: '10.65.0.0/16', communities: ['65001:7', 'pods', 'nobody'] }],
    };
    const rendered = render(A + B + bgpConfiguration(SETTINGS) + bgpConfiguration(own, 'node.a'), 'a');
    expect(rendered.communities).toEqual([{ prefix: '10.65.0.0/16', communities: ['65001:7', '65001:100'] }]);
    expect(warningLines(rendered)).toEqual([
      'BGPConfiguration/node.a spec.prefixAdvertisements[0].communities[2]: "nobody", for 10.65.0.0/16, is neither a community nor the name of one',
    ]);
  });

  test("the node's own advertisements replace the cluster's in their own family only", () => {
    const cluster = {
      prefixAdvertisements: [
        { cidr: '10.65.0.0/16', communities: ['1:4'] },
        { cidr: 'fd00::/48', communities: ['1:6'] },
      ],
    };
    const own = { prefixAdvertisements: [{ cidr: '10.0.0.0/8', communities: ['2:4'] }] };
    const yaml = A + B + bgpConfiguration(cluster) + bgpConfiguration(own, 'node.a');
    expect(render(yaml, 'a').communities).toEqual([
      { prefix: '10.0.0.0/8', communities: ['2:4'] },
      { prefix: 'fd00::/48', communities: ['1:6'] },
    ]);
    expect(exportPolicy(yaml).terms.map(({ name }) => name)).toEqual([
      'BGPConfiguration/node.a prefixAdvertisements[0]',
      'BGPConfiguration/default prefixAdvertisements[1]',
    ]);
    expect(render(yaml, 'b').communities.map(({ prefix }) => prefix)).toEqual(['10.65.0.0/16', 'fd00::/48']);
  });

  test('dynamic sessions carry them, too', () => {
    const yaml =
      A +
      bgpConfiguration({ ...SETTINGS, ...NO_MESH }) +
      dynamicNeighbor('d', { listenRanges: ['10.0.0.0/8'] });
    const { exportPolicy: policy } = config(yaml, 'a').speaker.dynamic[0]!;
    expect(decide(policy, { prefix: '10.65.9.0/26' })).toEqual({
      action: 'accept',
      terms: ['BGPConfiguration/default prefixAdvertisements[0]'],
    });
  });
});

describe('BGPFilter', () => {
  const filtered = (filters: Readonly<Record<string, object>>, names = Object.keys(filters)) =>
    A +
    B +
    bgpConfiguration(NO_MESH) +
    pool('pods', '10.65.0.0/16') +
    Object.entries(filters)
      .map(([name, spec]) => calico('BGPFilter', name, spec))
      .join('') +
    bgpPeer('p', { peerIP: '10.0.0.2', asNumber: 64_512, filters: names });
  const accepts = (rule: object, route: TestRoute): boolean => {
    const policy = importPolicy(
      filtered({ f: { importV4: [{ ...rule, action: 'Accept' }, { action: 'Reject' }] } }),
    );
    return decide(policy, route).action === 'accept';
  };

  test.each<[string, object, string, boolean]>([
    ['Equal, the same', { cidr: '10.1.0.0/16', matchOperator: 'Equal' }, '10.1.0.0/16', true],
    ['Equal, inside', { cidr: '10.1.0.0/16', matchOperator: 'Equal' }, '10.1.2.0/24', false],
    ['NotEqual, the same', { cidr: '10.1.0.0/16', matchOperator: 'NotEqual' }, '10.1.0.0/16', false],
    ['NotEqual, inside', { cidr: '10.1.0.0/16', matchOperator: 'NotEqual' }, '10.1.2.0/24', true],
    ['In, the same', { cidr: '10.1.0.0/16', matchOperator: 'In' }, '10.1.0.0/16', true],
    ['In, inside', { cidr: '10.1.0.0/16', matchOperator: 'In' }, '10.1.2.3/32', true],
    ['In, around', { cidr: '10.1.0.0/16', matchOperator: 'In' }, '10.0.0.0/8', false],
    ['NotIn, inside', { cidr: '10.1.0.0/16', matchOperator: 'NotIn' }, '10.1.2.0/24', false],
    ['NotIn, beside', { cidr: '10.1.0.0/16', matchOperator: 'NotIn' }, '10.2.0.0/16', true],
    [
      'In with lengths, too short',
      { cidr: '10.1.0.0/16', matchOperator: 'In', prefixLength: { min: 24, max: 26 } },
      '10.1.0.0/16',
      false,
    ],
    [
      'In with lengths, inside',
      { cidr: '10.1.0.0/16', matchOperator: 'In', prefixLength: { min: 24, max: 26 } },
      '10.1.2.0/26',
      true,
    ],
    [
      'In with lengths, too long',
      { cidr: '10.1.0.0/16', matchOperator: 'In', prefixLength: { min: 24, max: 26 } },
      '10.1.2.0/27',
      false,
    ],
    [
      'In, a minimum below the prefix',
      { cidr: '10.1.0.0/16', matchOperator: 'In', prefixLength: { min: 8 } },
      '10.1.0.0/16',
      true,
    ],
    [
      'NotIn with lengths, another length',
      { cidr: '10.1.0.0/16', matchOperator: 'NotIn', prefixLength: { min: 24 } },
      '10.1.0.0/17',
      true,
    ],
    [
      'In, lengths that leave nothing',
      { cidr: '10.1.0.0/16', matchOperator: 'In', prefixLength: { max: 8 } },
      '10.1.0.0/16',
      false,
    ],
    [
      'NotIn, lengths that leave nothing',
      { cidr: '10.1.0.0/16', matchOperator: 'NotIn', prefixLength: { max: 8 } },
      '10.1.0.0/16',
      true,
    ],
    ['no condition', {}, '192.0.2.0/24', true],
    ['rules for IPv4 leave IPv6 alone', { cidr: '10.1.0.0/16', matchOperator: 'NotIn' }, 'fd00::/64', true],
  ])('prefix: %s', (_title, rule, prefix, expected) => {
    expect(accepts(rule, { prefix })).toBe(expected);
  });

  test.each<[string, object, Omit<TestRoute, 'prefix'>, boolean]>([
    ['peerType iBGP on iBGP', { peerType: 'iBGP' }, { sessionType: 'ibgp' }, true],
    ['peerType eBGP on iBGP', { peerType: 'eBGP' }, { sessionType: 'ibgp' }, false],
    ['community', { communities: { values: ['65000:1'] } }, { communities: ['65000:1'] }, true],
    ['another community', { communities: { values: ['65000:1'] } }, { communities: ['65000:2'] }, false],
    ['AS path', { asPathPrefix: [65_001, 65_002] }, { asPath: [65_001, 65_002, 65_003] }, true],
    ['another AS path', { asPathPrefix: [65_001, 65_002] }, { asPath: [65_001, 65_003] }, false],
    ['priority 1024', { priority: 1024 }, { localPref: 2_147_482_623 }, true],
    ['priority 512', { priority: 512 }, { localPref: 2_147_483_135 }, true],
    ['another priority', { priority: 1024 }, { localPref: 100 }, false],
    [
      'all conditions must hold',
      { priority: 1024, peerType: 'eBGP' },
      { localPref: 2_147_482_623, sessionType: 'ibgp' },
      false,
    ],
    ['any interface', { interface: '*' }, {}, true],
    ['an interface', { interface: 'eth*' }, { interface: 'eth0' }, true],
    ['another interface', { interface: 'eth*' }, { interface: 'bond0' }, false],
    ['an interface, of a route that has none', { interface: 'eth*' }, {}, false],
  ])('%s', (_title, rule, route, expected) => {
    expect(accepts(rule, { prefix: '10.1.0.0/16', ...route })).toBe(expected);
  });

  test('source RemotePeers on export: what BGP brought, not our own', () => {
    const policy = exportPolicy(filtered({ f: { exportV4: [{ source: 'RemotePeers', action: 'Reject' }] } }));
    expect(decide(policy, { prefix: '10.65.0.0/26', source: 'ebgp' }).terms).toEqual([
      'BGPFilter/f exportV4[0]',
    ]);
    expect(decide(policy, { prefix: '10.65.0.0/26', source: 'local' }).terms).toEqual(['IPPool/pods']);
  });

  test('an accepting rule on export overrides the rest, disableBGPExport included', () => {
    const yaml =
      filtered({ f: { exportV4: [{ cidr: '10.66.0.0/16', matchOperator: 'In', action: 'Accept' }] } }) +
      pool('hidden', '10.66.0.0/16', { disableBGPExport: true });
    expect(decide(exportPolicy(yaml), { prefix: '10.66.0.0/26' })).toEqual({
      action: 'accept',
      terms: ['BGPFilter/f exportV4[0]'],
    });
  });

  test('filters follow each other in order, then the default', () => {
    const reject = (cidr: string) => ({ importV4: [{ cidr, matchOperator: 'In', action: 'Reject' }] });
    const yaml = filtered({ one: reject('10.1.0.0/16'), two: reject('10.0.0.0/8') }, ['two', 'one']);
    expect(decide(importPolicy(yaml), { prefix: '10.1.0.0/24' }).terms).toEqual([
      'BGPFilter/two importV4[0]',
    ]);
    expect(decide(importPolicy(yaml), { prefix: '192.0.2.0/24' }).action).toBe('accept');
  });

  test('operations keep their order; priorities become LOCAL_PREF', () => {
    const operations = [
      { setPriority: { value: 512 } },
      { prependASPath: { prefix: [65_001, '1.0'] } },
      { addCommunity: { value: '65000:1' } },
    ];
    const policy = importPolicy(filtered({ f: { importV4: [{ action: 'Accept', operations }] } }));
    expect(policy.terms[0]).toMatchObject({
      action: 'accept',
      operations: [
        { kind: 'setLocalPref', localPref: 2_147_483_135 },
        { kind: 'prependAsPath', asns: [65_001, 65_536] },
        { kind: 'addCommunity', community: '65000:1' },
      ],
    });
  });

  test('only filters with rules for the direction and the families of the session are listed', () => {
    const filters = {
      in4: { importV4: [{ action: 'Accept' }] },
      in6: { importV6: [{ action: 'Accept' }] },
      out4: { exportV4: [{ action: 'Accept' }] },
      none: {},
    };
    const yaml =
      A +
      bgpConfiguration(NO_MESH) +
      Object.entries(filters)
        .map(([name, spec]) => calico('BGPFilter', name, spec))
        .join('') +
      bgpPeer('tor', { peerIP: '192.0.2.1', asNumber: 65_000, filters: ['none', 'out4', 'in6', 'in4'] });
    expect(peer(render(yaml, 'a'), 'tor')).toMatchObject({
      families: ['ipv4'],
      importFilters: ['in4'],
      exportFilters: ['out4'],
    });
  });

  test('a filter that is missing rejects at its place, is listed, and is warned of', () => {
    const yaml = filtered(
      { first: { importV4: [{ cidr: '10.1.0.0/16', matchOperator: 'In', action: 'Accept' }] } },
      ['first', 'gone'],
    );
    const rendered = render(yaml, 'a');
    expect(peer(rendered, 'p')).toMatchObject({
      importFilters: ['first', 'missing:gone'],
      exportFilters: ['missing:gone'],
    });
    expect(decide(importPolicy(yaml), { prefix: '10.1.0.0/24' }).action).toBe('accept');
    expect(decide(importPolicy(yaml), { prefix: '10.2.0.0/24' })).toEqual({
      action: 'reject',
      terms: ['BGPFilter/gone is missing'],
    });
    expect(decide(exportPolicy(yaml), { prefix: '10.65.0.0/26' }).action).toBe('reject');
    expect(warningLines(rendered)).toEqual([
      'BGPPeer/p spec.filters[1]: BGPFilter gone is missing: every route is rejected there',
    ]);
  });

  test('what has no effect is warned of', () => {
    const rules = [
      { cidr: '10.1.0.0/16', matchOperator: 'Equal', prefixLength: { min: 8 }, action: 'Accept' },
      { cidr: '10.1.0.0/16', matchOperator: 'In', prefixLength: { max: 8 }, action: 'Accept' },
    ];
    expect(warningLines(render(filtered({ f: { importV4: rules } }), 'a'))).toEqual([
      'BGPFilter/f spec.importV4[0].prefixLength: has no effect with Equal',
      'BGPFilter/f spec.importV4[1].prefixLength: leaves no length: the rule matches nothing',
    ]);
  });

  test('sessions with equal demands share their policies', () => {
    const [first, second] = config(A + B + node('c', { v4: '10.0.0.3/24' }), 'a').speaker.peers;
    expect(first?.exportPolicy).toBe(second?.exportPolicy);
    expect(first?.importPolicy).toBe(second?.importPolicy);
  });
});

describe('policies of DynamicNeighbors', () => {
  const policies = (spec: object, filters = '') => {
    const yaml = A + filters + dynamicNeighbor('d', { listenRanges: ['10.0.0.0/8'], ...spec });
    return config(yaml, 'a').speaker.dynamic[0]!;
  };
  const route: TestRoute = { prefix: '192.0.2.0/24', source: 'ebgp' };
  const both = (dynamic: ReturnType<typeof policies>, sessionType: 'ibgp' | 'ebgp') =>
    [dynamic.importPolicy, dynamic.exportPolicy].map(
      (policy) => decide(policy, { ...route, sessionType }).action,
    );

  test('our own AS: every route, in and out', () => {
    expect(policies({})).toMatchObject({
      importPolicy: { terms: [], otherwise: 'accept' },
      exportPolicy: { terms: [], otherwise: 'accept' },
    });
  });

  test('another AS without filters: nothing (RFC 8212); our own AS in the same range: everything', () => {
    const dynamic = policies({ asNumbers: ['64512', '65000-65100'] });
    expect(both(dynamic, 'ebgp')).toEqual(['reject', 'reject']);
    expect(both(dynamic, 'ibgp')).toEqual(['accept', 'accept']);
  });

  test('another AS with rules for one direction: that direction is open', () => {
    const filter = calico('BGPFilter', 'f', {
      importV4: [{ cidr: '10.0.0.0/8', matchOperator: 'In', action: 'Reject' }],
    });
    expect(both(policies({ asNumbers: [65_000], filters: ['f'] }, filter), 'ebgp')).toEqual([
      'accept',
      'reject',
    ]);
  });

  test('a missing filter rejects', () => {
    expect(both(policies({ filters: ['gone'] }), 'ibgp')).toEqual(['reject', 'reject']);
  });
});
