/** Sessions → samples, computed from one look at all peers. */
import {
  type MessageType,
  type PeerCounters,
  type PeerKind,
  type PeerStatus,
  SESSION_STATE_NUMBER,
  type SessionState,
} from '@manul/bgp';
import { FAMILIES } from '@manul/bgp/net';
import type { FoldedCounters } from './folded-counters.ts';
import { OTHERS } from './peer-budget.ts';
import { labelText, type Sample } from './sampled-metric.ts';

const KINDS: readonly PeerKind[] = ['mesh', 'configured', 'dynamic'];
const STATES = Object.keys(SESSION_STATE_NUMBER) as readonly SessionState[];
const VIEWS = ['received', 'accepted', 'advertised'] as const;
const MESSAGE_TYPES: readonly MessageType[] = ['open', 'update', 'notification', 'keepalive', 'routeRefresh'];
const OTHERS_LABEL = labelText({ peer: OTHERS });

const PREFIX_SERIES = VIEWS.flatMap((view) =>
  FAMILIES.map((family) => ({ view, family, labels: labelText({ family, view }) })),
);
const MESSAGE_SERIES = (['sent', 'received'] as const).flatMap((direction) =>
  MESSAGE_TYPES.map((type) => ({ direction, type, labels: labelText({ direction, type }) })),
);

/** How many sessions are in which state; every combination, so that a count can fall to zero. */
export function peerCounts(peers: readonly PeerStatus[]): readonly Sample[] {
  const counts = new Map<string, number>();
  for (const state of STATES) for (const kind of KINDS) counts.set(labelText({ state, kind }), 0);
  for (const { state, kind } of peers) increase(counts, labelText({ state, kind }), 1);
  return [...counts].map(([labels, value]) => ({ labels, value }));
}

export function peerStates(peers: readonly PeerStatus[]): readonly Sample[] {
  return peers.map(({ name, kind, asn, state }) => ({
    labels: labelText({ peer: name, kind, asn }),
    value: SESSION_STATE_NUMBER[state],
  }));
}

/** Unix seconds, of the sessions that are Established. */
export function establishedTimes(peers: readonly PeerStatus[]): readonly Sample[] {
  return peers
    .filter((peer) => peer.state === 'Established')
    .map(({ name, since }) => ({ labels: labelText({ peer: name }), value: Date.parse(since) / 1000 }));
}

/** Prefixes by peer, family and view; those of the peers without a name of their own are summed. */
export function prefixCounts(peers: readonly PeerStatus[], named: ReadonlySet<string>): readonly Sample[] {
  const samples: Sample[] = [];
  const sums = new Map<string, number>();
  for (const peer of peers) {
    const isNamed = named.has(peer.name);
    const peerLabel = labelText({ peer: peer.name });
    for (const { view, family, labels } of PREFIX_SERIES) {
      const value = peer[view][family];
      if (value === undefined) continue;
      if (isNamed) samples.push({ labels: `${peerLabel},${labels}`, value });
      else increase(sums, labels, value);
    }
  }
  for (const [labels, value] of sums) samples.push({ labels: `${OTHERS_LABEL},${labels}`, value });
  return samples;
}

/** Messages of one peer, by label text. */
export function messageCounts({ messages }: PeerCounters): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { direction, type, labels } of MESSAGE_SERIES) counts.set(labels, messages[direction][type]);
  return counts;
}

/** Connections that ended without a NOTIFICATION, by label text. */
export function failureCounts({ connectionFailures }: PeerCounters): ReadonlyMap<string, number> {
  return new Map(Object.entries(connectionFailures).map(([reason, count]) => [labelText({ reason }), count]));
}

/** UPDATEs and attributes that RFC 7606 saved the session from, by label text. */
export function updateErrorCounts(peer: PeerCounters): ReadonlyMap<string, number> {
  return new Map([
    [labelText({ action: 'treat-as-withdraw' }), peer.treatedAsWithdraw],
    [labelText({ action: 'attribute-discard' }), peer.attributesDiscarded],
  ]);
}

/** Established dynamic sessions by neighbor; the neighbors that exist show zero. */
export function dynamicCounts(peers: readonly PeerStatus[], neighbors: readonly string[]): readonly Sample[] {
  const counts = new Map(neighbors.map((name) => [name, 0]));
  for (const peer of peers) {
    if (peer.kind !== 'dynamic' || peer.state !== 'Established') continue;
    // `<neighbor>/<address>`; names of resources hold no slash.
    increase(counts, peer.name.slice(0, peer.name.indexOf('/')), 1);
  }
  return [...counts].map(([neighbor, value]) => ({ labels: labelText({ neighbor }), value }));
}

/**
 * Counters of all peers: absolute for those with a name of their own, folded for the rest.
 * @param counts the counters of one peer by label text, without the peer's label; empty text: no further label
 */
export function counterSamples(
  peers: readonly PeerStatus[],
  named: ReadonlySet<string>,
  folded: FoldedCounters,
  counts: (peer: PeerStatus) => ReadonlyMap<string, number>,
): readonly Sample[] {
  const samples: Sample[] = [];
  const add = (peerLabel: string, values: ReadonlyMap<string, number>): void => {
    for (const [labels, value] of values) {
      samples.push({ labels: labels === '' ? peerLabel : `${peerLabel},${labels}`, value });
    }
  };
  for (const peer of peers) {
    const isNamed = named.has(peer.name);
    const values = counts(peer);
    folded.observe(peer.name, values, isNamed);
    if (isNamed) add(labelText({ peer: peer.name }), values);
  }
  folded.keepOnly(new Set(peers.map((peer) => peer.name)));
  add(OTHERS_LABEL, folded.sums());
  return samples;
}

function increase(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
