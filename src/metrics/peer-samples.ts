/** Sessions → samples, computed from one look at all peers. */
import {
  type MessageType,
  type PeerKind,
  type PeerStatus,
  SESSION_STATE_NUMBER,
  type SessionState,
  type Speaker,
} from '@manul/bgp';
import { FAMILIES, type Family } from '@manul/bgp/net';
import type { FoldedCounters } from './folded-counters.ts';
import { OTHERS } from './peer-budget.ts';
import type { Sample } from './sampled-metric.ts';

const KINDS: readonly PeerKind[] = ['mesh', 'configured', 'dynamic'];
const STATES = Object.keys(SESSION_STATE_NUMBER) as readonly SessionState[];
const VIEWS = ['received', 'accepted', 'advertised'] as const;
const MESSAGE_TYPES: readonly MessageType[] = ['open', 'update', 'notification', 'keepalive', 'routeRefresh'];
const DIRECTIONS = ['sent', 'received'] as const;

/** How many sessions are in which state; every combination, so that a count can fall to zero. */
export function peerCounts(peers: readonly PeerStatus[]): readonly Sample[] {
  const counts = new Map<string, number>();
  for (const { state, kind } of peers) {
    counts.set(`${state} ${kind}`, (counts.get(`${state} ${kind}`) ?? 0) + 1);
  }
  return STATES.flatMap((state) =>
    KINDS.map((kind) => ({ labels: { state, kind }, value: counts.get(`${state} ${kind}`) ?? 0 })),
  );
}

export function peerStates(peers: readonly PeerStatus[]): readonly Sample[] {
  return peers.map(({ name, kind, asn, state }) => ({
    labels: { peer: name, kind, asn },
    value: SESSION_STATE_NUMBER[state],
  }));
}

/** Unix seconds, of the sessions that are Established. */
export function establishedTimes(peers: readonly PeerStatus[]): readonly Sample[] {
  return peers
    .filter((peer) => peer.state === 'Established')
    .map(({ name, since }) => ({ labels: { peer: name }, value: Date.parse(since) / 1000 }));
}

/** Prefixes by peer, family and view; those of the peers without a name of their own are summed. */
export function prefixCounts(peers: readonly PeerStatus[], named: ReadonlySet<string>): readonly Sample[] {
  const samples: Sample[] = [];
  const sums = new Map<string, number>();
  for (const peer of peers) {
    const isNamed = named.has(peer.name);
    for (const view of VIEWS) {
      for (const family of FAMILIES) {
        const value = peer[view][family];
        if (value === undefined) continue;
        if (isNamed) samples.push({ labels: { peer: peer.name, family, view }, value });
        else sums.set(`${family} ${view}`, (sums.get(`${family} ${view}`) ?? 0) + value);
      }
    }
  }
  for (const [series, value] of sums) {
    const [family, view] = series.split(' ') as [Family, string];
    samples.push({ labels: { peer: OTHERS, family, view }, value });
  }
  return samples;
}

/** Messages of one peer by series: `direction type`. */
export function messageCounts(speaker: Speaker, peer: string): ReadonlyMap<string, number> {
  const messages = speaker.peer(peer)?.messages;
  const counts = new Map<string, number>();
  if (messages === undefined) return counts;
  for (const direction of DIRECTIONS) {
    for (const type of MESSAGE_TYPES) counts.set(`${direction} ${type}`, messages[direction][type]);
  }
  return counts;
}

/** Established dynamic sessions by neighbor; the neighbors that exist show zero. */
export function dynamicCounts(peers: readonly PeerStatus[], neighbors: readonly string[]): readonly Sample[] {
  const counts = new Map(neighbors.map((name) => [name, 0]));
  for (const peer of peers) {
    if (peer.kind !== 'dynamic' || peer.state !== 'Established') continue;
    // `<neighbor>/<address>`; names of resources hold no slash.
    const neighbor = peer.name.slice(0, peer.name.indexOf('/'));
    counts.set(neighbor, (counts.get(neighbor) ?? 0) + 1);
  }
  return [...counts].map(([neighbor, value]) => ({ labels: { neighbor }, value }));
}

/**
 * Counters of all peers: absolute for those with a name of their own, folded for the rest.
 * @param counts the counters of one peer, by series: label values joined by a space
 * @param labels names of those labels, in the same order
 */
export function counterSamples(
  peers: readonly PeerStatus[],
  named: ReadonlySet<string>,
  folded: FoldedCounters,
  labels: readonly string[],
  counts: (peer: PeerStatus) => ReadonlyMap<string, number>,
): readonly Sample[] {
  const samples: Sample[] = [];
  for (const peer of peers) {
    const isNamed = named.has(peer.name);
    const values = counts(peer);
    folded.observe(peer.name, values, isNamed);
    if (!isNamed) continue;
    for (const [series, value] of values) {
      samples.push({ labels: labelsOf(peer.name, labels, series), value });
    }
  }
  folded.keepOnly(new Set(peers.map((peer) => peer.name)));
  for (const [series, value] of folded.sums()) {
    samples.push({ labels: labelsOf(OTHERS, labels, series), value });
  }
  return samples;
}

function labelsOf(peer: string, names: readonly string[], series: string): Record<string, string> {
  const values = series.split(' ');
  return Object.fromEntries([['peer', peer], ...names.map((name, i) => [name, values[i] ?? ''])]);
}
