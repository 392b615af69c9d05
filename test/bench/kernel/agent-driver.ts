/**
 * The agent alone, on the kernel of this network namespace, with many learnt routes in place: how long a workload's
 * route takes, and what it costs to compare everything with the kernel. Prints one JSON line for each phase.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AgentConfig,
  createAgent,
  createHostCommands,
  createLinuxKernel,
  type Workload,
} from '@manul/felix-like';
import type { AgentJob, AgentPhase } from './agent-job.ts';
import { NEXT_HOPS } from './kernel-job.ts';
import { delayOf } from './probe-report.ts';

const CHANGES = 200;
/** Between two of them: each is to find a quiet agent. */
const PAUSE_MS = 20;
const RESYNCS = 5;
const RESYNC_MS = 1000;
const COLUMNS = 1000;
const FIRST_PREFIX = 0x01_00_00_00;

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

function config(routeRefreshSec: number): AgentConfig {
  return {
    node: 'bench',
    routeProtocol: 80,
    routePriority: { ipv4: 1024, ipv6: 1024 },
    workloads: [],
    workloadSource: { ipv4: null, ipv6: null },
    blocks: [],
    pools: [],
    nat: {
      sources: [],
      exclusions: [],
      address: { ipv4: null, ipv6: null },
      ports: null,
      outInterface: null,
    },
    tunnelFilter: { externalSources: [], vxlanPort: 4789, allowFromWorkloads: { ipip: true, vxlan: true } },
    mtu: { interfacePattern: '^eth' },
    serviceRanges: [],
    gatewayRoutes: [],
    peeringAddresses: [],
    routeRefreshSec,
    ipForwarding: true,
    removeExternalRoutes: false,
    interfacePrefixes: ['cali'],
    addresses: { ipv4: { address: '10.9.0.1', subnet: '10.9.0.0/24' }, ipv6: null },
    tunnels: { ipip: null, vxlan: { ipv4: null, ipv6: null } },
    remoteNodes: [],
    remotePrefixes: [],
    programmed: { ipip: true, noEncapsulation: true },
    podCidrs: [],
  };
}

async function main({ routes, workloadInterface }: AgentJob): Promise<void> {
  const agent = createAgent({ kernel: createLinuxKernel(), commands: createHostCommands(), logger: SILENT });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const tell = (phase: Omit<AgentPhase, 'eventLoopDelay'>): void => {
    console.log(JSON.stringify({ ...phase, eventLoopDelay: delayOf(delay) } satisfies AgentPhase));
    delay.reset();
  };

  agent.apply(config(0));
  agent.onLearntStart();
  for (let start = 0; start < routes; start += COLUMNS) {
    const count = Math.min(COLUMNS, routes - start);
    agent.onLearntColumns({
      family: 'ipv4',
      count,
      words: Int32Array.from({ length: count }, (_, i) => FIRST_PREFIX + (start + i) * 256),
      lengths: new Uint8Array(count).fill(24),
      ways: new Int32Array(count),
      nextHops: [[NEXT_HOPS[0]]],
    });
  }
  for (const family of ['ipv4', 'ipv6'] as const) agent.onLearntEndOfRib(family);
  while (!agent.status().inSync || agent.status().actual !== routes) await sleep(20);
  await sleep(500);
  delay.reset();

  const startedAt = performance.now();
  const times: number[] = [];
  const workloads: Workload[] = [];
  for (let i = 0; i < CHANGES; i++) {
    const addresses = [`10.65.0.${i}/32`];
    const name = `default/pod-${i}`;
    workloads.push({ name, interfaceName: workloadInterface.name, addresses, mac: null });
    const changedAt = performance.now();
    agent.setAttachedWorkloads(workloads);
    if (!(await agent.whenRouted(addresses, workloadInterface.index, 10_000)))
      throw new Error(`${name} has no route`);
    times.push(performance.now() - changedAt);
    await sleep(PAUSE_MS);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor((times.length - 1) * share)]!;
  const latency = { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
  tell({ phase: 'workload', seconds: (performance.now() - startedAt) / 1000, cpuSeconds: 0, latency });

  agent.apply(config(RESYNC_MS / 1000));
  for (const [phase, count] of [
    ['first resync', 1],
    ['resync', RESYNCS],
  ] as const) {
    // Half a period later: each period holds one whole resync.
    if (phase === 'first resync') await sleep(RESYNC_MS / 2);
    delay.reset();
    const before = process.cpuUsage();
    await sleep(RESYNC_MS * count);
    const { user, system } = process.cpuUsage(before);
    const cpuSeconds = (user + system) / 1e6 / count;
    tell({ phase, seconds: (RESYNC_MS * count) / 1000, cpuSeconds, latency: null });
  }
  if (!agent.status().inSync) throw new Error('the agent is not in sync any more');
  process.exit(0);
}

await main(JSON.parse(process.argv[2]!) as AgentJob);
