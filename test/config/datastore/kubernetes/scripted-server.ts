/** An API server of a few lines on plain HTTP, which answers as the test says: for answers that a real one seldom gives. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiAccess } from '../../../../config/datastore/kubernetes/api-access.ts';

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export class ScriptedServer {
  /** Of each request, in order: `GET /api/v1/nodes?limit=200`, and when it came. */
  readonly requests: { readonly line: string; readonly atMs: number }[] = [];
  readonly #server: Server;
  readonly #script: Answer[];

  private constructor(script: readonly Answer[]) {
    this.#script = [...script];
    this.#server = createServer((request, response) => {
      this.requests.push({ line: `${request.method} ${request.url}`, atMs: performance.now() });
      // what comes after the script waits for ever, as a silent watch does
      const answer = this.#script.shift() ?? ((waiting) => waiting.writeHead(200).flushHeaders());
      answer(response, request);
    });
  }

  static async start(script: readonly Answer[]): Promise<ScriptedServer> {
    const server = new ScriptedServer(script);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get access(): ApiAccess {
    const { port } = this.#server.address() as AddressInfo;
    return {
      server: new URL(`http://127.0.0.1:${port}/base`),
      tls: async () => ({}),
      headers: async () => ({ authorization: 'Bearer token' }),
      agent: async () => null,
    };
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** A list of nodes by name. */
export const listOf =
  (names: readonly string[], resourceVersion: string, continueToken = ''): Answer =>
  (response) => {
    const items = names.map((name) => ({ metadata: { name, resourceVersion } }));
    response.end(JSON.stringify({ items, metadata: { resourceVersion, continue: continueToken } }));
  };

export const refusal =
  (status: number, headers: Readonly<Record<string, string>> = {}, body: unknown = {}): Answer =>
  (response) => {
    response.writeHead(status, headers).end(JSON.stringify(body));
  };

/** A watch that sends these lines, and then ends as said: cleanly, cut off, or not at all. */
export const watchOf =
  (lines: readonly string[], end: 'ends' | 'breaks' | 'stays' = 'stays'): Answer =>
  (response) => {
    response.writeHead(200);
    response.write(lines.map((line) => `${line}\n`).join(''), () => {
      if (end === 'ends') response.end();
      if (end === 'breaks') response.destroy();
    });
    response.flushHeaders();
  };

export const eventOf = (type: string, name: string, resourceVersion: string): string =>
  JSON.stringify({ type, object: { metadata: { name, resourceVersion } } });
