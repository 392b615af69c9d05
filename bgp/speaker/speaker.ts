/** Puts the parts of a speaker together: peers, listening sockets, the RIB, and the turns between them. */
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Family } from '../net/index.ts';
import { cease } from '../packet/notification.ts';
import type { Rib, RibIdentity } from '../rib/rib-view.ts';
import { NO_LIMITS, type SpeakerLimits } from './admission.ts';
import { BestRouteRelay } from './best-route-relay.ts';
import { type Clock, systemClock, type Timer } from './clock.ts';
import { ConnectedPrefixes } from './connected-prefixes.ts';
import { EndOfRibTracker } from './end-of-rib-tracker.ts';
import { LimitedLog } from './limited-log.ts';
import { listenKeys } from './listen-keys.ts';
import { Listeners, type ListenSecurity } from './listeners.ts';
import { UpdateCounter } from './message-counters.ts';
import type { PeerDriver, PeerListener } from './peer-driver.ts';
import { PeerManager } from './peer-manager.ts';
import { peerCounters, peerDetail, peerStatus } from './peer-status.ts';
import { Restart } from './restart.ts';
import type { ExplainQuery, RouteExplanation } from './route-explanation.ts';
import { ClosingSockets } from './socket/closing-sockets.ts';
import { type DroppedSegments, droppedSegments } from './socket/kernel-counters.ts';
import type { BestRouteListener, Logger, PeerActionResult, Speaker } from './speaker-api.ts';
import {
  DEFAULT_DECISION,
  type DrainState,
  type NextHopRoute,
  type OriginatedPrefix,
  type SpeakerConfig,
} from './speaker-config.ts';
import { SpeakerEvents } from './speaker-events.ts';
import type {
  PeerDetail,
  PeerReport,
  PeerStatus,
  RibSummary,
  RouteQuery,
  RouteStatus,
  SpeakerEvent,
} from './speaker-status.ts';
import { TurnScheduler } from './turn-scheduler.ts';

/** How long complete initial routes may wait for the RIB to have no work left. */
const DECIDED_WITHIN_MS = 5_000;

export interface SpeakerOptions {
  readonly logger: Logger;
  readonly rib: Rib;
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
  readonly limits?: SpeakerLimits;
  /** Absent: what this node forwards ends with the speaker, and graceful restart is not offered, only helped with. */
  readonly gracefulRestart?: { readonly hasRestarted: boolean; readonly nodesOnly?: boolean };
}

/** A speaker that does nothing until its first `apply`. */
export function createSpeaker(options: SpeakerOptions): Speaker {
  return new BgpSpeaker(options);
}

class BgpSpeaker implements Speaker, PeerListener {
  readonly #rib: Rib;
  readonly #clock: Clock;
  readonly #log: LimitedLog;
  readonly #events: SpeakerEvents;
  readonly #scheduler: TurnScheduler;
  readonly #closing: ClosingSockets;
  readonly #listeners: Listeners;
  readonly #manager: PeerManager;
  readonly #relay: BestRouteRelay;
  readonly #endOfRib: EndOfRibTracker;
  readonly #restart: Restart;
  /** Families whose initial routes have come, and which the RIB may still be deciding on. */
  readonly #undecided = new Set<Family>();
  readonly #timers = new Set<Timer>();
  #config: SpeakerConfig | null = null;
  /** What the agent originates, in place of the configuration's. */
  #originated: readonly OriginatedPrefix[] | null = null;
  readonly #connected: ConnectedPrefixes;
  #connectedNow: readonly string[] = [];
  #linksNow: readonly NextHopRoute[] = [];
  #drain: DrainState = 'none';
  #isClosed = false;

  constructor({
    logger,
    rib,
    clock = systemClock,
    random = Math.random,
    limits = NO_LIMITS,
    gracefulRestart,
  }: SpeakerOptions) {
    this.#rib = rib;
    this.#clock = clock;
    this.#log = new LimitedLog(logger, clock);
    this.#events = new SpeakerEvents(logger, this.#log);
    this.#closing = new ClosingSockets(clock);
    this.#connected = new ConnectedPrefixes(clock);
    this.#relay = new BestRouteRelay(rib);
    this.#scheduler = new TurnScheduler({
      clock,
      logger,
      work: (budgetMs) => rib.work(budgetMs),
      onIdle: () => this.#decided(),
    });
    rib.onWork = () => this.#scheduler.requestTurn();
    this.#endOfRib = new EndOfRibTracker({ clock, onComplete: (family) => this.#onInitialRoutes(family) });
    this.#restart = new Restart({ clock, rib, ...gracefulRestart });
    this.#manager = new PeerManager({
      context: {
        clock,
        random,
        rib,
        scheduler: this.#scheduler,
        closing: this.#closing,
        updates: new UpdateCounter(),
        log: this.#log,
        restart: (settings) => this.#restart.stateFor(settings),
      },
      limits,
      logger,
      listener: this,
      onGone: (peer) => this.#forget(peer),
    });
    this.#listeners = new Listeners({
      clock,
      onConnection: (socket) => this.#accept(socket),
      onEvent: (event) => this.#events.emit(event),
    });
  }

  apply(config: SpeakerConfig): void {
    if (this.#isClosed) return;
    const before = this.#config;
    this.#config = config;
    if (before === null || !isDeepStrictEqual(identity(before), identity(config))) {
      this.#rib.configure(identity(config));
    }
    if (!isDeepStrictEqual(before?.decision, config.decision)) {
      this.#rib.setDecision(config.decision ?? DEFAULT_DECISION);
    }
    this.#readConnected(config);
    if (this.#originated === null && !isDeepStrictEqual(before?.originated, config.originated)) {
      this.#rib.setOriginated(config.originated);
    }
    this.#restart.setNodes(config.clusterNodes ?? []);
    this.#manager.apply(config);
    this.#listeners.apply(config.listen, listenSecurity(config));
    if (before === null) {
      const expected = this.#expectedSessions();
      const settleMs = this.#restart.settleMs(expected.length > 0, config.dynamic.length > 0);
      this.#endOfRib.start(expected, settleMs);
      this.#restart.start(expected, settleMs);
    }
  }

  setOriginated(originated: readonly OriginatedPrefix[] | null): void {
    this.#originated = originated;
    this.#rib.setOriginated(originated ?? this.#config?.originated ?? []);
  }

  peers(): readonly PeerStatus[] {
    const now = this.#clock.wallTime();
    return this.#manager.all().map((peer) => peerStatus(peer, this.#rib, now));
  }

  peer(name: string): PeerDetail | null {
    const peer = this.#manager.find(name);
    return peer === null
      ? null
      : peerDetail(peer, this.#rib, this.#clock.wallTime(), this.#listeners.failures());
  }

  *peerReports(): Generator<PeerReport> {
    const now = this.#clock.wallTime();
    for (const peer of this.#manager.all()) {
      yield { status: peerStatus(peer, this.#rib, now), counters: peerCounters(peer) };
    }
  }

  async *routes(query: RouteQuery): AsyncGenerator<readonly RouteStatus[]> {
    const batches = this.#rib.routes(query, (name) => this.#manager.find(name)?.slot ?? null);
    for (let step = batches.next(); step.done !== true; step = batches.next()) {
      yield step.value;
      await nextTurn();
    }
  }

  explain(query: ExplainQuery): RouteExplanation {
    return this.#rib.explain(query, (name) => this.#manager.find(name)?.slot ?? null);
  }

  ribSummary(): RibSummary {
    return this.#rib.summary();
  }

  droppedSegments(): DroppedSegments {
    return droppedSegments();
  }

  subscribeBestRoutes(listener: BestRouteListener, options: { readonly replay?: boolean } = {}): () => void {
    return this.#relay.subscribe(listener, options);
  }

  onEvent(listener: (event: SpeakerEvent) => void): () => void {
    return this.#events.subscribe(listener);
  }

  onPropagation(listener: (seconds: number) => void): () => void {
    return this.#rib.onPropagation(listener);
  }

  setNextHops(routes: readonly NextHopRoute[] | null): void {
    this.#rib.setNextHops(routes);
  }

  setDrain(state: DrainState): void {
    this.#drain = state;
    this.#rib.setDrain(state);
  }

  drain(): DrainState {
    return this.#drain;
  }

  resetPeer(name: string, message = ''): PeerActionResult {
    const peer = this.#manager.find(name);
    peer?.reset(cease.administrativeReset(message));
    return peer === null ? 'noSuchPeer' : 'done';
  }

  softResetPeer(name: string, direction: 'in' | 'out'): PeerActionResult {
    const peer = this.#manager.find(name);
    if (peer === null) return 'noSuchPeer';
    return direction === 'in' ? peer.refreshIn() : peer.refreshOut();
  }

  disablePeer(name: string, message = ''): PeerActionResult {
    const peer = this.#manager.find(name);
    if (peer === null) return 'noSuchPeer';
    this.#manager.disable(peer, cease.administrativeShutdown(message));
    return 'done';
  }

  enablePeer(name: string): PeerActionResult {
    const peer = this.#manager.find(name);
    if (peer === null) return 'noSuchPeer';
    this.#manager.enable(peer);
    return 'done';
  }

  async close(message = ''): Promise<void> {
    this.#isClosed = true;
    const listenersClosed = this.#listeners.close();
    this.#manager.close(cease.administrativeShutdown(message));
    this.#endOfRib.close();
    this.#restart.close();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#scheduler.close();
    this.#rib.onWork = null;
    this.#log.close();
    await Promise.all([listenersClosed, this.#closing.whenEmpty()]);
  }

  onPeerEvent(event: SpeakerEvent): void {
    this.#events.emit(event);
  }

  onSessionUp(peer: PeerDriver): void {
    this.#endOfRib.sessionUp(peer, peer.session?.families ?? []);
    this.#restart.sessionUp(peer, peer.session);
    const isExternal = peer.session !== null && peer.session.peerAsn !== peer.settings.localAsn;
    if (isExternal && this.#config !== null) this.#readConnected(this.#config);
  }

  /** Interfaces change without telling: they are looked at when the first routes that matter may come. */
  #readConnected({ ignoredInterfaces = [] }: SpeakerConfig): void {
    const prefixes = this.#connected.read(ignoredInterfaces);
    const { links } = this.#connected;
    if (!isDeepStrictEqual(links, this.#linksNow)) {
      this.#linksNow = links;
      this.#rib.setLinks(links);
    }
    if (isDeepStrictEqual(prefixes, this.#connectedNow)) return;
    this.#connectedNow = prefixes;
    this.#rib.setConnected(prefixes);
  }

  /** A client that went may never come back; a configured peer is still waited for. */
  onSessionDown(peer: PeerDriver): void {
    if (peer.settings.kind === 'dynamic') this.#forget(peer);
    this.#manager.onSessionDown(peer);
  }

  onEndOfRib(peer: PeerDriver, family: Family): void {
    this.#endOfRib.endOfRib(peer, family);
    this.#restart.endOfRib(peer, family);
  }

  #forget(peer: PeerDriver): void {
    this.#endOfRib.forget(peer);
    this.#restart.forget(peer);
  }

  onRest(peer: PeerDriver): void {
    this.#manager.onRest(peer);
  }

  #accept(socket: Socket): void {
    if (this.#isClosed) socket.destroy();
    else this.#manager.accept(socket);
  }

  #expectedSessions(): readonly { readonly key: object; readonly families: readonly Family[] }[] {
    return this.#manager
      .configured()
      .filter(({ settings }) => settings.held === null)
      .map((peer) => ({ key: peer, families: peer.settings.config.families }));
  }

  /** The last End-of-RIB has come; the routes before it may still wait for the decision process. */
  #onInitialRoutes(family: Family): void {
    this.#undecided.add(family);
    const timer = this.#clock.startTimer(DECIDED_WITHIN_MS, () => {
      this.#timers.delete(timer);
      this.#decided();
    });
    this.#timers.add(timer);
    this.#scheduler.requestTurn();
  }

  #decided(): void {
    for (const family of this.#undecided) {
      this.#undecided.delete(family);
      this.#relay.complete(family);
    }
  }
}

function listenSecurity(config: SpeakerConfig): ListenSecurity {
  const savesSyn = [...config.peers, ...config.dynamic].some(
    ({ password, ttlSecurity }) => password !== null || ttlSecurity !== null,
  );
  return { keys: listenKeys(config), savesSyn };
}

function identity({ asn, routerId, clusterId }: SpeakerConfig): RibIdentity {
  return { asn, routerId, clusterId };
}
