/**
 * One client session of the driver: from a loopback address of its own, just enough BGP to become and stay
 * Established, sending prepared octets, receiving into a `RouteReader`. All sessions read into one shared buffer.
 */
import { Socket } from 'node:net';
import { capability, encodeOpen, KEEPALIVE, MessageType } from '../../harness/bgp/encode.ts';
import type { Family } from '../../harness/bgp/prefix-text.ts';
import { KeepaliveClock } from './keepalive-clock.ts';
import { Ledger } from './ledger.ts';
import { RouteReader } from './route-reader.ts';
import { addressOf, routerIdOf, wordOf } from './session-address.ts';

const READ_BUFFER = Buffer.allocUnsafeSlow(512 * 1024);
const READ_VIEW = new DataView(READ_BUFFER.buffer, READ_BUFFER.byteOffset, READ_BUFFER.byteLength);
const HOLD_TIME_SEC = 240;
const KEEPALIVES = new KeepaliveClock();

export interface SessionOptions {
  readonly target: { readonly address: string; readonly port: number };
  readonly asn: number;
  /** Distinguishes sessions: address 127.x.y.z and router ID 10.x.y.z, 1 to 65535. */
  readonly number: number;
  readonly family: Family;
  /** Size of the ledger. */
  readonly prefixes: number;
  /** Default 240; the idle session asks for less. */
  readonly holdTimeSec?: number;
}

export type SessionPhase = 'down' | 'opened' | 'established' | 'closed';

export class Session {
  readonly options: SessionOptions;
  readonly reader: RouteReader;
  phase: SessionPhase = 'down';
  /** The daemon's OPEN has arrived at some time. */
  hasOpened = false;
  /** Why it closed. */
  reason = '';
  /** performance.now() of the last octets, ms. */
  lastReadAt = 0;
  /** After each piece of input has been taken. */
  onInput: (() => void) | null = null;
  /** After each change of `phase`. */
  onPhase: ((phase: SessionPhase) => void) | null = null;
  /** Do not look at what arrives: for senders that nobody verifies. */
  discards = false;

  readonly #socket: Socket;
  readonly #open: Buffer;

  /** Prepares everything, so that little remains to be done once the clock runs; `dial` then connects. */
  constructor(options: SessionOptions) {
    this.options = options;
    const routerId = routerIdOf(options.number);
    this.reader = new RouteReader(new Ledger(options.prefixes), wordOf(routerId), (type, body) =>
      this.#message(type, body),
    );
    this.#open = encodeOpen({
      asn: options.asn,
      routerId,
      holdTimeSec: options.holdTimeSec ?? HOLD_TIME_SEC,
      capabilities: [
        capability.multiprotocol(options.family),
        capability.routeRefresh(),
        capability.fourOctetAs(options.asn),
      ],
    });
    this.#socket = new Socket({
      onread: { buffer: READ_BUFFER, callback: (length) => this.#read(length) },
    });
    this.#socket.on('connect', () => {
      this.#socket.setNoDelay(true);
      this.#socket.write(this.#open);
    });
    this.#socket.on('error', (error) => {
      this.reason ||= error.message;
    });
    this.#socket.on('close', () => this.#closed());
  }

  /** Connects, and goes on to Established by itself. */
  dial(): void {
    const { target, number } = this.options;
    this.#socket.connect({ host: target.address, port: target.port, localAddress: addressOf(number) });
  }

  /** Writes prepared messages; resolves when the kernel has taken the last of them. */
  send(pieces: readonly Buffer[]): Promise<void> {
    return new Promise((resolve) => {
      const last = pieces.length - 1;
      if (last < 0) resolve();
      this.#socket.cork();
      for (const [i, piece] of pieces.entries())
        this.#socket.write(piece, i === last ? () => resolve() : undefined);
      this.#socket.uncork();
    });
  }

  /** Ends the connection without a word, as a dying process does. */
  drop(): void {
    this.#socket.destroy();
  }

  #read(length: number): boolean {
    this.lastReadAt = performance.now();
    if (this.discards && this.phase === 'established') return true;
    this.reader.consume(READ_VIEW, length);
    this.onInput?.();
    return true;
  }

  #message(type: number, body: Uint8Array): void {
    if (type === MessageType.Open) {
      this.#socket.write(KEEPALIVE);
      const holdTimeSec = Math.min((body[3]! << 8) | body[4]!, this.options.holdTimeSec ?? HOLD_TIME_SEC);
      KEEPALIVES.add(this.#socket, holdTimeSec);
      this.hasOpened = true;
      this.#enter('opened');
    } else if (type === MessageType.Keepalive && this.phase === 'opened') {
      this.#enter('established');
    } else if (type === MessageType.Notification) {
      this.reason ||= `NOTIFICATION ${body[0]}/${body[1]}`;
    }
  }

  #closed(): void {
    KEEPALIVES.remove(this.#socket);
    this.#enter('closed');
  }

  #enter(phase: SessionPhase): void {
    this.phase = phase;
    this.onPhase?.(phase);
  }
}
