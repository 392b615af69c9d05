/** A process that runs as long as the demo: its end before that is the demo's failure. */
import { type ChildProcess, type Serializable, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { demoEnvironment } from './command.ts';
import { DemoFailure } from './demo-failure.ts';
import type { Stage } from './stage.ts';

const KEPT_LINES = 3;
/** Longer than a daemon of ours may take to stop. */
const KILL_AFTER_MS = 6000;

export class DaemonProcess {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #lastLines: string[] = [];
  #isStopping = false;

  private constructor(stage: Stage, name: string, child: ChildProcess) {
    this.#name = name;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) this.#keepLines(stream);
    this.#ended = new Promise((resolve) => {
      child.once('error', () => resolve());
      child.once('close', (status, signal) => {
        if (!this.#isStopping) stage.fail(new DemoFailure(this.#endText(signal ?? `status ${status}`)));
        resolve();
      });
    });
    stage.cleanup.add({
      kind: 'process',
      name,
      remove: () => this.#stop(),
      removeNow: () => child.kill('SIGKILL'),
    });
  }

  /**
   * In a session of its own, so that Ctrl-C reaches the demo alone, which then stops its processes.
   * @param words the executable and its arguments
   * @param options `hasChannel`: a script of Node.js, to which something can be handed
   */
  static async start(
    stage: Stage,
    name: string,
    words: readonly string[],
    { hasChannel = false }: { readonly hasChannel?: boolean } = {},
  ): Promise<DaemonProcess> {
    stage.signal.throwIfAborted();
    const [command = '', ...args] = words;
    const child = spawn(command, args, {
      detached: true,
      env: demoEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe', hasChannel ? 'ipc' : 'ignore'],
    });
    const daemon = new DaemonProcess(stage, name, child);
    await once(child, 'spawn').catch((error: Error) => {
      throw new DemoFailure(`${name} cannot be started: ${error.message}`);
    });
    return daemon;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Sends a message with a socket that the process listens on from now on, beside this one. */
  hand(message: Serializable, listener: Server): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#child.send(message, listener, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  #keepLines(stream: Readable): void {
    createInterface({ input: stream }).on('line', (line) => {
      this.#lastLines = [...this.#lastLines, line].slice(-KEPT_LINES);
    });
  }

  #endText(how: string): string {
    const said = this.#lastLines.length === 0 ? '' : `: ${this.#lastLines.join(' / ')}`;
    return `${this.#name} has ended (${how})${said}`;
  }

  async #stop(): Promise<void> {
    this.#isStopping = true;
    this.#child.kill('SIGTERM');
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), KILL_AFTER_MS);
    await this.#ended;
    clearTimeout(killer);
  }
}
