/** The `manul_bgp_…` metrics. */
import type { DroppedSegments, PeerReport, Speaker, SpeakerEvent } from '@manul/bgp';
import { FAMILIES, type Family } from '@manul/bgp/net';
import type { Registry } from 'prom-client';
import Counter from 'prom-client/lib/counter.js';
import Histogram from 'prom-client/lib/histogram.js';
import { FoldedCounters } from './folded-counters.ts';
import { NotificationCounts } from './notification-counts.ts';
import { namedPeers, type PerPeerRule } from './peer-budget.ts';
import {
  counterSamples,
  dynamicCounts,
  establishedTimes,
  FAILURES,
  FLAPS,
  MESSAGES,
  peerCounts,
  peerStates,
  prefixCounts,
  UPDATE_ERRORS,
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

  /**
   * The values of now: one look at each peer, out of which all samples are made, so that they fit together. O(peers);
   * another turn may come at each `yield`.
   */
  *sample(): Generator<void, readonly SampledMetric[]> {
    const { speaker, rule, neighbors } = this.#options;
    const metrics = this.#sampled;
    const reports = yield* this.#look();
    const peers = reports.map(({ status }) => status);
    const { prefixes, paths } = speaker.ribSummary();
    yield;
    const names = namedPeers(peers, rule);
    const named = peers.filter((peer) => names.has(peer.name));
    yield;
    metrics.peers.samples = peerCounts(peers);
    metrics.dynamicSessions.samples = dynamicCounts(peers, neighbors());
    yield;
    metrics.state.samples = peerStates(named);
    yield;
    metrics.established.samples = establishedTimes(named);
    metrics.prefixes.samples = yield* prefixCounts(peers, names);
    metrics.ribPrefixes.samples = byFamily(prefixes);
    metrics.ribPaths.samples = byFamily(paths);
    const { flaps, messages, failures, updateErrors } = this.#folds;
    metrics.flaps.samples = yield* counterSamples(reports, names, flaps, FLAPS);
    metrics.messages.samples = yield* counterSamples(reports, names, messages, MESSAGES);
    metrics.failures.samples = yield* counterSamples(reports, names, failures, FAILURES);
    metrics.updateErrors.samples = yield* counterSamples(reports, names, updateErrors, UPDATE_ERRORS);
    metrics.drops.samples = dropSamples(speaker.droppedSegments());
    const listed = new Set(peers.map(({ name }) => name));
    metrics.notifications.samples = this.#notifications.samples(
      (peer) => listed.has(peer),
      (peer) => names.has(peer),
    );
    return Object.values(metrics);
  }

  *#look(): Generator<void, readonly PeerReport[]> {
    const reports: PeerReport[] = [];
    for (const report of this.#options.speaker.peerReports()) {
      reports.push(report);
      yield;
    }
    return reports;
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
