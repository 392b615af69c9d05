/** The `manul_bgp_…` metrics. */
import type { Speaker, SpeakerEvent } from '@manul/bgp';
import { FAMILIES } from '@manul/bgp/net';
import { Counter, Histogram, type Registry } from 'prom-client';
import { FoldedCounters } from './folded-counters.ts';
import { namedPeers, type PerPeerRule } from './peer-budget.ts';
import {
  counterSamples,
  dynamicCounts,
  establishedTimes,
  messageCounts,
  peerCounts,
  peerStates,
  prefixCounts,
} from './peer-samples.ts';
import { SampledCounter, SampledGauge } from './sampled-metric.ts';

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
    flaps: new FoldedCounters(),
    notifications: new FoldedCounters(),
  };
  /** NOTIFICATIONs by peer and series, as counted from events. */
  readonly #notifications = new Map<string, Map<string, number>>();
  readonly #metrics: ReturnType<typeof createMetrics>;

  constructor(options: SpeakerMetricsOptions) {
    this.#options = options;
    this.#metrics = createMetrics(options.registry);
    this.#stops = [
      options.speaker.onEvent((event) => this.#onEvent(event)),
      options.speaker.onPropagation((seconds) => this.#metrics.propagation.observe(seconds)),
    ];
  }

  /** Takes the values that the next scrape shows. O(peers). */
  sample(): void {
    const { speaker, rule, neighbors } = this.#options;
    const metrics = this.#metrics;
    const peers = speaker.peers();
    const names = namedPeers(peers, rule);
    const named = peers.filter((peer) => names.has(peer.name));
    const { prefixes, paths } = speaker.ribSummary();
    metrics.peers.samples = peerCounts(peers);
    metrics.state.samples = peerStates(named);
    metrics.established.samples = establishedTimes(named);
    metrics.prefixes.samples = prefixCounts(peers, names);
    metrics.dynamicSessions.samples = dynamicCounts(peers, neighbors());
    metrics.ribPrefixes.samples = FAMILIES.map((family) => ({ labels: { family }, value: prefixes[family] }));
    metrics.ribPaths.samples = FAMILIES.map((family) => ({ labels: { family }, value: paths[family] }));
    const counters = (
      fold: FoldedCounters,
      labels: readonly string[],
      counts: Parameters<typeof counterSamples>[4],
    ) => counterSamples(peers, names, fold, labels, counts);
    metrics.flaps.samples = counters(this.#folds.flaps, [], ({ flaps }) => new Map([['', flaps]]));
    metrics.messages.samples = counters(this.#folds.messages, ['direction', 'type'], ({ name }) =>
      messageCounts(speaker, name),
    );
    metrics.notifications.samples = counters(
      this.#folds.notifications,
      ['direction', 'code', 'subcode'],
      ({ name }) => this.#notifications.get(name) ?? new Map(),
    );
    this.#forgetNotifications(new Set(peers.map((peer) => peer.name)));
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  #onEvent(event: SpeakerEvent): void {
    if (event.kind === 'refused') {
      this.#metrics.refused.inc({ neighbor: event.neighbor ?? '', reason: event.reason });
    } else if (event.kind === 'notification') {
      const { direction, code, subcode } = event.error;
      const counts = this.#notifications.get(event.peer) ?? new Map<string, number>();
      this.#notifications.set(event.peer, counts);
      const series = `${direction} ${code} ${subcode}`;
      counts.set(series, (counts.get(series) ?? 0) + 1);
    }
  }

  /** A dynamic session stays listed for a minute after its end, so a scrape has seen its last counts. */
  #forgetNotifications(peers: ReadonlySet<string>): void {
    for (const peer of this.#notifications.keys()) if (!peers.has(peer)) this.#notifications.delete(peer);
  }
}

function createMetrics(registry: Registry) {
  const gauge = (name: string, help: string) => new SampledGauge(registry, `manul_${name}`, help);
  const counter = (name: string, help: string) => new SampledCounter(registry, `manul_${name}`, help);
  return {
    state: gauge('bgp_peer_state', 'State of the session: 1 Idle to 6 Established (BGP4-MIB)'),
    established: gauge('bgp_peer_established_timestamp_seconds', 'When the session became Established'),
    flaps: counter('bgp_peer_flaps_total', 'How often the session left Established'),
    peers: gauge('bgp_peers', 'Sessions by state and kind'),
    messages: counter('bgp_messages_total', 'BGP messages by type'),
    prefixes: gauge('bgp_prefixes', 'Prefixes received, accepted and advertised'),
    notifications: counter('bgp_notifications_total', 'NOTIFICATION messages by code and subcode'),
    ribPrefixes: gauge('bgp_rib_prefixes', 'Prefixes in the Loc-RIB'),
    ribPaths: gauge('bgp_rib_paths', 'Paths to all prefixes'),
    dynamicSessions: gauge('bgp_dynamic_sessions', 'Established sessions of a DynamicNeighbor'),
    propagation: new Histogram({
      name: 'manul_bgp_propagation_seconds',
      help: 'From reading an UPDATE to having written it to the last client',
      buckets: PROPAGATION_BUCKETS,
      registers: [registry],
    }),
    refused: new Counter({
      name: 'manul_bgp_dynamic_refused_total',
      help: 'Connections that no DynamicNeighbor accepted',
      labelNames: ['neighbor', 'reason'],
      registers: [registry],
    }),
  };
}
