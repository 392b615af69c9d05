/** Cgroups of a node: one folder in each hierarchy of version 1, below that of this process. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

interface Hierarchy {
  /** As mount options: `memory`, `cpu,cpuacct`, `name=systemd`. */
  readonly options: string;
  readonly folder: string;
}

const MOUNT_POINT = '/sys/fs/cgroup';
/** What the kubelet and runc cannot do without. */
const NEEDED = ['cpu', 'cpuset', 'memory', 'devices', 'pids'];

/** Why nodes cannot run on this machine, or null. */
export function missingHierarchies(): string | null {
  const present = hierarchies().flatMap(({ options }) => options.split(','));
  const missing = NEEDED.filter((controller) => !present.includes(controller));
  return missing.length === 0 ? null : `needs cgroups of version 1: ${missing.join(', ')}`;
}

export class NodeCgroups {
  readonly options: readonly string[];
  /** A process joins by writing its number there. */
  readonly joinFiles: readonly string[];
  readonly #folders: readonly string[];

  constructor(name: string) {
    const all = hierarchies();
    this.options = all.map(({ options }) => options);
    this.#folders = all.map(({ folder }) => join(folder, name));
    for (const { options, folder } of all) {
      mkdirSync(join(folder, name));
      if (options.split(',').includes('cpuset')) inheritCpuset(folder, join(folder, name));
    }
    this.joinFiles = this.#folders.map((folder) => join(folder, 'cgroup.procs'));
  }

  /** Only once no process is left in them. */
  remove(): void {
    for (const folder of this.#folders) removeTree(folder);
  }
}

function hierarchies(): Hierarchy[] {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n');
  return lines.flatMap((line) => {
    const [, options, path] = /^\d+:([^:]+):(.*)$/.exec(line) ?? [];
    if (options === undefined || path === undefined) return [];
    const folder = join(MOUNT_POINT, options.replace(/^name=/, ''), path);
    return existsSync(folder) ? [{ options, folder }] : [];
  });
}

/** A new cpuset has neither processors nor memory, and takes no process. */
function inheritCpuset(parent: string, child: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems'])
    writeFileSync(join(child, file), readFileSync(join(parent, file)));
}

function removeTree(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder))
    if (statSync(join(folder, name)).isDirectory()) removeTree(join(folder, name));
  rmdirSync(folder);
}
