/** What we ask an API server: lists by the page, watches, discovery, and small writes. Retrying is the caller's. */
import type { Readable } from 'node:stream';
import type { ApiAccess } from './api-access.ts';
import { ApiError, errorOfAnswer, errorOfEvent } from './api-error.ts';
import type { ApiRequest, Transport } from './http-exchange.ts';
import { Http1Transport } from './http1-transport.ts';
import { HTTP2_DEFAULTS, Http2Transport } from './http2-transport.ts';
import { parseJson, readLines, readText } from './read-json.ts';

export type RawObject = Readonly<Record<string, unknown>>;

export interface ListPage {
  readonly items: readonly RawObject[];
  readonly resourceVersion: string;
  /** For the next page; empty on the last one. */
  readonly continueToken: string;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: RawObject;
}

export interface ApiClientOptions {
  readonly access: ApiAccess;
  /** Such as `manul/1.2.3 (speaker)`; shown in the server's audit log. */
  readonly userAgent: string;
  /** An answer must begin, and go on, within this time (watches: begin); milliseconds. */
  readonly silenceMs?: number;
  readonly pingMs?: number;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

const SILENCE_MS = 30_000;
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
/** etcd refuses objects above 1.5 MiB by default. */
const MAX_OBJECT_BYTES = 16 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;

export class ApiClient {
  readonly #options: ApiClientOptions;
  readonly #transport: Transport;
  /** Requests that were sent, by what they asked for: `list nodes`, `watch pods`. */
  readonly requests = new Map<string, number>();

  constructor(options: ApiClientOptions) {
    this.#options = options;
    const { access, pingMs } = options;
    const isTls = access.server.protocol === 'https:';
    this.#transport = isTls
      ? new Http2Transport(access, { ...HTTP2_DEFAULTS, ...(pingMs === undefined ? {} : { pingMs }) })
      : new Http1Transport(access);
  }

  get server(): string {
    return this.#options.access.server.host;
  }

  close(): void {
    this.#transport.close();
  }

  /** @throws ApiError; Error when there is no answer */
  async get(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#whole('get', 'GET', path, null, '', signal);
  }

  async listPage(path: string, query: Query, signal: AbortSignal): Promise<ListPage> {
    const answer = (await this.#whole('list', 'GET', withQuery(path, query), null, '', signal)) as {
      items?: RawObject[] | null;
      metadata?: { resourceVersion?: string; continue?: string };
    };
    return {
      items: answer.items ?? [],
      resourceVersion: answer.metadata?.resourceVersion ?? '',
      continueToken: answer.metadata?.continue ?? '',
    };
  }

  /**
   * Follows changes from a resourceVersion on. Returns when the server ends the watch.
   * @param onOpen called once the server has accepted it
   * @throws ApiError, also for an event of type ERROR; Error when the connection breaks
   */
  async *watch(
    path: string,
    query: Query,
    signal: AbortSignal,
    onOpen: () => void,
  ): AsyncGenerator<WatchEvent> {
    const target = withQuery(path, { ...query, watch: 1, allowWatchBookmarks: true });
    const body = await this.#exchange('watch', 'GET', target, null, '', signal);
    onOpen();
    try {
      for await (const line of readLines(body, MAX_OBJECT_BYTES)) {
        const { type, object } = parseJson(line) as { type: string; object: RawObject };
        if (type === 'ERROR') throw errorOfEvent(object);
        yield { type: type as WatchEvent['type'], object };
      }
    } finally {
      body.destroy();
    }
  }

  async post(path: string, object: unknown, signal: AbortSignal): Promise<unknown> {
    return this.#whole('create', 'POST', path, JSON.stringify(object), 'application/json', signal);
  }

  /** @param kind of patch; `strategic-merge` knows the keys of Kubernetes' own lists, such as conditions */
  async patch(
    path: string,
    change: unknown,
    kind: 'merge' | 'strategic-merge',
    signal: AbortSignal,
  ): Promise<unknown> {
    const type = `application/${kind}-patch+json`;
    return this.#whole('patch', 'PATCH', path, JSON.stringify(change), type, signal);
  }

  async #whole(
    verb: string,
    method: ApiRequest['method'],
    path: string,
    body: string | null,
    contentType: string,
    signal: AbortSignal,
  ): Promise<unknown> {
    const silence = new SilenceTimer(signal, this.#options.silenceMs ?? SILENCE_MS, this.server);
    try {
      const answer = await this.#exchange(verb, method, path, body, contentType, silence.signal);
      answer.on('data', () => silence.reset());
      return parseJson(await readText(answer, MAX_ANSWER_BYTES));
    } catch (error) {
      throw silence.reasonFor(error);
    } finally {
      silence.stop();
    }
  }

  async #exchange(
    verb: string,
    method: ApiRequest['method'],
    path: string,
    body: string | null,
    contentType: string,
    signal: AbortSignal,
  ): Promise<Readable> {
    this.#count(verb, path);
    const { access, userAgent } = this.#options;
    const headers = {
      accept: 'application/json',
      'user-agent': userAgent,
      ...(body === null ? {} : { 'content-type': contentType }),
      ...(await access.headers()),
    };
    const opening = new SilenceTimer(signal, this.#options.silenceMs ?? SILENCE_MS, this.server);
    try {
      const base = access.server.pathname.replace(/\/$/, '');
      const answer = await this.#transport.exchange({
        method,
        path: `${base}${path}`,
        headers,
        body,
        signal: opening.signal,
      });
      if (answer.status >= 200 && answer.status <= 299) {
        return answer.body;
      }
      const text = await readText(answer.body, MAX_ERROR_BYTES).catch(() => '');
      throw errorOfAnswer(answer.status, text, answer.retryAfter);
    } catch (error) {
      throw opening.reasonFor(error);
    } finally {
      opening.stop();
    }
  }

  #count(verb: string, path: string): void {
    const resource =
      /\/(?:v[0-9][a-z0-9]*)\/(?:namespaces\/[^/]+\/)?([a-z0-9]+)/.exec(path)?.[1] ?? 'discovery';
    const key = `${verb} ${resource}`;
    this.requests.set(key, (this.requests.get(key) ?? 0) + 1);
  }
}

/** Aborts when nothing came for a while, and says so in place of the abort. */
class SilenceTimer {
  readonly signal: AbortSignal;
  readonly #own = new AbortController();
  readonly #ms: number;
  readonly #server: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(outer: AbortSignal, ms: number, server: string) {
    this.#ms = ms;
    this.#server = server;
    this.signal = AbortSignal.any([outer, this.#own.signal]);
    this.reset();
  }

  reset(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#own.abort(), this.#ms);
  }

  /** Ends nothing any more. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  reasonFor(error: unknown): unknown {
    if (!this.#own.signal.aborted) return error;
    return new ApiError(0, 'Timeout', `${this.#server} was silent for ${this.#ms / 1000} s`);
  }
}

/** Fields that are undefined or empty are left out. */
function withQuery(path: string, query: Query): string {
  const fields = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(
    fields.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  return text === '' ? path : `${path}?${text}`;
}
