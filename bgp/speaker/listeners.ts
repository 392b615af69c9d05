/** The listening sockets of the speaker: opened and closed as a difference, tried again while they fail. */
import type { Server, Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { addressFamily, parsePrefix } from '../net/index.ts';
import type { Clock, Timer } from './clock.ts';
import type { ListenKeys } from './listen-keys.ts';
import { listen } from './socket/listen.ts';
import { ListenerKeys } from './socket/listener-keys.ts';
import { listenErrorText, socketErrorText } from './socket/socket-error.ts';
import type { ListenAddress } from './speaker-config.ts';
import type { SpeakerEvent } from './speaker-status.ts';

const RETRY_MS = 2_000;

export interface ListenersOptions {
  readonly clock: Clock;
  readonly onConnection: (socket: Socket) => void;
  readonly onEvent: (event: SpeakerEvent) => void;
}

/** What connections need of the sockets that they come in by. */
export interface ListenSecurity {
  readonly keys: ListenKeys;
  /** Some session looks at the SYN of its connections. */
  readonly savesSyn: boolean;
}

interface Listener {
  readonly at: ListenAddress;
  readonly keys: ListenerKeys;
  server: Server | null;
  retry: Timer | null;
  /** The last failure was reported; the same one is not reported again. */
  failure: string | null;
}

export class Listeners {
  readonly #options: ListenersOptions;
  readonly #byKey = new Map<string, Listener>();
  #security: ListenSecurity = { keys: new Map(), savesSyn: false };

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  /** Why a listening socket cannot be had, one line each. */
  failures(): readonly string[] {
    return [...this.#byKey.values()].flatMap(({ at, failure }) =>
      failure === null ? [] : [`cannot listen on ${at.address} port ${at.port}: ${failure}`],
    );
  }

  /** Keys change on the sockets that are there: connections are not concerned. */
  apply(addresses: readonly ListenAddress[], security: ListenSecurity): void {
    const isOther = !isDeepStrictEqual(security, this.#security);
    this.#security = security;
    const wanted = new Map(addresses.map((at) => [`${at.address}|${at.port}`, at]));
    for (const [key, listener] of this.#byKey) {
      if (wanted.has(key)) {
        if (isOther && listener.server !== null) this.#secure(listener, listener.server);
        continue;
      }
      this.#byKey.delete(key);
      close(listener);
    }
    for (const [key, at] of wanted) {
      if (this.#byKey.has(key)) continue;
      const listener: Listener = { at, keys: new ListenerKeys(), server: null, retry: null, failure: null };
      this.#byKey.set(key, listener);
      this.#open(listener);
    }
  }

  /** Resolves when no listening socket is left. Connections that they accepted are not concerned. */
  async close(): Promise<void> {
    const listeners = [...this.#byKey.values()];
    this.#byKey.clear();
    await Promise.all(listeners.map(close));
  }

  #open(listener: Listener): void {
    const { address, port } = listener.at;
    listener.retry = null;
    listener.keys.forget();
    listener.server = listen({
      address,
      port,
      prepare: (fd) => this.#secure(listener, fd),
      onConnection: this.#options.onConnection,
      onListening: () => {
        listener.failure = null;
        const bound = listener.server?.address();
        const boundPort = bound !== null && typeof bound === 'object' ? bound.port : port;
        this.#options.onEvent({ kind: 'listening', address, port: boundPort });
      },
      onError: (error) => this.#onError(listener, listenErrorText(error, port)),
      onAcceptError: (error) => this.#problem(listener, `a connection is lost: ${socketErrorText(error)}`),
    });
  }

  /** What cannot be set is said; its connections are refused, for they come without what they need. */
  #secure(listener: Listener, socket: Server | number): void {
    const family = addressFamily(listener.at.address);
    const keys = [...this.#security.keys].flatMap(([text, key]) => {
      const prefix = parsePrefix(text);
      return prefix?.family === family ? [{ text, prefix, key }] : [];
    });
    const failure = listener.keys.apply(socket, keys, this.#security.savesSyn);
    if (failure !== null) this.#problem(listener, failure);
  }

  #problem({ at: { address, port } }: Listener, text: string): void {
    this.#options.onEvent({ kind: 'problem', object: `listen ${address} port ${port}`, text });
  }

  #onError(listener: Listener, reason: string): void {
    const { address, port } = listener.at;
    listener.server = null;
    if (this.#byKey.get(`${address}|${port}`) !== listener) return;
    if (listener.failure !== reason) {
      listener.failure = reason;
      this.#options.onEvent({ kind: 'listenFailed', address, port, reason });
    }
    listener.retry = this.#options.clock.startTimer(RETRY_MS, () => this.#open(listener));
  }
}

function close(listener: Listener): Promise<void> {
  listener.retry?.cancel();
  const { server } = listener;
  if (server === null) return Promise.resolve();
  return new Promise((resolve) => server.close(() => resolve()));
}
