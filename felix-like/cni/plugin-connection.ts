/**
 * One call of the plugin, on its connection: a request, an answer; and for ADD the words that make sure that
 * agent and runtime think alike about it (see plugin/main.go): `taken`, `kept`, `printed`.
 */
import type { Socket } from 'node:net';
import type { Logger } from '../dataplane/logger.ts';
import { CniCode, CniError } from './cni-error.ts';
import { readRequest } from './cni-request.ts';
import { formatError } from './cni-result.ts';
import type { Answer, CniService } from './cni-service.ts';
import { CNI_VERSIONS, type CniVersion } from './network-config.ts';

/** The plugin takes 1 MiB of configuration, which JSON in JSON may double. */
const MAX_REQUEST_CHARS = 4 << 20;
/** Of a plugin that is stopped, or of somebody who only holds the socket open. */
const SILENCE_MS = 60_000;

export interface PluginConnectionParts {
  readonly service: Pick<CniService, 'handle'>;
  readonly logger: Logger;
  /** True when it is the agent that ends connections: then the plugin may well be alive. */
  readonly isClosing: () => boolean;
}

/** Serves `socket` until it is closed. */
export async function servePlugin(socket: Socket, parts: PluginConnectionParts): Promise<void> {
  socket.on('error', () => {}); // it closes, and that is what counts
  const lines = readLines(socket);
  socket.setTimeout(SILENCE_MS, () => socket.destroy());
  const line = await nextLine(lines);
  if (line === null) {
    socket.destroy();
    return;
  }
  // It may take longer than that to answer: the timeout is for the plugin.
  socket.setTimeout(0);
  const { answer, status } = await respond(line, parts);
  const confirm = answer.confirmation !== null;
  socket.setTimeout(SILENCE_MS);
  socket.write(`${JSON.stringify({ status, output: answer.output, confirm })}\n`);
  if (answer.confirmation !== null && !(await isPrinted(socket, lines, answer.confirmation.keep))) {
    if (!parts.isClosing()) await answer.confirmation.discard();
  }
  socket.end();
}

async function isPrinted(socket: Socket, lines: AsyncIterator<string>, keep: () => void): Promise<boolean> {
  if ((await nextLine(lines)) !== 'taken') return false;
  try {
    keep();
  } catch {
    return false; // without the word the plugin fails
  }
  socket.write('kept\n');
  return (await nextLine(lines)) === 'printed';
}

async function respond(
  line: string,
  { service, logger }: PluginConnectionParts,
): Promise<{ answer: Answer; status: number }> {
  try {
    const request = readRequest(line);
    const startedMs = performance.now();
    const answer = await service.handle(request);
    if (request.verb !== 'STATUS') {
      const id = 'id' in request ? request.id : {};
      logger.info(`CNI ${request.verb}`, { ...id, ms: Math.round(performance.now() - startedMs) });
    }
    return { answer, status: 0 };
  } catch (error) {
    const failure =
      error instanceof CniError
        ? error
        : new CniError(
            CniCode.Failed,
            'the agent failed',
            error instanceof Error ? error.message : String(error),
          );
    logger.warn('CNI call failed', { code: failure.code, reason: failure.message, details: failure.details });
    return { answer: { output: formatError(versionOf(line), failure), confirmation: null }, status: 1 };
  }
}

/** Errors are written in the version of the request, where that can be made out. */
function versionOf(line: string): CniVersion {
  try {
    const { config = '' } = JSON.parse(line) as { config?: string };
    const { cniVersion } = JSON.parse(config) as { cniVersion?: string };
    return CNI_VERSIONS.find((version) => version === cniVersion) ?? '1.1.0';
  } catch {
    return '1.1.0';
  }
}

/** Ends when the connection does, for whatever reason, or when a line is too long. */
async function* readLines(socket: Socket): AsyncGenerator<string, void> {
  let rest = '';
  socket.setEncoding('utf8');
  try {
    for await (const chunk of socket) {
      const parts = (rest + String(chunk)).split('\n');
      rest = parts.pop() ?? '';
      yield* parts;
      if (rest.length > MAX_REQUEST_CHARS) return;
    }
  } catch {
    // reset by the plugin's death
  }
}

async function nextLine(lines: AsyncIterator<string>): Promise<string | null> {
  const { value, done } = await lines.next();
  return done === true ? null : value;
}
