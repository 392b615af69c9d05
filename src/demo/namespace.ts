/** Network namespaces of this run, made and removed with `ip netns`. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Leftover } from './cleanup.ts';
import { demoEnvironment, outputOf } from './command.ts';
import type { Stage } from './stage.ts';

export class Namespace {
  /** As `ip netns` knows it; unique on this machine. */
  readonly name: string;
  readonly #stage: Stage;
  readonly #leftover: Leftover;
  /** Not to be interrupted half-way: whoever removes the namespace waits for it. */
  readonly #made: Promise<unknown>;

  private constructor(stage: Stage, purpose: string) {
    this.name = `manul-${stage.runId}-${purpose}`;
    this.#stage = stage;
    this.#made = outputOf(['ip', 'netns', 'add', this.name]);
    const words = ['netns', 'delete', this.name];
    const exists = (): boolean => existsSync(`/var/run/netns/${this.name}`);
    this.#leftover = {
      kind: 'namespace',
      name: this.name,
      remove: async () => {
        await this.#made.catch(() => {});
        if (exists()) await outputOf(['ip', ...words]);
      },
      removeNow: () => {
        if (exists()) spawnSync('ip', words, { env: demoEnvironment() });
      },
    };
  }

  /** With its loopback interface up. */
  static async create(stage: Stage, purpose: string): Promise<Namespace> {
    stage.signal.throwIfAborted();
    const namespace = new Namespace(stage, purpose);
    stage.cleanup.add(namespace.#leftover);
    await namespace.#made;
    await namespace.ip('link', 'set', 'lo', 'up');
    return namespace;
  }

  /** The command line that runs `words` inside, as the same process. */
  command(...words: readonly string[]): string[] {
    return ['ip', 'netns', 'exec', this.name, ...words];
  }

  /** The command line that asks `ip` about the inside. */
  ipCommand(...words: readonly string[]): string[] {
    return ['ip', '-n', this.name, ...words];
  }

  ip(...words: readonly string[]): Promise<string> {
    return outputOf(this.ipCommand(...words), this.#stage.signal);
  }

  /** @param path below /proc/sys */
  async setSysctl(path: string, value: number): Promise<void> {
    await outputOf(this.command('sh', '-c', `echo ${value} > /proc/sys/${path}`), this.#stage.signal);
  }

  async remove(): Promise<void> {
    await this.#stage.cleanup.remove(this.#leftover);
  }
}
