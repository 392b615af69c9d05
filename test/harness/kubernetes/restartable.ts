/** A program of the control plane that tests stop, kill, hang and start again with the same data and ports. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ChildDaemon } from '../process/child-daemon.ts';

export interface RestartableOptions {
  readonly name: string;
  readonly command: string;
  /** Asks it whether it serves; a rejection means not yet. */
  readonly ready: () => Promise<boolean>;
}

const READY_DEADLINE_MS = 120_000;
const READY_POLL_MS = 50;

export class Restartable {
  readonly #options: RestartableOptions;
  #arguments: readonly string[];
  #child: ChildDaemon | null = null;

  constructor(options: RestartableOptions, args: readonly string[]) {
    this.#options = options;
    this.#arguments = args;
  }

  /** What it wrote since its last start: for messages of failing tests. */
  get output(): string {
    return this.#child?.output ?? '';
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Resolves when it serves. @param args replace those of the last start. @throws Error with its output when it ends. */
  async start(args = this.#arguments): Promise<void> {
    this.#arguments = args;
    const { name, command, ready } = this.#options;
    const child = await ChildDaemon.start(name, command, args);
    this.#child = child;
    const deadline = performance.now() + READY_DEADLINE_MS;
    while (!(await ready().catch(() => false))) {
      child.assertRunning();
      if (performance.now() > deadline) throw new Error(`${name} is not ready: ${child.output.slice(-2000)}`);
      await sleep(READY_POLL_MS);
    }
  }

  /** SIGTERM, and SIGKILL when that does not do. */
  async stop(): Promise<void> {
    this.resume();
    await this.#child?.stop();
    this.#child = null;
  }

  /** SIGKILL: connections are reset, nothing is said. */
  async kill(): Promise<void> {
    this.#child?.signal('SIGKILL');
    await this.#child?.exited();
    this.#child = null;
  }

  async restart(args = this.#arguments): Promise<void> {
    await this.stop();
    await this.start(args);
  }

  /** SIGSTOP: connections stay open, and nothing is answered any more. */
  pause(): void {
    this.#child?.signal('SIGSTOP');
  }

  resume(): void {
    this.#child?.signal('SIGCONT');
  }
}
