/** How late an event loop was, as measured by a probe inside the process. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoopDelay } from '../driver/job.ts';
import { PROBE_FILE } from './probe-report.ts';

const PROBE = new URL('./loop-probe.ts', import.meta.url);
const DEADLINE_MS = 10_000;

/** A command in front of another, which loads the probe into it. */
export function withProbe(file: string): readonly string[] {
  // Every process of the daemon's own commands would load it too, and does nothing with it.
  return ['env', `NODE_OPTIONS=--import=${PROBE.href}`, `${PROBE_FILE}=${file}`];
}

/** What the probe in a process has measured since it was asked last. */
export async function takeLoopDelay(pid: number, file: string): Promise<LoopDelay> {
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  const startedAt = performance.now();
  while (!existsSync(file)) {
    if (performance.now() - startedAt > DEADLINE_MS)
      throw new Error('the probe for the event loop is silent');
    await sleep(5);
  }
  return JSON.parse(readFileSync(file, 'utf8')) as LoopDelay;
}
