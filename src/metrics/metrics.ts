/** Everything that `/metrics` shows, in one registry of its own. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { DaemonView } from '../daemon/daemon-view.ts';
import { AgentMetrics } from './agent-metrics.ts';
import { DatastoreMetrics } from './datastore-metrics.ts';
import { EventLoopDelay } from './event-loop-delay.ts';
import { NodeAddressMetrics } from './node-address-metrics.ts';
import type { PerPeerRule } from './peer-budget.ts';
import { labelText, type Sample, SampledMetric } from './sampled-metric.ts';
import { SpeakerMetrics } from './speaker-metrics.ts';

/** Sessions go first: after this long the text is continued in a later turn. */
const SLICE_MS = 5;

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
  return {
    contentType: registry.contentType,
    text: async () => {
      delaySummary.samples = delaySamples(delay);
      let text = await registry.metrics();
      let sliceEnd = performance.now() + SLICE_MS;
      for (const metric of [delaySummary, ...parts.flatMap((part) => part.sample())]) {
        text += metric.text();
        if (performance.now() < sliceEnd) continue;
        await new Promise((resolve) => setImmediate(resolve));
        sliceEnd = performance.now() + SLICE_MS;
      }
      return text;
    },
    close: () => {
      delay.close();
      for (const part of parts) if ('close' in part) part.close();
      registry.clear();
    },
  };
}

function delaySamples(delay: EventLoopDelay): Sample[] {
  const { count, sumSeconds } = delay.totals();
  return [
    ...Array.from(delay.quantiles(), ([quantile, value]) => ({ labels: labelText({ quantile }), value })),
    { labels: '', value: sumSeconds, suffix: '_sum' },
    { labels: '', value: count, suffix: '_count' },
  ];
}
