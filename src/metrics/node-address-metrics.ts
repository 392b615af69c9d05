/** Whether the addresses of this node are found. */
import { FAMILIES } from '@manul/bgp/net';
import type { NodeAddressReport } from '../daemon/status-report.ts';
import { labelText, SampledMetric } from './sampled-metric.ts';

export class NodeAddressMetrics {
  readonly #status: () => NodeAddressReport;
  readonly #found = new SampledMetric(
    'gauge',
    'manul_node_address_found',
    'Addresses of this node that are to be found: 1 as of the last look, 0 not found, an earlier one stays in force',
  );

  constructor(status: () => NodeAddressReport) {
    this.#status = status;
  }

  sample(): readonly SampledMetric[] {
    const status = this.#status();
    this.#found.samples = FAMILIES.flatMap((family) => {
      const one = status[family];
      if (one === undefined) return [];
      const isFound = one.error === null && one.address !== null;
      return [{ labels: labelText({ family, source: one.source }), value: Number(isFound) }];
    });
    return [this.#found];
  }
}
