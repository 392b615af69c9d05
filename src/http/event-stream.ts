/** `/api/v1/events`: server-sent events (WHATWG HTML §9.2), one JSON object each. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DaemonEvent, EventHub } from '../daemon/event-hub.ts';
import { safeJson } from '../output/escape.ts';

/** A reader with more than this unread loses events, and is told how many. Bytes. */
export const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

/** A comment as sign of life, so that proxies keep the connection. Milliseconds. */
const COMMENT_INTERVAL_MS = 15_000;

export function streamEvents(request: IncomingMessage, response: ServerResponse, events: EventHub): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  response.write(': connected\n\n');
  let dropped = 0;
  const unsubscribe = events.subscribe((batch) => {
    if (response.writableLength > MAX_UNREAD_BYTES) {
      dropped += batch.length;
      return;
    }
    if (dropped > 0) {
      response.write(message({ at: new Date().toISOString(), kind: 'dropped', count: dropped }));
      dropped = 0;
    }
    response.write(batch.map(message).join(''));
  });
  const comment = setInterval(() => response.write(': alive\n\n'), COMMENT_INTERVAL_MS);
  response.once('close', () => {
    clearInterval(comment);
    unsubscribe();
  });
}

function message(event: DaemonEvent): string {
  return `event: ${event.kind}\ndata: ${safeJson(event)}\n\n`;
}
