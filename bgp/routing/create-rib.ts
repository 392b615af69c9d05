/**
 * The RIB behind its ports: sessions in, chunks out. Composes the Adj-RIBs-In and Loc-RIBs of both families,
 * their update groups, the originated routes and the looking glass, and orders the deferred work: decisions
 * first, then what must be sent, then clean-up and replays, so that a change is never late behind a dump.
 */
import { NextHopTable } from '../decision/next-hop-table.ts';
import { decisionSteps } from '../decision/steps.ts';
import { FAMILIES, type Family } from '../net/index.ts';
import { AttributeStore } from '../path/attribute-store.ts';
import type { PolicyConfig } from '../policy/policy-config.ts';
import { FamilyRib } from '../rib/family-rib.ts';
import { OwnPrefixes } from '../rib/own-prefixes.ts';
import { RedecideSweep } from '../rib/redecide-sweep.ts';
import type { RibSession, SessionOutput, SessionSlot, UpdateVerdict } from '../rib/rib-port.ts';
import type { BestRouteSink, Rib, RibIdentity, SessionCounts, SlotByName } from '../rib/rib-view.ts';
import { SessionSweep } from '../rib/session-sweep.ts';
import { SessionTable } from '../rib/session-table.ts';
import { hasSoleRoutes } from '../rib/sole-routes.ts';
import { UpdateImporter } from '../rib/update-importer.ts';
import type { ExplainQuery, RouteExplanation } from '../speaker/route-explanation.ts';
import {
  DEFAULT_DECISION,
  type DecisionConfig,
  type DrainState,
  type NextHopRoute,
  type OriginatedPrefix,
} from '../speaker/speaker-config.ts';
import type { RibSummary, RouteQuery, RouteStatus } from '../speaker/speaker-status.ts';
import { PackScratch } from '../update-group/pack-scratch.ts';
import { BestRouteFeed } from './best-route-feed.ts';
import { GroupSet } from './group-set.ts';
import { LocalRoutes } from './local-routes.ts';
import { RouteExplainer } from './route-explainer.ts';
import { RouteListing } from './route-listing.ts';

export interface RibOptions {
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
  /** Calls back once, after `ms`; must not keep the process alive. */
  readonly delay?: (ms: number, callback: () => void) => void;
  /** In [0, 1). Keys the hashes, so that no peer can choose prefixes or attributes that all collide. */
  readonly random?: () => number;
}

/** Records in use. None is left once every session has ended and nothing is originated any more. */
export interface RibFootprint {
  readonly attributeSets: number;
  readonly nets: number;
  readonly paths: number;
  /** Slots whose session is there, or whose routes are. */
  readonly sessions: number;
}

export function createRib(options: RibOptions = {}): Rib & { footprint(): RibFootprint } {
  return new ComposedRib(options);
}

type PerFamily<T> = Readonly<Record<Family, T>>;

class ComposedRib implements Rib {
  onWork: (() => void) | null = null;
  readonly #now: () => number;
  readonly #store: AttributeStore;
  readonly #sessions = new SessionTable();
  readonly #ribs: PerFamily<FamilyRib>;
  readonly #groups: PerFamily<GroupSet>;
  readonly #sweeps: PerFamily<SessionSweep>;
  readonly #redecisions: PerFamily<RedecideSweep>;
  readonly #importer: UpdateImporter;
  readonly #local: LocalRoutes;
  readonly #own: OwnPrefixes;
  readonly #listing: RouteListing;
  readonly #explainer: RouteExplainer;
  readonly #feeds = new Set<BestRouteFeed>();
  readonly #propagationListeners = new Set<(seconds: number) => void>();
  readonly #clock = { nowSec: 0 };
  readonly #readClock: () => void;
  #drain: DrainState = 'none';
  /** Families whose End-of-RIB is held back. */
  readonly #held = new Set<Family>();
  #decision = DEFAULT_DECISION;
  #nextHops: NextHopTable | null = null;
  /** The node's links, for the names of interfaces where next hops are not resolved. */
  #links: NextHopTable | null = null;
  /** When the oldest UPDATE that has not left yet was read. */
  #oldestUpdate: number | null = null;

  constructor(options: RibOptions) {
    this.#now = options.now ?? (() => performance.now());
    this.#store = new AttributeStore((options.random ?? Math.random)() * 2 ** 32);
    const delay = options.delay ?? ((ms, callback) => void setTimeout(callback, ms).unref());
    const start = this.#now();
    this.#readClock = () => {
      this.#clock.nowSec = Math.floor((this.#now() - start) / 1000);
    };
    this.#ribs = perFamily((family) => new FamilyRib(family, this.#store, this.#sessions, this.#clock));
    const host = {
      now: this.#now,
      drain: () => this.#drain,
      holdsEndOfRib: (family: Family) => this.#held.has(family),
      requestWork: () => this.onWork?.(),
      requestWorkAfter: (ms: number) => delay(ms, () => this.onWork?.()),
    };
    const scratch = new PackScratch();
    this.#groups = perFamily((family) => {
      const rib = this.#ribs[family];
      const { nets, paths } = rib;
      const tables = { store: this.#store, nets, paths, rib, sessions: this.#sessions, scratch };
      return new GroupSet(rib, tables, host);
    });
    this.#own = new OwnPrefixes(this.#ribs);
    this.#sessions.interfaceOf = (set) =>
      (this.#nextHops ?? this.#links)?.routeOf(this.#store, set)?.interfaceName ?? null;
    this.#importer = new UpdateImporter(this.#store, this.#sessions, this.#ribs, this.#own);
    this.#sweeps = perFamily((family) => {
      const rib = this.#ribs[family];
      return new SessionSweep(rib, this.#sessions, (path) => this.#importer.reevaluate(rib, path));
    });
    this.#redecisions = perFamily((family) => new RedecideSweep(this.#ribs[family]));
    this.#local = new LocalRoutes(this.#store, this.#ribs);
    const parts = {
      store: this.#store,
      sessions: this.#sessions,
      ribs: this.#ribs,
      groups: this.#groups,
      own: this.#own,
      nowSec: () => Math.floor((this.#now() - start) / 1000),
    };
    this.#listing = new RouteListing(parts);
    this.#explainer = new RouteExplainer(parts, this.#listing);
  }

  configure(identity: RibIdentity): void {
    const old = this.#sessions.identity;
    this.#sessions.configure(identity);
    if (old.routerId === identity.routerId && old.clusterId === identity.clusterId) return;
    for (const { slot } of this.#sessions.live()) {
      for (const family of FAMILIES) {
        this.#sweeps[family].onPolicyChange(slot); // loop checks name our identifiers
        this.#groups[family].resend(slot); // and so do the attributes that we add
      }
    }
    this.onWork?.();
  }

  addSession(session: RibSession, output: SessionOutput): SessionSlot {
    const entry = this.#sessions.add(session, output);
    for (const family of FAMILIES) this.#groups[family].join(entry);
    this.onWork?.();
    return entry.slot;
  }

  removeSession(slot: SessionSlot): void {
    if (this.#sessions.markGone(slot) === null) return;
    for (const family of FAMILIES) {
      this.#groups[family].leave(slot);
      this.#sweeps[family].onSessionGone(slot);
    }
    this.onWork?.();
  }

  suspendSession(slot: SessionSlot, families: readonly Family[]): void {
    for (const family of FAMILIES) {
      this.#groups[family].leave(slot);
      if (families.includes(family)) this.#sweeps[family].onSuspended(slot);
      else this.#sweeps[family].onFamilyGone(slot);
    }
    this.onWork?.();
  }

  resumeSession(
    slot: SessionSlot,
    session: RibSession,
    output: SessionOutput,
    families: readonly Family[],
  ): void {
    const entry = this.#sessions.replace(slot, session, output);
    for (const family of FAMILIES) {
      this.#groups[family].join(entry);
      if (!families.includes(family)) this.#sweeps[family].onFamilyGone(slot);
      else if (this.#ribs[family].received(slot) > 0) this.#sweeps[family].onRefreshBegins(slot);
      this.#sweeps[family].onPolicyChange(slot); // as the policies are now
    }
    this.onWork?.();
  }

  holdEndOfRib(family: Family, isHeld: boolean): void {
    if (isHeld) this.#held.add(family);
    else if (this.#held.delete(family)) this.onWork?.();
  }

  updateSession(slot: SessionSlot, session: RibSession): void {
    this.#sessions.update(slot, session);
    const entry = this.#sessions.entry(slot);
    if (entry === null) return;
    for (const family of FAMILIES) {
      this.#groups[family].change(entry);
      this.#sweeps[family].onPolicyChange(slot);
    }
    this.onWork?.();
  }

  receiveUpdate(slot: SessionSlot, bytes: Uint8Array, start: number, end: number): UpdateVerdict {
    const entry = this.#sessions.entry(slot);
    if (entry === null) throw new Error(`UPDATE of a session that the RIB does not know: slot ${slot}`);
    if (this.#oldestUpdate === null) {
      this.#oldestUpdate = this.#now();
      this.#readClock();
    }
    return this.#importer.receive(entry, bytes, start, end);
  }

  refresh(slot: SessionSlot, family: Family): void {
    this.#groups[family].refresh(slot);
    this.onWork?.();
  }

  beginRefresh(slot: SessionSlot, family: Family): void {
    this.#sweeps[family].onRefreshBegins(slot);
  }

  endRefresh(slot: SessionSlot, family: Family): void {
    this.#sweeps[family].onRefreshEnds(slot);
    this.onWork?.();
  }

  setOriginated(originated: readonly OriginatedPrefix[]): void {
    this.#readClock();
    this.#local.set(originated);
    const prefixes = originated.map(({ prefix }) => prefix);
    this.#own.declare('originated', prefixes, this.#reevaluate);
    this.onWork?.();
  }

  setConnected(prefixes: readonly string[]): void {
    this.#own.declare('connected', prefixes, this.#reevaluate);
    this.onWork?.();
  }

  setDecision(decision: DecisionConfig): void {
    this.#decision = decision;
    this.#redecide();
  }

  setNextHops(routes: readonly NextHopRoute[] | null): void {
    const before = this.#nextHops;
    if (routes === null && before === null) return;
    this.#nextHops = routes === null ? null : new NextHopTable(routes);
    if (before !== null && this.#nextHops?.agreesWith(before) === true) {
      this.#applyDecision();
      return;
    }
    this.#redecide();
    this.#reevaluateInterfaces();
  }

  setLinks(links: readonly NextHopRoute[]): void {
    this.#links = new NextHopTable(links);
    this.#reevaluateInterfaces();
  }

  /** What policies call the interface of a route may be another now. */
  #reevaluateInterfaces(): void {
    // Exports follow: a route that is evaluated again is offered to every update group.
    const isExportConcerned = this.#anyExportNamesInterface();
    for (const { slot, session } of this.#sessions.live()) {
      if (!isExportConcerned && !namesInterface(session.importPolicy)) continue;
      for (const family of FAMILIES) this.#sweeps[family].onPolicyChange(slot);
    }
    this.onWork?.();
  }

  #anyExportNamesInterface(): boolean {
    for (const { session } of this.#sessions.live()) if (namesInterface(session.exportPolicy)) return true;
    return false;
  }

  #redecide(): void {
    this.#applyDecision();
    for (const family of FAMILIES) this.#redecisions[family].start();
    this.onWork?.();
  }

  /** How decisions are taken from now on. */
  #applyDecision(): void {
    const { alwaysCompareMed, maxPaths, relaxedAsPath, elevatedAbove } = this.#decision;
    const nextHops = this.#nextHops;
    const multipath = maxPaths > 1 ? { maxPaths, relaxedAsPath } : null;
    for (const family of FAMILIES) {
      const options = { alwaysCompareMed, nextHops, elevatedAbove: elevatedAbove?.[family] ?? null };
      this.#ribs[family].setDecision({ steps: decisionSteps(options), nextHops, multipath });
    }
  }

  setDrain(state: DrainState): void {
    if (state === this.#drain) return;
    this.#drain = state;
    for (const entry of this.#sessions.live()) {
      for (const family of FAMILIES) this.#groups[family].change(entry);
    }
    this.onWork?.();
  }

  readonly #reevaluate = (rib: FamilyRib, path: number): void => this.#importer.reevaluate(rib, path);

  work(budgetMs: number): boolean {
    const deadline = this.#now() + budgetMs;
    this.#readClock();
    for (;;) {
      const isDone = this.#turn(deadline);
      if (isDone) this.#sessions.recycle();
      if (isDone || this.#now() >= deadline) return isDone;
    }
  }

  /** One round over all kinds of work. @returns true when nothing is left that could go on now. */
  #turn(deadline: number): boolean {
    let isDone = this.#decideAndFlush(deadline);
    // Like the flushes, feeds read best paths: before the sweeps free any of them.
    for (const feed of this.#feeds) isDone = feed.work() && isDone;
    for (const family of FAMILIES) {
      const hasSwept = this.#sweeps[family].work();
      const hasRedecided = this.#redecisions[family].work();
      isDone = hasSwept && hasRedecided && this.#ribs[family].pendingDecisions === 0 && isDone;
      for (const group of this.#groups[family].groups) isDone = group.catchUp(deadline) && isDone;
      isDone = this.#groups[family].disposeSome() && isDone;
    }
    return isDone;
  }

  /** Flushing reads best paths, so every decision is taken before. */
  #decideAndFlush(deadline: number): boolean {
    let isDone = true;
    let hasWritten = false;
    for (const family of FAMILIES) {
      const groups = this.#groups[family];
      this.#ribs[family].decide();
      hasWritten = groups.hasWritten || hasWritten;
      groups.hasWritten = false;
      groups.applyChanges();
      for (const group of groups.groups) {
        if (!group.isSettled) hasWritten = group.flush(deadline) || hasWritten;
        isDone = (group.isSettled || group.isPaused) && isDone;
      }
      groups.mergeSettled();
    }
    this.#observePropagation(hasWritten, isDone);
    return isDone;
  }

  #observePropagation(hasWritten: boolean, isDone: boolean): void {
    if (this.#oldestUpdate === null) return;
    const seconds = (this.#now() - this.#oldestUpdate) / 1000;
    if (hasWritten) for (const listener of this.#propagationListeners) listener(seconds);
    if (isDone) this.#oldestUpdate = null;
  }

  summary(): RibSummary {
    return {
      prefixes: perFamily((family) => this.#ribs[family].prefixes),
      paths: perFamily((family) => this.#ribs[family].paths.live),
    };
  }

  footprint(): RibFootprint {
    const sum = (of: (rib: FamilyRib) => number) =>
      FAMILIES.reduce((total, family) => total + of(this.#ribs[family]), 0);
    return {
      attributeSets: this.#store.size,
      nets: sum((rib) => rib.nets.records.live),
      paths: sum((rib) => rib.paths.live),
      sessions: this.#sessions.used,
    };
  }

  routes(query: RouteQuery, slotByName: SlotByName): Iterator<readonly RouteStatus[]> {
    return this.#listing.list(query, slotByName);
  }

  explain(query: ExplainQuery, slotByName: SlotByName): RouteExplanation {
    return this.#explainer.explain(query, slotByName);
  }

  sessionCounts(slot: SessionSlot): SessionCounts {
    const families = this.#sessions.entry(slot)?.session.families ?? [];
    const count = (of: (family: Family) => number) =>
      Object.fromEntries(families.map((family) => [family, of(family)]));
    return {
      received: count((family) => this.#ribs[family].received(slot)),
      accepted: count((family) => this.#ribs[family].accepted(slot)),
      advertised: count((family) => this.#groups[family].groupOf(slot)?.advertisedTo(slot) ?? 0),
    };
  }

  *hasSoleRoutes(slots: ReadonlySet<SessionSlot>): Generator<void, boolean> {
    for (const family of FAMILIES) if (yield* hasSoleRoutes(this.#ribs[family], slots)) return true;
    return false;
  }

  subscribeBestRoutes(sink: BestRouteSink, options: { readonly replay: boolean }): () => void {
    const feeds = FAMILIES.map((family) => {
      const requestWork = () => this.onWork?.();
      const feed = new BestRouteFeed(this.#ribs[family], this.#store, this.#sessions, sink, {
        replay: options.replay,
        requestWork,
      });
      this.#feeds.add(feed);
      return feed;
    });
    return () => {
      for (const feed of feeds) {
        feed.close();
        this.#feeds.delete(feed);
      }
    };
  }

  onPropagation(listener: (seconds: number) => void): () => void {
    this.#propagationListeners.add(listener);
    return () => this.#propagationListeners.delete(listener);
  }
}

function namesInterface({ terms }: PolicyConfig): boolean {
  return terms.some(({ match }) => match.interface !== undefined);
}

function perFamily<T>(make: (family: Family) => T): Record<Family, T> {
  return { ipv4: make('ipv4'), ipv6: make('ipv6') };
}
