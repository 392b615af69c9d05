/**
 * Which peers get series of their own. N nodes that each describe N mesh peers make N² series; so in a mesh
 * only those that need attention are named, and everybody else is summed up under one label.
 */
import type { PeerStatus } from '@manul/bgp';

/** `--metrics-per-peer`. */
export type PerPeerRule = 'auto' | 'all' | 'none';

/** Configured and dynamic peers that `auto` names at most, in the order of kind and name. */
export const MAX_NAMED_PEERS = 1000;

/** Mesh peers that `auto` names at most, of those that are not Established. */
export const MAX_NAMED_MESH_PEERS = 50;

/** Label value of the series that sum up all peers without series of their own; no resource can be called so. */
export const OTHERS = '_others';

/** Names of the peers with series of their own. */
export function namedPeers(peers: readonly PeerStatus[], rule: PerPeerRule): ReadonlySet<string> {
  if (rule === 'none') return new Set();
  if (rule === 'all') return new Set(peers.map((peer) => peer.name));
  const mesh = peers.filter((peer) => peer.kind === 'mesh' && peer.state !== 'Established');
  const configured = peers.filter((peer) => peer.kind === 'configured');
  const dynamic = peers.filter((peer) => peer.kind === 'dynamic');
  return new Set([
    ...sortedNames(mesh).slice(0, MAX_NAMED_MESH_PEERS),
    ...[...sortedNames(configured), ...sortedNames(dynamic)].slice(0, MAX_NAMED_PEERS),
  ]);
}

function sortedNames(peers: readonly PeerStatus[]): readonly string[] {
  return peers.map((peer) => peer.name).sort();
}
