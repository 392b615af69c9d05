/** What a process uses, as Linux counts it in `/proc`. */
import { readFileSync } from 'node:fs';

/** Ticks a second of `utime` and `stime` in `/proc/PID/stat`; the same on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;

export interface ProcessUsage {
  readonly rssBytes: number;
  readonly peakRssBytes: number;
  /** User and system time since its start. */
  readonly cpuSeconds: number;
}

export function usageOf(pid: number): ProcessUsage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [, , , , , , , , , , , user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    rssBytes: bytes('VmRSS'),
    peakRssBytes: bytes('VmHWM'),
    cpuSeconds: (Number(user) + Number(system)) / TICKS_PER_SECOND,
  };
}
