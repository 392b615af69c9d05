/** What only the control socket may do: the commands that change something. */
import type { IncomingMessage } from 'node:http';
import { reasonOf } from '../cli/command-error.ts';
import type { DaemonView } from '../daemon/daemon-view.ts';
import { speakerOf } from '../http/api.ts';
import { sendJson } from '../http/responses.ts';
import { HttpError, type HttpRoute } from '../http/router.ts';
import { MAX_MESSAGE_BYTES, RESET_PATH, type ResetRequest } from './reset-request.ts';

/** A request body of more bytes than this is refused. */
const MAX_BODY_BYTES = 64 * 1024;

export function actionRoutes(view: DaemonView): readonly HttpRoute[] {
  return [
    {
      method: 'POST',
      path: RESET_PATH,
      handle: async ({ request, response }) => {
        const { name, message } = readReset(await readBody(request));
        if (!speakerOf(view).resetPeer(name, message)) throw new HttpError(404, `no peer "${name}"`);
        view.logger.info('session reset by command', { peer: name, message });
        sendJson(response, 200, { name, reset: true });
      },
    },
  ];
}

function readReset(body: Readonly<Record<string, unknown>>): ResetRequest {
  const { name, message } = body;
  if (typeof name !== 'string') throw new HttpError(400, 'name is missing');
  if (message === undefined) return { name };
  if (typeof message !== 'string') throw new HttpError(400, 'message is no text');
  if (Buffer.byteLength(message) > MAX_MESSAGE_BYTES) {
    throw new HttpError(400, `message is longer than ${MAX_MESSAGE_BYTES} octets`);
  }
  return { name, message };
}

async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > MAX_BODY_BYTES) throw new HttpError(413, 'the request is too large');
    chunks.push(chunk as Buffer);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch (error) {
    throw new HttpError(400, `the request is no JSON: ${reasonOf(error)}`);
  }
}
