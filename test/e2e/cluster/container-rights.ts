/** What the kernel lets the first process of a container do. */
import type { KubernetesCluster } from '../../harness/cluster/kubernetes-cluster.ts';

export interface ContainerRights {
  readonly userId: number;
  /** Names without `CAP_`: what is in effect, what it may put into effect, what it could ever get. */
  readonly effective: readonly string[];
  readonly permitted: readonly string[];
  readonly bounding: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly seccomp: 'none' | 'strict' | 'filter';
  /** What a write into its root file system ends with. */
  readonly writingToRoot: string;
}

/** By number; only those that the chart gives. */
const CAPABILITIES: Readonly<Record<number, string>> = {
  10: 'NET_BIND_SERVICE',
  12: 'NET_ADMIN',
  13: 'NET_RAW',
  21: 'SYS_ADMIN',
};
/** The image has a shell, and no programs to read files with. */
const SCRIPT =
  'while read -r line; do echo "$line"; done </proc/1/status; { echo probe >/probe; } 2>&1 && echo written; true';

/** @param container of the release's DaemonSet */
export async function rightsOf(cluster: KubernetesCluster, container: string): Promise<ContainerRights> {
  const words = ['--namespace', 'manul-system', 'exec', 'ds/manul', '-c', container, '--'];
  const text = await cluster.kubectl([...words, 'sh', '-c', SCRIPT]);
  const field = (name: string): string => new RegExp(`^${name}:\\s*(\\S.*)$`, 'm').exec(text)?.[1] ?? '';
  return {
    userId: Number(field('Uid').split(/\s/)[0]),
    effective: namesOf(field('CapEff')),
    permitted: namesOf(field('CapPrm')),
    bounding: namesOf(field('CapBnd')),
    noNewPrivileges: field('NoNewPrivs') === '1',
    seccomp: (['none', 'strict', 'filter'] as const)[Number(field('Seccomp'))]!,
    writingToRoot: text.trim().split('\n').at(-1) ?? '',
  };
}

/** @param mask hexadecimal */
function namesOf(mask: string): string[] {
  const bits = BigInt(`0x${mask}`);
  const numbers = Array.from({ length: 64 }, (_, number) => number);
  return numbers
    .filter((number) => (bits & (1n << BigInt(number))) !== 0n)
    .map((number) => CAPABILITIES[number] ?? `capability ${number}`);
}
