/**
 * The scenario `kernel`: routes from the first UPDATE to the last one in the kernel, by our daemon and by BIRD, the
 * same routes written by `ip -batch`, and our agent alone. Each in a network namespace of its own.
 */
import { NetworkNamespace } from '../../harness/process/network-namespace.ts';
import { outputOf } from '../../harness/process/run-command.ts';
import { unmetReason } from '../../support/requirements.ts';
import type { Run } from '../summary.ts';
import type { Play } from './play.ts';
import { playAgent } from './play-agent.ts';
import { playManul } from './play-manul.ts';
import { playBird, playIpBatch } from './play-others.ts';

const SIZES = [10_000, 100_000];

export interface KernelOptions {
  readonly repeats: number;
  readonly cutSec: number;
  readonly progress: (text: string) => void;
}

const WRITERS: readonly {
  readonly name: string;
  readonly commands: readonly string[];
  readonly play: Play;
}[] = [
  { name: 'manul', commands: [], play: playManul(['speaker,agent']) },
  { name: 'ip-batch', commands: [], play: playIpBatch },
  { name: 'bird', commands: ['bird', 'birdc'], play: playBird },
  { name: 'manul, two processes', commands: [], play: playManul(['agent', 'speaker']) },
  { name: 'manul agent alone', commands: [], play: playAgent },
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
