/** The remote side of a BGPPeer as addresses: one that is written, matching nodes, or matching local workloads. */
import { FAMILIES, type Family, formatAddress, scopedAddressFamily } from '@manul/bgp/net';
import type { BgpPeer } from '../schema/resource-set.ts';
import { matchesSelector } from '../schema/selector.ts';
import { DEFAULT_BGP_PORT } from './bgp-settings.ts';
import type { NodeView } from './node-view.ts';
import { asnOf, type RenderContext } from './render-context.ts';
import { localWorkloads } from './workloads.ts';

export interface RemoteEndpoint {
  readonly form: 'address' | 'node' | 'workload' | 'reverse';
  /** The node that has the address, if any. */
  readonly node: NodeView | undefined;
  readonly address: string;
  readonly family: Family;
  readonly port: number;
  readonly asn: number;
  readonly clusterId: string | null;
}

export function peerEndpoints(context: RenderContext, peer: BgpPeer): RemoteEndpoint[] {
  if (peer.spec.peerSelector !== undefined) return selectedNodes(context, peer);
  return peer.spec.peerIP === undefined ? selectedWorkloads(context, peer) : [writtenAddress(context, peer)];
}

function writtenAddress(context: RenderContext, peer: BgpPeer): RemoteEndpoint {
  const { settings, warnings } = context;
  const { address, port } = peer.spec.peerIP!;
  const asn = peer.spec.asNumber || settings.asn;
  if (!peer.spec.asNumber) {
    warnings.add(
      `BGPPeer/${peer.metadata.name}`,
      'spec.asNumber',
      `is not set: the cluster's, ${asn}, is used`,
    );
  }
  const owners = [...context.nodes.values()].filter((node) => hasAddress(node, address));
  // The port is that of a node with this address and this AS number; any node with the address makes it a node.
  const owner = owners.find((node) => asnOf(context, node) === asn);
  return {
    form: 'address',
    node: owners[0],
    address,
    family: scopedAddressFamily(address)!,
    port: port ?? (owner === undefined ? DEFAULT_BGP_PORT : settings.listenPortOf(owner.name)),
    asn,
    clusterId: null,
  };
}

function hasAddress(node: NodeView, address: string): boolean {
  return FAMILIES.some((family) => node.addresses[family]?.address === address);
}

/** Every matching node, by each of the addresses that it has. */
function selectedNodes(context: RenderContext, peer: BgpPeer): RemoteEndpoint[] {
  const { nodes, self, settings } = context;
  const selected = [...nodes.values()].filter(
    (node) => node.name !== self.name && matchesSelector(peer.spec.peerSelector!, node.labels),
  );
  return selected.flatMap((node) =>
    FAMILIES.flatMap((family): RemoteEndpoint[] => {
      const address = node.addresses[family]?.address;
      if (address === undefined) return [];
      const port = settings.listenPortOf(node.name);
      const asn = asnOf(context, node);
      return [{ form: 'node', node, address, family, port, asn, clusterId: node.clusterId }];
    }),
  );
}

function selectedWorkloads(context: RenderContext, peer: BgpPeer): RemoteEndpoint[] {
  const { localWorkloadSelector, asNumber } = peer.spec;
  const selected = localWorkloads(context).filter(({ labels }) =>
    matchesSelector(localWorkloadSelector!, labels),
  );
  return selected.flatMap(({ addresses }) =>
    addresses.map(({ bytes, family }) => ({
      form: 'workload',
      node: undefined,
      address: formatAddress(bytes),
      family,
      port: DEFAULT_BGP_PORT,
      asn: asNumber!,
      clusterId: null,
    })),
  );
}
