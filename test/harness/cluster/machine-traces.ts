/** What a cluster is on this machine, to find out whether all of it is gone. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupHierarchies } from '../../support/cgroup-hierarchies.ts';
import { outputOf } from '../process/run-command.ts';

const NAMESPACES = ['net', 'pid', 'mnt', 'cgroup'];

/**
 * Everything that test processes like this one leave behind when they do not clean up: network namespaces, cgroups,
 * mounts and tables of this machine, and processes in the namespaces given. One line each, sorted.
 */
export async function machineTraces(namespaces: ReadonlySet<string> = new Set()): Promise<string[]> {
  const mark = `-${process.pid}-`;
  const ours = (names: readonly string[]): string[] => names.filter((name) => name.includes(mark));
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const tables = (await outputOf('nft', ['list', 'tables'])).split('\n');
  return [
    ...ours(readdirSync('/run/netns')).map((name) => `namespace ${name}`),
    ...cgroupHierarchies().flatMap(({ options, folder }) =>
      ours(readdirSync(folder)).map((name) => `cgroup ${options} ${name}`),
    ),
    ...ours(mounts).map((line) => `mount ${line.split(' ')[4]}`),
    ...tables.filter((line) => line !== ''),
    ...processes().flatMap((pid) => {
      const shared = namespacesOf(pid).filter((namespace) => namespaces.has(namespace));
      return shared.length > 0 ? [`process ${pid} ${commandLine(pid)}`] : [];
    }),
  ].sort();
}

/** Such as `net:[4026531840]`; none when it has ended. */
export function namespacesOf(pid: number): string[] {
  return NAMESPACES.flatMap((kind) => {
    try {
      return [readlinkSync(join('/proc', String(pid), 'ns', kind))];
    } catch {
      return [];
    }
  });
}

const processes = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
