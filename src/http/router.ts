/** A small request router: exact paths, or a prefix with the rest as parameter. Answers GET, HEAD and POST. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@manul/bgp';
import { reasonOf } from '../cli/command-error.ts';
import { sendJson } from './responses.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** What follows the prefix of a `/*` route, decoded; empty otherwise. */
  readonly rest: string;
}

export interface HttpRoute {
  readonly method: 'GET' | 'POST';
  /** `/api/v1/peers`, or `/api/v1/peers/*` for everything below it. */
  readonly path: string;
  readonly handle: (exchange: Exchange) => void | Promise<void>;
}

/** Thrown by handlers: becomes the status and `{"error": …}`. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

export function createRouter(routes: readonly HttpRoute[], logger: Logger): RequestListener {
  return (request, response) => {
    respond(routes, request, response).catch((error: unknown) => {
      const status = error instanceof HttpError ? error.status : 500;
      if (status === 500) logger.error('request failed', { url: request.url, reason: reasonOf(error) });
      // A started answer cannot change its status any more; cut short, the reader sees that it is not whole.
      if (response.headersSent) response.destroy();
      else sendJson(response, status, { error: reasonOf(error) });
    });
  };
}

async function respond(
  routes: readonly HttpRoute[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = parseTarget(request.url ?? '/');
  const found = routes.flatMap((route) => {
    const rest = matchPath(route.path, url.pathname);
    return rest === null ? [] : [{ route, rest }];
  });
  if (found.length === 0) throw new HttpError(404, `no such page: ${url.pathname}`);
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const match = found.find(({ route }) => route.method === method);
  if (match === undefined) {
    response.setHeader('allow', [...new Set(found.map(({ route }) => route.method))].join(', '));
    throw new HttpError(405, `${request.method} is not possible here`);
  }
  await match.route.handle({ request, response, query: url.searchParams, rest: match.rest });
}

function parseTarget(target: string): URL {
  try {
    return new URL(target, 'http://localhost');
  } catch {
    throw new HttpError(400, 'the request target is no path');
  }
}

/** The rest of the path, empty for an exact match, or null. */
function matchPath(pattern: string, path: string): string | null {
  if (!pattern.endsWith('/*')) return pattern === path ? '' : null;
  const base = pattern.slice(0, -1);
  if (!path.startsWith(base) || path.length === base.length) return null;
  try {
    return decodeURIComponent(path.slice(base.length));
  } catch {
    throw new HttpError(400, 'the path is not valid percent-encoding');
  }
}
