/** The `manul_datastore_…` metrics. */
import type { DatastoreSnapshot } from '@manul/config';
import type { Registry } from 'prom-client';
import { SampledGauge } from './sampled-metric.ts';

export class DatastoreMetrics {
  readonly #snapshot: () => DatastoreSnapshot | null;
  readonly #inSync: SampledGauge;
  readonly #invalid: SampledGauge;
  /** Kinds that were invalid once, so that their count can be seen to return to zero. */
  readonly #kinds = new Set<string>();

  constructor(registry: Registry, snapshot: () => DatastoreSnapshot | null) {
    this.#snapshot = snapshot;
    this.#inSync = new SampledGauge(registry, 'manul_datastore_in_sync', '1: all resources have been read');
    this.#invalid = new SampledGauge(
      registry,
      'manul_datastore_invalid_resources',
      'Invalid resources, of which the last good version stays in force',
    );
  }

  sample(): void {
    const snapshot = this.#snapshot();
    this.#inSync.samples = [{ labels: {}, value: snapshot?.inSync === true ? 1 : 0 }];
    const counts = invalidByKind(snapshot);
    for (const kind of counts.keys()) this.#kinds.add(kind);
    this.#invalid.samples = [...this.#kinds].map((kind) => ({
      labels: { kind },
      value: counts.get(kind) ?? 0,
    }));
  }
}

/** Resources, not problems: one resource may have several. Documents without a kind count as `unknown`. */
function invalidByKind(snapshot: DatastoreSnapshot | null): ReadonlyMap<string, number> {
  const resources = new Set<string>();
  for (const problem of snapshot?.problems ?? []) {
    if (problem.severity === 'error') {
      resources.add(problem.resource ?? `unknown/${problem.file}:${problem.line}`);
    }
  }
  const counts = new Map<string, number>();
  for (const resource of resources) {
    const kind = resource.slice(0, resource.indexOf('/'));
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}
