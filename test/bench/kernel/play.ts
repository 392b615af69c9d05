/** What the writers of the scenario `kernel` share: how they are played, and the driver that announces routes to them. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { inNamespace, type NetworkNamespace } from '../../harness/process/network-namespace.ts';
import type { LoopDelay, PhaseResult } from '../driver/job.ts';
import { costOf } from '../driver/process-cost.ts';
import { type KernelPhase, PHASE_PAUSE_MS } from './kernel-job.ts';

const DRIVER = fileURLToPath(new URL('./kernel-driver.ts', import.meta.url));
export const PORT = 1790;
export const ASN = 64512;
export const TARGET = { address: '127.0.0.1', port: PORT };

/** Plays all phases in a namespace of its own, which has `eth0` with a subnet. */
export type Play = (
  namespace: NetworkNamespace,
  routes: number,
  cutMs: number,
) => Promise<readonly PhaseResult[]>;

/**
 * Announces routes to a daemon, changes and withdraws them.
 * @param pids roots of the daemon's processes
 * @param loopDelay how late their event loops were since it was asked last
 */
export async function drive(
  namespace: NetworkNamespace,
  { routes, cutMs }: { readonly routes: number; readonly cutMs: number },
  pids: readonly number[],
  loopDelay: (() => Promise<LoopDelay>) | null = null,
): Promise<PhaseResult[]> {
  const results: PhaseResult[] = [];
  const job = { target: TARGET, asn: ASN, routes, cutMs };
  let before = cost(pids);
  let isFirst = true;
  for await (const line of linesOf(namespace, DRIVER, job)) {
    // What the daemon has still to do belongs to the phase.
    await sleep(PHASE_PAUSE_MS / 2);
    const now = cost(pids);
    const delay = loopDelay === null ? {} : { eventLoopDelay: await loopDelay() };
    if (!isFirst) {
      const { phase, seconds } = JSON.parse(line) as KernelPhase;
      const cpuSeconds = now.cpuSeconds - before.cpuSeconds;
      const { peakRssBytes } = now;
      results.push({ ...phaseResult(phase, routes, seconds), cpuSeconds, peakRssBytes, ...delay });
    }
    isFirst = false;
    before = now;
  }
  return results;
}

/** What a driver in the namespace prints, line by line. @throws Error when it fails */
export async function* linesOf(
  namespace: NetworkNamespace,
  script: string,
  job: unknown,
): AsyncGenerator<string> {
  const { command, args } = inNamespace(namespace, process.execPath, [script, JSON.stringify(job)]);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | string | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve(status ?? signal));
  });
  let rest = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  const status = await ended;
  if (status !== 0) throw new Error(`the driver ended with status ${status}`);
}

export function phaseResult(phase: string, routes: number, seconds: number | null): PhaseResult {
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

function cost(pids: readonly number[]): { readonly cpuSeconds: number; readonly peakRssBytes: number } {
  const costs = pids.map(costOf);
  return {
    cpuSeconds: costs.reduce((sum, one) => sum + one.cpuSeconds, 0),
    peakRssBytes: costs.reduce((sum, one) => sum + one.peakRssBytes, 0),
  };
}
