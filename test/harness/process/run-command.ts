/** Runs a short-lived command and collects what it prints. */
import { execFile } from 'node:child_process';
import { inNamespace, type NamespaceReference } from './network-namespace.ts';

export interface CommandResult {
  /** Exit status; null when a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly namespace?: NamespaceReference | null;
  readonly deadlineMs?: number;
  /** Written to its standard input. */
  readonly input?: string;
}

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/** Never rejects for a failing status; only when the command cannot be started. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const inside = inNamespace(options.namespace, command, args);
    const child = execFile(
      inside.command,
      inside.args,
      {
        env: options.env ?? process.env,
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        timeout: options.deadlineMs ?? 60_000,
        maxBuffer: MAX_OUTPUT_BYTES,
      },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code === 'string') reject(error);
        else resolve({ status: child.exitCode, stdout, stderr });
      },
    );
    child.stdin?.on('error', () => {}); // it may end without reading its input
    child.stdin?.end(options.input ?? '');
  });
}

/** The output of a command that must succeed. @throws Error with its standard error when it does not. */
export async function outputOf(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await runCommand(command, args, options);
  if (result.status !== 0) {
    const said = (result.stderr || result.stdout).trim();
    throw new Error(`${command} ${args.join(' ')}: status ${result.status}: ${said}`);
  }
  return result.stdout;
}
