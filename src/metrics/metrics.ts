/** Everything that `/metrics` shows, in one registry of its own. */
import collectDefaultMetrics from 'prom-client/lib/defaultMetrics.js';
import Registry from 'prom-client/lib/registry.js';
import type { DaemonView } from '../daemon/daemon-view.ts';
import { AgentMetrics } from './agent-metrics.ts';
import { DatastoreMetrics } from './datastore-metrics.ts';
import { EventLoopDelay } from './event-loop-delay.ts';
import { inSlices } from './in-slices.ts';
import { NodeAddressMetrics } from './node-address-metrics.ts';
import type { PerPeerRule } from './peer-budget.ts';
import { labelText, type Sample, SampledMetric } from './sampled-metric.ts';
import { SpeakerMetrics } from './speaker-metrics.ts';

/** Sessions go first: after this long the work is continued in a later turn. */
const SLICE_MS = 8;

export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

export interface Metrics extends MetricsText {
  close(): void;
}

export function createMetrics(view: DaemonView, rule: PerPeerRule): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const delay = new EventLoopDelay();
  const delaySummary = new SampledMetric(
    'summary',
    'manul_event_loop_delay_seconds',
    'How late the event loop was: quantiles of the last 60 seconds',
  );
  const neighbors = (): readonly string[] =>
    (view.rendered()?.dynamic ?? []).map((neighbor) => neighbor.name);
  const { speaker, agent } = view;
  const parts = [
    new DatastoreMetrics(() => view.snapshot()),
    new NodeAddressMetrics(() => view.nodeAddresses()),
    ...(speaker === null ? [] : [new SpeakerMetrics({ registry, speaker, rule, neighbors })]),
    ...(agent === null ? [] : [new AgentMetrics(registry, agent)]),
  ];
  const write = async (): Promise<string> => {
    delaySummary.samples = delaySamples(delay);
    const text = await registry.metrics();
    return inSlices(SLICE_MS, textOf(text, [delaySummary], parts));
  };
  /** One after the other: counters are folded, and samples kept, between two slices. */
  let last: Promise<unknown> = Promise.resolve();
  return {
    contentType: registry.contentType,
    text: () => {
      const text = last.then(write);
      last = text.catch(() => {});
      return text;
    },
    close: () => {
      delay.close();
      for (const part of parts) if ('close' in part) part.close();
      registry.clear();
    },
  };
}

/** Parts of the metrics; those that look at all peers let others go on in between. */
interface MetricsPart {
  sample(): readonly SampledMetric[] | Generator<void, readonly SampledMetric[]>;
}

function* textOf(
  head: string,
  first: readonly SampledMetric[],
  parts: readonly MetricsPart[],
): Generator<void, string> {
  let text = head;
  const add = function* (metrics: readonly SampledMetric[]): Generator<void> {
    for (const metric of metrics) {
      text += metric.text();
      yield;
    }
  };
  yield* add(first);
  for (const part of parts) {
    const samples = part.sample();
    yield* add('next' in samples ? yield* samples : samples);
  }
  return text;
}

function delaySamples(delay: EventLoopDelay): Sample[] {
  const { count, sumSeconds } = delay.totals();
  return [
    ...Array.from(delay.quantiles(), ([quantile, value]) => ({ labels: labelText({ quantile }), value })),
    { labels: '', value: sumSeconds, suffix: '_sum' },
    { labels: '', value: count, suffix: '_count' },
  ];
}
