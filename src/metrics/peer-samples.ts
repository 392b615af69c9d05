/** Sessions → samples, computed from one look at all peers. */
import {
  type FailureKind,
  type MessageType,
  type PeerKind,
  type PeerReport,
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
const FAILURE_KINDS: readonly FailureKind[] = ['refused', 'timeout', 'unreachable', 'closed', 'other'];
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
  for (const { state, kind } of peers) increase(counts, `${state} ${kind}`, 1);
  return STATES.flatMap((state) =>
    KINDS.map((kind) => ({ labels: labelText({ state, kind }), value: counts.get(`${state} ${kind}`) ?? 0 })),
  );
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

/**
 * Prefixes by peer, family and view; those of the peers without a name of their own are summed. Another turn may come
 * after each peer.
 */
export function* prefixCounts(
  peers: readonly PeerStatus[],
  named: ReadonlySet<string>,
): Generator<void, readonly Sample[]> {
  const samples: Sample[] = [];
  const sums = new Map<string, number>();
  for (const peer of peers) {
    const isNamed = named.has(peer.name);
    const peerLabel = isNamed ? labelText({ peer: peer.name }) : '';
    for (const { view, family, labels } of PREFIX_SERIES) {
      const value = peer[view][family];
      if (value === undefined) continue;
      if (isNamed) samples.push({ labels: `${peerLabel},${labels}`, value });
      else increase(sums, labels, value);
    }
    yield;
  }
  for (const [labels, value] of sums) samples.push({ labels: `${OTHERS_LABEL},${labels}`, value });
  return samples;
}

/** A counter of peers: its series by label text without the peer's label, and their values in the same order. */
export interface PeerCounter {
  readonly series: readonly string[];
  values(report: PeerReport): readonly number[];
}

export const FLAPS: PeerCounter = { series: [''], values: ({ status }) => [status.flaps] };

export const MESSAGES: PeerCounter = {
  series: MESSAGE_SERIES.map(({ labels }) => labels),
  values: ({ counters }) => MESSAGE_SERIES.map(({ direction, type }) => counters.messages[direction][type]),
};

/** Connections that ended without a NOTIFICATION. */
export const FAILURES: PeerCounter = {
  series: FAILURE_KINDS.map((reason) => labelText({ reason })),
  values: ({ counters }) => FAILURE_KINDS.map((reason) => counters.connectionFailures[reason]),
};

/** UPDATEs and attributes that RFC 7606 saved the session from. */
export const UPDATE_ERRORS: PeerCounter = {
  series: [labelText({ action: 'treat-as-withdraw' }), labelText({ action: 'attribute-discard' })],
  values: ({ counters }) => [counters.treatedAsWithdraw, counters.attributesDiscarded],
};

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
 * A counter of all peers: absolute for those with a name of their own, folded for the rest. Another turn may come
 * after each peer.
 */
export function* counterSamples(
  reports: readonly PeerReport[],
  named: ReadonlySet<string>,
  folded: FoldedCounters,
  { series, values }: PeerCounter,
): Generator<void, readonly Sample[]> {
  const samples: Sample[] = [];
  const add = (peerLabel: string, counts: readonly number[]): void => {
    for (let i = 0; i < counts.length; i++) {
      const labels = series[i]! === '' ? peerLabel : `${peerLabel},${series[i]!}`;
      samples.push({ labels, value: counts[i]! });
    }
  };
  for (const report of reports) {
    const { name } = report.status;
    const counts = values(report);
    folded.observe(name, counts, named.has(name));
    if (named.has(name)) add(labelText({ peer: name }), counts);
    yield;
  }
  folded.keepOnly(new Set(reports.map(({ status }) => status.name)));
  add(OTHERS_LABEL, folded.sums());
  return samples;
}

function increase(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
