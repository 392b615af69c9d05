/**
 * Sessions that BGPPeers ask for on one node: those whose own side it is on, and the mirror image of those whose
 * remote side it is on (`reversePeering`).
 */
import { FAMILIES, type Family, isLinkLocal } from '@manul/bgp/net';
import { OPTION_PREFIX } from '../schema/option-annotations.ts';
import type { BgpPeer } from '../schema/resource-set.ts';
import { matchesSelector } from '../schema/selector.ts';
import type { NodeView } from './node-view.ts';
import { secretPassword } from './passwords.ts';
import { peerEndpoints, type RemoteEndpoint } from './peer-endpoints.ts';
import { peerPrefixLimit } from './prefix-limit.ts';
import { asnOf, type RenderContext } from './render-context.ts';
import {
  familiesBetween,
  gracefulRestartSec,
  isTextGreater,
  keepaliveSec,
  Rank,
  type SessionDraft,
} from './session-draft.ts';
import { peerSafety } from './session-safety.ts';

export function bgpPeerSessions(context: RenderContext): SessionDraft[] {
  const drafts: SessionDraft[] = [];
  for (const peer of context.resources.bgpPeers.values()) {
    drafts.push(...forwardSessions(context, peer), ...reverseSessions(context, peer));
  }
  return drafts;
}

/** Neither `node` nor `nodeSelector`: every node. */
function isGlobal({ spec }: BgpPeer): boolean {
  return spec.node === undefined && spec.nodeSelector === undefined;
}

function isOwnSide(peer: BgpPeer, node: NodeView): boolean {
  const { node: name, nodeSelector } = peer.spec;
  if (name !== undefined) return name === node.name;
  return nodeSelector === undefined || matchesSelector(nodeSelector, node.labels);
}

function forwardSessions(context: RenderContext, peer: BgpPeer): SessionDraft[] {
  if (!isOwnSide(peer, context.self)) return [];
  const rank = isGlobal(peer) ? Rank.Global : Rank.Node;
  return peerEndpoints(context, peer).flatMap((endpoint) => draft(context, peer, endpoint, rank));
}

/** The sessions that others' side of `peer` gives to this node as one of its remotes. */
function reverseSessions(context: RenderContext, peer: BgpPeer): SessionDraft[] {
  const { self, nodes, settings } = context;
  const families = mirroredFamilies(context, peer);
  if (families.length === 0) return [];
  const others = [...nodes.values()].filter((node) => node.name !== self.name && isOwnSide(peer, node));
  return others.flatMap((other) =>
    families.flatMap((family) => {
      const address = other.addresses[family]?.address;
      if (address === undefined) return [];
      const endpoint: RemoteEndpoint = {
        form: 'reverse',
        node: other,
        address,
        family,
        port: settings.listenPortOf(other.name),
        asn: mirroredAsn(context, peer, other),
        clusterId: other.clusterId,
      };
      return draft(context, peer, endpoint, Rank.Reverse);
    }),
  );
}

/** AS number of the other end of a mirrored session: the one that it presents there. */
function mirroredAsn(context: RenderContext, { spec }: BgpPeer, other: NodeView): number {
  const presented = spec.peerIP === undefined ? undefined : spec.localASNumber;
  return presented ?? asnOf(context, other);
}

/** Families in which this node is a remote of `peer`: that of `peerIP`, or both with `peerSelector`. */
function mirroredFamilies(context: RenderContext, peer: BgpPeer): readonly Family[] {
  const { self, settings, asn } = context;
  const { reversePeering, peerIP, peerSelector, asNumber } = peer.spec;
  if (reversePeering === 'Manual' || !context.nodes.has(self.name)) return [];
  if (peerSelector !== undefined) return matchesSelector(peerSelector, self.labels) ? FAMILIES : [];
  if (peerIP === undefined || (asNumber || settings.asn) !== asn) return [];
  if (peerIP.port !== null && peerIP.port !== settings.listenPortOf(self.name)) return [];
  return FAMILIES.filter((family) => self.addresses[family]?.address === peerIP.address);
}

/** @returns nothing for this node itself, and where it has no address of the family: then Calico runs no BGP there. */
function draft(
  context: RenderContext,
  peer: BgpPeer,
  endpoint: RemoteEndpoint,
  rank: SessionDraft['rank'],
): SessionDraft[] {
  const { self, resources, options, warnings } = context;
  const { spec } = peer;
  const { form, family, address } = endpoint;
  const resource = `BGPPeer/${peer.metadata.name}`;
  const own = self.addresses[family]?.address;
  const isOnLink = isLinkLocal(address);
  if (own === address) return [];
  if (own === undefined && !isOnLink) {
    const field = spec.peerIP === undefined ? 'spec' : 'spec.peerIP';
    const name = family === 'ipv4' ? 'IPv4' : 'IPv6';
    warnings.add(resource, field, `no session with ${address}: node ${self.name} has no ${name} address`);
    return [];
  }
  // Calico carries these two only for sessions with a written address (or a workload).
  const ownTerms = form === 'address' || form === 'workload';
  const localAsn = (ownTerms ? spec.localASNumber : undefined) ?? context.asn;
  return [
    {
      rank,
      kind: 'configured',
      group: peer.metadata.name,
      remoteNode: form === 'address' ? null : (endpoint.node?.name ?? null),
      family,
      address,
      port: endpoint.port,
      asn: endpoint.asn,
      localAsn,
      localAddress: isOnLink || form === 'workload' || spec.sourceAddress === 'None' ? null : (own ?? null),
      passive: isPassive(endpoint, rank, own ?? ''),
      remoteClusterId: endpoint.clusterId,
      nextHop: nextHopMode(peer, localAsn !== endpoint.asn),
      // Nothing but this session can be had with a neighbor that is known by its link alone.
      families: isOnLink ? FAMILIES : familiesBetween(self, endpoint.node, family),
      password: secretPassword(resources, options.namespace, spec.password),
      keepaliveSec: keepaliveSec(context, spec.keepaliveTime, resource),
      gracefulRestartSec: gracefulRestartSec(context, spec.maxRestartTime, resource, 'spec.maxRestartTime'),
      ttlSecurity: spec.ttlSecurity || null,
      allowOwnAs: (ownTerms ? spec.numAllowedLocalASNumbers : undefined) ?? 0,
      reachableBy: spec.reachableBy ?? null,
      prefixLimit: peerPrefixLimit(context, peer),
      safety: peerSafety(context, peer),
      boundTo: peer.metadata.annotations[`${OPTION_PREFIX}interface`] ?? null,
      filters: spec.filters ?? [],
      resource,
    },
  ];
}

/** Workloads dial us. A cluster-wide peering with a node's written address follows the mesh's rule; others dial. */
function isPassive(endpoint: RemoteEndpoint, rank: SessionDraft['rank'], own: string): boolean {
  if (endpoint.form === 'workload') return true;
  const isNode = endpoint.form === 'address' && endpoint.node !== undefined;
  return isNode && rank === Rank.Global && isTextGreater(endpoint.address, own);
}

function nextHopMode({ spec }: BgpPeer, isEbgp: boolean): SessionDraft['nextHop'] {
  if (spec.nextHopMode === 'Self') return 'self';
  if (spec.nextHopMode === 'Keep') return 'keep';
  return spec.keepOriginalNextHop === true && isEbgp ? 'keep' : 'auto';
}
