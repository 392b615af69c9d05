/** Programs of this machine as child processes. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { CommandPort, CommandResult } from './command-port.ts';

/** Tools of the administrator are there, whatever the PATH of a service says. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];
/** A program that hangs must not hold up the rest for ever. */
const TIMEOUT_MS = 20_000;
const SIGNALLED = 255;

export interface HostCommandOptions {
  /** File of the network namespace to run in (`/run/netns/NAME`); default: that of the process. */
  readonly networkNamespace?: string;
}

export function createHostCommands(options: HostCommandOptions = {}): CommandPort {
  return {
    run: async (program, args, input = '') => {
      const path = findProgram(program);
      if (path === null) return null;
      const { networkNamespace } = options;
      if (networkNamespace === undefined) return runProgram(path, args, input);
      return runProgram('/usr/bin/nsenter', [`--net=${networkNamespace}`, '--', path, ...args], input);
    },
  };
}

function findProgram(name: string): string | null {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_FOLDERS]) {
    try {
      const path = join(folder, name);
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not here: look in the next folder
    }
  }
  return null;
}

function runProgram(path: string, args: readonly string[], input: string): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(path, args, { timeout: TIMEOUT_MS, env: { ...process.env, LC_ALL: 'C' } });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    const finish = (status: number, text = Buffer.concat(errors).toString()): void =>
      resolve({ status, stdout: Buffer.concat(output).toString(), stderr: text });
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    // The program may end without reading what it was given: its status tells why.
    child.stdin.on('error', () => {});
    child.on('error', (error) => finish(SIGNALLED, error.message));
    child.on('close', (status) => finish(status ?? SIGNALLED));
    child.stdin.end(input);
  });
}
