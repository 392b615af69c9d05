/** A command of the command line, as its module in `commands/` exports it. */
import type { Environment, RawArguments } from './arguments.ts';
import type { ExitCode } from './command-error.ts';

/** What a command gets to work with. */
export interface CommandContext {
  readonly arguments: RawArguments;
  readonly environment: Environment;
}

/** Returns an exit code other than success only where it means something. */
export type Command = (context: CommandContext) => Promise<void> | Promise<ExitCode>;
