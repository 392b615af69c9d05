/** Writing answers: whole ones, and streams that wait for slow readers. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { safeJson } from '../output/escape.ts';

const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

export function sendText(response: ServerResponse, status: number, text: string, type = 'text/plain'): void {
  response.writeHead(status, { ...COMMON_HEADERS, 'content-type': `${type}; charset=utf-8` });
  response.end(text);
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendText(response, status, `${safeJson(value)}\n`, 'application/json');
}

export const NDJSON = 'application/x-ndjson';

/**
 * Streams items as a JSON array with one item a line, or, where the client accepts it, as lines of JSON. Batches
 * are taken only as fast as the client reads; when it goes away, the source is closed.
 */
export async function streamJson(
  request: IncomingMessage,
  response: ServerResponse,
  batches: AsyncIterable<readonly unknown[]>,
): Promise<void> {
  const asLines = (request.headers.accept ?? '').includes(NDJSON);
  response.writeHead(200, { ...COMMON_HEADERS, 'content-type': asLines ? NDJSON : 'application/json' });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  let separator = asLines ? '' : '[\n';
  for await (const batch of batches) {
    if (batch.length === 0) continue;
    const text = batch.map(safeJson).join(asLines ? '\n' : ',\n');
    await write(response, separator + text);
    if (response.destroyed) return;
    separator = asLines ? '\n' : ',\n';
  }
  if (asLines) response.end(separator);
  else response.end(separator === '[\n' ? '[]\n' : '\n]\n');
}

/** Resolves when the response takes more, or is closed. */
async function write(response: ServerResponse, text: string): Promise<void> {
  if (response.destroyed || response.write(text)) return;
  const closed = new AbortController();
  const onClose = (): void => closed.abort();
  response.once('close', onClose);
  try {
    await once(response, 'drain', { signal: closed.signal });
  } catch {
    // Closed: the caller looks at `destroyed`.
  } finally {
    response.off('close', onClose);
  }
}

/** Splits what is in memory already into batches with a pause of the event loop between them. */
export async function* inBatches<Item>(items: readonly Item[], size = 500): AsyncGenerator<readonly Item[]> {
  for (let start = 0; start < items.length; start += size) {
    yield items.slice(start, start + size);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
