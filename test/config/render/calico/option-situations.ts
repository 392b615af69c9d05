/** What a session is like: calico-semantics 2.6, with the fields of 1.3 that ask for it, and secrets that come and go. */
import { bgpConfiguration, bgpPeer, node, secret } from '../../support/render-yaml.ts';
import type { Situation } from './situation.ts';

const NO_MESH = bgpConfiguration({ nodeToNodeMeshEnabled: false });
const A = node('a', { v4: '10.0.0.1/24' });
const B = node('b', { v4: '10.0.0.2/24', labels: { b: '' } });
const TOR = { peerIP: '192.0.2.1', asNumber: 65_000 };
const RR = node('rr', { v4: '10.0.0.9/24', clusterId: '244.0.0.1' });
const SECRET = { password: { secretKeyRef: { name: 's', key: 'k' } } };

const option = (
  cites: readonly string[],
  because: string,
  spec: object,
  expected: NonNullable<Situation['peers']>[string],
  warnings: readonly string[] = [],
): Situation => ({
  cites,
  because,
  resources: [NO_MESH, A, bgpPeer('p', { ...TOR, ...spec })],
  node: 'a',
  peers: { p: expected },
  warnings,
});

const client = (
  because: string,
  resources: readonly string[],
  isClient: boolean,
  self = 'rr',
): Situation => ({
  cites: ['2.6 Route-reflector client', '2.6 iBGP or eBGP', '1.8 routeReflectorClusterID'],
  because,
  resources: [NO_MESH, RR, ...resources],
  node: self,
  peers: { p: { routeReflectorClient: isClient } },
});

export const OPTION_SITUATIONS: readonly Situation[] = [
  client(
    'no cluster ID of its own: nobody is a client',
    [A, bgpPeer('p', { ...TOR, node: 'a' })],
    false,
    'a',
  ),
  client('another AS: no client', [bgpPeer('p', TOR)], false),
  client(
    'the same AS, an external router: a client, too',
    [bgpPeer('p', { peerIP: '192.0.2.1', asNumber: 64_512 })],
    true,
  ),
  client('localASNumber makes it iBGP', [bgpPeer('p', { ...TOR, localASNumber: 65_000 })], true),
  client(
    'localASNumber makes it eBGP',
    [bgpPeer('p', { peerIP: '192.0.2.1', asNumber: 64_512, localASNumber: 65_000 })],
    false,
  ),
  client(
    'a node without cluster ID: a client',
    [B, bgpPeer('p', { node: 'rr', peerSelector: 'has(b)' })],
    true,
  ),
  client(
    'the same cluster ID on both: ordinary iBGP peers',
    [
      node('b', { v4: '10.0.0.2/24', clusterId: '244.0.0.1', labels: { b: '' } }),
      bgpPeer('p', { node: 'rr', peerSelector: 'has(b)' }),
    ],
    false,
  ),
  client(
    'another cluster ID: a client',
    [
      node('b', { v4: '10.0.0.2/24', clusterId: '244.0.0.2', labels: { b: '' } }),
      bgpPeer('p', { node: 'rr', peerSelector: 'has(b)' }),
    ],
    true,
  ),
  {
    cites: ['2.6 Passive', '2.3 form: peerIP'],
    because: 'a global peering with the address of a node is passive where that is text-greater',
    resources: [NO_MESH, A, B, bgpPeer('p', { peerIP: '10.0.0.2', asNumber: 64_512 })],
    node: 'a',
    peers: { p: { passive: true } },
  },
  {
    cites: ['2.6 Passive'],
    because: 'node-specific: never passive',
    resources: [NO_MESH, A, B, bgpPeer('p', { node: 'a', peerIP: '10.0.0.2', asNumber: 64_512 })],
    node: 'a',
    peers: { p: { passive: false } },
  },
  {
    cites: ['2.6 Passive'],
    because: 'peerSelector: never passive, global or not',
    resources: [NO_MESH, A, B, bgpPeer('p', { peerSelector: 'has(b)' })],
    node: 'a',
    peers: { p: { passive: false } },
  },
  option(['2.6 GTSM', '1.3 ttlSecurity'], 'N > 0: on', { ttlSecurity: 2 }, { ttlSecurity: 2 }),
  option(['2.6 GTSM'], '0: off', { ttlSecurity: 0 }, { ttlSecurity: null }),
  option(
    ['2.6 Source', '1.3 sourceAddress'],
    'UseNodeIP: own address',
    { sourceAddress: 'UseNodeIP' },
    { localAddress: '10.0.0.1' },
  ),
  option(['2.6 Source'], 'UseNodeIP is the default', {}, { localAddress: '10.0.0.1' }),
  option(['2.6 Source'], 'None: not bound', { sourceAddress: 'None' }, { localAddress: null }),
  option(['2.6 Next hop', '1.3 nextHopMode'], 'Self', { nextHopMode: 'Self' }, { nextHop: 'self' }),
  option(['2.6 Next hop'], 'Keep', { nextHopMode: 'Keep' }, { nextHop: 'keep' }),
  option(['2.6 Next hop'], 'Auto', { nextHopMode: 'Auto' }, { nextHop: 'auto' }),
  option(
    ['2.6 keepOriginalNextHop', '1.3 keepOriginalNextHop'],
    'as Keep',
    { keepOriginalNextHop: true },
    { nextHop: 'keep' },
  ),
  option(
    ['2.6 keepOriginalNextHop'],
    'eBGP only',
    { asNumber: 64_512, keepOriginalNextHop: true },
    { nextHop: 'auto' },
  ),
  option(
    ['2.6 allow local AS', '1.3 numAllowedLocalASNumbers'],
    'if above 0',
    { numAllowedLocalASNumbers: 2 },
    { allowOwnAs: 2 },
  ),
  option(
    ['2.6 local AS', '1.3 localASNumber', '1.14'],
    'in dotted form, too',
    { localASNumber: '1.10' },
    { localAsn: 65_546 },
  ),
  option(
    ['2.6 Restart time, keepalive', '1.3 maxRestartTime', '1.3 keepaliveTime'],
    'rounded to whole seconds',
    { maxRestartTime: '1m30.6s', keepaliveTime: '9.4s' },
    { gracefulRestart: 91, keepalive: 9 },
  ),
  option(
    ['2.6 Restart time, keepalive', '2.15'],
    '120 s and a third of the hold time',
    {},
    { gracefulRestart: 120, keepalive: 30 },
  ),
  option(
    ['1.3 reachableBy', '2.9'],
    'gateway of a static host route',
    { reachableBy: '10.0.0.254' },
    { reachableBy: '10.0.0.254' },
  ),
  {
    cites: ['1.3 reachableBy', '2.9'],
    because: "the host route is the agent's",
    resources: [NO_MESH, A, bgpPeer('p', { ...TOR, reachableBy: '10.0.0.254' })],
    node: 'a',
    agent: { gatewayRoutes: [{ prefix: '192.0.2.1/32', gateway: '10.0.0.254', resource: 'BGPPeer/p' }] },
  },
  {
    cites: ['2.6 Multihop on iBGP mesh', '2.6 GTSM', '2.4 port and source'],
    because: 'mesh sessions take any number of hops',
    resources: [A, node('b', { v4: '192.168.7.2/24' })],
    node: 'a',
    peers: { 'mesh/b': { ttlSecurity: null, localAddress: '10.0.0.1' } },
  },
  // Passwords come and go. Calico runs the session without MD5; we hold it, and say so (README, "Calico").
  {
    cites: ['2.6 Password', '1.3 password'],
    because: 'the Secret is there',
    resources: [NO_MESH, A, secret('s', { k: 'x' }), bgpPeer('p', { ...TOR, ...SECRET })],
    node: 'a',
    peers: { p: { password: true, held: null } },
  },
  {
    cites: ['2.6 Password'],
    because: 'the Secret has gone',
    resources: [NO_MESH, A, bgpPeer('p', { ...TOR, ...SECRET })],
    node: 'a',
    peers: { p: { password: false, held: 'Secret manul-system/s is missing' } },
    warnings: ['BGPPeer/p spec.password: Secret manul-system/s is missing'],
  },
  {
    cites: ['2.6 Password'],
    because: 'the Secret is there, the key is not',
    resources: [NO_MESH, A, secret('s', { other: 'x' }), bgpPeer('p', { ...TOR, ...SECRET })],
    node: 'a',
    peers: { p: { password: false, held: 'Secret manul-system/s has no key "k"' } },
    warnings: ['BGPPeer/p spec.password: Secret manul-system/s has no key "k"'],
  },
  {
    cites: ['2.6 Password'],
    because: 'Secrets are looked up in the namespace of NAMESPACE',
    resources: [NO_MESH, A, secret('s', { k: 'x' }, 'kube-system'), bgpPeer('p', { ...TOR, ...SECRET })],
    node: 'a',
    options: { namespace: 'kube-system' },
    peers: { p: { password: true, held: null } },
  },
  {
    cites: ['1.2 nodeMeshPassword', '2.6 Password'],
    because: "the mesh's Secret is missing: every mesh session is held",
    resources: [
      bgpConfiguration({ nodeMeshPassword: { secretKeyRef: { name: 's', key: 'k' } } }),
      A,
      B,
      node('c', { v4: '10.0.0.3/24' }),
    ],
    node: 'a',
    peers: {
      'mesh/b': { password: false, held: 'Secret manul-system/s is missing' },
      'mesh/c': { password: false, held: 'Secret manul-system/s is missing' },
    },
    warnings: ['BGPConfiguration/default spec.nodeMeshPassword: Secret manul-system/s is missing'],
  },
];
