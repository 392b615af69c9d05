/** The surface of the speaker that the rest of Manul uses; `speaker.ts` implements it. */
import type { Family } from '../net/index.ts';
import type { ExplainQuery, RouteExplanation } from './route-explanation.ts';
import type { DroppedSegments } from './socket/kernel-counters.ts';
import type { DrainState, NextHopRoute, OriginatedPrefix, SpeakerConfig } from './speaker-config.ts';
import type {
  BestRouteChange,
  BestRouteColumns,
  PeerDetail,
  PeerReport,
  PeerStatus,
  RibSummary,
  RouteQuery,
  RouteStatus,
  SpeakerEvent,
} from './speaker-status.ts';

/** Structured log lines: message first, fields second. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Who listens to best routes: the role link towards the agent. */
export interface BestRouteListener {
  /** Called in batches, in order. */
  onBestRoutes(changes: readonly BestRouteChange[]): void;
  /** Who has this is told so and not by `onBestRoutes`; the columns are the listener's from now on. */
  onBestRouteColumns?(columns: BestRouteColumns): void;
  /** The initial routes of the family are complete: every session up at start has sent End-of-RIB, or its time is over. */
  onEndOfRib(family: Family): void;
}

/** What became of a command for one peer. */
export type PeerActionResult =
  | 'done'
  | 'noSuchPeer'
  /** Only an Established session can be asked for this. */
  | 'notEstablished'
  /** The peer has not offered route refresh (RFC 2918). */
  | 'noRouteRefresh';

export interface Speaker {
  /** Makes `config` what runs; only what differs is touched. Listen failures are reported as events and retried. */
  apply(config: SpeakerConfig): void;
  /** Replaces the originated set alone (the agent's, through the role link). Null: back to that of the configuration. */
  setOriginated(originated: readonly OriginatedPrefix[] | null): void;
  peers(): readonly PeerStatus[];
  peer(name: string): PeerDetail | null;
  /** All that are peers at the first step, looked at one by one: other work may be done between two steps. */
  peerReports(): Generator<PeerReport>;
  /** Routes, produced lazily; every batch is one bounded slice, so that a million routes never block the event loop. */
  routes(query: RouteQuery): AsyncIterable<readonly RouteStatus[]>;
  /** Why a route is, or is not, here, best, and with peers. */
  explain(query: ExplainQuery): RouteExplanation;
  ribSummary(): RibSummary;
  /** What the kernel has dropped in this network namespace since it began, whoever's segments they were. */
  droppedSegments(): DroppedSegments;
  /**
   * Replays all best routes to the listener in slices, then follows changes; `replay: false`: only the changes from
   * now on. Returns the unsubscribe function.
   */
  subscribeBestRoutes(listener: BestRouteListener, options?: { readonly replay?: boolean }): () => void;
  onEvent(listener: (event: SpeakerEvent) => void): () => void;
  /** UPDATE read → written to the last member, seconds; called once for each flush of an update group. */
  onPropagation(listener: (seconds: number) => void): () => void;
  /**
   * The routes by which next hops are reached. A path whose next hop is not is no candidate, and of otherwise equal
   * ones the nearest wins (RFC 4271 §9.1.2). Null, as at the start: next hops are not resolved.
   */
  setNextHops(routes: readonly NextHopRoute[] | null): void;
  /** Takes leave of all peers, or comes back; sessions stay. Lasts until the next call, whatever is applied. */
  setDrain(state: DrainState): void;
  drain(): DrainState;
  /** Hard reset with Cease 6/4 (RFC 4486) and a shutdown communication (RFC 9003). */
  resetPeer(name: string, message?: string): PeerActionResult;
  /**
   * Keeps the session: `in` asks the peer for its routes again (RFC 2918), `out` sends ours again (between markers
   * where both ends know RFC 7313).
   */
  softResetPeer(name: string, direction: 'in' | 'out'): PeerActionResult;
  /**
   * Ends the session with Cease 6/2 and a shutdown communication and refuses the peer until it is enabled again, or
   * the process ends.
   */
  disablePeer(name: string, message?: string): PeerActionResult;
  enablePeer(name: string): PeerActionResult;
  /** Sends Cease 6/2 to every peer, closes all sockets; resolves when nothing of the speaker is left running. */
  close(message?: string): Promise<void>;
}
