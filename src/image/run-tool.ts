/** Tools of the machine that builds, each of which must succeed. */
import { spawnSync } from 'node:child_process';

const MAX_OUTPUT_BYTES = 64 << 20;

/** @returns standard output @throws Error with what the tool says */
export function runTool(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: Uint8Array } = {},
): string {
  const run = spawnSync(command, [...args], {
    ...options,
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT_BYTES,
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (run.error !== undefined) throw new Error(`${command}: ${run.error.message}`);
  if (run.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${run.stderr.trim()}`);
  return run.stdout;
}
