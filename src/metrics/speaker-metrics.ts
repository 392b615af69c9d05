/** The `manul_bgp_…` metrics. */
import type { DroppedSegments, PeerCounters, Speaker, SpeakerEvent } from '@manul/bgp';
import { FAMILIES, type Family } from '@manul/bgp/net';
import { Counter, Histogram, type Registry } from 'prom-client';
import { FoldedCounters } from './folded-counters.ts';
import { NotificationCounts } from './notification-counts.ts';
import { namedPeers, type PerPeerRule } from './peer-budget.ts';
import {
  counterSamples,
  dynamicCounts,
  establishedTimes,
  failureCounts,
  messageCounts,
  peerCounts,
  peerStates,
  prefixCounts,
  updateErrorCounts,
} from './peer-samples.ts';
import { labelText, type Sample, SampledMetric } from './sampled-metric.ts';

/** Seconds: from one flush without load to a full table behind a slow reader. */
const PROPAGATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface SpeakerMetricsOptions {
  readonly registry: Registry;
  readonly speaker: Speaker;
  readonly rule: PerPeerRule;
  /** Names of the DynamicNeighbors that are configured. */
  readonly neighbors: () => readonly string[];
}

export class SpeakerMetrics {
  readonly #options: SpeakerMetricsOptions;
  readonly #stops: readonly (() => void)[];
  readonly #folds = {
    messages: new FoldedCounters(),
    failures: new FoldedCounters(),
    updateErrors: new FoldedCounters(),
    flaps: new FoldedCounters(),
  };
  readonly #notifications = new NotificationCounts();
  readonly #sampled = createSampled();
  readonly #refused: Counter;

  constructor(options: SpeakerMetricsOptions) {
    this.#options = options;
    const registers = [options.registry];
    const propagation = new Histogram({
      name: 'manul_bgp_propagation_seconds',
      help: 'From reading an UPDATE to having written it to the last client',
      buckets: PROPAGATION_BUCKETS,
      registers,
    });
    this.#refused = new Counter({
      name: 'manul_bgp_dynamic_refused_total',
      help: 'Connections that no DynamicNeighbor accepted',
      labelNames: ['neighbor', 'reason'],
      registers,
    });
    this.#stops = [
      options.speaker.onEvent((event) => this.#onEvent(event)),
      options.speaker.onPropagation((seconds) => propagation.observe(seconds)),
    ];
  }

  /** The values of now. O(peers). */
  sample(): readonly SampledMetric[] {
    const { speaker, rule, neighbors } = this.#options;
    const metrics = this.#sampled;
    const peers = speaker.peers();
    const names = namedPeers(peers, rule);
    const named = peers.filter((peer) => names.has(peer.name));
    const { prefixes, paths } = speaker.ribSummary();
    metrics.peers.samples = peerCounts(peers);
    metrics.state.samples = peerStates(named);
    metrics.established.samples = establishedTimes(named);
    metrics.prefixes.samples = prefixCounts(peers, names);
    metrics.dynamicSessions.samples = dynamicCounts(peers, neighbors());
    metrics.ribPrefixes.samples = byFamily(prefixes);
    metrics.ribPaths.samples = byFamily(paths);
    const counters = (fold: FoldedCounters, counts: Parameters<typeof counterSamples>[3]) =>
      counterSamples(peers, names, fold, counts);
    metrics.flaps.samples = counters(this.#folds.flaps, ({ flaps }) => new Map([['', flaps]]));
    const counted = new Map(peers.map(({ name }) => [name, speaker.peerCounters(name)] as const));
    const detailed = (fold: FoldedCounters, counts: (peer: PeerCounters) => ReadonlyMap<string, number>) =>
      counters(fold, ({ name }) => {
        const own = counted.get(name) ?? null;
        return own === null ? NO_COUNTS : counts(own);
      });
    metrics.messages.samples = detailed(this.#folds.messages, messageCounts);
    metrics.failures.samples = detailed(this.#folds.failures, failureCounts);
    metrics.updateErrors.samples = detailed(this.#folds.updateErrors, updateErrorCounts);
    metrics.drops.samples = dropSamples(speaker.droppedSegments());
    metrics.notifications.samples = this.#notifications.samples(
      (peer) => counted.has(peer),
      (peer) => names.has(peer),
    );
    return Object.values(metrics);
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  #onEvent(event: SpeakerEvent): void {
    this.#notifications.onEvent(event);
    if (event.kind === 'refused') {
      this.#refused.inc({ neighbor: event.neighbor ?? '', reason: event.reason });
    }
  }
}

const NO_COUNTS: ReadonlyMap<string, number> = new Map();

function dropSamples(drops: DroppedSegments): readonly Sample[] {
  return [
    { labels: labelText({ reason: 'md5-missing' }), value: drops.unsigned },
    { labels: labelText({ reason: 'md5-unexpected' }), value: drops.unexpectedlySigned },
    { labels: labelText({ reason: 'md5-wrong' }), value: drops.wronglySigned },
    { labels: labelText({ reason: 'ttl' }), value: drops.lowTtl },
  ];
}

function byFamily(counts: Readonly<Record<Family, number>>): readonly Sample[] {
  return FAMILIES.map((family) => ({ labels: labelText({ family }), value: counts[family] }));
}

function createSampled() {
  const gauge = (name: string, help: string) => new SampledMetric('gauge', `manul_${name}`, help);
  const counter = (name: string, help: string) => new SampledMetric('counter', `manul_${name}`, help);
  return {
    peers: gauge('bgp_peers', 'Sessions by state and kind'),
    state: gauge('bgp_peer_state', 'State of the session: 1 Idle to 6 Established (BGP4-MIB)'),
    established: gauge('bgp_peer_established_timestamp_seconds', 'When the session became Established'),
    flaps: counter('bgp_peer_flaps_total', 'How often the session left Established'),
    messages: counter('bgp_messages_total', 'BGP messages by type'),
    failures: counter('bgp_connection_failures_total', 'Connections that ended without a NOTIFICATION'),
    updateErrors: counter('bgp_update_errors_total', 'What UPDATEs with errors led to (RFC 7606)'),
    drops: counter(
      'tcp_dropped_segments_total',
      'Segments that the kernel of this host dropped without an answer',
    ),
    prefixes: gauge('bgp_prefixes', 'Prefixes received, accepted and advertised'),
    notifications: counter('bgp_notifications_total', 'NOTIFICATION messages by code and subcode'),
    ribPrefixes: gauge('bgp_rib_prefixes', 'Prefixes in the Loc-RIB'),
    ribPaths: gauge('bgp_rib_paths', 'Paths to all prefixes'),
    dynamicSessions: gauge('bgp_dynamic_sessions', 'Established sessions of a DynamicNeighbor'),
  };
}
