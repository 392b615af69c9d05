/** Short-lived commands of the system, and the environment that everything of the demo runs in. */
import { type ExecFileException, execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { DemoFailure } from './demo-failure.ts';
import { commandText } from './screen.ts';

const TIMEOUT_MS = 30_000;
/** Where routers and network tools are although PATH of a plain user leaves it out. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin'];
/** Settings of a Manul, a Calico or a Kubernetes of this machine are none of the demo's. */
const FOREIGN_VARIABLE = /^(?:MANUL_|CALICO_|NODENAME$|NAMESPACE$)/;

export function demoEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !FOREIGN_VARIABLE.test(name));
  return { ...Object.fromEntries(kept), PATH: searchPath().join(delimiter) };
}

/** Absolute path of an executable, looked for in `folders`, then in PATH and the system's; or null. */
export function findCommand(name: string, folders: readonly string[] = []): string | null {
  for (const folder of [...folders, ...searchPath()]) {
    const path = resolve(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not here: look in the next folder
    }
  }
  return null;
}

/**
 * What the command prints.
 * @throws DemoFailure with the command and what it said when it fails; the signal's reason when that is aborted
 */
export function outputOf(words: readonly string[], signal?: AbortSignal): Promise<string> {
  const [command = '', ...args] = words;
  const options = {
    env: demoEnvironment(),
    timeout: TIMEOUT_MS,
    ...(signal === undefined ? {} : { signal }),
  };
  return new Promise((done, reject) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) done(stdout);
      else if (signal?.aborted === true) reject(signal.reason);
      else reject(new DemoFailure(`${commandText(words)}: ${reasonOf(error, stdout, stderr)}`));
    });
  });
}

function searchPath(): string[] {
  return [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_FOLDERS];
}

function reasonOf(error: ExecFileException, stdout: string, stderr: string): string {
  const said = (stderr.trim() || stdout.trim()).split('\n').slice(-3).join(' / ');
  if (said !== '') return said;
  if (error.killed === true) return `no end within ${TIMEOUT_MS / 1000} s`;
  return typeof error.code === 'number' ? `status ${error.code}` : error.message;
}
