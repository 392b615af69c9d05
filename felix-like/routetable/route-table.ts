/**
 * One kernel routing table, reconciled: what we desire, what is there, and what to do about the difference. It
 * decides and keeps count; who calls it does the reading and writing.
 *
 * The problems that it solves:
 * - Several writers share the table, and a key does not say whose it is. A key that is thought to be free is
 *   written with `add`, which the kernel refuses when somebody holds the key; then the holder is looked up, and
 *   replaced only if `Ownership` allows it. A foreign holder is a conflict: reported, and left alone.
 * - A process that starts finds routes of its predecessor. Those that are desired are in place and are not
 *   written; the others are leftovers, which stay until `allowSweep`, because until then nobody knows whether
 *   they will be desired.
 * - Some keys fail (a link is down, the table is full). Each is tried again on its own schedule; the rest go on.
 * - What is in flight can change its mind: a key is never in two batches at once, and is examined again when its
 *   outcome is known.
 * - Others delete or replace our routes: events and resyncs change `actual`, and the difference is pending again.
 */
import { FAMILIES, type Family } from '@manul/bgp/net';
import type { KernelFailure, OperationFailure, RouteOperation } from '../kernel/kernel-port.ts';
import { DeltaTracker } from './delta-tracker.ts';
import type { Ownership } from './ownership.ts';
import { RetrySchedule } from './retry-schedule.ts';
import { familyOfPrefix, isSameRoute, type KernelRoute, type RouteKey, routeKey } from './route-key.ts';

export interface RouteDifference {
  readonly kind: 'missing' | 'different' | 'unexpected' | 'foreign';
  readonly desired: KernelRoute | null;
  readonly actual: KernelRoute | null;
  readonly error: string | null;
}

/** What a dump is about; it holds all routes of ours in there, and with `everyProtocol` those of others too. */
export interface ResyncScope {
  readonly family: Family;
  readonly interfaceIndex: number | null;
  readonly everyProtocol: boolean;
}

/** The outcome of a batch, by kind of operation. */
export interface BatchOutcome {
  readonly done: Readonly<Record<RouteOperation['op'], number>>;
  readonly refused: Readonly<Record<RouteOperation['op'], number>>;
  readonly failures: readonly { readonly route: KernelRoute; readonly text: string }[];
}

const HELD_TEXT = 'the kernel says that the route exists, and shows none';
const SWEEP_SLICE = 4096;

export class RouteTable {
  readonly #table: number;
  readonly #now: () => number;
  readonly #tracker = new DeltaTracker<RouteKey, KernelRoute>(isSameRoute);
  readonly #retries = new RetrySchedule<RouteKey>();
  readonly #updates = new Set<RouteKey>();
  readonly #deletions = new Set<RouteKey>();
  readonly #inFlight = new Set<RouteKey>();
  /** Found in the kernel, ours, and never desired by this process. */
  readonly #leftovers = new Set<RouteKey>();
  readonly #sweepable = new Set<Family>();
  /** Desired, and held by someone whom we do not know yet. */
  readonly #occupied = new Set<RouteKey>();
  /** Desired, and held by someone else. */
  readonly #conflicts = new Set<RouteKey>();
  readonly #newConflicts = new Set<RouteKey>();
  #ownership: Ownership;
  /** Keys found by the resync that is going on. */
  #seen: Set<RouteKey> | null = null;
  #holdsDeletions = false;

  /** @param now milliseconds that never go backwards */
  constructor(table: number, ownership: Ownership, now: () => number) {
    this.#table = table;
    this.#ownership = ownership;
    this.#now = now;
  }

  get desiredCount(): number {
    return this.#tracker.desiredCount;
  }

  /** Routes of ours in the kernel. */
  get actualCount(): number {
    return this.#tracker.actualCount - this.#conflicts.size;
  }

  /** Something can be written now. */
  get hasWork(): boolean {
    return this.#updates.size > 0 || this.#deletions.size > 0;
  }

  get isInSync(): boolean {
    return this.#tracker.pendingUpdates().size === 0 && this.#tracker.pendingDeletions().size === 0;
  }

  setOwnership(ownership: Ownership): void {
    this.#ownership = ownership;
    for (const key of [...this.#tracker.pendingUpdates(), ...this.#tracker.pendingDeletions()])
      this.#examine(key);
  }

  setDesired(route: KernelRoute): void {
    const key = routeKey(route.prefix, route.metric);
    const before = this.#tracker.desired(key);
    this.#leftovers.delete(key);
    this.#tracker.setDesired(key, route);
    if (before === undefined || !isSameRoute(before, route)) this.#retries.clear(key);
    this.#examine(key);
  }

  deleteDesired(prefix: string, metric: number): void {
    const key = routeKey(prefix, metric);
    this.#tracker.deleteDesired(key);
    this.#examine(key);
  }

  /**
   * Nothing is desired any more, and everything will be said anew: deletions wait until `finishRewrite`, so that
   * packets find the old route until the new one is there.
   */
  beginRewrite(): void {
    this.#holdsDeletions = true;
    for (const key of [...this.#tracker.allDesired().keys()]) {
      this.#tracker.deleteDesired(key);
      this.#examine(key);
    }
  }

  finishRewrite(): void {
    this.#holdsDeletions = false;
  }

  /** What an earlier process left in `family`, and what is not desired now, may go. */
  allowSweep(family: Family): void {
    if (this.#sweepable.has(family)) return;
    this.#sweepable.add(family);
    for (const key of this.#leftovers) {
      if (familyOfPrefix(key) === family) this.#examine(key);
    }
  }

  /** A dump begins, whose routes are given to `observe`; `finishResync` ends it. */
  beginResync(): void {
    this.#seen = new Set();
  }

  observe(routes: readonly KernelRoute[]): void {
    for (const route of routes) this.#observe(route);
  }

  /** What the dump did not hold is not there. Yields now and then, so that others get their turn. */
  *finishResync({ family, interfaceIndex, everyProtocol }: ResyncScope): Generator<void> {
    const seen = this.#seen ?? new Set();
    let count = 0;
    for (const [key, route] of this.#tracker.allActual()) {
      if (++count % SWEEP_SLICE === 0) yield;
      if (seen.has(key) || familyOfPrefix(key) !== family) continue;
      if (interfaceIndex !== null && !usesInterface(route, interfaceIndex)) continue;
      if (!everyProtocol && !this.#ownership.isOurs(route)) continue;
      this.#forget(key);
    }
    if (everyProtocol) this.#settleOccupied(family);
    this.#seen = null;
  }

  /** Someone else changed a route. */
  onRouteEvent(isDeleted: boolean, route: KernelRoute): void {
    if (route.table !== this.#table) return;
    if (!isDeleted) {
      this.#observe(route);
      return;
    }
    const key = routeKey(route.prefix, route.metric);
    const isFreed = this.#occupied.delete(key);
    // Under one key there may be routes of several protocols; this one may not be the one that we know.
    if (this.#tracker.actual(key)?.target.protocol === route.target.protocol) this.#forget(key);
    else if (isFreed) this.#examine(key);
  }

  /** The next operations, at most `limit`; updates before deletions. Each must be answered with `onOutcome`. */
  nextBatch(limit: number): RouteOperation[] {
    const batch: RouteOperation[] = [];
    for (const key of this.#updates) {
      if (batch.length === limit) return batch;
      this.#updates.delete(key);
      this.#inFlight.add(key);
      const op = this.#tracker.actual(key) === undefined ? 'add' : 'replace';
      batch.push({ op, route: this.#tracker.desired(key)! });
    }
    if (this.#holdsDeletions) return batch;
    for (const key of this.#deletions) {
      if (batch.length === limit) break;
      this.#deletions.delete(key);
      this.#inFlight.add(key);
      batch.push({ op: 'delete', route: this.#tracker.actual(key)! });
    }
    return batch;
  }

  onOutcome(batch: readonly RouteOperation[], failures: readonly OperationFailure[]): BatchOutcome {
    const done = { add: 0, replace: 0, delete: 0 };
    const refused = { add: 0, replace: 0, delete: 0 };
    const reported: { route: KernelRoute; text: string }[] = [];
    let next = 0;
    batch.forEach(({ op, route }, index) => {
      const failure = failures[next]?.index === index ? failures[next++]! : null;
      const key = routeKey(route.prefix, route.metric);
      this.#inFlight.delete(key);
      if (failure === null || (op === 'delete' && failure.code === 'ESRCH')) {
        done[op]++;
        this.#onDone(op, key, route);
      } else {
        refused[op]++;
        if (this.#onRefused(op, key, failure)) reported.push({ route, text: failure.text });
      }
    });
    return { done, refused, failures: reported };
  }

  /** Tries what was refused again now: something changed that may have been the reason. */
  hurryRetries(): void {
    this.#retries.hurry(this.#now());
  }

  examineDueRetries(): void {
    for (const key of this.#retries.due(this.#now())) this.#examine(key);
  }

  /** When `examineDueRetries` has something to do next, or null. */
  nextRetryMs(): number | null {
    return this.#retries.nextMs();
  }

  /** Families of which a dump of every protocol is needed to know who holds a key. */
  familiesToLookUp(): readonly Family[] {
    const families = new Set<Family>();
    for (const key of this.#occupied) {
      families.add(familyOfPrefix(key));
      if (families.size === FAMILIES.length) break;
    }
    return [...families];
  }

  /** Conflicts since the last call. */
  takeNewConflicts(): readonly RouteDifference[] {
    const conflicts = [...this.#newConflicts].map((key) => this.#difference(key));
    this.#newConflicts.clear();
    return conflicts.filter(({ kind }) => kind === 'foreign');
  }

  *differences(): Generator<RouteDifference> {
    for (const key of this.#tracker.pendingUpdates()) yield this.#difference(key);
    for (const key of this.#tracker.pendingDeletions()) yield this.#difference(key);
  }

  /** All routes that are desired, and those of ours that are there without being desired. */
  *routes(): Generator<{ desired: KernelRoute | null; actual: KernelRoute | null; error: string | null }> {
    for (const [key, desired] of this.#tracker.allDesired()) {
      yield { desired, actual: this.#tracker.actual(key) ?? null, error: this.#errorOf(key) };
    }
    for (const key of this.#tracker.pendingDeletions()) {
      yield { desired: null, actual: this.#tracker.actual(key) ?? null, error: this.#errorOf(key) };
    }
  }

  /** `present`: in the kernel as desired; `pending`: will be; `refused`: the kernel or a conflict is in the way. */
  state(prefix: string, metric: number): 'none' | 'present' | 'pending' | 'refused' {
    const key = routeKey(prefix, metric);
    if (this.#tracker.desired(key) === undefined) return 'none';
    if (!this.#tracker.isUpdatePending(key)) return 'present';
    return this.#errorOf(key) === null ? 'pending' : 'refused';
  }

  #observe(route: KernelRoute): void {
    const key = routeKey(route.prefix, route.metric);
    const known = this.#tracker.actual(key);
    if (!this.#ownership.isOurs(route)) {
      const hidesOurs = this.#seen?.has(key) === true && known !== undefined;
      const isWanted = this.#tracker.desired(key) !== undefined;
      if (hidesOurs) return;
      if (!isWanted) {
        if (known !== undefined) this.#forget(key);
        return;
      }
    }
    this.#seen?.add(key);
    if (known === undefined && this.#tracker.desired(key) === undefined && !this.#inFlight.has(key)) {
      this.#leftovers.add(key);
    }
    this.#occupied.delete(key);
    this.#tracker.setActual(key, route);
    this.#examine(key);
  }

  /** There is no route of this key any more. */
  #forget(key: RouteKey): void {
    this.#leftovers.delete(key);
    this.#tracker.deleteActual(key);
    this.#examine(key);
  }

  #onDone(op: RouteOperation['op'], key: RouteKey, route: KernelRoute): void {
    this.#retries.clear(key);
    if (op === 'delete') {
      this.#forget(key);
      return;
    }
    this.#tracker.setActual(key, route);
    this.#examine(key);
  }

  /** @returns true when the failure is to be reported as it is */
  #onRefused(op: RouteOperation['op'], key: RouteKey, { code, text }: KernelFailure): boolean {
    const isHeld = op === 'add' && code === 'EEXIST';
    if (isHeld) this.#occupied.add(key);
    else this.#retries.onRefused(key, text, this.#now());
    this.#examine(key);
    return !isHeld;
  }

  /** After a dump of every protocol: a key that nobody is seen to hold is tried again on schedule. */
  #settleOccupied(family: Family): void {
    for (const key of this.#occupied) {
      if (familyOfPrefix(key) !== family) continue;
      this.#occupied.delete(key);
      this.#retries.onRefused(key, HELD_TEXT, this.#now());
      this.#examine(key);
    }
  }

  /** Finds the place of one key: to be written, to be deleted, or neither now. */
  #examine(key: RouteKey): void {
    this.#updates.delete(key);
    this.#deletions.delete(key);
    this.#conflicts.delete(key);
    if (this.#inFlight.has(key)) return;
    if (this.#tracker.isUpdatePending(key)) this.#examineUpdate(key);
    else if (this.#tracker.isDeletionPending(key)) this.#examineDeletion(key);
    else this.#retries.clear(key);
  }

  #examineUpdate(key: RouteKey): void {
    const actual = this.#tracker.actual(key);
    if (actual !== undefined && !this.#ownership.mayReplace(actual)) {
      this.#conflicts.add(key);
      this.#newConflicts.add(key);
      this.#retries.clear(key);
      return;
    }
    if (this.#occupied.has(key) || this.#retries.isWaiting(key, this.#now())) return;
    this.#updates.add(key);
  }

  #examineDeletion(key: RouteKey): void {
    const actual = this.#tracker.actual(key)!;
    if (!this.#ownership.isOurs(actual)) {
      this.#tracker.deleteActual(key);
      this.#retries.clear(key);
      return;
    }
    if (this.#leftovers.has(key) && !this.#sweepable.has(familyOfPrefix(key))) return;
    if (!this.#retries.isWaiting(key, this.#now())) this.#deletions.add(key);
  }

  #difference(key: RouteKey): RouteDifference {
    const desired = this.#tracker.desired(key) ?? null;
    const actual = this.#tracker.actual(key) ?? null;
    return { kind: this.#differenceKind(key, desired, actual), desired, actual, error: this.#errorOf(key) };
  }

  #differenceKind(
    key: RouteKey,
    desired: KernelRoute | null,
    actual: KernelRoute | null,
  ): RouteDifference['kind'] {
    if (desired === null) return 'unexpected';
    if (this.#conflicts.has(key)) return 'foreign';
    return actual === null ? 'missing' : 'different';
  }

  #errorOf(key: RouteKey): string | null {
    if (!this.#conflicts.has(key)) return this.#retries.error(key);
    const protocol = this.#tracker.actual(key)?.target.protocol;
    return `held by a route of protocol ${protocol}, which is not overwritten`;
  }
}

function usesInterface({ target }: KernelRoute, interfaceIndex: number): boolean {
  return target.nextHops.some((nextHop) => nextHop.interfaceIndex === interfaceIndex);
}
