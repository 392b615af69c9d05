/** Programs inside a namespace of a test's own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { findCommand } from '../../support/requirements.ts';
import type { NetworkNamespace } from './network-namespace.ts';

function words(namespace: NetworkNamespace, program: string, args: readonly string[]): string[] {
  return [`--net=${namespace.path}`, '--', findCommand(program) ?? program, ...args];
}

/** Runs a program to its end. @returns what it printed @throws Error with what it printed when it failed */
export function runIn(namespace: NetworkNamespace, program: string, ...args: readonly string[]): string {
  return execFileSync('nsenter', words(namespace, program, args), { encoding: 'utf8', stdio: 'pipe' });
}

/** A program that goes on until `stop`; what it prints is kept. */
export class ChildInNamespace {
  output = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(namespace: NetworkNamespace, program: string, ...args: readonly string[]) {
    const child = spawn('nsenter', words(namespace, program, args), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    const keep = (chunk: Buffer): void => {
      this.output += chunk.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.#ended = new Promise((resolve) => child.once('close', () => resolve()));
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
