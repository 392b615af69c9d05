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
import { cgroupHierarchies } from '../../support/cgroup-hierarchies.ts';

export class NodeCgroups {
  /** Of the hierarchies, as mount options. */
  readonly options: readonly string[];
  /** A process joins by writing its number there. */
  readonly joinFiles: readonly string[];
  readonly #folders: readonly string[];

  constructor(name: string) {
    const hierarchies = cgroupHierarchies();
    this.options = hierarchies.map(({ options }) => options);
    this.#folders = hierarchies.map(({ folder }) => join(folder, name));
    for (const { options, folder } of hierarchies) {
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
