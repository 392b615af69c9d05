/**
 * The scenario `kernel`: routes from the first UPDATE to the last one in the kernel, by our daemon and by BIRD, and
 * the same routes written by `ip -batch`, which needs no BGP at all. Each in a network namespace of its own.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Bird } from '../../harness/daemons/bird.ts';
import { ManulDaemon } from '../../harness/manul/manul-daemon.ts';
import { inNamespace, NetworkNamespace } from '../../harness/process/network-namespace.ts';
import { outputOf } from '../../harness/process/run-command.ts';
import { TempFolder } from '../../harness/process/temp-folder.ts';
import { unmetReason } from '../../support/requirements.ts';
import type { PhaseResult } from '../driver/job.ts';
import { costOf } from '../driver/process-cost.ts';
import type { Run } from '../summary.ts';
import { type KernelJob, type KernelPhase, NEXT_HOPS, prefixText } from './kernel-job.ts';

const DRIVER = fileURLToPath(new URL('./kernel-driver.ts', import.meta.url));
const SIZES = [10_000, 100_000];
const PORT = 1790;
const ASN = 64512;
const TARGET = { address: '127.0.0.1', port: PORT };

const RESOURCES = `apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: {name: default}
spec: {asNumber: ${ASN}, listenPort: ${PORT}, bindMode: NodeIP, nodeToNodeMeshEnabled: false}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: bench}
spec: {bgp: {ipv4Address: 127.0.0.1/32}}
---
apiVersion: manul.dev/v1alpha1
kind: DynamicNeighbor
metadata: {name: clients}
spec: {listenRanges: [127.0.0.0/8]}
`;

const BIRD = `log stderr { warning, error, fatal, bug };
router id 10.9.0.1;
protocol device {}
protocol direct { ipv4; }
protocol kernel { ipv4 { import none; export where source = RTS_BGP; }; }
protocol bgp clients {
  local ${TARGET.address} port ${PORT} as ${ASN};
  neighbor range 127.0.0.0/8 as ${ASN};
  multihop; strict bind yes; passive yes; hold time 240;
  ipv4 { import all; export none; };
}
`;

export interface KernelOptions {
  readonly repeats: number;
  readonly cutSec: number;
  readonly progress: (text: string) => void;
}

type Phases = readonly PhaseResult[];
type Play = (namespace: NetworkNamespace, routes: number, cutMs: number) => Promise<Phases>;

const WRITERS: readonly {
  readonly name: string;
  readonly commands: readonly string[];
  readonly play: Play;
}[] = [
  { name: 'manul', commands: [], play: playManul },
  { name: 'ip-batch', commands: [], play: playIpBatch },
  { name: 'bird', commands: ['bird', 'birdc'], play: playBird },
];

/** Rounds go over all writers before the next repeat, so that the machine's moods hit all of them. */
export async function runKernel(
  { repeats, cutSec, progress }: KernelOptions,
  failures: string[],
): Promise<Run[]> {
  const reason = unmetReason({ root: true, commands: ['ip', 'nsenter'] });
  if (reason !== null) {
    progress(`kernel left out: ${reason}`);
    return [];
  }
  const writers = WRITERS.filter(({ commands }) => unmetReason({ commands }) === null);
  const runs: Run[] = [];
  for (const routes of SIZES) {
    for (let round = 1; round <= repeats; round++) {
      for (const { name, play } of writers) {
        try {
          const results = await inFreshNamespace((namespace) => play(namespace, routes, cutSec * 1000));
          for (const result of results) {
            const time = result.seconds === null ? `> ${cutSec} s` : `${result.seconds.toFixed(3)} s`;
            progress(`kernel ${result.phase}, ${name}, run ${round}: ${time}`);
            runs.push({ scenario: 'kernel', daemon: name, result });
          }
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          failures.push(`kernel, ${name}, run ${round}: ${reason}`);
        }
      }
    }
  }
  return runs;
}

/** One interface with a subnet, on which the next hops are. */
async function inFreshNamespace<T>(work: (namespace: NetworkNamespace) => Promise<T>): Promise<T> {
  const namespace = new NetworkNamespace('bench', []);
  const ip = (words: string): Promise<string> => outputOf('ip', ['-n', namespace.name, ...words.split(' ')]);
  try {
    await ip('link add eth0 type veth peer name far');
    await ip('link set far up');
    await ip('link set eth0 up');
    await ip('addr add 10.9.0.1/24 dev eth0');
    return await work(namespace);
  } finally {
    namespace.remove();
  }
}

async function playManul(namespace: NetworkNamespace, routes: number, cutMs: number): Promise<Phases> {
  const files = { 'bench.yaml': RESOURCES };
  const daemon = await ManulDaemon.start({ node: 'bench', files, roles: 'speaker,agent', namespace });
  try {
    const results = await drive(namespace, { target: TARGET, asn: ASN, routes, cutMs }, daemon.pid);
    const delayMs = await eventLoopDelayMs(namespace, daemon.httpPort);
    return results.map((result) => ({ ...result, eventLoopDelayMs: delayMs }));
  } finally {
    await daemon.stop();
  }
}

async function playBird(namespace: NetworkNamespace, routes: number, cutMs: number): Promise<Phases> {
  const bird = await Bird.start(BIRD, null, namespace);
  try {
    return await drive(namespace, { target: TARGET, asn: ASN, routes, cutMs }, bird.pid);
  } finally {
    await bird.stop();
  }
}

async function playIpBatch(namespace: NetworkNamespace, routes: number, cutMs: number): Promise<Phases> {
  const folder = new TempFolder('batch');
  const phases = [
    ['add', (prefix: string) => `route add ${prefix} via ${NEXT_HOPS[0]} dev eth0`],
    ['change', (prefix: string) => `route replace ${prefix} via ${NEXT_HOPS[1]} dev eth0`],
    ['delete', (prefix: string) => `route del ${prefix}`],
  ] as const;
  try {
    const results: PhaseResult[] = [];
    for (const [phase, line] of phases) {
      const lines = Array.from({ length: routes }, (_, i) => line(prefixText(i)));
      const file = folder.write(`${phase}.batch`, `${lines.join('\n')}\n`);
      const startedAt = performance.now();
      await outputOf('ip', ['-batch', file], { namespace, deadlineMs: cutMs });
      results.push(phaseResult(phase, routes, (performance.now() - startedAt) / 1000));
    }
    return results;
  } finally {
    folder.remove();
  }
}

/** @param pid root of the daemon's processes */
function drive(namespace: NetworkNamespace, job: KernelJob, pid: number): Promise<PhaseResult[]> {
  const { command, args } = inNamespace(namespace, process.execPath, [DRIVER, JSON.stringify(job)]);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const results: PhaseResult[] = [];
    let before = costOf(pid);
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        const { phase, seconds } = JSON.parse(line) as KernelPhase;
        const cost = costOf(pid);
        const { peakRssBytes } = cost;
        const cpuSeconds = cost.cpuSeconds - before.cpuSeconds;
        results.push({ ...phaseResult(phase, job.routes, seconds), cpuSeconds, peakRssBytes });
        before = cost;
      }
    });
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve(results);
      else reject(new Error(`the driver ended with status ${status}`));
    });
  });
}

function phaseResult(phase: string, routes: number, seconds: number | null): PhaseResult {
  return {
    phase: `${routes / 1000}k ${phase}`,
    routes,
    seconds,
    cpuSeconds: 0,
    peakRssBytes: 0,
    latency: null,
    keepaliveGapMs: null,
    driverCpuSeconds: 0,
  };
}

/** Largest event-loop delay of our daemon so far. */
async function eventLoopDelayMs(namespace: NetworkNamespace, port: number): Promise<number | null> {
  const script = `fetch('http://127.0.0.1:${port}/metrics').then((r) => r.text()).then((t) => console.log(t))`;
  const metrics = await outputOf(process.execPath, ['-e', script], { namespace });
  const delay = /^manul_event_loop_delay_seconds\{quantile="1"\} (\S+)$/m.exec(metrics);
  return delay === null ? null : Number(delay[1]) * 1000;
}
