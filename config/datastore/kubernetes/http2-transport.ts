/**
 * HTTP/2: one connection for all lists and watches of a process, which is what keeps a thousand agents bearable for
 * an API server. A ping shows a server that hangs: its kernel still takes our bytes, and a watch may well be
 * silent for minutes. A server that only speaks HTTP/1.1 is found when connecting.
 */
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { ApiAccess } from './api-access.ts';
import type { ApiAnswer, ApiRequest, Transport } from './http-exchange.ts';
import { Http1Transport } from './http1-transport.ts';

export interface Http2Options {
  /** Between a ping's answer and the next ping, and until a ping counts as lost; milliseconds. */
  readonly pingMs: number;
  readonly connectMs: number;
}

export const HTTP2_DEFAULTS: Http2Options = { pingMs: 10_000, connectMs: 10_000 };

/** A slow reader of one stream must not hold up the others. */
const CONNECTION_WINDOW = 32 * 1024 * 1024;
const STREAM_WINDOW = 1024 * 1024;

export class Http2Transport implements Transport {
  readonly #access: ApiAccess;
  readonly #options: Http2Options;
  #session: Promise<ClientHttp2Session | null> | null = null;
  #current: ClientHttp2Session | null = null;
  /** Set once the server has shown that it does not speak HTTP/2. */
  #older: Http1Transport | null = null;
  #closed = false;

  constructor(access: ApiAccess, options: Http2Options = HTTP2_DEFAULTS) {
    this.#access = access;
    this.#options = options;
  }

  async exchange(request: ApiRequest): Promise<ApiAnswer> {
    if (this.#older !== null) return this.#older.exchange(request);
    this.#session ??= this.#connect();
    const pending = this.#session;
    try {
      const session = await pending;
      if (session === null) return await this.#fallBack().exchange(request);
      return await send(session, request);
    } catch (error) {
      if (this.#session === pending && (await isUnusable(pending))) this.#session = null;
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
    this.#older?.close();
    this.#session?.then(
      (session) => session?.destroy(),
      () => {},
    );
    this.#session = null;
  }

  #fallBack(): Http1Transport {
    this.#older ??= new Http1Transport(this.#access);
    return this.#older;
  }

  /** Null: the server chose HTTP/1.1. */
  async #connect(): Promise<ClientHttp2Session | null> {
    const socket = await dial(this.#access, this.#options.connectMs);
    if (socket.alpnProtocol !== 'h2') {
      socket.destroy();
      return null;
    }
    const session = connectHttp2(this.#access.server.origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
    });
    const forget = (): void => {
      if (this.#current === session) this.#session = null;
    };
    this.#current = session;
    session.on('error', () => {}); // each open stream reports it
    session.on('connect', () => session.setLocalWindowSize(CONNECTION_WINDOW));
    session.on('goaway', forget); // open streams go on, new ones need a new connection
    session.on('close', forget);
    keepPinging(session, this.#options.pingMs);
    if (this.#closed) session.destroy();
    return session;
  }
}

function isUnusable(pending: Promise<ClientHttp2Session | null>): Promise<boolean> {
  return pending.then(
    (session) => session !== null && (session.destroyed || session.closed),
    () => true,
  );
}

async function dial(access: ApiAccess, connectMs: number): Promise<TLSSocket> {
  const tls = await access.tls();
  const { hostname, port } = access.server;
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      ...tls,
      host,
      port: Number(port === '' ? 443 : port),
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    const timer = setTimeout(() => {
      socket.destroy(new Error(`${access.server.host} does not answer within ${connectMs / 1000} s`));
    }, connectMs);
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

/** Ends the session when a ping is not answered in time. */
function keepPinging(session: ClientHttp2Session, pingMs: number): void {
  let timer: NodeJS.Timeout;
  const ping = (): void => {
    timer = setTimeout(() => {
      const seconds = pingMs / 1000;
      session.destroy(new Error(`the API server does not answer a ping within ${seconds} s`));
    }, pingMs);
    session.ping((error) => {
      clearTimeout(timer);
      if (error === null && !session.destroyed) timer = setTimeout(ping, pingMs);
    });
  };
  timer = setTimeout(ping, pingMs);
  session.once('close', () => clearTimeout(timer));
}

function send(session: ClientHttp2Session, request: ApiRequest): Promise<ApiAnswer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(
      {
        ...request.headers,
        [constants.HTTP2_HEADER_METHOD]: request.method,
        [constants.HTTP2_HEADER_PATH]: request.path,
      },
      { signal: request.signal, endStream: request.body === null },
    );
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('the connection to the API server was closed')));
    stream.once('response', (headers) => {
      resolve({ status: headers[':status'] ?? 0, retryAfter: headers['retry-after'], body: stream });
    });
    if (request.body !== null) stream.end(request.body);
  });
}
