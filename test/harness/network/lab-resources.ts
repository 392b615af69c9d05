/** Resources of a cluster in a lab, as a user would write them. */
import type { LabNode } from './node-lab.ts';

export interface LabResources {
  readonly ipipMode?: string;
  readonly vxlanMode?: string;
  readonly natOutgoing?: boolean;
  /** The node-to-node mesh; default true. */
  readonly mesh?: boolean;
  /** Names of nodes that reflect to all others; default none. */
  readonly reflectors?: readonly string[];
  /** Further documents. */
  readonly more?: readonly object[];
}

/** JSON is YAML: one document a line. */
export function labYaml(nodes: readonly LabNode[], resources: LabResources = {}): string {
  const { ipipMode = 'Never', vxlanMode = 'Never', natOutgoing = false, more = [] } = resources;
  const { mesh = true, reflectors = [] } = resources;
  const pools = [
    calico('IPPool', 'pods', { cidr: '10.65.0.0/16', ipipMode, vxlanMode, natOutgoing }),
    calico('IPPool', 'pods-v6', { cidr: 'fd65::/48', blockSize: 122, vxlanMode, natOutgoing }),
  ];
  const configuration = calico('BGPConfiguration', 'default', {
    asNumber: 64512,
    bindMode: 'NodeIP',
    listenPort: 1790,
    nodeToNodeMeshEnabled: mesh,
  });
  const documents = [
    configuration,
    ...pools,
    ...nodes.flatMap((node) => nodeDocuments(node, reflectors.includes(node.name))),
    ...(reflectors.length === 0 ? [] : reflectorDocuments()),
    ...more,
  ];
  return documents.map((document) => `---\n${JSON.stringify(document)}\n`).join('');
}

const LABEL = 'reflector';

/** As the chart writes them: ranges for clients, sessions between reflectors, and of all others towards them. */
function reflectorDocuments(): object[] {
  const has = `has(${LABEL})`;
  const range = { nodeSelector: has, listenRanges: ['10.0.0.0/16', 'fd00::/16'], routeReflectorClient: true };
  return [
    {
      apiVersion: 'manul.dev/v1alpha1',
      kind: 'DynamicNeighbor',
      metadata: { name: 'clients' },
      spec: range,
    },
    calico('BGPPeer', 'reflectors', { nodeSelector: has, peerSelector: has }),
    calico('BGPPeer', 'to-reflectors', {
      nodeSelector: `!${has}`,
      peerSelector: has,
      reversePeering: 'Manual',
    }),
  ];
}

export function nodeDocuments(node: LabNode, isReflector = false): object[] {
  const { name, ipv4, ipv6, blocks, tunnelAddresses, pod } = node;
  const spec = {
    bgp: { ipv4Address: `${ipv4}/24`, ipv6Address: `${ipv6}/64`, ipv4IPIPTunnelAddr: tunnelAddresses.ipip },
    ipv4VXLANTunnelAddr: tunnelAddresses.vxlan,
    ipv6VXLANTunnelAddr: tunnelAddresses.vxlanV6,
  };
  const ipNetworks = [`${pod.ipv4}/32`, `${pod.ipv6}/128`];
  const { interfaceName, mac } = pod;
  return [
    { ...calico('Node', name, spec), metadata: { name, labels: isReflector ? { [LABEL]: '' } : {} } },
    calico('BlockAffinity', `${name}-v4`, { cidr: blocks.ipv4, node: name, state: 'confirmed' }),
    calico('BlockAffinity', `${name}-v6`, { cidr: blocks.ipv6, node: name, state: 'confirmed' }),
    {
      ...calico('WorkloadEndpoint', pod.name, { node: name, interfaceName, mac, ipNetworks }),
      metadata: { name: pod.name, namespace: 'default' },
    },
  ];
}

export function calico(kind: string, name: string, spec: object): object {
  return { apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec };
}
