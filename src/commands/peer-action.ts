/** `manul peer reset|disable|enable NAME`: acts on one session of the running daemon. */
import type { Command, CommandContext } from '../cli/command.ts';
import { usageError } from '../cli/command-error.ts';
import {
  actionPath,
  MAX_MESSAGE_BYTES,
  type PeerAction,
  type PeerActionRequest,
  type SoftDirection,
} from '../control/peer-action.ts';
import { controlClient } from './connect.ts';

export function peerAction(action: PeerAction): Command {
  return async (context) => {
    await controlClient(context).post(actionPath(action), requestOf(context));
  };
}

function requestOf({ arguments: raw }: CommandContext): PeerActionRequest {
  const name = raw.text('name') ?? '';
  const message = raw.text('message');
  const soft = raw.text('soft') as SoftDirection | undefined;
  if (message !== undefined && Buffer.byteLength(message) > MAX_MESSAGE_BYTES) {
    throw usageError(`--message is longer than ${MAX_MESSAGE_BYTES} octets`);
  }
  if (message !== undefined && soft !== undefined) {
    throw usageError('--message goes with a session that ends, --soft keeps it');
  }
  return { name, ...(message === undefined ? {} : { message }), ...(soft === undefined ? {} : { soft }) };
}
