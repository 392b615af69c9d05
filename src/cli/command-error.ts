/** How a command fails: one line for standard error, and the exit code. */

/** `Changes`: `plan` has found some. */
export const ExitCode = { Success: 0, Failure: 1, Usage: 2, Changes: 3 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What was asked for failed (exit code 1), or could not be asked for like this (exit code 2). */
export class CommandError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = ExitCode.Failure) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}

/** Wrong usage: exit code 2. */
export function usageError(message: string): CommandError {
  return new CommandError(message, ExitCode.Usage);
}

/** The reason inside anything that was thrown, on one line. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
