/** What is accepted and announced: calico-semantics 1.4, 2.7, 2.8 and 2.11, filters that vanish among them. */
import { bgpConfiguration, bgpPeer, calico, node } from '../../support/render-yaml.ts';
import type { Situation, Verdict } from './situation.ts';

const NO_MESH = bgpConfiguration({ nodeToNodeMeshEnabled: false });
const A = node('a', { v4: '10.0.0.1/24', v6: 'fd00::1/64' });
const B = node('b', { v4: '10.0.0.2/24' });
const POOLS =
  calico('IPPool', 'pods', { cidr: '10.65.0.0/16' }) +
  calico('IPPool', 'hidden', { cidr: '10.66.0.0/16', disableBGPExport: true });
/** Gives out no addresses any more: that is IPAM's matter, and its routes go out all the same (1.5). */
const DISABLED = calico('IPPool', 'off', { cidr: '10.67.0.0/16', disabled: true });
const BLOCKS =
  calico('BlockAffinity', 'x', { cidr: '10.65.0.0/26', node: 'a' }) +
  calico('BlockAffinity', 'y', { cidr: '10.66.0.0/26', node: 'a' });
/** LOCAL_PREF of a route of the ordinary priority, 1024 (Appendix A). */
const NORMAL = 2_147_482_623;

const exported = (
  prefix: string,
  action: Verdict['action'],
  extra: Partial<Verdict['route']> = {},
): Verdict => ({
  peer: 'mesh/b',
  direction: 'export',
  route: { prefix, localPref: NORMAL, ...extra },
  action,
});

const STANDARD: Situation = {
  cites: ['2.8 step 1', '2.8 step 5', '2.8 step 8', '2.8 step 9', '1.5 disabled'],
  because: 'the standard policy, first decision wins',
  resources: [A, B, POOLS, DISABLED, BLOCKS],
  node: 'a',
  warnings: ['IPPool/off spec.disabled: has no effect yet: Manul does not allocate addresses'],
  verdicts: [
    exported('10.66.0.0/26', 'reject'),
    exported('10.65.0.0/26', 'accept'),
    exported('10.65.0.5/32', 'accept', { localPref: 2_147_483_135 }),
    exported('10.65.0.5/32', 'reject'),
    exported('10.65.9.9/32', 'accept'),
    exported('10.65.4.0/26', 'accept', { source: 'ibgp' }),
    exported('10.67.0.0/26', 'accept', { source: 'ibgp' }),
    exported('10.0.0.0/24', 'reject'),
    exported('0.0.0.0/0', 'reject', { source: 'ebgp' }),
    exported('192.0.2.0/24', 'reject', { source: 'ebgp' }),
  ],
};

const RANGES = {
  nodeToNodeMeshEnabled: false,
  serviceClusterIPs: [{ cidr: '10.96.0.0/12' }],
  serviceExternalIPs: [{ cidr: '198.51.100.0/24' }],
  serviceLoadBalancerIPs: [{ cidr: '203.0.113.0/24' }],
};
const EXCLUDED = { 'node.kubernetes.io/exclude-from-external-load-balancers': 'true' };
const fromOthers = (peer: string, prefix: string, action: Verdict['action']): Verdict => ({
  peer,
  direction: 'export',
  route: { prefix, source: 'ibgp' },
  action,
});

const SERVICES: readonly Situation[] = [
  {
    cites: ['2.8 step 6'],
    because: 'what lies inside an advertised service route of this node',
    resources: [bgpConfiguration(RANGES), A, bgpPeer('p', { peerIP: '10.0.0.2', asNumber: 64_512 })],
    node: 'a',
    verdicts: [fromOthers('p', '10.96.0.7/32', 'accept'), fromOthers('p', '203.0.113.0/24', 'accept')],
  },
  {
    cites: ['2.8 step 7'],
    because: "a reflector passes others' LB and external routes on, but not cluster IPs",
    resources: [
      bgpConfiguration(RANGES),
      node('rr', { v4: '10.0.0.9/24', clusterId: '244.0.0.1', labels: EXCLUDED }),
      bgpPeer('p', { peerIP: '10.0.0.2', asNumber: 64_512 }),
    ],
    node: 'rr',
    verdicts: [
      fromOthers('p', '203.0.113.0/24', 'accept'),
      fromOthers('p', '198.51.100.7/32', 'accept'),
      fromOthers('p', '10.96.0.7/32', 'reject'),
    ],
  },
  {
    cites: ['2.8 step 7'],
    because: 'without a cluster ID it does not',
    resources: [
      bgpConfiguration(RANGES),
      node('n', { v4: '10.0.0.9/24', labels: EXCLUDED }),
      bgpPeer('p', { peerIP: '10.0.0.2', asNumber: 64_512 }),
    ],
    node: 'n',
    verdicts: [fromOthers('p', '203.0.113.0/24', 'reject')],
  },
  {
    cites: ['2.8 step 4', '2.12'],
    because: 'communities are attached behind step 1, to every route that a prefix holds, on the mesh, too',
    resources: [
      bgpConfiguration({ prefixAdvertisements: [{ cidr: '10.64.0.0/14', communities: ['65001:1'] }] }),
      A,
      B,
      POOLS,
      BLOCKS,
    ],
    node: 'a',
    verdicts: [
      {
        ...exported('10.65.0.0/26', 'accept'),
        terms: ['BGPConfiguration/default prefixAdvertisements[0]', 'own blocks'],
      },
      { ...exported('10.66.0.0/26', 'reject'), terms: ['IPPool/hidden disableBGPExport'] },
    ],
  },
];

/** A peer whose one import rule accepts, and rejects all else; a rule for IPv6 beside it. */
function rule(
  cites: readonly string[],
  because: string,
  match: object,
  yes: Verdict['route'],
  no: Verdict['route'] | null,
): Situation {
  const rules = [{ ...match, action: 'Accept' }, { action: 'Reject' }];
  const verdict = (route: Verdict['route'], action: Verdict['action']): Verdict => {
    return { peer: 'p', direction: 'import', route, action };
  };
  return {
    cites,
    because,
    resources: [
      NO_MESH,
      A,
      calico('BGPFilter', 'f', { importV4: rules }),
      bgpPeer('p', { peerIP: '192.0.2.1', asNumber: 65_000, filters: ['f'] }),
    ],
    node: 'a',
    peers: { p: { importFilters: ['f'], exportFilters: [] } },
    verdicts: [verdict(yes, 'accept'), ...(no === null ? [] : [verdict(no, 'reject')])],
  };
}

const E = { sessionType: 'ebgp', source: 'ebgp' } as const;
const P = '10.65.1.0/26';
const CIDR = '10.65.0.0/16';

const RULES: readonly Situation[] = [
  rule(
    ['1.4 cidr', '1.4 matchOperator'],
    'Equal',
    { cidr: CIDR, matchOperator: 'Equal' },
    { ...E, prefix: CIDR },
    { ...E, prefix: P },
  ),
  rule(
    ['1.4 matchOperator'],
    'NotEqual',
    { cidr: CIDR, matchOperator: 'NotEqual' },
    { ...E, prefix: P },
    { ...E, prefix: CIDR },
  ),
  rule(
    ['1.4 matchOperator'],
    'In',
    { cidr: CIDR, matchOperator: 'In' },
    { ...E, prefix: CIDR },
    { ...E, prefix: '10.0.0.0/8' },
  ),
  rule(
    ['1.4 matchOperator'],
    'NotIn',
    { cidr: CIDR, matchOperator: 'NotIn' },
    { ...E, prefix: '10.0.0.0/8' },
    { ...E, prefix: P },
  ),
  rule(
    ['1.4 prefixLength'],
    'max(min, length of cidr) to max',
    { cidr: CIDR, matchOperator: 'In', prefixLength: { min: 8, max: 26 } },
    { ...E, prefix: P },
    { ...E, prefix: '10.65.1.1/32' },
  ),
  rule(['1.4 source'], 'in effect on export only', { source: 'RemotePeers' }, { ...E, prefix: P }, null),
  rule(['1.4 interface'], '* is every interface', { interface: '*' }, { ...E, prefix: P }, null),
  rule(
    ['1.4 peerType'],
    'the type of the session',
    { peerType: 'eBGP' },
    { ...E, prefix: P },
    { prefix: P, sessionType: 'ibgp' },
  ),
  rule(
    ['1.4 communities', '2.11'],
    'two numbers: standard',
    { communities: { values: ['65001:1'] } },
    { ...E, prefix: P, communities: ['65001:1'] },
    { ...E, prefix: P, communities: ['65001:1:0'] },
  ),
  rule(
    ['1.4 communities', '2.11'],
    'three numbers: large',
    { communities: { values: ['1:2:3'] } },
    { ...E, prefix: P, communities: ['1:2:3'] },
    { ...E, prefix: P, communities: ['1:2'] },
  ),
  rule(
    ['1.4 asPathPrefix'],
    'AS_PATH begins with these, nearest first',
    { asPathPrefix: [65_000, 65_001] },
    { ...E, prefix: P, asPath: [65_000, 65_001, 65_002] },
    { ...E, prefix: P, asPath: [65_001, 65_000] },
  ),
  rule(
    ['1.4 priority', 'Appendix A LOCAL_PREF'],
    'LOCAL_PREF is 2147483647 less the priority',
    { priority: 512 },
    { ...E, prefix: P, localPref: 2_147_483_135 },
    { ...E, prefix: P, localPref: NORMAL },
  ),
];

const filtered = (spec: object, names: readonly string[] = ['f']) => [
  A,
  NO_MESH,
  POOLS,
  calico('BGPFilter', 'f', spec),
  bgpPeer('p', { peerIP: '192.0.2.1', asNumber: 65_000, filters: names }),
];
const out = (prefix: string, action: Verdict['action'], extra: Partial<Verdict> = {}): Verdict => ({
  peer: 'p',
  direction: 'export',
  route: { prefix, ...E, source: 'local' },
  action,
  ...extra,
});

const CHAINS: readonly Situation[] = [
  {
    cites: ['1.4 exportV4', '1.4 source', '2.8 order'],
    because: 'filters come before the standard policy, so an accept overrides disableBGPExport',
    resources: filtered({
      exportV4: [
        { cidr: '10.66.0.0/16', matchOperator: 'In', action: 'Accept' },
        { source: 'RemotePeers', action: 'Reject' },
      ],
    }),
    node: 'a',
    verdicts: [
      out('10.66.0.0/26', 'accept'),
      out('10.65.0.0/26', 'accept', { terms: ['IPPool/pods'] }),
      out('10.65.0.0/26', 'reject', {
        route: { prefix: '10.65.0.0/26', source: 'ebgp', sessionType: 'ebgp' },
      }),
    ],
  },
  {
    cites: ['1.4 nothing matched'],
    because: 'then the next filter, then the default: import accepts, export follows the standard policy',
    resources: filtered({ importV4: [{ cidr: '10.0.0.0/8', matchOperator: 'Equal', action: 'Reject' }] }),
    node: 'a',
    peers: { p: { importFilters: ['f'], exportFilters: [] } },
    verdicts: [
      { peer: 'p', direction: 'import', route: { prefix: '10.0.0.0/8', ...E }, action: 'reject' },
      { peer: 'p', direction: 'import', route: { prefix: '0.0.0.0/0', ...E }, action: 'accept', terms: [] },
      out('192.0.2.0/24', 'reject', { terms: [] }),
    ],
  },
  {
    cites: ['1.4 importV6', '1.4 exportV6'],
    because: 'rules of a family speak about routes of that family; an IPv6 session runs those for IPv6',
    resources: [
      A,
      NO_MESH,
      calico('BGPFilter', 'f', {
        importV6: [{ cidr: 'fd00:1::/32', matchOperator: 'In', action: 'Reject' }],
        exportV6: [{ cidr: 'fd00:2::/32', matchOperator: 'In', action: 'Accept' }],
        importV4: [{ action: 'Reject' }],
      }),
      bgpPeer('p', { peerIP: '2001:db8::1', asNumber: 65_000, filters: ['f'] }),
    ],
    node: 'a',
    peers: { p: { importFilters: ['f'], exportFilters: ['f'], families: ['ipv6'] } },
    verdicts: [
      { peer: 'p', direction: 'import', route: { prefix: 'fd00:1::/64', ...E }, action: 'reject' },
      { peer: 'p', direction: 'import', route: { prefix: 'fd00:2::/64', ...E }, action: 'accept' },
      out('fd00:2::/64', 'accept'),
    ],
  },
  {
    cites: ['1.4 action', '1.4 operations', '1.4 addCommunity', '1.4 prependASPath', '1.4 setPriority'],
    because: 'operations are applied in order before accepting',
    resources: filtered({
      importV4: [
        {
          action: 'Accept',
          operations: [
            { addCommunity: { value: '65001:1' } },
            { prependASPath: { prefix: [65_001, 65_002] } },
            { setPriority: { value: 512 } },
          ],
        },
      ],
    }),
    node: 'a',
    verdicts: [
      {
        peer: 'p',
        direction: 'import',
        route: { prefix: P, ...E },
        action: 'accept',
        terms: ['BGPFilter/f importV4[0]'],
      },
    ],
  },
  {
    // Calico skips it silently (1.4); here a filter that vanishes is one Reject at its place (product contract).
    cites: ['1.4 deleted filter'],
    because: 'a filter that vanishes rejects at its place, and is named',
    resources: filtered({ exportV4: [{ cidr: P, matchOperator: 'Equal', action: 'Accept' }] }, ['f', 'gone']),
    node: 'a',
    peers: { p: { importFilters: ['missing:gone'], exportFilters: ['f', 'missing:gone'] } },
    verdicts: [
      out(P, 'accept'),
      out('10.65.2.0/26', 'reject', { terms: ['BGPFilter/gone is missing'] }),
      { peer: 'p', direction: 'import', route: { prefix: P, ...E }, action: 'reject' },
    ],
    warnings: ['BGPPeer/p spec.filters[1]: BGPFilter gone is missing: every route is rejected there'],
  },
  {
    cites: ['1.4 never for the mesh', '2.7'],
    because: 'filters never apply to mesh sessions; whatever a mesh peer sends is taken',
    resources: [A, B, calico('BGPFilter', 'f', { importV4: [{ action: 'Reject' }] })],
    node: 'a',
    peers: { 'mesh/b': { importFilters: [], exportFilters: [] } },
    verdicts: [
      { peer: 'mesh/b', direction: 'import', route: { prefix: '0.0.0.0/0' }, action: 'accept', terms: [] },
    ],
  },
];

export const POLICY_SITUATIONS: readonly Situation[] = [STANDARD, ...SERVICES, ...RULES, ...CHAINS];
