/** The `manul_kernel_…` metrics. */
import type { Agent, MtuStatus } from '@manul/felix-like';
import type { Registry } from 'prom-client';
import Counter from 'prom-client/lib/counter.js';
import Histogram from 'prom-client/lib/histogram.js';
import { labelText, SampledMetric } from './sampled-metric.ts';

const APPLY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class AgentMetrics {
  readonly #agent: Agent;
  readonly #routes = new SampledMetric(
    'gauge',
    'manul_kernel_routes',
    'Routes of ours: desired and in the kernel',
  );
  readonly #nftables = new SampledMetric(
    'gauge',
    'manul_nftables_in_sync',
    '1: our nftables table is as wanted; 0: it is being written, or writing it failed',
  );
  readonly #repairs = new SampledMetric(
    'counter',
    'manul_nftables_repairs_total',
    'Times that our nftables table was changed by others, and mended',
  );
  readonly #packets = new SampledMetric(
    'gauge',
    'manul_nftables_packets',
    'Packets that our rules met, by named counter; of address translation the first packet of each connection',
  );
  readonly #forward = new SampledMetric(
    'gauge',
    'manul_host_forward_accepted',
    "1: our rules accept packets of workloads in a chain of the host's own that drops; 0: nothing accepts them",
  );
  readonly #forwarding = new SampledMetric(
    'gauge',
    'manul_forwarding_problems',
    'What keeps this node from forwarding packets of its workloads, as manul status lists it',
  );
  readonly #mtu = new SampledMetric(
    'gauge',
    'manul_mtu_octets',
    'MTU of the underlay, of tunnels and of new workloads',
  );
  readonly #inSync = new SampledMetric(
    'gauge',
    'manul_kernel_in_sync',
    '1: the kernel is as wanted; 0: it is being made so, or refuses',
  );
  readonly #refused = new SampledMetric(
    'gauge',
    'manul_kernel_refused',
    'Objects that the kernel refuses, by kind: they are tried again',
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
    const { desired, actual, inSync, refused, nftables, mtu, forwarding } = this.#agent.status();
    this.#inSync.samples = [{ labels: '', value: Number(inSync) }];
    this.#refused.samples = Object.entries(refused).map(([kind, value]) => {
      return { labels: labelText({ kind }), value };
    });
    this.#routes.samples = [
      { labels: labelText({ view: 'desired' }), value: desired },
      { labels: labelText({ view: 'actual' }), value: actual },
    ];
    const isAsWanted = nftables.state === 'inSync' || nftables.state === 'off';
    this.#nftables.samples = [{ labels: '', value: Number(isAsWanted) }];
    this.#repairs.samples = [{ labels: '', value: nftables.repairs }];
    this.#packets.samples = nftables.counters.map(({ name, packets }) => {
      return { labels: labelText({ counter: name }), value: packets };
    });
    this.#forward.samples = nftables.hostForward.map(({ chain, state }) => {
      return { labels: labelText({ chain }), value: Number(state === 'accepted') };
    });
    this.#mtu.samples = mtu === null ? [] : mtuSamples(mtu);
    this.#forwarding.samples = [{ labels: '', value: forwarding?.problems.length ?? 0 }];
    return [
      this.#forwarding,
      this.#mtu,
      this.#routes,
      this.#inSync,
      this.#refused,
      this.#nftables,
      this.#repairs,
      this.#packets,
      this.#forward,
    ];
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }
}

function mtuSamples({ underlay, ipip, vxlan, workload }: MtuStatus): { labels: string; value: number }[] {
  const all = { underlay, ipip, vxlan: vxlan.ipv4, vxlanIpv6: vxlan.ipv6, workload };
  return Object.entries(all).flatMap(([of, value]) => {
    return value === null ? [] : [{ labels: labelText({ of }), value }];
  });
}
