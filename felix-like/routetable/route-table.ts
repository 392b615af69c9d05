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
import type { KernelFailure, OperationFailure, RouteCursor, RouteOperation } from '../kernel/kernel-port.ts';
import { PrefixKey } from '../prefix/prefix-key.ts';
import { NO_ID } from '../prefix/prefix-table.ts';
import type { Ownership } from './ownership.ts';
import { RetrySchedule } from './retry-schedule.ts';
import { type BatchOutcome, RouteBatch } from './route-batch.ts';
import type { KernelRoute, RouteTarget } from './route-key.ts';
import { RouteSlots, SlotFlag, SlotQueue } from './route-slots.ts';
import { type RouteDifference, RouteTableView } from './route-table-view.ts';

/** What a dump is about; it holds all routes of ours in there, and with `everyProtocol` those of others too. */
export interface ResyncScope {
  readonly family: Family;
  readonly interfaceIndex: number | null;
  readonly everyProtocol: boolean;
}

const UNSEEN_HOLDER = 'the kernel says that the route exists, and shows none';
const SWEEP_SLICE = 4096;
const EXTERNAL = 'leads to a workload and is of nobody whom we know';
/** Who plugs in a workload may have written its route before the workload is known here. */
const EXTERNAL_GRACE_MS = 10_000;

export class RouteTable {
  /** For those who only look. */
  readonly view: RouteTableView;
  readonly #now: () => number;
  readonly #slots: RouteSlots;
  readonly #retries = new RetrySchedule<number>();
  readonly #updates: SlotQueue;
  readonly #deletions: SlotQueue;
  readonly #key = new PrefixKey();
  readonly #sweepable = new Set<Family>();
  /** Desired, and held by someone whom we do not know yet. */
  readonly #occupied = new Set<number>();
  /** Desired, and held by someone from whom we may not take it. */
  readonly #conflicts = new Set<number>();
  readonly #newConflicts = new Set<number>();
  #ownership: Ownership;
  #resyncs = 0;
  #isResyncing = false;
  #holdsDeletions = false;

  /**
   * @param now milliseconds that never go backwards
   * @param seed a number that peers do not know
   */
  constructor(table: number, ownership: Ownership, now: () => number, seed = 0) {
    this.#slots = new RouteSlots(table, seed);
    this.#updates = new SlotQueue(this.#slots, SlotFlag.UpdateQueued);
    this.#deletions = new SlotQueue(this.#slots, SlotFlag.DeletionQueued);
    this.#ownership = ownership;
    this.#now = now;
    this.view = new RouteTableView({
      slots: this.#slots,
      retries: this.#retries,
      conflicts: this.#conflicts,
    });
  }

  get desiredCount(): number {
    return this.#slots.desiredCount;
  }

  /** Routes of ours in the kernel. */
  get actualCount(): number {
    return this.#slots.actualCount - this.#conflicts.size;
  }

  /** Routes that the kernel refuses. */
  get refusedCount(): number {
    return this.#retries.size;
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
    return this.#slots.pendingCount === 0;
  }

  setOwnership(ownership: Ownership): void {
    this.#ownership = ownership;
    if (this.#slots.pendingCount === 0) return;
    for (let slot = 0; slot < this.#slots.highWater; slot++) {
      if (this.#slots.hasPending(slot)) this.#examine(slot);
    }
  }

  setDesired({ prefix, metric, target }: KernelRoute): void {
    this.desire(this.#key.parse(prefix), metric, target);
  }

  deleteDesired(prefix: string, metric: number): void {
    this.desire(this.#key.parse(prefix), metric, null);
  }

  /** @param target null: no route is desired */
  desire(prefix: PrefixKey, metric: number, target: RouteTarget | null): void {
    const slots = this.#slots;
    const slot = target === null ? slots.find(prefix, metric) : slots.slot(prefix, metric);
    if (slot === NO_ID) return;
    const before = slots.desired(slot);
    if (target === null || (before !== null && !slots.isSame(slot, before, target)))
      this.#retries.clear(slot);
    if (target !== null) slots.clear(slot, SlotFlag.Leftover);
    slots.setDesired(slot, target);
    this.#examine(slot);
  }

  /**
   * Nothing is desired any more, and everything will be said anew: deletions wait until `finishRewrite`, so that
   * packets find the old route until the new one is there.
   */
  beginRewrite(): void {
    this.#holdsDeletions = true;
    for (let slot = 0; slot < this.#slots.highWater; slot++) {
      if (this.#slots.desired(slot) === null) continue;
      this.#slots.setDesired(slot, null);
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
    for (let slot = 0; slot < this.#slots.highWater; slot++) {
      if (this.#slots.has(slot, SlotFlag.Leftover) && this.#slots.isOf(slot, family)) this.#examine(slot);
    }
  }

  /** A dump begins, whose routes are given to `observe`; `finishResync` ends it. */
  beginResync(): void {
    this.#resyncs++;
    this.#isResyncing = true;
  }

  observe(routes: RouteCursor): void {
    while (routes.next()) this.#observe(routes.key, routes.metric, routes.target);
  }

  /** What the dump did not hold is not there. Yields now and then, so that others get their turn. */
  *finishResync({ family, interfaceIndex, everyProtocol }: ResyncScope): Generator<void> {
    const slots = this.#slots;
    for (let slot = 0; slot < slots.highWater; slot++) {
      if (slot % SWEEP_SLICE === SWEEP_SLICE - 1) yield;
      const actual = slots.actual(slot);
      if (actual === null || slots.seenBy(slot) === this.#resyncs || !slots.isOf(slot, family)) continue;
      if (interfaceIndex !== null && !usesInterface(actual, interfaceIndex)) continue;
      if (everyProtocol || this.#ownership.hasOurProtocol({ target: actual })) this.#setActual(slot, null);
    }
    if (everyProtocol) this.#releaseOccupied(family);
    this.#isResyncing = false;
  }

  /** Someone else changed a route. */
  onRouteEvent(isDeleted: boolean, route: KernelRoute): void {
    if (route.table !== this.#slots.table) return;
    const key = this.#key.parse(route.prefix);
    if (!isDeleted) {
      this.#observe(key, route.metric, route.target);
      return;
    }
    const slot = this.#slots.find(key, route.metric);
    if (slot === NO_ID) return;
    this.#occupied.delete(slot);
    // Under one key there may be routes of several protocols; this one may not be the one that we know.
    if (this.#slots.actual(slot)?.protocol === route.target.protocol) this.#setActual(slot, null);
    else this.#examine(slot);
  }

  /** The next operations, at most `limit`, updates before deletions; null when there are none. */
  nextBatch(limit: number): RouteBatch | null {
    if (!this.hasWork) return null;
    const slots = this.#slots;
    const batch = new RouteBatch(slots, Math.min(limit, this.waitingCount));
    while (batch.length < limit) {
      const slot = this.#updates.take();
      if (slot === NO_ID) break;
      batch.add(slot, slots.actual(slot) === null ? 'add' : 'replace', slots.desired(slot)!);
    }
    while (!this.#holdsDeletions && batch.length < limit) {
      const slot = this.#deletions.take();
      if (slot === NO_ID) break;
      batch.add(slot, 'delete', slots.actual(slot)!);
    }
    return batch.length === 0 ? null : batch;
  }

  onOutcome(batch: RouteBatch, failures: readonly OperationFailure[]): BatchOutcome {
    const done = { add: 0, replace: 0, delete: 0 };
    const refused = { add: 0, replace: 0, delete: 0 };
    const reported: { route: KernelRoute; text: string }[] = [];
    let next = 0;
    for (let index = 0; index < batch.length; index++) {
      const op = batch.op(index);
      const target = batch.target(index);
      const slot = batch.slot(index);
      const failure = failures[next]?.index === index ? failures[next++]! : null;
      this.#slots.clear(slot, SlotFlag.InFlight);
      if (failure === null || (op === 'delete' && failure.code === 'ESRCH')) {
        done[op]++;
        this.#retries.clear(slot);
        this.#setActual(slot, op === 'delete' ? null : target);
        continue;
      }
      refused[op]++;
      const route = this.#slots.route(slot, target);
      if (this.#onRefused(op, slot, failure)) reported.push({ route, text: failure.text });
    }
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
    for (const slot of this.#conflicts) if (this.#slots.isOf(slot, family)) return true;
    return false;
  }

  /** Families of which a dump of every protocol is needed to know who holds a key. */
  familiesToLookUp(): readonly Family[] {
    const families = new Set<Family>();
    for (const slot of this.#occupied) families.add(this.#slots.isOf(slot, 'ipv6') ? 'ipv6' : 'ipv4');
    return [...families];
  }

  /** Conflicts since the last call. */
  takeNewConflicts(): readonly RouteDifference[] {
    const conflicts = [...this.#newConflicts].filter((slot) => this.#conflicts.has(slot));
    this.#newConflicts.clear();
    return conflicts.map((slot) => this.view.difference(slot));
  }

  #observe(key: PrefixKey, metric: number, target: RouteTarget): void {
    const slots = this.#slots;
    if (this.#ownership.isOurs({ target })) {
      const slot = slots.slot(key, metric);
      const isNew = slots.actual(slot) === null && slots.desired(slot) === null;
      if (isNew && !slots.has(slot, SlotFlag.InFlight)) slots.set(slot, SlotFlag.Leftover);
      this.#found(slot, target);
      return;
    }
    const slot = slots.find(key, metric);
    if (slot === NO_ID) return;
    // Of several routes under one key, the one that is ours counts.
    if (this.#isResyncing && slots.seenBy(slot) === this.#resyncs && slots.actual(slot) !== null) return;
    if (slots.desired(slot) !== null) this.#found(slot, target);
    else this.#setActual(slot, null);
  }

  #found(slot: number, target: RouteTarget): void {
    this.#slots.setSeenBy(slot, this.#resyncs);
    const isHolderFound = this.#occupied.size > 0 && this.#occupied.delete(slot);
    const actual = this.#slots.actual(slot);
    if (actual === null || !this.#slots.isSame(slot, actual, target)) this.#setActual(slot, target);
    else if (isHolderFound) this.#examine(slot);
  }

  #setActual(slot: number, target: RouteTarget | null): void {
    if (target === null) this.#slots.clear(slot, SlotFlag.Leftover);
    this.#slots.setActual(slot, target);
    this.#examine(slot);
  }

  /** @returns true when the failure is to be reported as it is */
  #onRefused(op: RouteOperation['op'], slot: number, { code, text }: KernelFailure): boolean {
    const isHeld = op === 'add' && code === 'EEXIST';
    // The holder may have been heard of while the addition was under way.
    if (isHeld && this.#slots.actual(slot) === null) this.#occupied.add(slot);
    else if (!isHeld) this.#retries.onRefused(slot, text, this.#now());
    this.#examine(slot);
    return !isHeld;
  }

  /** After a dump of every protocol: a key that nobody is seen to hold is tried again on schedule. */
  #releaseOccupied(family: Family): void {
    for (const slot of this.#occupied) {
      if (!this.#slots.isOf(slot, family)) continue;
      this.#occupied.delete(slot);
      this.#retries.onRefused(slot, UNSEEN_HOLDER, this.#now());
      this.#examine(slot);
    }
  }

  /** Finds the place of one key: to be written, to be deleted, or neither now. */
  #examine(slot: number): void {
    if (this.#conflicts.size > 0) this.#conflicts.delete(slot);
    this.#updates.remove(slot);
    this.#deletions.remove(slot);
    if (this.#slots.has(slot, SlotFlag.InFlight)) return;
    if (this.#slots.has(slot, SlotFlag.UpdatePending)) {
      this.#examineUpdate(slot);
    } else if (this.#slots.has(slot, SlotFlag.DeletionPending)) {
      this.#examineDeletion(slot);
    } else {
      this.#retries.clear(slot);
      if (this.#occupied.size > 0) this.#occupied.delete(slot);
      this.#slots.release(slot);
    }
  }

  #examineUpdate(slot: number): void {
    const actual = this.#slots.actual(slot);
    if (actual !== null && !this.#mayReplace(slot, actual)) {
      this.#conflicts.add(slot);
      this.#newConflicts.add(slot);
      this.#retries.clear(slot);
      return;
    }
    if (this.#occupied.has(slot) || this.#isWaiting(slot)) return;
    this.#updates.add(slot);
  }

  #mayReplace(slot: number, target: RouteTarget): boolean {
    return this.#ownership.isOurs({ target }) || this.#ownership.mayReplace(this.#slots.route(slot, target));
  }

  #examineDeletion(slot: number): void {
    const target = this.#slots.actual(slot)!;
    if (!this.#ownership.isOurs({ target })) {
      // A conflict that is none any more: the route is of others, and no concern of ours.
      this.#setActual(slot, null);
      return;
    }
    this.#occupied.delete(slot);
    const family = this.#slots.isOf(slot, 'ipv6') ? 'ipv6' : 'ipv4';
    if (this.#slots.has(slot, SlotFlag.Leftover) && !this.#sweepable.has(family)) return;
    if (this.#ownership.isExternal({ target }) && this.#retries.error(slot) === null) {
      this.#retries.hold(slot, EXTERNAL, this.#now() + EXTERNAL_GRACE_MS);
    }
    if (!this.#isWaiting(slot)) this.#deletions.add(slot);
  }

  #isWaiting(slot: number): boolean {
    return !this.#retries.isEmpty && this.#retries.isWaiting(slot, this.#now());
  }
}

function usesInterface({ nextHops }: RouteTarget, interfaceIndex: number): boolean {
  return nextHops.some((nextHop) => nextHop.interfaceIndex === interfaceIndex);
}
