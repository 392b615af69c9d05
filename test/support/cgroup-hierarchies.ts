/** Hierarchies of cgroups of version 1, and where this process is in each. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Hierarchy {
  /** As mount options: `memory`, `cpu,cpuacct`, `name=systemd`. */
  readonly options: string;
  /** Of this process. */
  readonly folder: string;
}

const MOUNT_POINT = '/sys/fs/cgroup';
/** What a kubelet and runc cannot do without. */
const NEEDED = ['cpu', 'cpuset', 'memory', 'devices', 'pids'];

export function cgroupHierarchies(): Hierarchy[] {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n');
  return lines.flatMap((line) => {
    const [, options, path] = /^\d+:([^:]+):(.*)$/.exec(line) ?? [];
    if (options === undefined || path === undefined) return [];
    const folder = join(MOUNT_POINT, options.replace(/^name=/, ''), path);
    return existsSync(folder) ? [{ options, folder }] : [];
  });
}

/** Why nodes of a cluster cannot run on this machine, or null. */
export function missingCgroups(): string | null {
  const present = cgroupHierarchies().flatMap(({ options }) => options.split(','));
  const missing = NEEDED.filter((controller) => !present.includes(controller));
  return missing.length === 0 ? null : `cgroups of version 1: ${missing.join(', ')}`;
}
