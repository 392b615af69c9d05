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
import type { Family } from '@manul/bgp/net';
import type { KernelFailure, OperationFailure, RouteOperation } from '../kernel/kernel-port.ts';
import { DeltaTracker } from './delta-tracker.ts';
import type { Ownership } from './ownership.ts';
import { RetrySchedule } from './retry-schedule.ts';
import { type BatchOutcome, newRouteSlot, RouteBatch, type RouteSlot } from './route-batch.ts';
import { familyOfPrefix, isSameRoute, type KernelRoute, type RouteKey, routeKey } from './route-key.ts';
import { SlotQueue } from './slot-queue.ts';

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

/** `present`: in the kernel as desired; `pending`: will be; `refused`: the kernel or a conflict is in the way. */
export type RouteState = 'none' | 'present' | 'pending' | 'refused';

const UNSEEN_HOLDER = 'the kernel says that the route exists, and shows none';
const SWEEP_SLICE = 4096;
const EXTERNAL = 'leads to a workload and is of nobody whom we know';
/** Who plugs in a workload may have written its route before the workload is known here. */
const EXTERNAL_GRACE_MS = 10_000;

export class RouteTable {
  readonly #table: number;
  readonly #now: () => number;
  readonly #tracker = new DeltaTracker<RouteKey, KernelRoute, RouteSlot>(isSameRoute, newRouteSlot);
  readonly #retries = new RetrySchedule<RouteSlot>();
  readonly #updates = new SlotQueue('update');
  readonly #deletions = new SlotQueue('deletion');
  readonly #sweepable = new Set<Family>();
  /** Desired, and held by someone whom we do not know yet. */
  readonly #occupied = new Set<RouteSlot>();
  /** Desired, and held by someone from whom we may not take it. */
  readonly #conflicts = new Set<RouteSlot>();
  readonly #newConflicts = new Set<RouteSlot>();
  #ownership: Ownership;
  #resyncs = 0;
  #isResyncing = false;
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

  /** Routes that wait to be written. */
  get waitingCount(): number {
    return this.#updates.size + this.#deletions.size;
  }

  /** Something can be written now. */
  get hasWork(): boolean {
    return this.#updates.size > 0 || this.#deletions.size > 0;
  }

  get isInSync(): boolean {
    return this.#tracker.pendingUpdateCount === 0 && this.#tracker.pendingDeletionCount === 0;
  }

  setOwnership(ownership: Ownership): void {
    this.#ownership = ownership;
    for (const slot of this.#tracker.slots()) if (slot.pending !== 'nothing') this.#examine(slot);
  }

  setDesired(route: KernelRoute): void {
    const slot = this.#tracker.slot(routeKey(route.prefix, route.metric));
    const before = slot.desired;
    slot.isLeftover = false;
    this.#tracker.setDesired(slot, route);
    if (before !== null && !isSameRoute(before, route)) this.#retries.clear(slot);
    this.#examine(slot);
  }

  deleteDesired(prefix: string, metric: number): void {
    const slot = this.#tracker.find(routeKey(prefix, metric));
    if (slot === null) return;
    this.#tracker.setDesired(slot, null);
    this.#retries.clear(slot);
    this.#examine(slot);
  }

  /**
   * Nothing is desired any more, and everything will be said anew: deletions wait until `finishRewrite`, so that
   * packets find the old route until the new one is there.
   */
  beginRewrite(): void {
    this.#holdsDeletions = true;
    for (const slot of this.#tracker.slots()) {
      this.#tracker.setDesired(slot, null);
      this.#examine(slot);
    }
  }

  finishRewrite(): void {
    this.#holdsDeletions = false;
  }

  /** What an earlier process left in `family`, and what is not desired now, may go. */
  allowSweep(family: Family): void {
    if (this.#sweepable.has(family)) return;
    this.#sweepable.add(family);
    for (const slot of this.#tracker.slots()) {
      if (slot.isLeftover && familyOfPrefix(slot.key) === family) this.#examine(slot);
    }
  }

  /** A dump begins, whose routes are given to `observe`; `finishResync` ends it. */
  beginResync(): void {
    this.#resyncs++;
    this.#isResyncing = true;
  }

  observe(routes: readonly KernelRoute[]): void {
    for (const route of routes) this.#observe(route);
  }

  /** What the dump did not hold is not there. Yields now and then, so that others get their turn. */
  *finishResync({ family, interfaceIndex, everyProtocol }: ResyncScope): Generator<void> {
    let count = 0;
    for (const slot of this.#tracker.slots()) {
      if (++count % SWEEP_SLICE === 0) yield;
      const { actual } = slot;
      if (actual === null || slot.seenBy === this.#resyncs || familyOfPrefix(slot.key) !== family) continue;
      if (interfaceIndex !== null && !usesInterface(actual, interfaceIndex)) continue;
      if (everyProtocol || this.#ownership.hasOurProtocol(actual)) this.#setActual(slot, null);
    }
    if (everyProtocol) this.#releaseOccupied(family);
    this.#isResyncing = false;
  }

  /** Someone else changed a route. */
  onRouteEvent(isDeleted: boolean, route: KernelRoute): void {
    if (route.table !== this.#table) return;
    if (!isDeleted) {
      this.#observe(route);
      return;
    }
    const slot = this.#tracker.find(routeKey(route.prefix, route.metric));
    if (slot === null) return;
    this.#occupied.delete(slot);
    // Under one key there may be routes of several protocols; this one may not be the one that we know.
    if (slot.actual?.target.protocol === route.target.protocol) this.#setActual(slot, null);
    else this.#examine(slot);
  }

  /** The next operations, at most `limit`, updates before deletions; null when there are none. */
  nextBatch(limit: number): RouteBatch | null {
    if (!this.hasWork) return null;
    const batch = new RouteBatch();
    while (batch.slots.length < limit) {
      const slot = this.#updates.take();
      if (slot === null) break;
      batch.add(slot, slot.actual === null ? 'add' : 'replace', slot.desired!);
    }
    while (!this.#holdsDeletions && batch.slots.length < limit) {
      const slot = this.#deletions.take();
      if (slot === null) break;
      batch.add(slot, 'delete', slot.actual!);
    }
    return batch.slots.length === 0 ? null : batch;
  }

  onOutcome({ operations, slots }: RouteBatch, failures: readonly OperationFailure[]): BatchOutcome {
    const done = { add: 0, replace: 0, delete: 0 };
    const refused = { add: 0, replace: 0, delete: 0 };
    const reported: { route: KernelRoute; text: string }[] = [];
    let next = 0;
    operations.forEach(({ op, route }, index) => {
      const failure = failures[next]?.index === index ? failures[next++]! : null;
      const slot = slots[index]!;
      slot.isInFlight = false;
      if (failure === null || (op === 'delete' && failure.code === 'ESRCH')) {
        done[op]++;
        this.#retries.clear(slot);
        this.#setActual(slot, op === 'delete' ? null : route);
        return;
      }
      refused[op]++;
      if (this.#onRefused(op, slot, failure)) reported.push({ route, text: failure.text });
    });
    return { done, refused, failures: reported };
  }

  /** Tries what was refused again now: something changed that may have been the reason. */
  hurryRetries(): void {
    this.#retries.hurry(this.#now());
  }

  examineDueRetries(): void {
    for (const slot of this.#retries.due(this.#now())) this.#examine(slot);
  }

  /** When `examineDueRetries` has something to do next, or null. */
  nextRetryMs(): number | null {
    return this.#retries.nextMs();
  }

  /** True when a resync of `family` must read every protocol: it has to know whether others still hold our keys. */
  dependsOnOthers(family: Family): boolean {
    for (const slot of this.#conflicts) if (familyOfPrefix(slot.key) === family) return true;
    return false;
  }

  /** Families of which a dump of every protocol is needed to know who holds a key. */
  familiesToLookUp(): readonly Family[] {
    const families = new Set<Family>();
    for (const slot of this.#occupied) families.add(familyOfPrefix(slot.key));
    return [...families];
  }

  /** Conflicts since the last call. */
  takeNewConflicts(): readonly RouteDifference[] {
    const conflicts = [...this.#newConflicts].filter((slot) => this.#conflicts.has(slot));
    this.#newConflicts.clear();
    return conflicts.map((slot) => this.#difference(slot));
  }

  *differences(): Generator<RouteDifference> {
    for (const slot of this.#tracker.pendingUpdates()) yield this.#difference(slot);
    for (const slot of this.#tracker.pendingDeletions()) yield this.#difference(slot);
  }

  /** All routes that are desired, and those of ours that are there without being desired. */
  *routes(): Generator<Pick<RouteDifference, 'desired' | 'actual' | 'error'>> {
    for (const slot of this.#tracker.slots()) {
      const { desired, actual } = slot;
      if (desired !== null || actual !== null) yield { desired, actual, error: this.#errorOf(slot) };
    }
  }

  state(prefix: string, metric: number): RouteState {
    const slot = this.#tracker.find(routeKey(prefix, metric));
    if (slot === null || slot.desired === null) return 'none';
    if (slot.pending === 'nothing') return 'present';
    return this.#errorOf(slot) === null ? 'pending' : 'refused';
  }

  /** The route that is in the kernel as it is desired, or null. */
  inPlace(prefix: string, metric: number): KernelRoute | null {
    const slot = this.#tracker.find(routeKey(prefix, metric));
    return slot !== null && slot.desired !== null && slot.pending === 'nothing' ? slot.actual : null;
  }

  #observe(route: KernelRoute): void {
    const key = routeKey(route.prefix, route.metric);
    if (this.#ownership.isOurs(route)) {
      const slot = this.#tracker.slot(key);
      if (slot.actual === null && slot.desired === null && !slot.isInFlight) slot.isLeftover = true;
      this.#found(slot, route);
      return;
    }
    const slot = this.#tracker.find(key);
    // Of several routes under one key, the one that is ours counts.
    const hidesOurs = this.#isResyncing && slot?.seenBy === this.#resyncs && slot.actual !== null;
    if (slot === null || hidesOurs) return;
    if (slot.desired !== null) this.#found(slot, route);
    else this.#setActual(slot, null);
  }

  #found(slot: RouteSlot, route: KernelRoute): void {
    slot.seenBy = this.#resyncs;
    const isHolderFound = this.#occupied.delete(slot);
    if (slot.actual === null || !isSameRoute(slot.actual, route)) this.#setActual(slot, route);
    else if (isHolderFound) this.#examine(slot);
  }

  #setActual(slot: RouteSlot, route: KernelRoute | null): void {
    if (route === null) slot.isLeftover = false;
    this.#tracker.setActual(slot, route);
    this.#examine(slot);
  }

  /** @returns true when the failure is to be reported as it is */
  #onRefused(op: RouteOperation['op'], slot: RouteSlot, { code, text }: KernelFailure): boolean {
    const isHeld = op === 'add' && code === 'EEXIST';
    // The holder may have been heard of while the addition was under way.
    if (isHeld && slot.actual === null) this.#occupied.add(slot);
    else if (!isHeld) this.#retries.onRefused(slot, text, this.#now());
    this.#examine(slot);
    return !isHeld;
  }

  /** After a dump of every protocol: a key that nobody is seen to hold is tried again on schedule. */
  #releaseOccupied(family: Family): void {
    for (const slot of this.#occupied) {
      if (familyOfPrefix(slot.key) !== family) continue;
      this.#occupied.delete(slot);
      this.#retries.onRefused(slot, UNSEEN_HOLDER, this.#now());
      this.#examine(slot);
    }
  }

  /** Finds the place of one key: to be written, to be deleted, or neither now. */
  #examine(slot: RouteSlot): void {
    if (this.#conflicts.size > 0) this.#conflicts.delete(slot);
    this.#updates.remove(slot);
    this.#deletions.remove(slot);
    if (slot.isInFlight) return;
    if (slot.pending === 'update') {
      this.#examineUpdate(slot);
    } else if (slot.pending === 'deletion') {
      this.#examineDeletion(slot);
    } else {
      this.#retries.clear(slot);
      if (this.#occupied.size > 0) this.#occupied.delete(slot);
      this.#tracker.release(slot);
    }
  }

  #examineUpdate(slot: RouteSlot): void {
    if (slot.actual !== null && !this.#ownership.mayReplace(slot.actual)) {
      this.#conflicts.add(slot);
      this.#newConflicts.add(slot);
      this.#retries.clear(slot);
      return;
    }
    if (this.#occupied.has(slot) || this.#retries.isWaiting(slot, this.#now())) return;
    this.#updates.add(slot);
  }

  #examineDeletion(slot: RouteSlot): void {
    if (!this.#ownership.isOurs(slot.actual!)) {
      // A conflict that is none any more: the route is of others, and no concern of ours.
      this.#setActual(slot, null);
      return;
    }
    this.#occupied.delete(slot);
    if (slot.isLeftover && !this.#sweepable.has(familyOfPrefix(slot.key))) return;
    if (this.#ownership.isExternal(slot.actual!) && this.#retries.error(slot) === null) {
      this.#retries.hold(slot, EXTERNAL, this.#now() + EXTERNAL_GRACE_MS);
    }
    if (!this.#retries.isWaiting(slot, this.#now())) this.#deletions.add(slot);
  }

  #difference(slot: RouteSlot): RouteDifference {
    const { desired, actual } = slot;
    return { kind: this.#differenceKind(slot), desired, actual, error: this.#errorOf(slot) };
  }

  #differenceKind(slot: RouteSlot): RouteDifference['kind'] {
    if (slot.desired === null) return 'unexpected';
    if (this.#conflicts.has(slot)) return 'foreign';
    return slot.actual === null ? 'missing' : 'different';
  }

  #errorOf(slot: RouteSlot): string | null {
    if (!this.#conflicts.has(slot)) return this.#retries.error(slot);
    return `held by a route of protocol ${slot.actual?.target.protocol}, which is not overwritten`;
  }
}

function usesInterface({ target }: KernelRoute, interfaceIndex: number): boolean {
  return target.nextHops.some((nextHop) => nextHop.interfaceIndex === interfaceIndex);
}
