/**
 * A client made for crowds: one socket and a bitmap, no more parsing than it takes to say which blocks it has
 * learnt. IPv4 without ADD-PATH, one block each.
 */
import { connect, type Socket } from 'node:net';
import {
  announcement,
  capability,
  encodeOpen,
  endOfRib,
  KEEPALIVE,
  MessageType,
} from '../../harness/bgp/encode.ts';

const HEADER_BYTES = 19;

export interface CheapClientOptions {
  /** Its number, which decides on its block; below 65536. */
  readonly index: number;
  readonly localAddress: string;
  readonly target: { readonly address: string; readonly port: number };
  readonly asn: number;
  /** Called when it becomes Established, when it has learnt something, and when it ends. */
  readonly onChange: () => void;
}

/** `10.x.y.0/26` of the client with this index. */
export function blockOf(index: number): string {
  return `10.${index >> 8}.${index & 0xff}.0/26`;
}

export class CheapClient {
  readonly options: CheapClientOptions;
  isEstablished = false;
  isClosed = false;
  /** Blocks learnt now. */
  learnt = 0;
  updates = 0;
  /** Why it ended before it was told to; null otherwise. */
  failure: string | null = null;

  readonly #socket: Socket;
  readonly #has = new Uint8Array(65_536 >> 3);
  #rest: Buffer = Buffer.alloc(0);

  constructor(options: CheapClientOptions) {
    this.options = options;
    const { address, port } = options.target;
    this.#socket = connect({ host: address, port, localAddress: options.localAddress, noDelay: true });
    this.#socket.on('connect', () => this.#sendOpen());
    this.#socket.on('data', (chunk) => this.#receive(chunk));
    this.#socket.on('error', (error) => this.#fail(error.message));
    this.#socket.on('close', () => this.#ended());
  }

  has(index: number): boolean {
    return (this.#has[index >> 3]! & (1 << (index & 7))) !== 0;
  }

  /** Ends the connection without a word. */
  close(): void {
    this.#socket.destroy();
  }

  #sendOpen(): void {
    const { asn, localAddress: routerId } = this.options;
    const capabilities = [
      capability.multiprotocol('ipv4'),
      capability.fourOctetAs(asn),
      capability.gracefulRestart(),
    ];
    this.#socket.write(encodeOpen({ asn, routerId, holdTimeSec: 90, capabilities }));
  }

  #receive(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const before = this.learnt;
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const length = bytes.readUInt16BE(at + 16);
      if (bytes.length - at < length) break;
      this.#handle(bytes, at, at + length);
      at += length;
    }
    this.#rest = bytes.subarray(at);
    if (this.learnt !== before) this.options.onChange();
  }

  #handle(bytes: Buffer, start: number, end: number): void {
    const type = bytes[start + 18];
    const body = start + HEADER_BYTES;
    if (type === MessageType.Update) this.#onUpdate(bytes, body, end);
    else if (type === MessageType.Open) this.#socket.write(KEEPALIVE);
    else if (type === MessageType.Keepalive) this.#onKeepalive();
    else this.#fail(`message of type ${type}: ${bytes.subarray(body, end).toString('hex')}`);
  }

  #onKeepalive(): void {
    if (this.isEstablished) return;
    this.isEstablished = true;
    const { index, localAddress } = this.options;
    const block = announcement([blockOf(index)], { nextHop: localAddress });
    this.#socket.write(Buffer.concat([block, endOfRib('ipv4')]));
    this.options.onChange();
  }

  #onUpdate(bytes: Buffer, body: number, end: number): void {
    this.updates++;
    const withdrawnEnd = body + 2 + bytes.readUInt16BE(body);
    this.#mark(bytes, body + 2, withdrawnEnd, false);
    this.#mark(bytes, withdrawnEnd + 2 + bytes.readUInt16BE(withdrawnEnd), end, true);
  }

  /** NLRI that must all be `10.x.y.0/26`. */
  #mark(bytes: Buffer, start: number, end: number, isThere: boolean): void {
    for (let at = start; at < end; at += 5) {
      if (bytes[at] !== 26 || bytes[at + 1] !== 10) this.#fail(`prefix of length ${bytes[at]}`);
      const index = (bytes[at + 2]! << 8) | bytes[at + 3]!;
      if (this.has(index) === isThere) continue;
      this.#has[index >> 3]! ^= 1 << (index & 7);
      this.learnt += isThere ? 1 : -1;
    }
  }

  #fail(reason: string): void {
    this.failure ??= `${this.options.localAddress}: ${reason}`;
    this.#socket.destroy();
  }

  #ended(): void {
    this.isClosed = true;
    this.isEstablished = false;
    this.options.onChange();
  }
}
