/** HTTP/1.1, for proxies and servers that have nothing newer: a connection per request, kept for the next. */
import type { Agent } from 'node:http';
import type { ApiAccess, TlsMaterial } from './api-access.ts';
import type { ApiAnswer, ApiRequest, Transport } from './http-exchange.ts';

const KEEP_ALIVE_MS = 30_000;

/** Not imported: the module of `node:http` loads an HTTP client of 14 MB that nobody uses. */
const http = process.getBuiltinModule('node:http');
const https = process.getBuiltinModule('node:https');

export class Http1Transport implements Transport {
  readonly #access: ApiAccess;
  /** Ours, made of the TLS material of its time; null where the access brings its own. */
  #own: { readonly agent: Agent; readonly print: string } | null = null;

  constructor(access: ApiAccess) {
    this.#access = access;
  }

  async exchange({ method, path, headers, body, signal }: ApiRequest): Promise<ApiAnswer> {
    const agent = (await this.#access.agent()) ?? this.#ownAgent(await this.#access.tls());
    const { server } = this.#access;
    const send = server.protocol === 'http:' ? http.request : https.request;
    return new Promise((resolve, reject) => {
      const outgoing = send(new URL(path, server), { method, headers, agent, signal }, (incoming) => {
        resolve({
          status: incoming.statusCode ?? 0,
          retryAfter: incoming.headers['retry-after'],
          body: incoming,
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body ?? undefined);
    });
  }

  close(): void {
    this.#own?.agent.destroy();
    this.#own = null;
  }

  #ownAgent(tls: TlsMaterial): Agent {
    const print = [tls.ca, tls.cert, tls.key].map(String).join('\0');
    if (this.#own?.print !== print) {
      this.#own?.agent.destroy();
      const options = { ...tls, keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS };
      const isPlain = this.#access.server.protocol === 'http:';
      const agent = isPlain ? new http.Agent(options) : new https.Agent(options);
      this.#own = { agent, print };
    }
    return this.#own.agent;
  }
}
