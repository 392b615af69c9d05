/**
 * The resources of the demo, as `kubectl apply` takes them: a reflector that knows its clients by their range
 * alone, nodes that find it by its label, and one block of the pool for each node.
 */

export interface ClusterPlan {
  readonly asn: number;
  readonly listenPort: number;
  readonly reflector: Speaker;
  /** Addresses that the reflector accepts clients from. */
  readonly clientRange: string;
  readonly nodes: readonly PlannedNode[];
  /** What the nodes announce their blocks to; null: nothing outside. */
  readonly router: { readonly address: string; readonly asn: number } | null;
}

export interface Speaker {
  readonly name: string;
  /** With prefix length: `10.0.0.1/24`. */
  readonly address: string;
}

export interface PlannedNode extends Speaker {
  /** A /26 of the pool that ends in `.0`. */
  readonly block: string;
  readonly pod: Pod | null;
}

export interface Pod {
  readonly name: string;
  /** Inside the block of its node. */
  readonly address: string;
  /** Host side of its veth pair. */
  readonly interfaceName: string;
}

export const POOL = '10.244.0.0/16';
const BLOCK_SIZE = 64;

export function clusterResources(plan: ClusterPlan): string {
  const documents = [
    bgpConfiguration(plan),
    reflector(plan),
    ...plan.nodes.flatMap(nodeDocuments),
    pool(),
    toReflectors(),
    ...(plan.router === null ? [] : toRouter(plan.router)),
  ];
  return documents.map((text) => text.trim()).join('\n---\n');
}

function bgpConfiguration({ asn, listenPort }: ClusterPlan): string {
  return `
apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: {name: default}
spec: {asNumber: ${asn}, listenPort: ${listenPort}, bindMode: NodeIP, nodeToNodeMeshEnabled: false}`;
}

function reflector({ reflector: { name, address }, clientRange }: ClusterPlan): string {
  return `
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: ${name}, labels: {route-reflector: "true"}}
spec: {bgp: {ipv4Address: ${address}, routeReflectorClusterID: 244.0.0.1}}
---
# Whoever comes from this range is a client: no node is named here.
apiVersion: manul.dev/v1alpha1
kind: DynamicNeighbor
metadata: {name: nodes}
spec: {nodeSelector: has(route-reflector), listenRanges: [${clientRange}], routeReflectorClient: true}`;
}

function toReflectors(): string {
  return `
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: reflector}
spec: {nodeSelector: "!has(route-reflector)", peerSelector: has(route-reflector), reversePeering: Manual}`;
}

function toRouter({ address, asn }: { readonly address: string; readonly asn: number }): string[] {
  return [
    `
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: tor}
spec: {nodeSelector: "!has(route-reflector)", peerIP: ${address}, asNumber: ${asn}, filters: [own-blocks-only]}`,
    `
# Each node announces its own block to the router, and not what the reflector told it of the others.
apiVersion: projectcalico.org/v3
kind: BGPFilter
metadata: {name: own-blocks-only}
spec: {exportV4: [{source: RemotePeers, action: Reject}]}`,
  ];
}

function pool(): string {
  return `
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: pods}
spec: {cidr: ${POOL}, blockSize: 26, ipipMode: Never, vxlanMode: Never, natOutgoing: false}`;
}

function nodeDocuments(node: PlannedNode): string[] {
  const { name, address, block, pod } = node;
  const blockName = block.replaceAll(/[./]/g, '-');
  return [
    `
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: ${name}}
spec: {bgp: {ipv4Address: ${address}}}`,
    `
apiVersion: crd.projectcalico.org/v1
kind: BlockAffinity
metadata: {name: ${name}-${blockName}}
spec: {cidr: ${block}, node: ${name}, state: confirmed, deleted: "false"}`,
    `
apiVersion: crd.projectcalico.org/v1
kind: IPAMBlock
metadata: {name: ${blockName}}
spec:
  cidr: ${block}
  affinity: host:${name}
  strictAffinity: false
  ${allocations(node)}`,
    ...(pod === null ? [] : [workloadEndpoint(name, pod)]),
  ];
}

/** Per address of the block: null, or which attribute tells whose it is. */
function allocations({ name, pod }: PlannedNode): string {
  const used = pod === null ? -1 : Number(pod.address.split('.').at(-1));
  const ordinals = Array.from({ length: BLOCK_SIZE }, (_, ordinal) => ordinal);
  const attribute =
    pod === null
      ? ''
      : `{handle_id: k8s-pod-network.${pod.name}, secondary: {node: ${name}, pod: ${pod.name}}}`;
  return [
    `allocations: [${ordinals.map((ordinal) => (ordinal === used ? '0' : 'null')).join(', ')}]`,
    `unallocated: [${ordinals.filter((ordinal) => ordinal !== used).join(', ')}]`,
    `attributes: [${attribute}]`,
  ].join('\n  ');
}

function workloadEndpoint(node: string, { name, address, interfaceName }: Pod): string {
  const endpoint = `${node.replaceAll('-', '--')}-k8s-${name.replaceAll('-', '--')}-eth0`;
  return `
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: {name: ${endpoint}, namespace: demo}
spec: {node: ${node}, orchestrator: k8s, pod: ${name}, endpoint: eth0, interfaceName: ${interfaceName}, ipNetworks: [${address}/32]}`;
}
