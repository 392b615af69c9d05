/** `manul peer reset NAME`: drops a session; it comes back by itself. */
import { usageError } from '../cli/command-error.ts';
import type { CommandContext } from '../cli/program.ts';
import { MAX_MESSAGE_BYTES, RESET_PATH, type ResetRequest } from '../control/reset-request.ts';
import { controlClient } from './connect.ts';

export async function peerReset(context: CommandContext): Promise<void> {
  const name = context.arguments.text('name') ?? '';
  const message = context.arguments.text('message');
  if (message !== undefined && Buffer.byteLength(message) > MAX_MESSAGE_BYTES) {
    throw usageError(`--message is longer than ${MAX_MESSAGE_BYTES} octets`);
  }
  const body: ResetRequest = message === undefined ? { name } : { name, message };
  await controlClient(context).post(RESET_PATH, body);
}
