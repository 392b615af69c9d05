/** The real executable, as a user starts it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export const EXECUTABLE = join(__dirname, '..', '..', '..', 'src', 'bin', 'manul');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment of tests: nothing of this machine's own `MANUL_…`. */
export function cleanEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(MANUL_|NODENAME|NAMESPACE|CALICO_|KUBE)/.test(name),
  );
  return { ...Object.fromEntries(own), ...extra };
}

/** Starts `manul` and waits for its end. */
export async function manul(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const child = startManul(words, environment);
  const output = collect(child);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output() };
}

export function startManul(words: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(EXECUTABLE, words, {
    env: cleanEnvironment(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** What the process has written so far, at each call. */
export function collect(child: ChildProcess): () => { readonly stdout: string; readonly stderr: string } {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return () => ({ stdout, stderr });
}
