/** One timer for the KEEPALIVEs of all sessions: a timer for each would cost more than the session. */
import type { Socket } from 'node:net';
import { KEEPALIVE } from '../../harness/bgp/encode.ts';

const TICK_MS = 1000;

export class KeepaliveClock {
  /** Ticks between two KEEPALIVEs, by socket. */
  readonly #every = new Map<Socket, number>();
  #ticks = 0;
  #timer: NodeJS.Timeout | null = null;

  /** @param holdTimeSec negotiated; at least 3 */
  add(socket: Socket, holdTimeSec: number): void {
    this.#every.set(socket, Math.floor(holdTimeSec / 3));
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
  }

  remove(socket: Socket): void {
    this.#every.delete(socket);
  }

  #tick(): void {
    this.#ticks += 1;
    for (const [socket, every] of this.#every) if (this.#ticks % every === 0) socket.write(KEEPALIVE);
  }
}
