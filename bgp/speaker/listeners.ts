/** The listening sockets of the speaker: opened and closed as a difference, tried again while they fail. */
import type { Server, Socket } from 'node:net';
import type { Clock, Timer } from './clock.ts';
import { listen } from './socket/listen.ts';
import { socketErrorText } from './socket/socket-error.ts';
import type { ListenAddress } from './speaker-config.ts';
import type { SpeakerEvent } from './speaker-status.ts';

const RETRY_MS = 2_000;

export interface ListenersOptions {
  readonly clock: Clock;
  readonly onConnection: (socket: Socket) => void;
  readonly onEvent: (event: SpeakerEvent) => void;
}

interface Listener {
  readonly at: ListenAddress;
  server: Server | null;
  retry: Timer | null;
  /** The last failure was reported; the same one is not reported again. */
  failure: string | null;
}

export class Listeners {
  readonly #options: ListenersOptions;
  readonly #byKey = new Map<string, Listener>();

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  apply(addresses: readonly ListenAddress[]): void {
    const wanted = new Map(addresses.map((at) => [`${at.address}|${at.port}`, at]));
    for (const [key, listener] of this.#byKey) {
      if (wanted.has(key)) continue;
      this.#byKey.delete(key);
      close(listener);
    }
    for (const [key, at] of wanted) {
      if (this.#byKey.has(key)) continue;
      const listener: Listener = { at, server: null, retry: null, failure: null };
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
    listener.server = listen({
      address,
      port,
      onConnection: this.#options.onConnection,
      onListening: () => {
        listener.failure = null;
        const bound = listener.server?.address();
        const boundPort = bound !== null && typeof bound === 'object' ? bound.port : port;
        this.#options.onEvent({ kind: 'listening', address, port: boundPort });
      },
      onError: (error) => this.#onError(listener, socketErrorText(error)),
    });
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
