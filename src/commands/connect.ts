/** What the read commands have in common: the daemon's socket, the node's other process, and the output. */
import type { RawArguments } from '../cli/arguments.ts';
import type { CommandContext } from '../cli/command.ts';
import { ControlClient, NoDaemon } from '../control/control-client.ts';
import { agentControlPath, defaultControlPath } from '../daemon/socket-paths.ts';
import type { OutputFormat } from '../output/format.ts';

export function outputFormat(raw: RawArguments): OutputFormat {
  return (raw.text('output') ?? 'table') as OutputFormat;
}

/** The daemon that `--control` names, or the one of this machine. */
export function controlClient({ arguments: raw, environment }: CommandContext): ControlClient {
  return new ControlClient(raw.text('control') ?? defaultControlPath(environment));
}

/** The agent of the same node, where it is a process of its own. */
export function agentClient(client: ControlClient): ControlClient {
  return new ControlClient(agentControlPath(client.path));
}

/** The result, or null where no daemon answers. */
export async function unlessAbsent<T>(result: Promise<T>): Promise<T | null> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof NoDaemon) return null;
    throw error;
  }
}
