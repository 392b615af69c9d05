/** What a daemon's processes have cost so far, read from /proc: CPU seconds, and the peak of resident memory. */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ of Linux: fixed towards user space. */
const TICKS_PER_SECOND = 100;

export interface ProcessCost {
  readonly cpuSeconds: number;
  /** Sum of the processes' own peaks. */
  readonly peakRssBytes: number;
}

/** The process and all its descendants: OpenBGPD is three. A process that has ended counts no more. */
export function costOf(rootPid: number): ProcessCost {
  let cpuSeconds = 0;
  let peakRssBytes = 0;
  for (const pid of processTree(rootPid)) {
    const ticks = cpuTicks(pid);
    if (ticks === null) continue;
    cpuSeconds += ticks / TICKS_PER_SECOND;
    peakRssBytes += peakRss(pid);
  }
  return { cpuSeconds, peakRssBytes };
}

function processTree(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statFields(Number(name));
    if (fields !== null) parents.set(Number(name), Number(fields[1]));
  }
  const tree = [root];
  for (const parent of tree) {
    for (const [pid, itsParent] of parents) if (itsParent === parent) tree.push(pid);
  }
  return tree;
}

/** Fields of /proc/PID/stat from the third (state) on; null when the process is gone. */
function statFields(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

/** utime and stime: fields 14 and 15. */
function cpuTicks(pid: number): number | null {
  const fields = statFields(pid);
  return fields === null ? null : Number(fields[11]) + Number(fields[12]);
}

function peakRss(pid: number): number {
  try {
    const line = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return line === null ? 0 : Number(line[1]) * 1024;
  } catch {
    return 0;
  }
}
