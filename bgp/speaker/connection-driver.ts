/**
 * One transport connection of a peer: reads and frames its messages, writes ours, keeps its timers. It decides
 * nothing: events go to the peer's machine (`peer-driver.ts`), effects come back.
 *
 * UPDATEs of an Established session are the hot path: header check, then straight to the RIB as bytes. The
 * machine's answer to UpdateMsg in Established is known (restart the hold timer), so it is not asked each time.
 */
import { Socket } from 'node:net';
import { type TimerName, timerMs } from '../fsm/effect.ts';
import type { FsmEvent } from '../fsm/event.ts';
import { HEADER_OCTETS, MAX_MESSAGE_OCTETS } from '../packet/header.ts';
import { ErrorCode, MessageTypeCode, OpenSubcode } from '../packet/iana.ts';
import { KEEPALIVE } from '../packet/keepalive.ts';
import type { NegotiatedSession } from '../packet/negotiate.ts';
import type { Notification } from '../packet/notification.ts';
import { decodeNotification, encodeNotification } from '../packet/notification-codec.ts';
import { decodeOpen, type OpenMessage, type OpenResult } from '../packet/open.ts';
import { encodeRouteRefresh } from '../packet/route-refresh.ts';
import type { SessionSlot, UpdateVerdict } from '../rib/rib-port.ts';
import type { Rib } from '../rib/rib-view.ts';
import type { Clock, Timer } from './clock.ts';
import type { RestartState } from './graceful-restart.ts';
import { HoldTimer } from './hold-timer.ts';
import { BAD_HEADER, INCOMPLETE, InputQueue } from './input-queue.ts';
import type { LimitedLog } from './limited-log.ts';
import type { MessageCounters, UpdateCounter } from './message-counters.ts';
import { encodedOpen } from './own-open.ts';
import { RefreshExchange } from './refresh-exchange.ts';
import { SendHoldTimer } from './send-hold-timer.ts';
import type { SessionSettings } from './session-settings.ts';
import type { ClosingSockets } from './socket/closing-sockets.ts';
import { type DialOptions, dial } from './socket/dial.ts';
import { type DroppedSegments, droppedSegments, NO_DROPS } from './socket/kernel-counters.ts';
import { socketErrorText } from './socket/socket-error.ts';
import { changeKey } from './socket/socket-security.ts';
import { SocketOutput } from './socket-output.ts';
import type { InputSource, TurnScheduler } from './turn-scheduler.ts';

/** Above the first the socket is not read any more; below the second it is again. */
const PAUSE_ABOVE_BYTES = 512 * 1024;
const RESUME_BELOW_BYTES = 256 * 1024;
/** Silence after which the kernel probes a peer that agreed on hold time 0. */
const TCP_KEEPALIVE_MS = 60_000;

/** What all connections of a speaker share. */
export interface SpeakerContext {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly rib: Rib;
  readonly scheduler: TurnScheduler;
  readonly closing: ClosingSockets;
  readonly updates: UpdateCounter;
  /** For lines that peers can cause. */
  readonly log: LimitedLog;
  /** What the peer is told of our restart: the same object as long as nothing about it changes. */
  readonly restart: (settings: SessionSettings) => RestartState;
}

/** What is known of a transport connection, for whoever asks why it failed. */
export interface TransportFacts {
  readonly dialed: boolean;
  /** The error of the system call that ended it, `ECONNREFUSED`, or null. */
  readonly errorCode: string | null;
  readonly heardOpen: boolean;
  /** What the kernel had dropped when it began. */
  readonly dropsBefore: DroppedSegments;
}

/** The peer, as its connections see it. */
export interface ConnectionHost {
  readonly counters: MessageCounters;
  onEvent(connection: ConnectionDriver, event: FsmEvent): void;
  /** A well-formed or malformed OPEN, before the machine sees it: negotiated, or refused. */
  judgeOpen(result: OpenResult): FsmEvent;
  /** An UPDATE that was not simply applied, or an End-of-RIB. */
  onVerdict(connection: ConnectionDriver, verdict: UpdateVerdict): void;
  onIgnored(text: string): void;
  onFault(connection: ConnectionDriver, error: unknown): void;
}

export class ConnectionDriver implements InputSource {
  readonly id: number;
  readonly #context: SpeakerContext;
  readonly #host: ConnectionHost;
  readonly #input = new InputQueue();
  readonly #holdTimer: HoldTimer;
  readonly #sendHoldTimer: SendHoldTimer;
  readonly #timers = new Map<TimerName, Timer>();
  #socket: Socket | null = null;
  #output: SocketOutput | null = null;
  #session: NegotiatedSession | null = null;
  #slot: SessionSlot | null = null;
  readonly #refresh: RefreshExchange;
  #maxOctets = MAX_MESSAGE_OCTETS;
  #saidOpen = false;
  #paused = false;
  /** Set when the peer has closed: what to report once the queue is handled. */
  #lost: string | null = null;
  #facts: TransportFacts = NO_FACTS;

  constructor(id: number, context: SpeakerContext, host: ConnectionHost) {
    this.id = id;
    this.#context = context;
    this.#host = host;
    this.#refresh = new RefreshExchange(context.rib);
    this.#holdTimer = new HoldTimer({
      clock: context.clock,
      hasUnreadInput: () => this.#paused || context.scheduler.hasInput(this),
      onExpired: () => host.onEvent(this, { name: 'HoldTimerExpires' }),
    });
    this.#sendHoldTimer = new SendHoldTimer({
      clock: context.clock,
      stalledMs: () => this.#output?.stalledMs() ?? 0,
      onExpired: () => host.onEvent(this, { name: 'SendHoldTimerExpires' }),
    });
  }

  get output(): SocketOutput | null {
    return this.#output;
  }

  get localAddress(): string | null {
    return this.#socket?.localAddress ?? null;
  }

  /** A transport connection is there, or being opened. */
  get hasTransport(): boolean {
    return this.#socket !== null;
  }

  /** Both ends have the transport connection, or had it until just now. */
  get isConnected(): boolean {
    return this.#output !== null;
  }

  get facts(): TransportFacts {
    return this.#facts;
  }

  /** Another TCP MD5 key for this connection, while it lives. @throws Error when the kernel does not take it */
  changeKey(address: string, key: string | null): void {
    if (this.#socket !== null) changeKey(this.#socket, address, key);
  }

  /** The session inside the RIB while Established; null again at its end. */
  setSlot(slot: SessionSlot | null): void {
    this.#slot = slot;
  }

  setNegotiated(session: NegotiatedSession): void {
    this.#session = session;
    this.#maxOctets = session.maxMessageBytes;
    if (session.holdTimeSec > 0) return;
    // Nobody says KEEPALIVE then: only the kernel can notice that the peer's host has vanished.
    this.#socket?.setKeepAlive(true, TCP_KEEPALIVE_MS);
    this.#sendHoldTimer.start();
  }

  /** @param obstacle why the connection need not be tried; it fails with these words */
  dial(options: DialOptions, obstacle: string | null): void {
    const socket = obstacle === null ? dial(options) : new Socket().destroy(new Error(obstacle));
    this.#socket = socket;
    this.#facts = { ...NO_FACTS, dialed: true, dropsBefore: droppedSegments() };
    socket.once('connect', () => {
      this.#attach(socket);
      this.#host.onEvent(this, { name: 'TcpCrAcked' });
    });
    socket.once('error', (error) => this.#onError(error));
  }

  /** Takes over a socket that the listener accepted, paused. */
  adopt(socket: Socket): void {
    this.#socket = socket;
    this.#facts = { ...NO_FACTS, dropsBefore: droppedSegments() };
    this.#attach(socket);
  }

  sendOpen(open: OpenMessage): void {
    this.#saidOpen = true;
    this.#output?.sendControl(MessageTypeCode.Open, encodedOpen(open));
  }

  sendKeepalive(): void {
    this.#output?.sendControl(MessageTypeCode.Keepalive, KEEPALIVE);
    this.#sendHoldTimer.look(this.#session?.holdTimeSec ?? 0);
  }

  /**
   * Ends the connection; doing it twice changes nothing.
   * @returns true when the NOTIFICATION could be sent: our OPEN went before it
   */
  close(notification: Notification | null): boolean {
    const socket = this.#socket;
    this.stopAllTimers();
    this.#context.scheduler.removeInput(this);
    this.#input.clear();
    this.#output?.close();
    if (socket === null) return false;
    const isSent = notification !== null && this.#saidOpen && !socket.destroyed && this.#lost === null;
    this.#forgetTransport();
    if (isSent) this.#host.counters.sent.add(MessageTypeCode.Notification);
    this.#context.closing.close(socket, isSent ? encodeNotification(notification) : null);
    return isSent;
  }

  /** The driver may dial again: nothing of this transport must reach the next. */
  #forgetTransport(): void {
    this.#socket = null;
    this.#output = null;
    this.#session = null;
    this.#facts = NO_FACTS;
    this.#refresh.forget();
    this.#maxOctets = MAX_MESSAGE_OCTETS;
    this.#saidOpen = false;
    this.#paused = false;
    this.#lost = null;
  }

  startTimer(timer: TimerName, ms: number): void {
    if (timer === 'hold') {
      this.#holdTimer.start(ms);
      return;
    }
    this.stopTimer(timer);
    this.#timers.set(
      timer,
      this.#context.clock.startTimer(timerMs(timer, ms, this.#context.random()), () => {
        this.#timers.delete(timer);
        this.#host.onEvent(this, { name: EVENT_OF_TIMER[timer] });
      }),
    );
  }

  stopTimer(timer: TimerName): void {
    if (timer === 'hold') {
      this.#holdTimer.stop();
      return;
    }
    this.#timers.get(timer)?.cancel();
    this.#timers.delete(timer);
  }

  stopAllTimers(): void {
    this.#holdTimer.stop();
    this.#sendHoldTimer.stop();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #attach(socket: Socket): void {
    socket.removeAllListeners('error');
    this.#output = new SocketOutput({
      socket,
      clock: this.#context.clock,
      counters: this.#host.counters.sent,
      updates: this.#context.updates,
    });
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('end', () => this.#onLost('connection closed by peer'));
    socket.on('error', (error) => this.#onError(error));
    socket.on('close', () => this.#onLost('connection closed by peer'));
    socket.resume();
  }

  /** Only queues: the scheduler decides when it is this connection's turn. */
  #onData(chunk: Buffer): void {
    this.#host.counters.received.bytes += chunk.length;
    this.#input.push(chunk);
    this.#context.scheduler.addInput(this);
    if (!this.#paused && this.#input.queuedBytes > PAUSE_ABOVE_BYTES) {
      this.#paused = true;
      this.#socket?.pause();
    }
  }

  #onError(error: NodeJS.ErrnoException): void {
    if (this.#lost === null) this.#facts = { ...this.#facts, errorCode: error.code ?? null };
    this.#onLost(socketErrorText(error));
  }

  /** What the peer sent before it closed counts first: its NOTIFICATION, above all. */
  #onLost(text: string): void {
    if (this.#socket === null || this.#lost !== null) return;
    this.#lost = text;
    this.#output?.close();
    this.#context.scheduler.addInput(this);
  }

  processInput(maxBytes: number): boolean {
    let budget = maxBytes;
    let type = INCOMPLETE;
    while (budget > 0 && this.#socket !== null) {
      type = this.#input.next(this.#maxOctets);
      if (type === INCOMPLETE || type === BAD_HEADER) break;
      budget -= this.#input.end - this.#input.start;
      this.#handle(type);
    }
    if (this.#socket === null) return false;
    if (budget < maxBytes) this.#holdTimer.touch();
    if (type === BAD_HEADER) return this.#onBadHeader();
    this.#resumeIfRoom();
    if (type !== INCOMPLETE) return true;
    if (this.#lost !== null) this.#host.onEvent(this, { name: 'TcpConnectionFails', text: this.#lost });
    return false;
  }

  onInputFailure(error: unknown): void {
    this.#host.onFault(this, error);
  }

  #onBadHeader(): false {
    const notification = this.#input.error;
    if (notification !== null) this.#host.onEvent(this, { name: 'BgpHeaderErr', notification });
    return false;
  }

  #resumeIfRoom(): void {
    if (!this.#paused || this.#input.queuedBytes >= RESUME_BELOW_BYTES) return;
    this.#paused = false;
    this.#socket?.resume();
  }

  #handle(type: number): void {
    const { bytes, start, end } = this.#input;
    this.#host.counters.received.add(type);
    if (type === MessageTypeCode.Update && this.#slot !== null) {
      const verdict = this.#context.rib.receiveUpdate(this.#slot, bytes, start + HEADER_OCTETS, end);
      if (verdict.endOfRib !== null) this.#refresh.onEndOfRib(verdict.endOfRib);
      if (isNoteworthy(verdict)) this.#host.onVerdict(this, verdict);
      return;
    }
    this.#handleControl(type, bytes.subarray(start, end));
  }

  #handleControl(type: number, message: Uint8Array): void {
    const body = message.subarray(HEADER_OCTETS);
    switch (type) {
      case MessageTypeCode.Open:
        this.#facts = { ...this.#facts, heardOpen: true };
        this.#host.onEvent(this, this.#host.judgeOpen(decodeOpen(body)));
        break;
      case MessageTypeCode.Update:
        this.#host.onEvent(this, { name: 'UpdateMsg' });
        break;
      case MessageTypeCode.Notification:
        this.#host.onEvent(this, notificationEvent(decodeNotification(body)));
        break;
      case MessageTypeCode.Keepalive:
        this.#host.onEvent(this, { name: 'KeepAliveMsg' });
        break;
      default:
        this.#handleRouteRefresh(message);
    }
  }

  /** The machine's verdict first: a ROUTE-REFRESH before Established ends the connection. */
  #handleRouteRefresh(message: Uint8Array): void {
    this.#host.onEvent(this, { name: 'RouteRefreshMsg' });
    if (this.#slot === null || this.#session === null) return;
    const problem = this.#refresh.receive(message, this.#slot, this.#session);
    if (problem === null) return;
    if (typeof problem === 'string') this.#host.onIgnored(problem);
    else this.#host.onEvent(this, { name: 'BgpHeaderErr', notification: problem });
  }

  /** Asks for all routes of the negotiated families again. @returns false when the peer does not know how. */
  requestRefresh(): boolean {
    if (this.#session?.routeRefresh !== true) return false;
    for (const family of this.#session.families) {
      this.#output?.sendControl(MessageTypeCode.RouteRefresh, encodeRouteRefresh(family));
    }
    return true;
  }
}

const NO_FACTS: TransportFacts = { dialed: false, errorCode: null, heardOpen: false, dropsBefore: NO_DROPS };

const EVENT_OF_TIMER = {
  connectRetry: 'ConnectRetryTimerExpires',
  keepalive: 'KeepaliveTimerExpires',
  idleHold: 'IdleHoldTimerExpires',
} as const;

function isNoteworthy(verdict: UpdateVerdict): boolean {
  return (
    verdict.notification !== null ||
    verdict.treatedAsWithdraw ||
    verdict.attributesDiscarded > 0 ||
    verdict.endOfRib !== null ||
    verdict.nearLimit !== undefined ||
    verdict.text !== ''
  );
}

function notificationEvent(notification: Notification): FsmEvent {
  const { code, subcode } = notification;
  const isVersionError = code === ErrorCode.OpenMessage && subcode === OpenSubcode.UnsupportedVersionNumber;
  return { name: isVersionError ? 'NotifMsgVerErr' : 'NotifMsg', notification };
}
