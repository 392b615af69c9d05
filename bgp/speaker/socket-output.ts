/** The writing side of one transport connection: what the RIB and the session driver send goes through here. */
import type { Socket } from 'node:net';
import { MessageTypeCode } from '../packet/iana.ts';
import type { SessionOutput } from '../rib/rib-port.ts';
import type { Clock } from './clock.ts';
import type { DirectionCounters, UpdateCounter } from './message-counters.ts';
import { sendNow } from './socket/send-now.ts';

/**
 * Shorter messages wait until the code that writes them is done: a KEEPALIVE and the End-of-RIBs of a new session
 * then cost one system call. Longer ones leave at once, so that the receiver works while we do.
 */
const SHORT_OCTETS = 512;

export interface SocketOutputOptions {
  readonly socket: Socket;
  readonly clock: Clock;
  readonly counters: DirectionCounters;
  /** Shared by all sessions of the speaker. */
  readonly updates: UpdateCounter;
}

export class SocketOutput implements SessionOutput {
  readonly #options: SocketOutputOptions;
  #writesUnderWay = 0;
  #drained: (() => void)[] = [];
  #lastProgress: number;
  #closed = false;
  #isCorked = false;
  readonly #uncork = (): void => {
    this.#isCorked = false;
    this.#options.socket.uncork();
  };
  /** One function for all writes: no closure per chunk. */
  readonly #onWritten = (): void => {
    this.#writesUnderWay--;
    this.#lastProgress = this.#options.clock.now();
    if (this.#writesUnderWay === 0) this.#callDrained();
  };

  constructor(options: SocketOutputOptions) {
    this.#options = options;
    this.#lastProgress = options.clock.now();
  }

  write(chunk: Uint8Array): void {
    if (this.#closed) return;
    const { socket, counters, updates } = this.#options;
    counters.add(MessageTypeCode.Update, updates.count(chunk));
    const taken = this.#writesUnderWay === 0 ? sendNow(socket, chunk) : 0;
    counters.bytes += taken;
    if (taken < chunk.length) this.#send(taken === 0 ? chunk : chunk.subarray(taken));
  }

  /** Corked, so that Node hands all chunks to the kernel in one system call. */
  writev(chunks: readonly Uint8Array[]): void {
    if (this.#closed) return;
    const { socket } = this.#options;
    socket.cork();
    for (const chunk of chunks) this.write(chunk);
    socket.uncork();
  }

  writeRefreshMarker(message: Uint8Array): void {
    this.sendControl(MessageTypeCode.RouteRefresh, message);
  }

  /** One message that is no UPDATE. */
  sendControl(type: number, message: Uint8Array): void {
    if (this.#closed) return;
    this.#options.counters.add(type);
    this.#send(message);
  }

  queuedBytes(): number {
    return this.#closed ? 0 : this.#options.socket.writableLength;
  }

  onceDrained(callback: () => void): void {
    this.#drained.push(callback);
    if (this.#writesUnderWay === 0) queueMicrotask(() => this.#callDrained());
  }

  /** Milliseconds for which the kernel has taken nothing although something waits; 0 when nothing waits (RFC 9687). */
  stalledMs(): number {
    return this.#writesUnderWay === 0 ? 0 : this.#options.clock.now() - this.#lastProgress;
  }

  /** Nothing is written or called back any more. */
  close(): void {
    this.#closed = true;
    this.#drained = [];
  }

  #send(bytes: Uint8Array): void {
    if (this.#writesUnderWay === 0) this.#lastProgress = this.#options.clock.now();
    this.#writesUnderWay++;
    if (bytes.length < SHORT_OCTETS && !this.#isCorked) {
      this.#isCorked = true;
      this.#options.socket.cork();
      queueMicrotask(this.#uncork);
    }
    this.#options.counters.bytes += bytes.length;
    this.#options.socket.write(bytes, this.#onWritten);
  }

  #callDrained(): void {
    if (this.#writesUnderWay > 0 || this.#drained.length === 0) return;
    const callbacks = this.#drained;
    this.#drained = [];
    for (const callback of callbacks) callback();
  }
}
