/** Metrics whose values are computed anew at each scrape, all from one look at the daemon. */
import { Counter, Gauge, type Registry } from 'prom-client';

export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

type MetricValues = Awaited<ReturnType<Gauge['get']>>;

/** A gauge that shows `samples` as they are; prom-client's own storage hashes every label set, which costs more. */
export class SampledGauge extends Gauge {
  samples: readonly Sample[] = [];

  constructor(registry: Registry, name: string, help: string) {
    super({ name, help, registers: [registry] });
  }

  override async get(): Promise<MetricValues> {
    return { ...(await super.get()), values: [...this.samples] };
  }
}

/** The same for counters. */
export class SampledCounter extends Counter {
  samples: readonly Sample[] = [];

  constructor(registry: Registry, name: string, help: string) {
    super({ name, help, registers: [registry] });
  }

  override async get(): Promise<MetricValues> {
    return { ...(await super.get()), values: [...this.samples] };
  }
}
