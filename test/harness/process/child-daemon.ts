/** A long-running child process: output kept, stopped by its own pid, never outliving this process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { Changes, DEFAULT_DEADLINE_MS } from '../deadline.ts';
import { atExit } from './at-exit.ts';
import { inNamespace, type NamespaceReference } from './network-namespace.ts';

export interface ChildOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly namespace?: NamespaceReference | null;
  /** Signal that asks it to end; default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
}

const KEPT_OUTPUT_CHARS = 1_000_000;
const STOP_DEADLINE_MS = 10_000;

export class ChildDaemon {
  readonly name: string;
  readonly pid: number;
  /** Standard output and standard error, in order of arrival; the oldest is cut off beyond a limit. */
  output = '';
  /** Status, or the name of the signal that ended it; null while it runs. */
  ended: number | string | null = null;

  readonly #child: ChildProcess;
  readonly #options: ChildOptions;
  readonly #changes = new Changes();
  readonly #forget: () => void;

  private constructor(name: string, child: ChildProcess, options: ChildOptions) {
    this.name = name;
    this.pid = child.pid ?? 0;
    this.#child = child;
    this.#options = options;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-KEPT_OUTPUT_CHARS);
        this.#changes.notify();
      });
    }
    child.on('close', (status, signal) => {
      this.ended = signal ?? status ?? 'unknown';
      this.#forget();
      this.#changes.notify();
    });
    this.#forget = atExit(() => child.kill('SIGKILL'));
  }

  /** Resolves once the process exists. @throws Error when it cannot be started. */
  static start(
    name: string,
    command: string,
    args: readonly string[],
    options: ChildOptions = {},
  ): Promise<ChildDaemon> {
    const inside = inNamespace(options.namespace, command, args);
    const child = spawn(inside.command, inside.args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const daemon = new ChildDaemon(name, child, options);
    return new Promise((resolve, reject) => {
      child.once('spawn', () => resolve(daemon));
      child.once('error', reject);
    });
  }

  /** Resolves with the first value of `check` that is there, looking again after each output. @throws Error when it ends first. */
  until<T>(
    check: (output: string) => T | null | undefined,
    what: string,
    deadlineMs = DEFAULT_DEADLINE_MS,
  ): Promise<T> {
    return this.#changes.until(
      () => {
        const value = check(this.output);
        if (value !== null && value !== undefined) return value;
        this.assertRunning();
        return null;
      },
      `${this.name}: ${what}`,
      deadlineMs,
    );
  }

  /** @throws Error with the end of its output when it is no longer running. */
  assertRunning(): void {
    if (this.ended !== null) {
      throw new Error(`${this.name} ended (${this.ended}): ${this.output.slice(-2000).trim()}`);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves with its status, or the name of the signal, when it has ended. */
  exited(deadlineMs = DEFAULT_DEADLINE_MS): Promise<number | string> {
    return this.#changes.until(() => this.ended, `${this.name} ends`, deadlineMs);
  }

  /** Asks it to end, and kills it when it does not. */
  async stop(): Promise<void> {
    if (this.ended !== null) return;
    this.signal(this.#options.stopSignal ?? 'SIGTERM');
    try {
      await this.exited(STOP_DEADLINE_MS);
    } catch {
      this.signal('SIGKILL');
      await this.exited();
    }
  }
}
