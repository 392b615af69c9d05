/** Resources as YAML for the daemons of tests: what a user would write, with the values that vary filled in. */

/** AS number, port and node address; one Node document for this node. */
export interface NodeResources {
  readonly node: string;
  readonly asn: number;
  readonly port: number;
  readonly ipv4Address: string;
  readonly ipv6Address?: string;
  readonly clusterId?: string;
}

export function nodeYaml(node: NodeResources): string {
  const ipv6 = node.ipv6Address === undefined ? '' : `, ipv6Address: "${node.ipv6Address}/128"`;
  const cluster = node.clusterId === undefined ? '' : `, routeReflectorClusterID: ${node.clusterId}`;
  return `apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: {name: default}
spec: {asNumber: ${node.asn}, listenPort: ${node.port}, bindMode: NodeIP, nodeToNodeMeshEnabled: false}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: ${node.node}}
spec: {bgp: {ipv4Address: ${node.ipv4Address}/32${ipv6}${cluster}}}
`;
}

export interface DynamicNeighborResource {
  readonly name: string;
  readonly listenRanges: readonly string[];
  readonly routeReflectorClient: boolean;
  readonly holdTimeSec?: number;
  /** Further lines of the spec, `key: value`. */
  readonly spec?: readonly string[];
}

export function dynamicNeighborYaml(neighbor: DynamicNeighborResource): string {
  const lines = [
    `listenRanges: ${JSON.stringify(neighbor.listenRanges)}`,
    `routeReflectorClient: ${neighbor.routeReflectorClient}`,
    ...(neighbor.holdTimeSec === undefined ? [] : [`holdTime: ${neighbor.holdTimeSec}s`]),
    ...(neighbor.spec ?? []),
  ];
  return `apiVersion: manul.dev/v1alpha1
kind: DynamicNeighbor
metadata: {name: ${neighbor.name}}
spec:
${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** A BGPPeer of every node. */
export function bgpPeerYaml(name: string, address: string, port: number, asn: number): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return `apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: ${name}}
spec: {peerIP: "${host}:${port}", asNumber: ${asn}}
`;
}

/** An IPPool without encapsulation, and blocks in it that belong to the node. */
export function blocksYaml(node: string, pool: string, blocks: readonly string[]): string {
  const documents = blocks.map((block) => {
    const name = block.replaceAll(/[./:]+/g, '-');
    return `apiVersion: crd.projectcalico.org/v1
kind: BlockAffinity
metadata: {name: ${node}-${name}}
spec: {cidr: "${block}", node: ${node}, state: confirmed, deleted: "false"}
`;
  });
  const poolName = `pool-${pool.replaceAll(/[./:]+/g, '-')}`;
  return [
    `apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: ${poolName}}
spec: {cidr: "${pool}", ipipMode: Never, vxlanMode: Never}
`,
    ...documents,
  ].join('---\n');
}
