/** One HTTP request and its answer, as both transports give it. */
import type { Readable } from 'node:stream';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Ends the exchange, at any time. */
  readonly signal: AbortSignal;
}

export interface ApiAnswer {
  readonly status: number;
  /** Of the header Retry-After. */
  readonly retryAfter: string | undefined;
  /** Errors of the connection end it with that error. */
  readonly body: Readable;
}

export interface Transport {
  /** @throws Error when there is no answer */
  exchange(request: ApiRequest): Promise<ApiAnswer>;
  close(): void;
}
