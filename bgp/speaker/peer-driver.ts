/**
 * One peer: feeds its machine (`fsm/peer-fsm.ts`) with what happens, performs the effects, and keeps what is
 * shown of it. One event at a time: what an effect causes waits until the effects before it are done.
 */
import type { Socket } from 'node:net';
import { connectRetryMs, idleHoldMs } from '../fsm/back-off.ts';
import type { Effect } from '../fsm/effect.ts';
import type { EventOf, FsmEvent } from '../fsm/event.ts';
import {
  initialPeer,
  type Peer,
  type PeerEffect,
  type PeerInput,
  type PeerPolicy,
  peerState,
  peerTransition,
} from '../fsm/peer-fsm.ts';
import type { EndReason } from '../fsm/reason.ts';
import { ErrorCode } from '../packet/iana.ts';
import { type NegotiatedSession, negotiate } from '../packet/negotiate.ts';
import { cease, type Notification } from '../packet/notification.ts';
import type { OpenMessage, OpenResult } from '../packet/open.ts';
import type { SessionSlot, UpdateVerdict } from '../rib/rib-port.ts';
import { ConnectionDriver, type ConnectionHost, type SpeakerContext } from './connection-driver.ts';
import { notificationFor, reasonText, sessionErrorFor } from './end-reason.ts';
import { messageCounters } from './message-counters.ts';
import { ownOpen } from './own-open.ts';
import { ribSession } from './rib-session.ts';
import { acceptsAsn, hasSameWireParameters, type SessionSettings } from './session-settings.ts';
import type { Logger } from './speaker-api.ts';
import type { SessionError, SessionState, SpeakerEvent } from './speaker-status.ts';

/** RFC 4271 §8.2.2 suggests four minutes for the hold timer in OpenSent. */
const OPEN_HOLD_MS = 240_000;
const CONNECT_TIMEOUT_MS = 5_000;

/** What the driver tells the speaker. */
export interface PeerListener {
  onPeerEvent(event: SpeakerEvent): void;
  onSessionUp(peer: PeerDriver, session: NegotiatedSession): void;
  onSessionDown(peer: PeerDriver): void;
  onEndOfRib(peer: PeerDriver, verdict: UpdateVerdict): void;
  /** No connection is left and none is being tried. */
  onRest(peer: PeerDriver): void;
}

export interface PeerDriverOptions {
  readonly settings: SessionSettings;
  readonly context: SpeakerContext;
  readonly logger: Logger;
  readonly listener: PeerListener;
  /** Address of ours in the family that the transport is not of, for next hops; null when we have none. */
  readonly otherFamilyAddress: (localAddress: string) => string | null;
}

export class PeerDriver implements ConnectionHost {
  readonly counters = messageCounters();
  readonly #options: PeerDriverOptions;
  readonly #connections = new Map<number, ConnectionDriver>();
  #settings: SessionSettings;
  #machine: Peer = initialPeer();
  #queue: PeerInput[] = [];
  #isDispatching = false;
  /** Accepted sockets whose `adopt` effect is still to come, in order. */
  #acceptedSockets: Socket[] = [];
  /** The Established session. */
  #live: { readonly session: NegotiatedSession; readonly driver: ConnectionDriver } | null = null;
  #peerOpen: OpenMessage | null = null;
  #state: SessionState = 'Idle';
  #since: Date;
  #flaps = 0;
  #treatedAsWithdraw = 0;
  #attributesDiscarded = 0;
  #lastError: SessionError | null = null;
  #lastSent: SessionError | null = null;
  #lastReceived: SessionError | null = null;
  #lastReason = '';

  constructor(options: PeerDriverOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#since = options.context.clock.wallTime();
    // Connections get their ids from the machine: the first dials and exists from the start.
    this.#connection(this.#machine.main.id);
  }

  get settings(): SessionSettings {
    return this.#settings;
  }
  get state(): SessionState {
    return this.#state;
  }
  get since(): Date {
    return this.#since;
  }
  get flaps(): number {
    return this.#flaps;
  }
  get treatedAsWithdraw(): number {
    return this.#treatedAsWithdraw;
  }
  get attributesDiscarded(): number {
    return this.#attributesDiscarded;
  }
  get lastError(): SessionError | null {
    return this.#lastError;
  }
  get lastSent(): SessionError | null {
    return this.#lastSent;
  }
  get lastReceived(): SessionError | null {
    return this.#lastReceived;
  }
  /** The OPEN that came last, also of a session that is over; null before the first. */
  get peerOpen(): OpenMessage | null {
    return this.#peerOpen;
  }
  get session(): NegotiatedSession | null {
    return this.#live?.session ?? null;
  }
  get slot(): SessionSlot | null {
    return this.#live?.driver.slot ?? null;
  }
  get outputQueueBytes(): number {
    return this.#live?.driver.output?.queuedBytes() ?? 0;
  }
  /** The connection to show: the session's, else one under way. */
  get connection(): ConnectionDriver | null {
    if (this.#live !== null) return this.#live.driver;
    for (const driver of this.#connections.values()) if (driver.localAddress !== null) return driver;
    return null;
  }

  /** Dials or waits, as the settings say; a held peer stays down. */
  start(): void {
    const { held, kind, passive } = this.#settings;
    if (held !== null || kind === 'dynamic') return;
    const name = passive ? 'ManualStartWithPassiveTcpEstablishment' : 'ManualStart';
    this.#dispatch({ kind: 'all', event: { name } });
  }

  /** Ends whatever there is and starts nothing. */
  stop(notification: Notification | null): void {
    this.#dispatch({ kind: 'all', event: { name: 'ManualStop', notification } });
  }

  /** Ends whatever there is; a configured peer is tried again soon. */
  reset(notification: Notification): void {
    this.#dispatch({ kind: 'all', event: { name: 'AutomaticStop', notification } });
  }

  /** A connection that the listener accepted, paused. */
  accept(socket: Socket): void {
    this.#acceptedSockets.push(socket);
    this.#dispatch({ kind: 'accepted' });
  }

  /** New settings: the session is reset only where its wire parameters, or whom it accepts, changed. */
  update(settings: SessionSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    const session = this.session;
    const isAccepted = session === null || acceptsAsn(settings, session.peerAsn);
    if (!isAccepted || !hasSameWireParameters(before, settings)) {
      this.stop(cease.otherConfigurationChange());
      this.start();
      return;
    }
    if (before.passive !== settings.passive && session === null) {
      this.stop(cease.otherConfigurationChange());
      this.start();
    } else if (this.#live !== null && before !== settings) {
      const slot = this.#live.driver.slot;
      if (slot !== null) this.#options.context.rib.updateSession(slot, this.#ribSession(this.#live));
    }
  }

  onEvent(connection: ConnectionDriver, event: FsmEvent): void {
    this.#dispatch({ kind: 'event', connection: connection.id, event });
  }

  judgeOpen(_connection: ConnectionDriver, result: OpenResult): EventOf<'BgpOpen' | 'BgpOpenMsgErr'> {
    if (!result.ok) return { name: 'BgpOpenMsgErr', notification: result.notification, text: '' };
    this.#peerOpen = result.open;
    const verdict = negotiate(ownOpen(this.#settings), result.open, {
      keepaliveSec: this.#settings.config.keepaliveSec,
      acceptsAsn: (asn) => acceptsAsn(this.#settings, asn),
    });
    return verdict.ok
      ? { name: 'BgpOpen', session: verdict.session }
      : { name: 'BgpOpenMsgErr', notification: verdict.notification, text: verdict.text };
  }

  onVerdict(connection: ConnectionDriver, verdict: UpdateVerdict): void {
    if (verdict.treatedAsWithdraw) this.#treatedAsWithdraw++;
    this.#attributesDiscarded += verdict.attributesDiscarded;
    if (verdict.text !== '') this.#log('warn', 'malformed UPDATE', { reason: verdict.text });
    const { notification, text } = verdict;
    if (notification === null) {
      if (verdict.endOfRib !== null) this.#options.listener.onEndOfRib(this, verdict);
    } else if (notification.code === ErrorCode.Cease) {
      this.onEvent(connection, { name: 'AutomaticStop', notification });
    } else {
      this.onEvent(connection, { name: 'UpdateMsgErr', notification, text });
    }
  }

  onIgnored(text: string): void {
    this.#log('debug', 'ignored', { reason: text });
  }

  /** A fault of our own costs the connection, not the process. */
  onFault(connection: ConnectionDriver, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#log('error', 'session ended by an internal fault', { error: text });
    this.onEvent(connection, { name: 'AutomaticStop', notification: cease.outOfResources() });
  }

  #dispatch(input: PeerInput): void {
    this.#queue.push(input);
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#step(next);
    } finally {
      this.#isDispatching = false;
    }
  }

  #step(input: PeerInput): void {
    const { next, effects } = peerTransition(this.#machine, input, this.#policy());
    this.#machine = next;
    for (const effect of effects) this.#perform(effect);
    this.#showState(input);
  }

  #policy(): PeerPolicy {
    const { passive, kind, localAsn, routerId, held } = this.#settings;
    return {
      passive,
      restarts: kind !== 'dynamic' && held === null,
      openHoldMs: OPEN_HOLD_MS,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      connectRetryMs,
      idleHoldMs,
      localAsn,
      localRouterId: routerId,
    };
  }

  #connection(id: number): ConnectionDriver {
    let driver = this.#connections.get(id);
    if (driver === undefined) {
      driver = new ConnectionDriver(id, this.#options.context, this);
      this.#connections.set(id, driver);
    }
    return driver;
  }

  #perform(effect: PeerEffect): void {
    const driver = this.#connection(effect.connection);
    switch (effect.kind) {
      case 'adopt': {
        const socket = this.#acceptedSockets.shift();
        if (socket !== undefined) driver.adopt(socket);
        break;
      }
      case 'release':
        driver.close(null);
        this.#connections.delete(effect.connection);
        break;
      default:
        this.#performOn(driver, effect.effect);
    }
  }

  #performOn(driver: ConnectionDriver, effect: Effect): void {
    switch (effect.kind) {
      case 'dial':
        driver.dial(this.#settings);
        break;
      case 'send':
        if (effect.message === 'open') driver.sendOpen(ownOpen(this.#settings));
        else driver.sendKeepalive();
        break;
      case 'close':
        this.#close(driver, effect.reason);
        break;
      case 'startTimer':
        driver.startTimer(effect.timer, effect.ms);
        break;
      case 'stopTimer':
        driver.stopTimer(effect.timer);
        break;
      case 'stopAllTimers':
        driver.stopAllTimers();
        break;
      case 'negotiated':
        driver.setNegotiated(effect.session);
        break;
      case 'sessionUp':
        this.#sessionUp(driver, effect.session);
        break;
      case 'sessionDown':
        this.#sessionDown(driver);
        break;
      case 'attemptFailed':
        break;
    }
  }
}
