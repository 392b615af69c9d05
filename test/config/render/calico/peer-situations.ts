/** Which sessions a node has: calico-semantics 2.3 (peer computation), 2.4 (mesh), 2.5 (decision table). */
import { bgpConfiguration, bgpPeer, calico, node, secret } from '../../support/render-yaml.ts';
import type { Situation } from './situation.ts';

const NO_MESH = bgpConfiguration({ nodeToNodeMeshEnabled: false });
const A = node('a', { v4: '10.0.0.1/24', labels: { rack: '1' } });
const B = node('b', { v4: '10.0.0.2/24', labels: { rack: '2' } });
const RR = node('rr', { v4: '10.0.0.9/24', clusterId: '244.0.0.1', labels: { rr: '' } });
const RR2 = node('rr2', { v4: '10.0.0.8/24', clusterId: '244.0.0.2', labels: { rr: '' } });
const TOR = { peerIP: '192.0.2.1', asNumber: 65_000 };
const PEERING = { localWorkloadPeeringIPV4: '169.254.1.2', localWorkloadPeeringIPV6: 'fd00:169::1' };
const endpoint = (name: string, ip: string, on: string, labels: object) =>
  calico(
    'WorkloadEndpoint',
    name,
    { node: on, interfaceName: `cali${name}`, ipNetworks: [ip] },
    { labels, namespace: 'n' },
  );

const COMPUTATION: readonly Situation[] = [
  {
    cites: ['2.3 pass 1: global', '2.3 form: peerIP', '1.3 peerIP', '1.3 asNumber'],
    because: 'neither node nor nodeSelector: every node has it; an address that is no node: port 179',
    resources: [
      bgpConfiguration({ nodeToNodeMeshEnabled: false, listenPort: 1790 }),
      A,
      B,
      bgpPeer('tor', TOR),
    ],
    node: 'b',
    peers: {
      tor: { address: '192.0.2.1', port: 179, asn: 65_000, localAddress: '10.0.0.2', passive: false },
    },
  },
  {
    cites: ['2.3 pass 2: node-specific', '1.3 node', '1.3 nodeSelector'],
    because: 'node names one, nodeSelector those that match; neither is for b',
    resources: [
      NO_MESH,
      A,
      B,
      bgpPeer('one', { ...TOR, node: 'a' }),
      bgpPeer('two', { ...TOR, peerIP: '192.0.2.2', nodeSelector: 'rack == "1"' }),
    ],
    node: 'b',
    peers: {},
  },
  {
    cites: ['2.3 pass 2: node-specific', '1.3 node', '1.3 nodeSelector'],
    because: 'the same seen from a: both, over different addresses',
    resources: [
      NO_MESH,
      A,
      B,
      bgpPeer('one', { ...TOR, node: 'a' }),
      bgpPeer('two', { ...TOR, peerIP: '192.0.2.2', nodeSelector: 'rack == "1"' }),
    ],
    node: 'a',
    peers: { one: {}, two: {} },
  },
  {
    cites: ['2.3 pass 2: node-specific'],
    because: 'a node-specific entry for an ip:port that a global one covers is dropped, whatever its name',
    resources: [
      NO_MESH,
      A,
      bgpPeer('a-specific', { ...TOR, node: 'a', ttlSecurity: 1 }),
      bgpPeer('z-global', TOR),
    ],
    node: 'a',
    peers: { 'z-global': { ttlSecurity: null } },
  },
  {
    cites: ['2.3 key includes the port'],
    because: 'one address on two ports is two sessions',
    resources: [NO_MESH, A, bgpPeer('p', TOR), bgpPeer('q', { ...TOR, peerIP: '192.0.2.1:1790' })],
    node: 'a',
    peers: { p: { port: 179 }, q: { port: 1790 } },
  },
  {
    cites: ['2.3 form: peerIP', '1.2 listenPort'],
    because: 'without a written port: the listenPort of the node that has this address and this AS',
    resources: [
      NO_MESH,
      bgpConfiguration({ listenPort: 1791 }, 'node.b'),
      A,
      B,
      bgpPeer('same-as', { node: 'a', peerIP: '10.0.0.2', asNumber: 64_512 }),
    ],
    node: 'a',
    peers: { 'same-as': { port: 1791 } },
  },
  {
    cites: ['2.3 form: peerIP'],
    because: 'the node with the address has another AS: then no port is known, 179',
    resources: [
      bgpConfiguration({ nodeToNodeMeshEnabled: false, listenPort: 1791 }),
      A,
      B,
      bgpPeer('other-as', { node: 'a', peerIP: '10.0.0.2', asNumber: 65_000 }),
    ],
    node: 'a',
    peers: { 'other-as': { port: 179 } },
  },
  {
    cites: ['2.3 form: peerSelector', '1.3 peerSelector'],
    because:
      'both addresses of every matching node, each with its own AS and port; two IP versions, two sessions',
    resources: [
      bgpConfiguration({ nodeToNodeMeshEnabled: false, listenPort: 1790 }),
      bgpConfiguration({ listenPort: 1791 }, 'node.x'),
      node('a', { v4: '10.0.0.1/24', v6: 'fd00::1/64' }),
      node('x', { v4: '10.0.0.5/24', v6: 'fd00::5/64', asn: 65_005, labels: { t: '' } }),
      node('y', { v4: '10.0.0.6/24', labels: { t: '' } }),
      bgpPeer('p', { node: 'a', peerSelector: 'has(t)' }),
    ],
    node: 'a',
    peers: {
      'p/x': { address: '10.0.0.5', asn: 65_005, port: 1791, families: ['ipv4'] },
      'p/x/ipv6': { address: 'fd00::5', asn: 65_005, port: 1791, families: ['ipv6'] },
      // The two nodes share IPv4 only: the session carries both families.
      'p/y': { address: '10.0.0.6', asn: 64_512, port: 1790, families: ['ipv4', 'ipv6'] },
    },
  },
  {
    cites: ['2.3 form: peerSelector', '1.3 localASNumber', '1.3 numAllowedLocalASNumbers'],
    because: 'with peerSelector these two are ignored',
    resources: [
      NO_MESH,
      A,
      B,
      bgpPeer('p', {
        node: 'a',
        peerSelector: 'rack == "2"',
        localASNumber: 65_001,
        numAllowedLocalASNumbers: 2,
      }),
    ],
    node: 'a',
    peers: { p: { localAsn: 64_512, allowOwnAs: 0 } },
    warnings: [
      'BGPPeer/p spec.localASNumber: has no effect with peerSelector, as in Calico',
      'BGPPeer/p spec.numAllowedLocalASNumbers: has no effect with peerSelector, as in Calico',
    ],
  },
  {
    cites: ['2.3 form: localWorkloadSelector', '2.6 Passive', '2.6 Source', '1.3 localWorkloadSelector'],
    because: 'pods of this node that match: passive, without source address, with the AS that is written',
    resources: [
      NO_MESH,
      A,
      endpoint('in', '10.65.0.5', 'a', { bgp: 'yes' }),
      endpoint('not', '10.65.0.6', 'a', {}),
      endpoint('far', '10.65.0.7', 'b', { bgp: 'yes' }),
      bgpPeer('pods', { localWorkloadSelector: 'bgp == "yes"', asNumber: 65_200 }),
    ],
    node: 'a',
    peers: {
      pods: { address: '10.65.0.5', asn: 65_200, passive: true, localAddress: null, kind: 'configured' },
    },
  },
  {
    cites: ['1.2 localWorkloadPeeringIPV4', '1.2 localWorkloadPeeringIPV6', '2.14'],
    because: 'the addresses are on the host side of those pods that peer, and change no session',
    resources: [
      bgpConfiguration({ nodeToNodeMeshEnabled: false, ...PEERING }),
      A,
      endpoint('in', '10.65.0.5', 'a', { bgp: 'yes' }),
      endpoint('not', '10.65.0.6', 'a', {}),
      bgpPeer('pods', { localWorkloadSelector: 'bgp == "yes"', asNumber: 65_200 }),
    ],
    node: 'a',
    peers: { pods: { address: '10.65.0.5', passive: true, localAddress: null } },
    agent: {
      peeringAddresses: [{ interfaceName: 'caliin', addresses: ['169.254.1.2/32', 'fd00:169::1/128'] }],
    },
  },
  {
    cites: ['1.2 localWorkloadPeeringIPV4', '1.2 bindMode'],
    because: 'NodeIP binds the listener to the own address of the node: pods that dial another find nobody',
    resources: [
      bgpConfiguration({ nodeToNodeMeshEnabled: false, bindMode: 'NodeIP', ...PEERING }),
      A,
      endpoint('in', '10.65.0.5', 'a', { bgp: 'yes' }),
      bgpPeer('pods', { localWorkloadSelector: 'bgp == "yes"', asNumber: 65_200 }),
    ],
    node: 'a',
    rendered: { listen: [{ address: '10.0.0.1', port: 179 }] },
    warnings: ['localWorkloadPeeringIPV4', 'localWorkloadPeeringIPV6'].map(
      (field) =>
        `BGPConfiguration/default spec.${field}: nobody listens there: bindMode is NodeIP, as in Calico`,
    ),
  },
  {
    cites: ['1.2 localWorkloadPeeringIPV4'],
    because: 'nobody dials them without a BGPPeer that selects pods',
    resources: [bgpConfiguration({ nodeToNodeMeshEnabled: false, ...PEERING }), A],
    node: 'a',
    agent: { peeringAddresses: [] },
  },
  {
    cites: ['2.3 pass 3: reverse', '2.3 reverse: peerSelector', '1.3 reversePeering', '2.6 Passive'],
    because: 'the selected node gets sessions back to the nodes of the own side; never passive',
    resources: [NO_MESH, A, B, RR, bgpPeer('p', { nodeSelector: 'has(rack)', peerSelector: 'has(rr)' })],
    node: 'rr',
    peers: {
      'p/a': { address: '10.0.0.1', passive: false, routeReflectorClient: true },
      'p/b': { address: '10.0.0.2', passive: false, routeReflectorClient: true },
    },
  },
  {
    cites: ['2.3 pass 3: reverse', '1.3 reversePeering'],
    because: 'Manual: no mirror',
    resources: [
      NO_MESH,
      A,
      RR,
      bgpPeer('p', { nodeSelector: 'has(rack)', peerSelector: 'has(rr)', reversePeering: 'Manual' }),
    ],
    node: 'rr',
    peers: {},
  },
  {
    cites: ['2.3 reverse: carries the options'],
    because:
      'password, source, restart time, keepalive, GTSM, filters and next hop mode come from the same BGPPeer',
    resources: [
      NO_MESH,
      A,
      RR,
      secret('s', { k: 'x' }),
      calico('BGPFilter', 'f', { exportV4: [{ action: 'Accept' }] }),
      bgpPeer('p', {
        nodeSelector: 'has(rack)',
        peerIP: '10.0.0.9',
        asNumber: 64_512,
        password: { secretKeyRef: { name: 's', key: 'k' } },
        sourceAddress: 'None',
        maxRestartTime: '60s',
        keepaliveTime: '7s',
        ttlSecurity: 3,
        reachableBy: '10.0.0.254',
        filters: ['f'],
        nextHopMode: 'Self',
      }),
    ],
    node: 'rr',
    peers: {
      p: {
        password: true,
        localAddress: null,
        gracefulRestart: 60,
        keepalive: 7,
        ttlSecurity: 3,
        reachableBy: '10.0.0.254',
        exportFilters: ['f'],
        nextHop: 'self',
      },
    },
  },
  {
    cites: ['2.3 reverse: peerIP'],
    because: 'the address has another AS than the node: the node is not identified, no mirror',
    resources: [
      NO_MESH,
      A,
      RR,
      bgpPeer('p', { nodeSelector: 'has(rack)', peerIP: '10.0.0.9', asNumber: 65_000 }),
    ],
    node: 'rr',
    peers: {},
  },
  {
    cites: ['2.3 reverse: peerIP'],
    because: 'AS 0 counts as the global AS',
    resources: [NO_MESH, A, RR, bgpPeer('p', { nodeSelector: 'has(rack)', peerIP: '10.0.0.9', asNumber: 0 })],
    node: 'rr',
    peers: { p: { address: '10.0.0.1' } },
  },
  {
    cites: ['2.3 reverse: peerIP'],
    because: 'a port that was written must be the one that the node listens on; here it is, per node',
    resources: [
      NO_MESH,
      bgpConfiguration({ listenPort: 1791 }, 'node.rr'),
      A,
      RR,
      bgpPeer('p', { nodeSelector: 'has(rack)', peerIP: '10.0.0.9:1791', asNumber: 64_512 }),
      bgpPeer('q', {
        nodeSelector: 'has(rack)',
        peerIP: '10.0.0.9:179',
        asNumber: 64_512,
        keepaliveTime: '9s',
      }),
    ],
    node: 'rr',
    peers: { p: { port: 179, keepalive: 30 } },
  },
  {
    cites: ['2.3 reverse: peerIP'],
    because: 'peerIP reverses in its own family only',
    resources: [
      NO_MESH,
      node('a', { v4: '10.0.0.1/24', v6: 'fd00::1/64', labels: { rack: '1' } }),
      node('rr', { v4: '10.0.0.9/24', v6: 'fd00::9/64', clusterId: '244.0.0.1' }),
      bgpPeer('p', { nodeSelector: 'has(rack)', peerIP: 'fd00::9', asNumber: 64_512 }),
    ],
    node: 'rr',
    peers: { p: { address: 'fd00::1', families: ['ipv6'] } },
  },
  {
    cites: ['2.3 reverse: peerIP', '1.3 localASNumber'],
    because: 'the other end presents localASNumber on the forward session: the mirror expects it',
    resources: [
      NO_MESH,
      A,
      RR,
      bgpPeer('p', {
        nodeSelector: 'has(rack)',
        peerIP: '10.0.0.9',
        asNumber: 64_512,
        localASNumber: 65_007,
      }),
    ],
    node: 'rr',
    peers: { p: { asn: 65_007, localAsn: 64_512 } },
  },
  {
    cites: ['2.3 reverse never overwrites'],
    because: 'an explicit forward peering stays, even with a later name',
    resources: [
      NO_MESH,
      A,
      RR,
      bgpPeer('a-forward', { nodeSelector: 'has(rack)', peerSelector: 'has(rr)', keepaliveTime: '5s' }),
      bgpPeer('z-back', { nodeSelector: 'has(rr)', peerSelector: 'has(rack)', keepaliveTime: '6s' }),
    ],
    node: 'rr',
    peers: { 'z-back': { keepalive: 6 } },
  },
  {
    cites: ['2.3 own address is dropped'],
    because: 'a peerSelector that matches the node itself gives no session with itself',
    resources: [NO_MESH, RR, RR2, bgpPeer('rrs', { nodeSelector: 'has(rr)', peerSelector: 'has(rr)' })],
    node: 'rr',
    peers: { rrs: { address: '10.0.0.8' } },
  },
  {
    cites: ['2.3 own address is dropped'],
    because: 'and so does its own address written down',
    resources: [NO_MESH, A, bgpPeer('self', { peerIP: '10.0.0.1', asNumber: 64_512 })],
    node: 'a',
    peers: {},
  },
];

const MESH: readonly Situation[] = [
  {
    cites: ['2.4 members', '2.4 peer AS', '2.4 port and source', '2.4 passive', '1.2 nodeToNodeMeshEnabled'],
    because: 'everyone with an address of the family is a peer; the text-greater one is waited for',
    resources: [
      A,
      node('ten', { v4: '10.0.0.10/24' }),
      node('six', { v6: 'fd00::6/64' }),
      node('rr', { v4: '10.0.0.9/24', clusterId: '244.0.0.1' }),
      node('zero', { v4: '10.0.0.0/24' }),
    ],
    node: 'a',
    peers: {
      'mesh/ten': {
        passive: true,
        localAddress: '10.0.0.1',
        ttlSecurity: null,
        importFilters: [],
        port: 179,
      },
      'mesh/zero': { passive: false },
    },
  },
  {
    cites: ['2.4 passive'],
    because: '10.0.0.10 is less than 10.0.0.9 as text, so .9 waits for nobody and .10 waits for .9',
    resources: [node('nine', { v4: '10.0.0.9/24' }), node('ten', { v4: '10.0.0.10/24' })],
    node: 'ten',
    peers: { 'mesh/nine': { passive: true } },
  },
  {
    cites: ['2.4 passive'],
    because: 'the other end of the same pair: exactly one side dials',
    resources: [node('nine', { v4: '10.0.0.9/24' }), node('ten', { v4: '10.0.0.10/24' })],
    node: 'nine',
    peers: { 'mesh/ten': { passive: false } },
  },
  {
    cites: ['2.4 members'],
    because: 'a node with a cluster ID takes no part',
    resources: [A, B, RR],
    node: 'rr',
    peers: {},
  },
  {
    cites: ['2.4 peer AS'],
    because:
      "a peer without an AS of its own is expected to have this node's effective AS, not the global one",
    resources: [
      bgpConfiguration({ asNumber: 65_100 }),
      node('a', { v4: '10.0.0.1/24', asn: 65_001 }),
      B,
      node('c', { v4: '10.0.0.3/24', asn: 65_003 }),
    ],
    node: 'a',
    peers: { 'mesh/b': { asn: 65_001, localAsn: 65_001 }, 'mesh/c': { asn: 65_003, localAsn: 65_001 } },
  },
  {
    cites: ['2.4 peer AS', '1.2 asNumber', '1.8 asNumber'],
    because: 'seen from b, which has the global AS: a is expected with its real one',
    resources: [bgpConfiguration({ asNumber: 65_100 }), node('a', { v4: '10.0.0.1/24', asn: 65_001 }), B],
    node: 'b',
    peers: { 'mesh/a': { asn: 65_001, localAsn: 65_100 } },
    rendered: { asn: 65_100 },
  },
  {
    cites: ['2.4 port and source', '1.2 listenPort'],
    because: "the peer's own listenPort, else the global one",
    resources: [
      bgpConfiguration({ listenPort: 1790 }),
      bgpConfiguration({ listenPort: 1791 }, 'node.b'),
      A,
      B,
      node('c', { v4: '10.0.0.3/24' }),
    ],
    node: 'a',
    peers: { 'mesh/b': { port: 1791 }, 'mesh/c': { port: 1790 } },
  },
  {
    cites: ['2.4 password and restart time', '1.2 nodeMeshPassword', '1.2 nodeMeshMaxRestartTime'],
    because: 'both come from default and hold for every mesh session',
    resources: [
      bgpConfiguration({
        nodeMeshPassword: { secretKeyRef: { name: 's', key: 'mesh' } },
        nodeMeshMaxRestartTime: '45s',
      }),
      secret('s', { mesh: 'x' }),
      A,
      B,
    ],
    node: 'a',
    peers: { 'mesh/b': { password: true, held: null, gracefulRestart: 45 } },
  },
];

const selected = bgpPeer('p', { nodeSelector: 'rack == "1"', peerSelector: 'rack == "2"' });
const rack = (name: string, v4: string, n: string, clusterId: string | null) =>
  node(name, { v4, labels: { rack: n }, ...(clusterId === null ? {} : { clusterId }) });

/** mesh, cluster ID of a, of b, selected: the session of a with b, and of b with a. */
function decision(
  row: string,
  mesh: boolean,
  a: string | null,
  b: string | null,
  isSelected: boolean,
  session: 'mesh' | 'explicit' | null,
): Situation[] {
  const resources = [
    bgpConfiguration({ nodeToNodeMeshEnabled: mesh }),
    rack('a', '10.0.0.1/24', '1', a),
    rack('b', '10.0.0.2/24', '2', b),
    ...(isSelected ? [selected] : []),
  ];
  return ['a', 'b'].map((self) => {
    const other = self === 'a' ? 'b' : 'a';
    const peers =
      session === null
        ? {}
        : session === 'mesh'
          ? { [`mesh/${other}`]: { kind: 'mesh' as const } }
          : { p: { kind: 'configured' as const } };
    const because = `mesh ${mesh ? 'on' : 'off'}, a ${a ?? '-'}, b ${b ?? '-'}, selected ${isSelected}: ${session ?? 'none'} (${self})`;
    return { cites: [row], because, resources, node: self, peers };
  });
}

const DECISIONS: readonly Situation[] = [
  ...decision('2.5 row 1', true, null, null, false, 'mesh'),
  // Calico runs two sessions to one address here. We run one, with the BGPPeer's options (README, "Calico").
  ...decision('2.5 row 2', true, null, null, true, 'explicit'),
  ...decision('2.5 row 3', true, '1.1.1.1', null, false, null),
  ...decision('2.5 row 3', true, '1.1.1.1', '2.2.2.2', false, null),
  ...decision('2.5 row 4', true, null, '1.1.1.1', false, null),
  ...decision('2.5 row 5', true, '1.1.1.1', null, true, 'explicit'),
  ...decision('2.5 row 5', true, null, '1.1.1.1', true, 'explicit'),
  ...decision('2.5 row 6', false, null, null, false, null),
  ...decision('2.5 row 6', false, '1.1.1.1', '2.2.2.2', false, null),
  ...decision('2.5 row 7', false, null, null, true, 'explicit'),
  ...decision('2.5 row 7', false, '1.1.1.1', '1.1.1.1', true, 'explicit'),
];

export const PEER_SITUATIONS: readonly Situation[] = [...COMPUTATION, ...MESH, ...DECISIONS];
