/**
 * Sockets on their way out. A NOTIFICATION is only worth sending if the peer gets to read it: closing with
 * unread input makes the kernel send a reset, which may overtake it. So a socket is half-closed behind its last
 * words, its input is thrown away, and it is destroyed when the peer has closed its side or the time is up.
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../clock.ts';

const LINGER_MS = 1_000;
/** Beyond that nobody gets last words: strangers must not hold thousands of descriptors for a second each. */
const MAX_SOCKETS = 1_024;

export class ClosingSockets {
  readonly #clock: Clock;
  readonly #sockets = new Map<Socket, Timer>();
  #onEmpty: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the socket over: all its listeners go. Without `lastWords` it is closed at once. */
  close(socket: Socket, lastWords: Uint8Array | null): void {
    socket.removeAllListeners();
    socket.on('error', () => socket.destroy());
    if (socket.destroyed) return;
    if (lastWords === null || this.#sockets.size >= MAX_SOCKETS) {
      socket.destroy();
      return;
    }
    const timer = this.#clock.startTimer(LINGER_MS, () => socket.destroy());
    this.#sockets.set(socket, timer);
    socket.on('close', () => this.#forget(socket));
    socket.on('end', () => socket.destroySoon());
    socket.resume();
    socket.end(lastWords);
  }

  /** Resolves when every socket is closed; at the latest after the linger time. */
  whenEmpty(): Promise<void> {
    if (this.#sockets.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  #forget(socket: Socket): void {
    this.#sockets.get(socket)?.cancel();
    this.#sockets.delete(socket);
    if (this.#sockets.size > 0) return;
    const waiting = this.#onEmpty;
    this.#onEmpty = [];
    for (const resolve of waiting) resolve();
  }
}
