/** The JSON object that a request to the control socket carries. */
import type { IncomingMessage } from 'node:http';
import { reasonOf } from '../cli/command-error.ts';
import { HttpError } from '../http/router.ts';

/** A request body of more bytes than this is refused. */
const MAX_BODY_BYTES = 64 * 1024;

/** @throws HttpError 413 when it is too large, 400 when it is no JSON */
export async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
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
