/** The node itself: calico-semantics 1.2, 1.8, 2.2, and what it announces: 2.9, 2.12, 2.13. */
import { bgpConfiguration, calico, node, object } from '../../support/render-yaml.ts';
import type { Situation } from './situation.ts';

const A = node('a', { v4: '10.0.0.1/24', v6: 'fd00::1/64' });
const affinity = (cidr: string, state?: string) =>
  calico('BlockAffinity', `a-${cidr.replaceAll(/[./:]/g, '-')}`, {
    cidr,
    node: 'a',
    ...(state === undefined ? {} : { state }),
  });
const RANGES = {
  serviceClusterIPs: [{ cidr: '10.96.0.0/12' }, { cidr: 'fd00:96::/108' }],
  serviceExternalIPs: [{ cidr: '198.51.100.0/24' }, { cidr: '192.0.2.9/32' }],
  serviceLoadBalancerIPs: [{ cidr: '203.0.113.0/24' }],
};
const WHOLE = [
  '10.96.0.0/12 service',
  'fd00:96::/108 service',
  '198.51.100.0/24 service',
  '203.0.113.0/24 service',
];
const SINGLES = ['10.96.0.7/32 service', '198.51.100.7/32 service', '203.0.113.7/32 service'];
const service = (spec: object) =>
  `---\n${JSON.stringify({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'n' },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.7',
      externalIPs: ['198.51.100.7', '8.8.8.8'],
      ...spec,
    },
    status: { loadBalancer: { ingress: [{ ip: '203.0.113.7' }, { ip: '9.9.9.9' }] } },
  })}\n`;
const slice = (name: string, endpoint: object) =>
  `---\n${JSON.stringify({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: 'n', labels: { 'kubernetes.io/service-name': 's' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.65.0.5'], ...endpoint }],
  })}\n`;
const HERE = slice('here', { nodeName: 'a' });
const HERE_UNREADY = slice('unready', { nodeName: 'a', conditions: { ready: false } });
const ELSEWHERE = slice('elsewhere', { nodeName: 'b', conditions: { ready: true } });

const services = (
  row: string,
  because: string,
  settings: object,
  resources: readonly string[],
  originated: readonly string[],
): Situation => ({
  cites: [`2.13 ${row}`, '1.2 serviceClusterIPs', '1.2 serviceExternalIPs', '1.2 serviceLoadBalancerIPs'],
  because,
  resources: [A, bgpConfiguration({ ...RANGES, ...settings }), ...resources],
  node: 'a',
  originated,
});

const DISABLED = { serviceLoadBalancerAggregation: 'Disabled' };

const SERVICES: readonly Situation[] = [
  services('whole ranges', 'single-address ranges do not go out by themselves', {}, [], WHOLE),
  services('whole ranges', 'LB ranges only with aggregation Enabled', DISABLED, [], WHOLE.slice(0, 3)),
  services(
    'externalTrafficPolicy Local',
    'a ready endpoint on this node brings out the allowed addresses',
    {},
    [service({ externalTrafficPolicy: 'Local' }), HERE_UNREADY, HERE],
    [...WHOLE, ...SINGLES],
  ),
  services(
    'externalTrafficPolicy Local',
    'an unready one here, and a ready one elsewhere, do not',
    {},
    [service({ externalTrafficPolicy: 'Local' }), HERE_UNREADY, ELSEWHERE],
    WHOLE,
  ),
  services(
    'Cluster, named singly',
    'an external IP equals a single-address entry: all addresses go out, even without endpoints',
    {},
    [service({ externalTrafficPolicy: 'Cluster', externalIPs: ['192.0.2.9'] })],
    [...WHOLE, '10.96.0.7/32 service', '192.0.2.9/32 service', '203.0.113.7/32 service'],
  ),
  services(
    'Cluster, named singly',
    'only where Cluster is written: unset is not enough',
    {},
    [service({ externalIPs: ['192.0.2.9'] }), HERE],
    WHOLE,
  ),
  services(
    'Cluster or unset, aggregation Enabled',
    'never individually',
    {},
    [service({ externalTrafficPolicy: 'Cluster' }), HERE],
    WHOLE,
  ),
  services(
    'Cluster or unset, aggregation Disabled',
    'any ready endpoint anywhere',
    DISABLED,
    [service({}), ELSEWHERE],
    [...WHOLE.slice(0, 3), ...SINGLES],
  ),
  services(
    'Cluster or unset, aggregation Disabled',
    'but none that is not ready',
    DISABLED,
    [service({}), HERE_UNREADY],
    WHOLE.slice(0, 3),
  ),
  services(
    'which services',
    'headless: not',
    DISABLED,
    [service({ clusterIP: 'None' }), HERE],
    WHOLE.slice(0, 3),
  ),
  services(
    'which services',
    'ExternalName: not',
    DISABLED,
    [service({ type: 'ExternalName' }), HERE],
    WHOLE.slice(0, 3),
  ),
  {
    cites: ['2.13 node opt-out'],
    because: 'the label stops all service advertisement of the node, but not the kernel reject',
    resources: [
      node('a', {
        v4: '10.0.0.1/24',
        labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': 'true' },
      }),
      bgpConfiguration(RANGES),
      service({ externalTrafficPolicy: 'Local' }),
      HERE,
    ],
    node: 'a',
    originated: [],
    agent: {
      serviceRanges: ['10.96.0.0/12', 'fd00:96::/108', '198.51.100.0/24', '192.0.2.9/32', '203.0.113.0/24'],
    },
  },
  {
    cites: ['2.13 off by default', '1.2 serviceLoadBalancerAggregation'],
    because: 'without one of the three lists nothing is advertised',
    resources: [A, bgpConfiguration(DISABLED), service({ externalTrafficPolicy: 'Local' }), HERE],
    node: 'a',
    originated: [],
  },
  {
    cites: ['1.2 CALICO_ADVERTISE_CLUSTER_IPS', '2.13 off by default'],
    because: 'the variable wins over serviceClusterIPs',
    resources: [A, bgpConfiguration(RANGES)],
    node: 'a',
    options: { advertiseClusterIps: ['10.112.0.0/12'] },
    originated: ['10.112.0.0/12 service', ...WHOLE.slice(2)],
  },
];

const SETTINGS: readonly Situation[] = [
  {
    cites: ['1.2 no default object', '2.2 Local AS', '2.2 Listen', '2.2 Router id'],
    because:
      'without BGPConfiguration: 64512, mesh on, port 179 on all addresses, the IPv4 address as router ID',
    resources: [A, node('b', { v4: '10.0.0.2/24' })],
    node: 'a',
    peers: { 'mesh/b': { asn: 64_512 } },
    rendered: {
      asn: 64_512,
      routerId: '10.0.0.1',
      clusterId: null,
      listen: [
        { address: '0.0.0.0', port: 179 },
        { address: '::', port: 179 },
      ],
      routePriority: { ipv4: 1024, ipv6: 1024 },
      ignoredInterfaces: [],
    },
  },
  {
    cites: ['2.2 Router id'],
    because: 'CALICO_ROUTER_ID=hash (Appendix A)',
    resources: [node('kube-master', { v4: '10.0.0.1/24' })],
    node: 'kube-master',
    options: { routerId: 'hash' },
    rendered: { routerId: '25.79.212.8' },
  },
  {
    cites: ['2.2 Listen', '1.2 bindMode', '1.2 listenPort'],
    because: "NodeIP: the node's own addresses; the node's own port wins",
    resources: [
      A,
      bgpConfiguration({ bindMode: 'NodeIP', listenPort: 1790 }),
      bgpConfiguration({ listenPort: 1791 }, 'node.a'),
    ],
    node: 'a',
    rendered: {
      listen: [
        { address: '10.0.0.1', port: 1791 },
        { address: 'fd00::1', port: 1791 },
      ],
    },
  },
  {
    cites: ['1.2 only three fields of node.* are honoured'],
    because: 'bindMode, ignoredInterfaces and priorities count in default only',
    resources: [
      A,
      bgpConfiguration(
        {
          bindMode: 'NodeIP',
          ignoredInterfaces: ['eth9'],
          ipv4NormalRoutePriority: 7,
          ipv6NormalRoutePriority: 7,
          localWorkloadPeeringIPV4: '169.254.1.2',
          localWorkloadPeeringIPV6: 'fd00:169::1',
        },
        'node.a',
      ),
    ],
    node: 'a',
    rendered: { ignoredInterfaces: [], routePriority: { ipv4: 1024, ipv6: 1024 } },
    warnings: [
      'localWorkloadPeeringIPV4',
      'localWorkloadPeeringIPV6',
      'bindMode',
      'ignoredInterfaces',
      'ipv4NormalRoutePriority',
      'ipv6NormalRoutePriority',
    ].map(
      (field) =>
        `BGPConfiguration/node.a spec.${field}: has no effect here: only the BGPConfiguration named default sets it`,
    ),
  },
  {
    cites: ['1.2 programClusterRoutes'],
    because: 'it is for the kernel, and changes no session',
    resources: [A, bgpConfiguration({ programClusterRoutes: 'Enabled' })],
    node: 'a',
    peers: {},
  },
  {
    cites: ['1.2 logSeverityScreen'],
    because: "it is BIRD's log level; ours is --log-level",
    resources: [A, bgpConfiguration({ logSeverityScreen: 'Debug' })],
    node: 'a',
    warnings: [
      'BGPConfiguration/default spec.logSeverityScreen: has no effect: --log-level sets the log level',
    ],
  },
  {
    cites: [
      '1.2 ignoredInterfaces',
      '1.2 ipv4NormalRoutePriority',
      '1.2 ipv6NormalRoutePriority',
      'Appendix A LOCAL_PREF',
    ],
    because: 'the priority is the kernel metric, and 2147483647 less it the LOCAL_PREF',
    resources: [
      A,
      bgpConfiguration({
        ignoredInterfaces: ['eth1', 'docker*'],
        ipv4NormalRoutePriority: 512,
        ipv6NormalRoutePriority: 2000,
      }),
    ],
    node: 'a',
    rendered: { ignoredInterfaces: ['eth1', 'docker*'], routePriority: { ipv4: 512, ipv6: 2000 } },
    agent: { routePriority: { ipv4: 512, ipv6: 2000 } },
  },
  {
    cites: ['1.2 communities', '1.2 prefixAdvertisements', '2.12'],
    because: 'names stand for values; two parts are standard, three large',
    resources: [
      A,
      bgpConfiguration({
        communities: [{ name: 'pods', value: '65001:1' }],
        prefixAdvertisements: [{ cidr: '10.65.0.0/16', communities: ['pods', '65001:2:3'] }],
      }),
    ],
    node: 'a',
    rendered: { communities: [{ prefix: '10.65.0.0/16', communities: ['65001:1', '65001:2:3'] }] },
  },
  {
    cites: ['2.12', '1.2 prefixAdvertisements'],
    because: "the node's own list replaces that of default, family by family",
    resources: [
      A,
      bgpConfiguration({
        prefixAdvertisements: [
          { cidr: '10.65.0.0/16', communities: ['1:4'] },
          { cidr: 'fd00:65::/48', communities: ['1:6'] },
        ],
      }),
      bgpConfiguration({ prefixAdvertisements: [{ cidr: 'fd00:65::/64', communities: ['2:6'] }] }, 'node.a'),
    ],
    node: 'a',
    rendered: {
      communities: [
        { prefix: '10.65.0.0/16', communities: ['1:4'] },
        { prefix: 'fd00:65::/64', communities: ['2:6'] },
      ],
    },
  },
  {
    cites: ['1.8 annotations', '1.8 labels'],
    because: 'in Kubernetes the fields are annotations; an address without length is a host',
    resources: [
      object(
        'v1',
        'Node',
        'a',
        { podCIDRs: ['10.244.0.0/24'] },
        {
          annotations: {
            'projectcalico.org/IPv4Address': '10.0.0.1/24',
            'projectcalico.org/IPv6Address': 'fd00::1',
            'projectcalico.org/ASNumber': '65001',
            'projectcalico.org/RouteReflectorClusterID': '244.0.0.1',
          },
        },
      ),
    ],
    node: 'a',
    rendered: { asn: 65_001, clusterId: '244.0.0.1', routerId: '10.0.0.1' },
    originated: ['10.244.0.0/24 podCIDR'],
  },
  {
    cites: ['2.2 Missing own IP of a family', '1.8 ipv4Address', '1.8 ipv6Address'],
    because: 'no BGP in a family in which the node has no address',
    resources: [node('a', { v4: '10.0.0.1/24' }), node('b', { v6: 'fd00::2/64' })],
    node: 'a',
    peers: {},
  },
  {
    cites: ['2.9'],
    because:
      'blocks are announced unless pending; one that is given back still is; /32 blocks are not by themselves',
    resources: [
      A,
      affinity('10.65.0.0/26', 'confirmed'),
      affinity('10.65.1.0/26'),
      affinity('10.65.2.0/26', 'pending'),
      affinity('10.65.3.0/26', 'pendingDeletion'),
      affinity('10.65.9.9/32', 'confirmed'),
    ],
    node: 'a',
    originated: ['10.65.0.0/26 block', '10.65.1.0/26 block', '10.65.3.0/26 block'],
  },
];

export const SETTING_SITUATIONS: readonly Situation[] = [...SETTINGS, ...SERVICES];
