/** The `manul_datastore_…` metrics. */
import type { DatastoreSnapshot } from '@manul/config';
import { labelText, SampledMetric } from './sampled-metric.ts';

export class DatastoreMetrics {
  readonly #snapshot: () => DatastoreSnapshot | null;
  readonly #inSync = new SampledMetric(
    'gauge',
    'manul_datastore_in_sync',
    '1: all resources have been read, and are being followed',
  );
  readonly #stale = new SampledMetric(
    'gauge',
    'manul_datastore_stale_seconds',
    'For how long something could not be followed that is out of date since; 0: nothing is',
  );
  readonly #invalid = new SampledMetric(
    'gauge',
    'manul_datastore_invalid_resources',
    'Invalid resources, of which the last good version stays in force',
  );
  /** Kinds that were invalid once, so that their count can be seen to return to zero. */
  readonly #kinds = new Set<string>();

  constructor(snapshot: () => DatastoreSnapshot | null) {
    this.#snapshot = snapshot;
  }

  sample(): readonly SampledMetric[] {
    const snapshot = this.#snapshot();
    const stale = snapshot?.stale ?? [];
    const isCurrent = snapshot?.inSync === true && stale.length === 0;
    this.#inSync.samples = [{ labels: '', value: isCurrent ? 1 : 0 }];
    const oldest = Math.min(...stale.map(({ since }) => Date.parse(since)), Date.now());
    this.#stale.samples = [{ labels: '', value: Math.round((Date.now() - oldest) / 1000) }];
    const counts = invalidByKind(snapshot);
    for (const kind of counts.keys()) this.#kinds.add(kind);
    this.#invalid.samples = [...this.#kinds].map((kind) => ({
      labels: labelText({ kind }),
      value: counts.get(kind) ?? 0,
    }));
    return [this.#inSync, this.#stale, this.#invalid];
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
