/**
 * A minimal BGP speaker for tests, independent of Manul's: opens or accepts one connection, does what it takes to
 * become Established, sends whatever bytes the test wants, and records what arrives. It never judges policy.
 */
import { connect, type Socket } from 'node:net';
import { Changes, DEFAULT_DEADLINE_MS } from '../deadline.ts';
import {
  decodeOpen,
  decodeUpdate,
  MessageSplitter,
  type ReceivedAttributes,
  type ReceivedMessage,
  type ReceivedOpen,
} from './decode.ts';
import {
  announcement,
  capability,
  encodeNotification,
  encodeOpen,
  endOfRib,
  KEEPALIVE,
  MessageType,
  type RestartOffer,
  type RouteAttributes,
  withdrawal,
} from './encode.ts';
import type { Family } from './prefix-text.ts';

export interface TestPeerOptions {
  readonly asn: number;
  readonly routerId: string;
  /** Our end of an outgoing connection. */
  readonly localAddress?: string;
  /** Default 90. */
  readonly holdTimeSec?: number;
  /** Default IPv4 and IPv6. */
  readonly families?: readonly Family[];
  /** Offer ADD-PATH, send and receive; default false. */
  readonly addPath?: boolean;
  /** Graceful restart as offered; default: only End-of-RIB is asked for. */
  readonly gracefulRestart?: RestartOffer;
  /** Further capabilities of the regular OPEN. */
  readonly capabilities?: readonly Buffer[];
  /** Sent instead of a regular OPEN; null: nothing is sent on connect. */
  readonly open?: Buffer | null;
  /** Answer the OPEN with a KEEPALIVE and go on sending them; default true. */
  readonly keepalives?: boolean;
}

export interface ReceivedRoute {
  readonly prefix: string;
  readonly family: Family;
  readonly pathId: number | null;
  readonly nextHop: string;
  readonly attributes: ReceivedAttributes;
}

export interface ReceivedNotification {
  readonly code: number;
  readonly subcode: number;
  readonly data: Buffer;
}

export class TestPeer {
  readonly options: TestPeerOptions;
  /** Adj-RIB-In, by prefix, or by `prefix#path identifier` where ADD-PATH is in use. */
  readonly routes = new Map<string, ReceivedRoute>();
  readonly messages: ReceivedMessage[] = [];
  readonly endOfRib = new Set<Family>();
  open: ReceivedOpen | null = null;
  notification: ReceivedNotification | null = null;
  isEstablished = false;
  isClosed = false;
  /** An error of the socket, or what we could not decode. */
  failure: Error | null = null;

  readonly #socket: Socket;
  readonly #changes = new Changes();
  readonly #splitter = new MessageSplitter();
  readonly #addPath = new Set<Family>();
  #keepaliveTimer: NodeJS.Timeout | null = null;

  /** @param socket connected, or connecting */
  constructor(socket: Socket, options: TestPeerOptions) {
    this.options = options;
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => this.#ended(error));
    socket.on('close', () => this.#ended(null));
    if (socket.connecting) socket.once('connect', () => this.#start());
    else this.#start();
  }

  /** Connects from `options.localAddress`. */
  static dial(
    target: { readonly address: string; readonly port: number },
    options: TestPeerOptions,
  ): TestPeer {
    const local = options.localAddress === undefined ? {} : { localAddress: options.localAddress };
    return new TestPeer(connect({ host: target.address, port: target.port, ...local }), options);
  }

  get families(): readonly Family[] {
    return this.options.families ?? ['ipv4', 'ipv6'];
  }

  /** Where the other end is. */
  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  /** Any bytes, as they are. */
  send(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  announce(prefixes: readonly string[], route: RouteAttributes): void {
    this.send(announcement(prefixes, route));
  }

  withdraw(prefixes: readonly string[]): void {
    this.send(withdrawal(prefixes));
  }

  sendEndOfRib(): void {
    for (const family of this.families) this.send(endOfRib(family));
  }

  /** Resolves with the first value of `check` that is there, looking again after each message and state change. */
  until<T>(
    check: (peer: this) => T | null | undefined,
    what: string,
    deadlineMs = DEFAULT_DEADLINE_MS,
  ): Promise<T> {
    const described = `${this.options.localAddress ?? this.options.routerId}: ${what}`;
    return this.#changes.until(() => check(this), described, deadlineMs);
  }

  /** @throws Error when the connection ends first. */
  async established(deadlineMs = DEFAULT_DEADLINE_MS): Promise<this> {
    await this.until(
      () => {
        if (this.isClosed) throw new Error(`closed before Established: ${this.#describeEnd()}`);
        return this.isEstablished || null;
      },
      'Established',
      deadlineMs,
    );
    return this;
  }

  /** The route to `prefix`, as soon as it is there. */
  route(prefix: string, deadlineMs = DEFAULT_DEADLINE_MS): Promise<ReceivedRoute> {
    return this.until(() => this.routes.get(prefix), `a route to ${prefix}`, deadlineMs);
  }

  /** Resolves when there is no route to `prefix` (any more). */
  async noRoute(prefix: string, deadlineMs = DEFAULT_DEADLINE_MS): Promise<void> {
    await this.until(() => !this.routes.has(prefix) || null, `no route to ${prefix}`, deadlineMs);
  }

  notified(deadlineMs = DEFAULT_DEADLINE_MS): Promise<ReceivedNotification> {
    return this.until(() => this.notification, 'a NOTIFICATION', deadlineMs);
  }

  async closed(deadlineMs = DEFAULT_DEADLINE_MS): Promise<void> {
    await this.until(() => this.isClosed || null, 'the connection closed', deadlineMs);
  }

  /** Sends Cease, administrative shutdown (RFC 4486), then ends the connection. */
  async shutdown(): Promise<void> {
    this.#socket.end(encodeNotification(6, 2));
    await this.closed();
  }

  /** Ends the connection without a word. */
  async close(): Promise<void> {
    this.#socket.destroy();
    await this.closed();
  }

  #start(): void {
    if (this.options.open === null) return;
    this.send(this.options.open ?? this.#regularOpen());
  }

  #regularOpen(): Buffer {
    const { asn, routerId, holdTimeSec = 90, addPath = false, gracefulRestart } = this.options;
    const capabilities = [
      ...this.families.map(capability.multiprotocol),
      capability.routeRefresh(),
      capability.fourOctetAs(asn),
      gracefulRestart === undefined ? capability.gracefulRestart() : capability.restart(gracefulRestart),
      ...(addPath ? [capability.addPath(this.families)] : []),
      ...(this.options.capabilities ?? []),
    ];
    return encodeOpen({ asn, routerId, holdTimeSec, capabilities });
  }

  #receive(chunk: Buffer): void {
    try {
      for (const message of this.#splitter.push(chunk)) {
        this.messages.push(message);
        this.#handle(message);
      }
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
      this.#socket.destroy();
    }
    this.#changes.notify();
  }

  #handle(message: ReceivedMessage): void {
    if (message.type === MessageType.Open) this.#onOpen(decodeOpen(message.body));
    else if (message.type === MessageType.Keepalive) this.isEstablished = this.open !== null;
    else if (message.type === MessageType.Update) this.#onUpdate(message.body);
    else if (message.type === MessageType.Notification) {
      const [code = 0, subcode = 0] = message.body;
      this.notification = { code, subcode, data: message.body.subarray(2) };
    }
  }

  #onOpen(open: ReceivedOpen): void {
    this.open = open;
    if (this.options.addPath === true && open.capabilities.has(69)) {
      for (const family of this.families) this.#addPath.add(family);
    }
    if (this.options.keepalives === false) return;
    this.send(KEEPALIVE);
    const holdTimeSec = Math.min(open.holdTimeSec, this.options.holdTimeSec ?? 90);
    if (holdTimeSec === 0) return;
    this.#keepaliveTimer = setInterval(() => this.send(KEEPALIVE), (holdTimeSec * 1000) / 3);
    this.#keepaliveTimer.unref();
  }

  #onUpdate(body: Buffer): void {
    const update = decodeUpdate(body, this.#addPath);
    for (const gone of update.withdrawn) this.routes.delete(routeKey(gone));
    for (const route of update.announced) {
      this.routes.set(routeKey(route), { ...route, attributes: update.attributes });
    }
    if (update.endOfRib !== null) this.endOfRib.add(update.endOfRib);
  }

  #ended(error: Error | null): void {
    this.failure ??= error;
    this.isClosed = true;
    this.isEstablished = false;
    if (this.#keepaliveTimer !== null) clearInterval(this.#keepaliveTimer);
    this.#changes.notify();
  }

  #describeEnd(): string {
    if (this.notification !== null)
      return `NOTIFICATION ${this.notification.code}/${this.notification.subcode}`;
    return this.failure?.message ?? 'no reason given';
  }
}

function routeKey(route: { readonly prefix: string; readonly pathId: number | null }): string {
  return route.pathId === null ? route.prefix : `${route.prefix}#${route.pathId}`;
}
