/** Everything that `/metrics` shows, in one registry of its own. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { DaemonView } from '../daemon/daemon-view.ts';
import { AgentMetrics } from './agent-metrics.ts';
import { DatastoreMetrics } from './datastore-metrics.ts';
import { EventLoopDelay } from './event-loop-delay.ts';
import type { PerPeerRule } from './peer-budget.ts';
import { SampledGauge } from './sampled-metric.ts';
import { SpeakerMetrics } from './speaker-metrics.ts';

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
  const delayGauge = new SampledGauge(
    registry,
    'manul_event_loop_delay_seconds',
    'How late the event loop was over the last 60 seconds',
  );
  const neighbors = (): readonly string[] =>
    (view.rendered()?.dynamic ?? []).map((neighbor) => neighbor.name);
  const { speaker, agent } = view;
  const parts = [
    new DatastoreMetrics(registry, () => view.snapshot()),
    ...(speaker === null ? [] : [new SpeakerMetrics({ registry, speaker, rule, neighbors })]),
    ...(agent === null ? [] : [new AgentMetrics(registry, agent)]),
  ];
  return {
    contentType: registry.contentType,
    text: async () => {
      for (const part of parts) part.sample();
      delayGauge.samples = [...delay.quantiles()].map(([quantile, value]) => ({
        labels: { quantile: String(quantile) },
        value,
      }));
      return registry.metrics();
    },
    close: () => {
      delay.close();
      for (const part of parts) if ('close' in part) part.close();
      registry.clear();
    },
  };
}
