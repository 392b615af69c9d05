/**
 * What the speaker asks of the RIB besides the path of UPDATEs (`rib-port.ts`): configuration of the speaker
 * as a whole, the looking glass, and the best routes for the agent. One object implements both interfaces.
 */
import type { Family } from '../net/index.ts';
import type { ExplainQuery, RouteExplanation } from '../speaker/route-explanation.ts';
import type {
  DecisionConfig,
  DrainState,
  NextHopRoute,
  OriginatedPrefix,
} from '../speaker/speaker-config.ts';
import type {
  BestRouteChange,
  BestRouteColumns,
  FamilyCounts,
  RibSummary,
  RouteQuery,
  RouteStatus,
} from '../speaker/speaker-status.ts';
import type { RibPort, SessionSlot } from './rib-port.ts';

/** What the RIB needs to know of the speaker itself. A change takes effect on all paths, in slices. */
export interface RibIdentity {
  readonly asn: number;
  /** Dotted quad. */
  readonly routerId: string;
  /** Dotted quad, or null when this speaker does not reflect. */
  readonly clusterId: string | null;
}

export interface SessionCounts {
  readonly received: FamilyCounts;
  readonly accepted: FamilyCounts;
  readonly advertised: FamilyCounts;
}

/** Finds the RIB's session by peer name, for queries; null: no Established session of that name. */
export type SlotByName = (name: string) => SessionSlot | null;

export interface RibView {
  /** Called before the first session and again whenever one of the three changes. */
  configure(identity: RibIdentity): void;
  /** Replaces the set of prefixes that the speaker originates. */
  setOriginated(originated: readonly OriginatedPrefix[]): void;
  /**
   * Replaces the prefixes (canonical text) that the node is connected to: like those that it originates, no external
   * session may announce them.
   */
  setConnected(prefixes: readonly string[]): void;
  /** How the best of several paths is found; takes effect on all of them, in slices. */
  setDecision(decision: DecisionConfig): void;
  /** By what next hops are reached; null: they are not resolved, and every one counts as reachable. */
  setNextHops(routes: readonly NextHopRoute[] | null): void;
  /** The node's links: interface by prefix, for policies that name one. Next hops that are resolved come before. */
  setLinks(links: readonly NextHopRoute[]): void;
  /** Takes leave of every session, or comes back. */
  setDrain(state: DrainState): void;
  summary(): RibSummary;
  /**
   * Routes that match, in batches of a bounded size: each step of the iterator does at most a few milliseconds
   * of work. Routes that come or go between two steps may or may not be seen.
   */
  routes(query: RouteQuery, slotByName: SlotByName): Iterator<readonly RouteStatus[]>;
  /** Takes time in proportion to the paths of one prefix and the number of update groups. */
  explain(query: ExplainQuery, slotByName: SlotByName): RouteExplanation;
  sessionCounts(slot: SessionSlot): SessionCounts;
  /** Returns true when some prefix would have no route left if these sessions ended. Each step is one bounded slice. */
  hasSoleRoutes(slots: ReadonlySet<SessionSlot>): Iterator<void, boolean>;
  /**
   * Replays all best routes that were learnt from peers, in slices inside `work`, then follows changes, in
   * order. `onReplayed` of a family is called behind the last replayed route of it. `replay: false`: only the
   * changes from now on, and `onReplayed` is never called. Returns the unsubscribe function.
   */
  subscribeBestRoutes(sink: BestRouteSink, options: { readonly replay: boolean }): () => void;
  /** UPDATE read → written to the last member of an update group, seconds. Returns the unsubscribe function. */
  onPropagation(listener: (seconds: number) => void): () => void;
}

export interface BestRouteSink {
  onBestRoutes(changes: readonly BestRouteChange[]): void;
  /** A sink that has this is told so and not by `onBestRoutes`; the columns are the sink's from now on. */
  onBestRouteColumns?(columns: BestRouteColumns): void;
  /** Every best route of the family that existed at the subscription has been delivered. */
  onReplayed(family: Family): void;
}

export type Rib = RibPort & RibView;
