/** One command line, from words to exit code. */
import manifest from '../../package.json' with { type: 'json' };
import { escapeControl } from '../output/escape.ts';
import { OutputClosed } from '../output/write.ts';
import type { Environment } from './arguments.ts';
import { CommandError, ExitCode, reasonOf } from './command-error.ts';
import { runProgram } from './program.ts';

/** Runs the command; failures become one line on standard error. */
export async function main(words: readonly string[], environment: Environment): Promise<ExitCode> {
  // A reader that went away shows itself at the next write (OutputClosed), not as a crash.
  process.stdout.on('error', () => process.stdout.destroy());
  try {
    return await runProgram(words, environment, manifest.version);
  } catch (error) {
    if (error instanceof OutputClosed) return ExitCode.Success;
    console.error(`manul: ${escapeControl(reasonOf(error))}`);
    if (error instanceof CommandError) return error.exitCode;
    if (environment['MANUL_LOG_LEVEL'] === 'debug') console.error(error);
    return ExitCode.Failure;
  }
}
