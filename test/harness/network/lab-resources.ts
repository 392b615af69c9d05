/** Resources of a cluster in a lab, as a user would write them. */
import type { LabNode } from './node-lab.ts';

export interface LabResources {
  readonly ipipMode?: string;
  readonly vxlanMode?: string;
  readonly natOutgoing?: boolean;
  /** Further documents. */
  readonly more?: readonly object[];
}

/** JSON is YAML: one document a line. */
export function labYaml(nodes: readonly LabNode[], resources: LabResources = {}): string {
  const { ipipMode = 'Never', vxlanMode = 'Never', natOutgoing = false, more = [] } = resources;
  const pools = [
    calico('IPPool', 'pods', { cidr: '10.65.0.0/16', ipipMode, vxlanMode, natOutgoing }),
    calico('IPPool', 'pods-v6', { cidr: 'fd65::/48', blockSize: 122, vxlanMode, natOutgoing }),
  ];
  const mesh = calico('BGPConfiguration', 'default', {
    asNumber: 64512,
    bindMode: 'NodeIP',
    listenPort: 1790,
  });
  const documents = [mesh, ...pools, ...nodes.flatMap(nodeDocuments), ...more];
  return documents.map((document) => `---\n${JSON.stringify(document)}\n`).join('');
}

export function nodeDocuments(node: LabNode): object[] {
  const { name, ipv4, ipv6, blocks, tunnelAddresses, pod } = node;
  const spec = {
    bgp: { ipv4Address: `${ipv4}/24`, ipv6Address: `${ipv6}/64`, ipv4IPIPTunnelAddr: tunnelAddresses.ipip },
    ipv4VXLANTunnelAddr: tunnelAddresses.vxlan,
    ipv6VXLANTunnelAddr: tunnelAddresses.vxlanV6,
  };
  const ipNetworks = [`${pod.ipv4}/32`, `${pod.ipv6}/128`];
  const { interfaceName, mac } = pod;
  return [
    calico('Node', name, spec),
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
