/** `manul watch`: session and route events as they happen. */
import type { CommandContext } from '../cli/command.ts';
import type { DaemonEvent } from '../daemon/event-hub.ts';
import { escapeControl } from '../output/escape.ts';
import { formatEvent } from '../output/format.ts';
import { errorText } from '../output/text.ts';
import { writeText } from '../output/write.ts';
import { controlClient, outputFormat } from './connect.ts';

/** Ends when the daemon does (exit code 1), or when the reader of the output goes away. */
export async function watch(context: CommandContext): Promise<void> {
  const format = outputFormat(context.arguments);
  const events = controlClient(context).events('/api/v1/events');
  for await (const value of events) {
    const event = value as DaemonEvent;
    await writeText(process.stdout, await formatEvent(format, event, () => escapeControl(lineOf(event))));
  }
}

function lineOf(event: DaemonEvent): string {
  return `${event.at}  ${describe(event)}`;
}

function describe(event: DaemonEvent): string {
  switch (event.kind) {
    case 'peerState':
      return `peer ${event.peer}: ${event.from} -> ${event.to}${event.reason === '' ? '' : `, ${event.reason}`}`;
    case 'notification':
      return `peer ${event.peer}: NOTIFICATION ${errorText(event.error)}`;
    case 'refused':
      return `connection from ${event.address} refused: ${event.reason}${event.neighbor === null ? '' : ` (${event.neighbor})`}`;
    case 'listening':
      return `listening on ${event.address} port ${event.port}`;
    case 'listenFailed':
      return `cannot listen on ${event.address} port ${event.port}: ${event.reason}`;
    case 'problem':
      return `${event.object}: ${event.text}`;
    case 'route':
      return event.nextHop === null
        ? `route ${event.prefix} is gone`
        : `route ${event.prefix} via ${event.nextHop}${event.peer === null ? '' : ` from ${event.peer}`}`;
    case 'dropped':
      return `${event.count} events are missing: this reader is too slow`;
  }
}
