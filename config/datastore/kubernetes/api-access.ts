/** How to reach an API server, and as whom. Certificates and tokens rotate: they are asked for when they are needed. */
import type { Agent } from 'node:http';

export interface TlsMaterial {
  readonly ca?: Buffer | string;
  readonly cert?: Buffer | string;
  readonly key?: Buffer | string;
  readonly passphrase?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface ApiAccess {
  /** Base of all paths; it may have a path itself. */
  readonly server: URL;
  /** For the next connection. @throws ApiAccessError */
  tls(): Promise<TlsMaterial>;
  /** For the next request: `authorization`, as a rule. @throws ApiAccessError */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** What connects where the way leads through a proxy, or without TLS; null: a direct TLS connection. */
  agent(): Promise<Agent | null>;
}

/** Credentials that cannot be had; the message says what and where. */
export class ApiAccessError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ApiAccessError';
  }
}
