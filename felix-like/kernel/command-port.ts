/** The port to other programs of the host, for what the kernel offers through them alone. */

export interface CommandResult {
  /** Exit status; 255 when a signal ended the program. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandPort {
  /** @returns null when there is no such program. Never rejects. */
  run(program: string, args: readonly string[], input?: string): Promise<CommandResult | null>;
}

/** What a failed program says, as one line. */
export function commandFailure(program: string, result: CommandResult | null): string {
  if (result === null) return `${program} is not installed`;
  const lines = result.stderr.split('\n').filter((line) => /[a-z]/i.test(line));
  const text = (lines.find((line) => /error/i.test(line)) ?? lines[0] ?? '').trim();
  const cause = text.replace(/^(?:\S+:\d+:\d+-\d+: )?(?:Error: )?(?:Could not process rule: )?/, '');
  return `${program}: ${cause === '' ? `ended with status ${result.status}` : cause}`;
}
