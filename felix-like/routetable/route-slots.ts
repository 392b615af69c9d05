/**
 * The keys of a routing table and what is desired and actual at each, in columns by the id of the key; and how many
 * differ. It only keeps count: what to do about a difference is up to the route table.
 */
import type { Family } from '@manul/bgp/net';
import { IdQueue } from '../prefix/id-queue.ts';
import { PrefixKey } from '../prefix/prefix-key.ts';
import { grown, NO_ID, PrefixTable, sharedWords } from '../prefix/prefix-table.ts';
import { isSameTarget, type KernelRoute, type RouteTarget } from './route-key.ts';

const FIRST_CAPACITY = 1024;

/** Bits of a slot's state. */
export const SlotFlag = {
  /** Part of a batch whose outcome is not known. */
  InFlight: 1,
  /** Found in the kernel, ours, and never desired by this process. */
  Leftover: 2,
  /** Waits to be written. */
  UpdateQueued: 4,
  DeletionQueued: 8,
  /** Desired, and not there or not so. */
  UpdatePending: 16,
  /** There, and not desired. */
  DeletionPending: 32,
} as const;

const PENDING = SlotFlag.UpdatePending | SlotFlag.DeletionPending;

interface Comparison {
  a: RouteTarget | null;
  b: RouteTarget | null;
  isIpv6: boolean;
  isSame: boolean;
}

export class RouteSlots {
  readonly #table: number;
  readonly #keys: PrefixTable;
  readonly #key = new PrefixKey();
  readonly #desired: (RouteTarget | null)[] = [];
  readonly #actual: (RouteTarget | null)[] = [];
  #flags = sharedWords(FIRST_CAPACITY);
  /** Number of the resync that found the slot last. */
  #seenBy = sharedWords(FIRST_CAPACITY);
  /** What was compared last: of many routes that are read back, neighbours ask the same. */
  readonly #lastSame: Comparison = { a: null, b: null, isIpv6: false, isSame: false };
  #desiredCount = 0;
  #actualCount = 0;
  #updatesPending = 0;
  #deletionsPending = 0;

  /**
   * @param table number of the routing table
   * @param seed a number that peers do not know
   */
  constructor(table: number, seed: number) {
    this.#keys = new PrefixTable(seed);
    this.#table = table;
  }

  get table(): number {
    return this.#table;
  }

  get desiredCount(): number {
    return this.#desiredCount;
  }

  get actualCount(): number {
    return this.#actualCount;
  }

  get pendingCount(): number {
    return this.#updatesPending + this.#deletionsPending;
  }

  /** All slots are below; those that are free have nothing desired, actual or pending. */
  get highWater(): number {
    return this.#keys.highWater;
  }

  /** @returns -1 when there is none */
  find(key: PrefixKey, metric: number): number {
    return this.#keys.find(key, metric);
  }

  findText(prefix: string, metric: number): number {
    return this.#keys.find(this.#key.parse(prefix), metric);
  }

  /** The slot of the key, made when there is none. */
  slot(key: PrefixKey, metric: number): number {
    const found = this.#keys.find(key, metric);
    if (found !== NO_ID) return found;
    const slot = this.#keys.add(key, metric);
    if (slot === this.#desired.length) {
      this.#desired.push(null);
      this.#actual.push(null);
    }
    if (slot === this.#flags.length) {
      this.#flags = grown(this.#flags);
      this.#seenBy = grown(this.#seenBy);
    }
    return slot;
  }

  /** Forgets a slot in which nothing is: its number may become that of another key. */
  release(slot: number): void {
    if (this.#desired[slot] !== null || this.#actual[slot] !== null || !this.#keys.inUse(slot)) return;
    this.#keys.remove(slot);
    this.#flags[slot] = 0;
    this.#seenBy[slot] = 0;
  }

  /** Fills `key`. @returns it */
  readKey(slot: number, key: PrefixKey): PrefixKey {
    return this.#keys.read(slot, key);
  }

  prefix(slot: number): string {
    return this.#keys.read(slot, this.#key).text();
  }

  metric(slot: number): number {
    return this.#keys.metric(slot);
  }

  isOf(slot: number, family: Family): boolean {
    return this.#keys.isIpv6(slot) === (family === 'ipv6');
  }

  desired(slot: number): RouteTarget | null {
    return this.#desired[slot]!;
  }

  actual(slot: number): RouteTarget | null {
    return this.#actual[slot]!;
  }

  desiredRoute(slot: number): KernelRoute | null {
    return this.#route(slot, this.#desired[slot]!);
  }

  actualRoute(slot: number): KernelRoute | null {
    return this.#route(slot, this.#actual[slot]!);
  }

  /** A route at this key. */
  route(slot: number, target: RouteTarget): KernelRoute {
    return { table: this.#table, prefix: this.prefix(slot), metric: this.metric(slot), target };
  }

  /** @param target null: nothing is desired */
  setDesired(slot: number, target: RouteTarget | null): void {
    this.#desiredCount += Number(target !== null) - Number(this.#desired[slot] !== null);
    this.#desired[slot] = target;
    this.#settle(slot);
  }

  /**
   * An actual target that equals the desired one is not kept: both then share one object.
   * @param target null: nothing is there
   */
  setActual(slot: number, target: RouteTarget | null): void {
    this.#actualCount += Number(target !== null) - Number(this.#actual[slot] !== null);
    this.#actual[slot] = target;
    this.#settle(slot);
  }

  isSame(slot: number, a: RouteTarget, b: RouteTarget): boolean {
    if (a === b) return true;
    const isIpv6 = this.#keys.isIpv6(slot);
    const last = this.#lastSame;
    if (last.a === a && last.b === b && last.isIpv6 === isIpv6) return last.isSame;
    last.isSame = isSameTarget(a, b, isIpv6);
    last.a = a;
    last.b = b;
    last.isIpv6 = isIpv6;
    return last.isSame;
  }

  has(slot: number, flag: number): boolean {
    return (this.#flags[slot]! & flag) !== 0;
  }

  hasPending(slot: number): boolean {
    return (this.#flags[slot]! & PENDING) !== 0;
  }

  set(slot: number, flag: number): void {
    this.#flags[slot] = this.#flags[slot]! | flag;
  }

  clear(slot: number, flag: number): void {
    this.#flags[slot] = this.#flags[slot]! & ~flag;
  }

  seenBy(slot: number): number {
    return this.#seenBy[slot]!;
  }

  setSeenBy(slot: number, resync: number): void {
    this.#seenBy[slot] = resync;
  }

  #route(slot: number, target: RouteTarget | null): KernelRoute | null {
    return target === null ? null : this.route(slot, target);
  }

  #settle(slot: number): void {
    const flags = this.#flags[slot]!;
    const pending = this.#difference(slot);
    if (pending === (flags & PENDING)) return;
    this.#flags[slot] = (flags & ~PENDING) | pending;
    this.#updatesPending +=
      Number(pending === SlotFlag.UpdatePending) - Number((flags & SlotFlag.UpdatePending) !== 0);
    this.#deletionsPending +=
      Number(pending === SlotFlag.DeletionPending) - Number((flags & SlotFlag.DeletionPending) !== 0);
  }

  #difference(slot: number): number {
    const desired = this.#desired[slot]!;
    const actual = this.#actual[slot]!;
    if (desired === null) return actual === null ? 0 : SlotFlag.DeletionPending;
    if (actual === null || !this.isSame(slot, desired, actual)) return SlotFlag.UpdatePending;
    this.#actual[slot] = desired;
    return 0;
  }
}

/** Slots that wait to be written, first come first served; each has a flag that says so, and leaving costs nothing. */
export class SlotQueue {
  readonly #slots: RouteSlots;
  readonly #flag: number;
  readonly #queue = new IdQueue();
  #size = 0;

  constructor(slots: RouteSlots, flag: number) {
    this.#slots = slots;
    this.#flag = flag;
  }

  get size(): number {
    return this.#size;
  }

  add(slot: number): void {
    if (this.#slots.has(slot, this.#flag)) return;
    this.#slots.set(slot, this.#flag);
    this.#queue.push(slot);
    this.#size++;
  }

  remove(slot: number): void {
    if (!this.#slots.has(slot, this.#flag)) return;
    this.#slots.clear(slot, this.#flag);
    this.#size--;
  }

  /** The next slot, which then waits no more; -1 when there is none. */
  take(): number {
    for (let slot = this.#queue.shift(); slot !== NO_ID; slot = this.#queue.shift()) {
      // One that left is still in the queue, and so is one that left and came back, twice.
      if (!this.#slots.has(slot, this.#flag)) continue;
      this.remove(slot);
      return slot;
    }
    return NO_ID;
  }
}
