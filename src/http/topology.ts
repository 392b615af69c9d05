/** `/api/v1/topology`: this node, its neighbors and the sessions between them, as a graph. */
import type { PeerKind, SessionState } from '@manul/bgp';
import type { DaemonView } from '../daemon/daemon-view.ts';

export interface Topology {
  readonly nodes: readonly TopologyNode[];
  readonly links: readonly TopologyLink[];
}

export interface TopologyNode {
  /** Name of the node, or address of a neighbor. */
  readonly id: string;
  readonly asn: number | null;
  readonly routerId: string | null;
  readonly isSelf: boolean;
  readonly isReflector: boolean;
}

export interface TopologyLink {
  readonly from: string;
  readonly to: string;
  /** Name of the session. */
  readonly session: string;
  readonly kind: PeerKind;
  readonly state: SessionState;
  readonly routeReflectorClient: boolean;
}

export function topologyOf(view: DaemonView): Topology {
  const rendered = view.rendered();
  const peers = view.speaker?.peers() ?? [];
  const self: TopologyNode = {
    id: view.node,
    asn: rendered?.asn ?? null,
    routerId: rendered?.routerId ?? null,
    isSelf: true,
    isReflector: (rendered?.clusterId ?? null) !== null,
  };
  const neighbors = new Map<string, TopologyNode>();
  for (const { address, asn, routerId } of peers) {
    const known = neighbors.get(address);
    // Two sessions with one neighbor: the one that got far enough knows its router ID.
    if (known !== undefined && known.routerId !== null) continue;
    neighbors.set(address, { id: address, asn, routerId, isSelf: false, isReflector: false });
  }
  const links = peers.map(({ name, address, kind, state, routeReflectorClient }) => ({
    from: view.node,
    to: address,
    session: name,
    kind,
    state,
    routeReflectorClient,
  }));
  return { nodes: [self, ...neighbors.values()], links };
}
