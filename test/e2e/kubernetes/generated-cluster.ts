/** A cluster's objects out of a seed: every kind that a node reads, with selectors, references and Secrets. */
import type { KubernetesObject } from '../../harness/kubernetes/api-client.ts';
import { CALICO_CRD_V1, MANUL } from '../../harness/kubernetes/crds.ts';

export const NAMESPACE = 'manul-system';
export const NODES = ['node-1', 'node-2', 'node-3', 'node-4'] as const;

/** Numbers that look random and are the same for the same seed. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** @param calico the group and version in which Calico's kinds are served */
export function generateCluster(calico: string, seed: number): KubernetesObject[] {
  const pick = generator(seed);
  const oneOf = <T>(...choices: readonly T[]): T => choices[pick(choices.length)] as T;
  const calicoObject = (kind: string, name: string, spec: unknown, labels = {}): KubernetesObject => ({
    apiVersion: calico,
    kind,
    metadata: {
      name,
      // the older group keeps the metadata that Calico knows in an annotation
      ...(calico === CALICO_CRD_V1
        ? { annotations: { 'projectcalico.org/metadata': JSON.stringify({ labels }) } }
        : { labels }),
    },
    spec,
  });
  const secret = (key: string) => ({ secretKeyRef: { name: 'bgp', key } });
  return [
    ...NODES.map((name, i) => node(name, i, oneOf('a', 'b'))),
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    ...['bgp', 'unrelated'].map((name) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: NAMESPACE },
      stringData: { mesh: `mesh-${seed}`, tor: 'tor', rack: 'rack' },
    })),
    calicoObject('BGPConfiguration', 'default', {
      asNumber: 64512 + pick(10),
      nodeToNodeMeshEnabled: true,
      ...(oneOf(true, false) ? { nodeMeshPassword: secret('mesh') } : {}),
      serviceClusterIPs: [{ cidr: '10.96.0.0/16' }],
      communities: [{ name: 'blocks', value: '64512:100' }],
      prefixAdvertisements: [{ cidr: '10.42.0.0/16', communities: ['blocks'] }],
    }),
    calicoObject('BGPConfiguration', 'node.node-2', { listenPort: 1790 }),
    calicoObject('BGPPeer', 'tor', {
      peerIP: '10.0.0.1',
      asNumber: 64999,
      nodeSelector: `zone == '${oneOf('a', 'b')}'`,
      password: secret('tor'),
      filters: ['only-blocks', 'missing'],
    }),
    calicoObject('BGPPeer', 'reflectors', {
      nodeSelector: oneOf('all()', "zone == 'a'"),
      peerSelector: "has(reflector) || zone == 'b'",
    }),
    calicoObject('BGPPeer', 'node-3-only', { node: 'node-3', peerIP: '10.0.0.9', asNumber: 64998 }),
    calicoObject('BGPFilter', 'only-blocks', {
      exportV4: [{ cidr: '10.42.0.0/16', matchOperator: 'In', action: 'Accept' }, { action: 'Reject' }],
    }),
    calicoObject('IPPool', 'default-pool', {
      cidr: '10.42.0.0/16',
      blockSize: 26,
      natOutgoing: true,
      nodeSelector: 'all()',
      ...oneOf(
        { ipipMode: 'Always' },
        { vxlanMode: 'CrossSubnet' },
        { ipipMode: 'Never', vxlanMode: 'Never' },
      ),
    }),
    calicoObject('IPPool', 'other-pool', { cidr: '10.43.0.0/16', disableBGPExport: oneOf(true, false) }),
    calicoObject('IPReservation', 'kept', { reservedCIDRs: ['10.42.255.0/24'] }),
    calicoObject('FelixConfiguration', 'default', { routeRefreshInterval: `${30 + pick(60)}s` }),
    ...['node-1', 'node-2'].flatMap((name, i) => block(calicoObject, name, `10.42.${i}.0/26`)),
    calicoObject('IPAMHandle', 'handle-1', { handleID: 'handle-1', block: { '10.42.0.0/26': 1 } }),
    {
      apiVersion: MANUL,
      kind: 'DynamicNeighbor',
      metadata: { name: 'rack' },
      spec: {
        nodeSelector: oneOf('all()', "zone == 'a'"),
        listenRanges: ['10.9.0.0/16', 'fd00:9::/48'],
        password: secret('rack'),
      },
    },
    ...NODES.flatMap((name, i) => pods(name, i)),
    ...service(),
  ];
}

function node(name: string, index: number, zone: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { zone, ...(index === 3 ? { reflector: 'yes' } : {}) },
      annotations: {
        'projectcalico.org/IPv4Address': `10.0.1.${index + 1}/24`,
        'projectcalico.org/IPv4IPIPTunnelAddr': `10.42.${index}.1`,
        ...(index === 3 ? { 'projectcalico.org/RouteReflectorClusterID': '244.0.0.1' } : {}),
        ...(index === 1 ? { 'projectcalico.org/ASNumber': '64700' } : {}),
      },
    },
    spec: { podCIDR: `10.44.${index}.0/24`, podCIDRs: [`10.44.${index}.0/24`, `fd00:44:${index}::/64`] },
  };
}

type MakeCalicoObject = (kind: string, name: string, spec: unknown) => KubernetesObject;

function block(calicoObject: MakeCalicoObject, owner: string, cidr: string): KubernetesObject[] {
  const name = cidr.replaceAll(/[./]/g, '-');
  return [
    calicoObject('BlockAffinity', `${owner}-${name}`, {
      state: 'confirmed',
      node: owner,
      cidr,
      deleted: 'false',
    }),
    calicoObject('IPAMBlock', name, {
      cidr,
      affinity: `host:${owner}`,
      allocations: [0, null, 1],
      unallocated: [1],
      // the second is lent to another node
      attributes: [
        { handle_id: 'handle-1', secondary: { node: owner } },
        { handle_id: 'handle-2', secondary: { node: 'node-3' } },
      ],
      deleted: false,
      strictAffinity: false,
    }),
  ];
}

function pods(name: string, index: number): KubernetesObject[] {
  const pod = (suffix: string, spec: object): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${index}-${suffix}`, namespace: 'default', labels: { app: suffix } },
    spec: { nodeName: name, containers: [{ name: 'one', image: 'none' }], ...spec },
    status: {
      phase: 'Running',
      podIPs: [{ ip: `10.45.${index}.${suffix.length}` }],
      podIP: `10.45.${index}.${suffix.length}`,
    },
  });
  return [pod('plain', {}), pod('host', { hostNetwork: true })];
}

function service(): KubernetesObject[] {
  const metadata = { name: 'web', namespace: 'default' };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        clusterIP: '10.96.7.7',
        selector: { app: 'plain' },
        ports: [{ port: 80 }],
        externalTrafficPolicy: undefined,
      },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.45.0.5'], nodeName: 'node-1', conditions: { ready: true } }],
      ports: [{ port: 80, name: '' }],
    },
  ];
}
