/**
 * One peer: feeds its machine (`fsm/peer-fsm.ts`) with what happens and performs the effects, in order and one
 * event at a time: what an effect causes waits until the effects before it are done.
 */
import type { Socket } from 'node:net';
import { refusesInIdle } from '../fsm/back-off.ts';
import type { Effect } from '../fsm/effect.ts';
import type { EventOf, FsmEvent } from '../fsm/event.ts';
import {
  initialPeer,
  type Peer,
  type PeerEffect,
  type PeerInput,
  peerState,
  peerTransition,
} from '../fsm/peer-fsm.ts';
import type { EndReason } from '../fsm/reason.ts';
import { isTalking } from '../fsm/state.ts';
import { canonicalAddress, type Family, splitZone } from '../net/index.ts';
import { ErrorCode } from '../packet/iana.ts';
import type { NegotiatedSession } from '../packet/negotiate.ts';
import { cease, type Notification } from '../packet/notification.ts';
import type { OpenMessage, OpenResult } from '../packet/open.ts';
import type { SessionSlot, UpdateVerdict } from '../rib/rib-port.ts';
import { ConnectionDriver, type ConnectionHost, type SpeakerContext } from './connection-driver.ts';
import { endEvents } from './end-events.ts';
import { notificationFor, reasonText } from './end-reason.ts';
import { finalWords, lastWords } from './graceful-restart.ts';
import { inputText } from './input-text.ts';
import { KeptRoutes } from './kept-routes.ts';
import { LiveSession } from './live-session.ts';
import { OpenExchange } from './open-exchange.ts';
import { PeerLog } from './peer-log.ts';
import { peerPolicy } from './peer-policy.ts';
import { PeerRecord } from './peer-record.ts';
import type { OwnAddresses } from './rib-session.ts';
import { continuesAs } from './session-continuity.ts';
import { type SessionSettings, securityOf, settingsChange } from './session-settings.ts';
import type { Logger, PeerActionResult } from './speaker-api.ts';
import type { SpeakerEvent } from './speaker-status.ts';

const DISABLED = 'disabled by command';

/** What the driver tells the speaker. */
export interface PeerListener {
  onPeerEvent(event: SpeakerEvent): void;
  onSessionUp(peer: PeerDriver): void;
  onSessionDown(peer: PeerDriver): void;
  onEndOfRib(peer: PeerDriver, family: Family): void;
  /** No connection is left and none is being tried. */
  onRest(peer: PeerDriver): void;
}

export interface PeerDriverOptions {
  readonly settings: SessionSettings;
  readonly context: SpeakerContext;
  readonly logger: Logger;
  readonly listener: PeerListener;
  readonly ownAddresses: () => OwnAddresses;
}

export class PeerDriver implements ConnectionHost {
  readonly record: PeerRecord;
  /** Source port of the connection that the peer opened last; 0 before the first. */
  lastRemotePort = 0;
  readonly #options: PeerDriverOptions;
  readonly #log: PeerLog;
  readonly #connections = new Map<number, ConnectionDriver>();
  readonly #queue: PeerInput[] = [];
  #isDispatching = false;
  #settings: SessionSettings;
  /** By command, for as long as the process runs. */
  #isDisabled = false;
  #machine: Peer = initialPeer();
  readonly #open: OpenExchange;
  /** Accepted sockets whose `adopt` effect is still to come, in order. */
  readonly #acceptedSockets: Socket[] = [];
  #live: LiveSession | null = null;
  /** Of the session before. */
  readonly #kept: KeptRoutes;
  #lastEnd: EndReason | null = null;
  /** Why the last connection of the step under way ended. */
  #endText: string | null = null;

  constructor(options: PeerDriverOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.record = new PeerRecord(options.context.clock);
    this.#open = new OpenExchange(options.context.restart);
    this.#log = new PeerLog(options.logger, options.context.log, () => this.#settings);
    this.#kept = new KeptRoutes(options.context, this.#log);
  }

  get settings(): SessionSettings {
    return this.#settings;
  }

  get counters(): PeerRecord['counters'] {
    return this.record.counters;
  }

  /** Null unless Established. */
  get session(): NegotiatedSession | null {
    return this.#live?.session ?? null;
  }

  get slot(): SessionSlot | null {
    return this.#live?.slot ?? null;
  }

  /** Where the peer's routes are: those of the session, or those that outlive it. */
  get routesSlot(): SessionSlot | null {
    return this.slot ?? this.#kept.slot;
  }

  /** There is no session, and the routes of the last one are kept. */
  get isAway(): boolean {
    return this.#kept.slot !== null;
  }

  /** How long they are kept at most after the end of the session, milliseconds. */
  get keptMs(): number {
    return this.#kept.keptMs;
  }

  get outputQueueBytes(): number {
    return this.#live?.driver.output?.queuedBytes() ?? 0;
  }

  /** The connection to show: that of the session, else one under way, else null. */
  get connection(): ConnectionDriver | null {
    if (this.#live !== null) return this.#live.driver;
    for (const driver of this.#connections.values()) if (driver.localAddress !== null) return driver;
    return null;
  }

  /** Dials or waits, as the settings say. A held peer stays down; a client of a range has to come by itself. */
  start(): void {
    const { kind, passive } = this.#settings;
    if (this.held !== null || kind === 'dynamic') return;
    const name = passive ? 'ManualStartWithPassiveTcpEstablishment' : 'ManualStart';
    this.#dispatch({ kind: 'all', event: { name } });
  }

  /** Ends whatever there is and starts nothing. */
  stop(notification: Notification | null): void {
    this.#dispatch({ kind: 'all', event: { name: 'ManualStop', notification } });
  }

  /** The same, and nothing is kept of the peer's routes, nor by the peer of ours (RFC 8538 §3.1). */
  end(notification: Notification): void {
    this.stop(finalWords(notification, this.session));
    this.forgetRoutes();
  }

  /** Nothing is kept any more of a peer that is away. */
  forgetRoutes(): void {
    this.#kept.forget();
  }

  /** Why the session is kept down, or null. */
  get held(): string | null {
    return this.#settings.held ?? (this.#isDisabled ? DISABLED : null);
  }

  get isDisabled(): boolean {
    return this.#isDisabled;
  }

  /** Ends whatever there is; nothing starts, and nobody is let in, until `enable`. */
  disable(notification: Notification): void {
    this.#isDisabled = true;
    this.end(notification);
  }

  enable(): void {
    if (!this.#isDisabled) return;
    this.#isDisabled = false;
    this.start();
  }

  /** Asks the peer for its routes again. */
  refreshIn(): PeerActionResult {
    return this.#live?.refreshIn() ?? 'notEstablished';
  }

  /** Sends the peer our routes again. */
  refreshOut(): PeerActionResult {
    return this.#live?.refreshOut() ?? 'notEstablished';
  }

  /**
   * Connections of the peer's are refused: it has exceeded its limit of prefixes, or fails for the same reason again
   * and again (RFC 4271 §8.1, DampPeerOscillations). A client of a range is never damped.
   */
  get isDamped(): boolean {
    const { kind, prefixLimitHoldMs } = this.#settings;
    if (kind === 'dynamic' || prefixLimitHoldMs === 0 || this.record.state !== 'Idle') return false;
    return this.#lastEnd !== null && refusesInIdle(this.#lastEnd, this.#machine.main.failures);
  }

  /** Why a single-hop session with the peer cannot be had now, or null. */
  get unreachable(): string | null {
    const { singleHop, address } = this.#settings;
    if (!singleHop || this.#options.ownAddresses().isConnected(address)) return null;
    return `${address} is on no subnet of this node, and the session is for one hop only`;
  }

  /** Ends whatever there is; a configured peer is tried again soon, one that waits in Idle at once. */
  reset(notification: Notification): void {
    if (this.record.state === 'Idle') {
      this.start();
      return;
    }
    this.#dispatch({ kind: 'all', event: { name: 'AutomaticStop', notification } });
  }

  /** A connection that the listener accepted, paused. */
  accept(socket: Socket): void {
    this.#options.context.scheduler.onAccepted();
    this.#acceptedSockets.push(socket);
    this.#dispatch({ kind: 'accepted' });
  }

  /**
   * New settings. The session is reset only where its wire parameters, or whom we accept, changed. A peer that
   * waits to be tried again is tried now: the change may be what was wrong.
   */
  update(settings: SessionSettings): void {
    const change = settingsChange(this.#settings, settings, {
      sessionAsn: this.session?.peerAsn ?? null,
      isConnecting: this.connection !== null,
      goesOn: this.goesOn(settings),
    });
    this.#settings = settings;
    if (this.#live === null) this.#open.forget();
    // Last words go out under the key that the peer has.
    if (change === 'restart' || (change === 'rekey' && !this.#changeKey(settings))) {
      this.stop(cease.otherConfigurationChange());
      this.start();
    } else if (this.#live !== null) {
      this.#live.reconfigure(settings);
      const notification = this.#live.excess(settings);
      if (notification !== null) this.onEvent(this.#live.driver, { name: 'AutomaticStop', notification });
    }
  }

  /** The session goes on although the peer is of another kind now: the outcome of the OPENs would be the same. */
  goesOn(after: SessionSettings): boolean {
    const { peerOpen } = this.record;
    if (after.neighbor === this.#settings.neighbor || this.#live === null || peerOpen === null) return false;
    const localAddress = canonicalAddress(splitZone(this.#live.driver.localAddress ?? '').address);
    const ownOpen = (settings: SessionSettings): OpenMessage => this.#open.own(settings);
    return continuesAs({ localAddress, peerOpen, ownOpen }, this.#settings, after);
  }

  /** False: the kernel does not take the key. */
  #changeKey({ address, config }: SessionSettings): boolean {
    try {
      for (const driver of this.#connections.values()) driver.changeKey(address, config.password);
      return true;
    } catch (error) {
      this.#log.keyRefused(error);
      return false;
    }
  }

  onEvent(connection: ConnectionDriver, event: FsmEvent): void {
    this.#dispatch({ kind: 'event', connection: connection.id, event });
  }

  judgeOpen(result: OpenResult): EventOf<'BgpOpen' | 'BgpOpenMsgErr'> {
    if (result.ok) this.record.peerOpen = result.open;
    return this.#open.judge(this.#settings, result);
  }

  onVerdict(connection: ConnectionDriver, verdict: UpdateVerdict): void {
    if (verdict.treatedAsWithdraw) this.record.treatedAsWithdraw++;
    this.record.attributesDiscarded += verdict.attributesDiscarded;
    const { notification, text } = verdict;
    if (text !== '') this.#log.updateErrors(text);
    if (verdict.endOfRib !== null) {
      this.#kept.endOfRib(verdict.endOfRib);
      this.#options.listener.onEndOfRib(this, verdict.endOfRib);
    }
    if (verdict.nearLimit !== undefined) this.#log.nearLimit(verdict.nearLimit);
    if (notification === null) return;
    if (notification.code === ErrorCode.Cease) {
      this.onEvent(connection, { name: 'AutomaticStop', notification });
    } else {
      this.onEvent(connection, { name: 'UpdateMsgErr', notification, text });
    }
  }

  onIgnored(text: string): void {
    this.#log.ignored(text);
  }

  /** A fault of our own costs the connection, not the process. */
  onFault(connection: ConnectionDriver, error: unknown): void {
    this.#log.fault(error);
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
    this.#endText = null;
    const policy = peerPolicy(this.#settings, this.held !== null);
    const { next, effects } = peerTransition(this.#machine, input, policy);
    this.#machine = next;
    for (const effect of effects) this.#perform(effect);
    const from = this.record.enter(peerState(next));
    if (from === null) return;
    const to = this.record.state;
    const reason = this.#endText ?? inputText(input);
    this.#options.listener.onPeerEvent({ kind: 'peerState', peer: this.#settings.name, from, to, reason });
    if (to === 'Idle') this.#options.listener.onRest(this);
  }

  #driver(id: number): ConnectionDriver {
    let driver = this.#connections.get(id);
    if (driver === undefined) {
      driver = new ConnectionDriver(id, this.#options.context, this);
      this.#connections.set(id, driver);
    }
    return driver;
  }

  #perform(effect: PeerEffect): void {
    switch (effect.kind) {
      case 'adopt': {
        const socket = this.#acceptedSockets.shift();
        if (socket === undefined) break;
        this.lastRemotePort = socket.remotePort ?? 0;
        this.#driver(effect.connection).adopt(socket);
        break;
      }
      case 'release':
        this.#connections.get(effect.connection)?.close(null);
        this.#connections.delete(effect.connection);
        break;
      default:
        this.#performOn(this.#driver(effect.connection), effect.effect);
    }
  }

  #performOn(driver: ConnectionDriver, effect: Effect): void {
    switch (effect.kind) {
      case 'dial':
        driver.dial(
          {
            ...securityOf(this.#settings),
            port: this.#settings.port,
            localAddress: this.#settings.localAddress,
          },
          this.unreachable,
        );
        break;
      case 'send':
        if (effect.message === 'open') driver.sendOpen(this.ownOpen());
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
        this.#sessionDown(effect.reason);
        break;
      case 'attemptFailed':
        this.#log.attemptFailed(reasonText(effect.reason));
    }
  }

  #close(driver: ConnectionDriver, reason: EndReason): void {
    if (!driver.hasTransport) return;
    const wasConnected = driver.isConnected;
    const wasEstablished = this.#live?.driver === driver;
    const { facts } = driver;
    const notification = notificationFor(reason);
    const session = wasEstablished ? this.session : null;
    const wasSent = driver.close(notification && lastWords(notification, session));
    this.#endText = reasonText(reason);
    const { main, second } = this.#machine;
    const hasHeir = [main, second].some((c) => c !== null && c.id !== driver.id && isTalking(c.state));
    if (!hasHeir) {
      this.#lastEnd = reason;
      if (this.#open.learnFrom(reason, this.#settings)) this.#log.plainOpenFollows();
    }
    const error = this.record.noteEnd(reason, { wasSent, wasConnected, wasEstablished, hasHeir, facts });
    const isSecondOfClient = reason.kind === 'collision' && this.#live !== null;
    for (const event of endEvents(this.#settings, { error, facts, isSecondOfClient })) {
      this.#options.listener.onPeerEvent(event);
    }
  }

  /** What we say on the next connection. */
  ownOpen(): OpenMessage {
    return this.#open.own(this.#settings);
  }

  #sessionUp(driver: ConnectionDriver, session: NegotiatedSession): void {
    const { output } = driver;
    if (output === null) return;
    const { rib } = this.#options.context;
    const resumed = this.#kept.takeUp(session, this.#isInternal(session));
    const parts = { rib, driver, session, ownAddresses: this.#options.ownAddresses, resumed };
    this.#live = new LiveSession(parts, this.#settings, output);
    this.#options.listener.onSessionUp(this);
  }

  #sessionDown(reason: EndReason): void {
    if (this.#live === null) return;
    const { session, slot, driver } = this.#live;
    this.#live = null;
    this.record.countFlap();
    driver.setSlot(null); // no UPDATE reaches the RIB any more
    this.#kept.sessionEnded(slot, session, reason, this.#isInternal(session));
    this.#options.listener.onSessionDown(this);
  }

  #isInternal({ peerAsn }: NegotiatedSession): boolean {
    return peerAsn === this.#settings.localAsn;
  }
}
