/** The `manul_kernel_…` metrics. */
import type { Agent } from '@manul/felix-like';
import { Counter, Histogram, type Registry } from 'prom-client';
import { labelText, SampledMetric } from './sampled-metric.ts';

const APPLY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class AgentMetrics {
  readonly #agent: Agent;
  readonly #routes = new SampledMetric(
    'gauge',
    'manul_kernel_routes',
    'Routes of ours: desired and in the kernel',
  );
  readonly #stops: readonly (() => void)[];

  constructor(registry: Registry, agent: Agent) {
    this.#agent = agent;
    const writes = new Counter({
      name: 'manul_kernel_writes_total',
      help: 'Writes to the kernel',
      labelNames: ['op', 'result'],
      registers: [registry],
    });
    const applies = new Histogram({
      name: 'manul_kernel_apply_seconds',
      help: 'Time to make the kernel what it should be',
      buckets: APPLY_BUCKETS,
      registers: [registry],
    });
    this.#stops = [
      agent.onKernelWrite(({ op, result, count }) => writes.inc({ op, result }, count)),
      agent.onApplied((seconds) => applies.observe(seconds)),
    ];
  }

  sample(): readonly SampledMetric[] {
    const { desired, actual } = this.#agent.status();
    this.#routes.samples = [
      { labels: labelText({ view: 'desired' }), value: desired },
      { labels: labelText({ view: 'actual' }), value: actual },
    ];
    return [this.#routes];
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }
}
