/**
 * The Adj-RIBs-In and the Loc-RIB of one family (RFC 4271 §3.2) in one place: every path of every session, in
 * a list for each net, and each net's best path. Received and accepted differ by import policy only: a
 * rejected path stays, so that a new policy needs no refresh. What changes is handed to the consumers.
 */
import { CandidateList } from '../decision/candidates.ts';
import type { NextHopTable } from '../decision/next-hop-table.ts';
import { selectBestPath } from '../decision/select-best-path.ts';
import { type MultipathOptions, selectMultipath } from '../decision/select-multipath.ts';
import { DECISION_STEPS, type DecisionStep } from '../decision/steps.ts';
import type { Family } from '../net/index.ts';
import type { AttributeStore } from '../path/attribute-store.ts';
import { IntQueue } from '../path/int-queue.ts';
import { Ipv4NetTable } from '../path/ipv4-net-table.ts';
import { Ipv6NetTable } from '../path/ipv6-net-table.ts';
import { NetField, type NetTable } from '../path/net-table.ts';
import { PathField, PathTable } from '../path/path-table.ts';
import { REJECTED } from '../policy/compile-policy.ts';
import { RefreshedPaths } from './refreshed-paths.ts';
import type { SessionSlot } from './rib-port.ts';
import { LOCAL_SLOT, type SessionTable } from './session-table.ts';

/** Who follows the routes of the family: update groups and best-route subscribers. */
export interface RibConsumer {
  /**
   * Paths of the nets nets[0, count) changed and the decisions on them are taken; hasOtherBest[i] is 1 where the
   * best path is another, has other attributes, or is gone. The nets' ids stay theirs until this returns.
   */
  onDecisions(nets: Int32Array, count: number, hasOtherBest: Uint8Array): void;
  /** The path is about to be freed. */
  onPathGone(net: number, path: number): void;
}

/** How the best path of each net is found. */
export interface RibDecision {
  readonly steps: readonly DecisionStep[];
  /** Null: next hops are not resolved. */
  readonly nextHops: NextHopTable | null;
  /** Null: only the best path carries traffic. */
  readonly multipath: MultipathOptions | null;
}

/** Seconds of a monotonic clock, read once for many routes. */
export interface CoarseClock {
  readonly nowSec: number;
}

/** Nets in one call of `onDecisions`: bounds the messages that an update group packs at once. */
export const DECISION_BATCH = 8192;

/**
 * Paths of one prefix that a session may have (RFC 7911). They are found by walking a list, so that without a limit
 * one peer could hold up all others with a few megabytes of path identifiers.
 */
export const MAX_PATHS_OF_PREFIX = 4096;

export class FamilyRib {
  readonly family: Family;
  readonly nets: NetTable;
  readonly paths = new PathTable();
  readonly refreshed = new RefreshedPaths();
  /** A new array at every change, so that loops over it stay cheap. */
  #consumers: readonly RibConsumer[] = [];
  readonly #store: AttributeStore;
  readonly #sessions: SessionTable;
  readonly #clock: CoarseClock;
  readonly #dirty = new IntQueue();
  readonly #batch = new Int32Array(DECISION_BATCH);
  readonly #hasOtherBest = new Uint8Array(DECISION_BATCH);
  readonly #candidates = new CandidateList();
  #decision: RibDecision = { steps: DECISION_STEPS, nextHops: null, multipath: null };
  /** Null: every next hop counts as reachable. */
  #nextHops: NextHopTable | null = null;
  #received = new Int32Array(64);
  #accepted = new Int32Array(64);
  /** Nets that have a best path. */
  prefixes = 0;

  constructor(family: Family, store: AttributeStore, sessions: SessionTable, clock: CoarseClock) {
    this.family = family;
    this.nets = family === 'ipv4' ? new Ipv4NetTable(store.seed) : new Ipv6NetTable(store.seed);
    this.#store = store;
    this.#sessions = sessions;
    this.#clock = clock;
  }

  addConsumer(consumer: RibConsumer): void {
    this.#consumers = [...this.#consumers, consumer];
  }

  removeConsumer(consumer: RibConsumer): void {
    this.#consumers = this.#consumers.filter((other) => other !== consumer);
  }

  get decision(): RibDecision {
    return this.#decision;
  }

  /** `redecide` makes it count for what is there. */
  setDecision(decision: RibDecision): void {
    this.#decision = decision;
    this.#nextHops = decision.nextHops;
  }

  /** The best path of the net, then those that share its traffic; empty without a best path. Not for the hot path. */
  sharingPaths(net: number): readonly number[] {
    const best = this.nets.records.get(net, NetField.Best) - 1;
    const { multipath, steps } = this.#decision;
    if (best < 0) return [];
    const isAlone = this.paths.get(this.nets.records.get(net, NetField.FirstPath) - 1, PathField.Next) === 0;
    if (multipath === null || isAlone || this.paths.slot(best) === LOCAL_SLOT) return [best];
    const list = new CandidateList();
    this.collectCandidates(net, list);
    return selectMultipath(list, best, this.#store, this.#sessions, steps, multipath);
  }

  /** The decision on the net is taken again. */
  redecide(net: number): void {
    if (this.nets.inUse(net)) this.#markDirty(net);
  }

  /** Paths in the Adj-RIB-In of the session, and those of them that policy accepted. */
  received(slot: SessionSlot): number {
    return this.#received[slot] ?? 0;
  }

  accepted(slot: SessionSlot): number {
    return this.#accepted[slot] ?? 0;
  }

  /** Nets that wait for the decision process. */
  get pendingDecisions(): number {
    return this.#dirty.length;
  }

  /** The path of the session and path identifier, or -1. O(paths of the net). */
  findPath(net: number, slot: SessionSlot, pathId: number): number {
    const paths = this.paths;
    let link = this.nets.records.get(net, NetField.FirstPath);
    while (link !== 0) {
      if (paths.isFrom(link - 1, slot, pathId)) return link - 1;
      link = paths.get(link - 1, PathField.Next);
    }
    return -1;
  }

  /**
   * Puts a path into the Adj-RIB-In, in place of an earlier one of the same session and path identifier.
   * @param receivedSet attributes as received; @param set after import policy, or `REJECTED`.
   * @returns false when the session has `MAX_PATHS_OF_PREFIX` others already.
   */
  put(net: number, slot: SessionSlot, pathId: number, receivedSet: number, set: number): boolean {
    let path = this.findPath(net, slot, pathId);
    const isNew = path < 0;
    if (isNew && pathId !== 0 && this.#countPaths(net, slot) >= MAX_PATHS_OF_PREFIX) return false;
    if (isNew) path = this.#add(net, slot, pathId);
    if (!this.refreshed.isIdle) this.refreshed.note(slot, path);
    const oldReceived = isNew ? REJECTED : this.paths.receivedSet(path);
    const oldSet = this.paths.get(path, PathField.Set) - 1;
    if (oldReceived === receivedSet && oldSet === set) return true;
    this.#store.retain(receivedSet);
    if (set >= 0) this.#store.retain(set);
    if (!isNew) this.#store.release(oldReceived);
    if (oldSet >= 0) this.#store.release(oldSet);
    if (set >= 0 !== oldSet >= 0) this.#accepted[slot] = this.#accepted[slot]! + (set >= 0 ? 1 : -1);
    this.paths.setAttributes(path, receivedSet, set);
    this.paths.set(path, PathField.ChangedAt, this.#clock.nowSec);
    this.paths.setModified(path, true);
    this.#markDirty(net);
    return true;
  }

  /** A live path has other attributes after import policy, or is `REJECTED` now. */
  reassign(path: number, set: number): void {
    const oldSet = this.paths.get(path, PathField.Set) - 1;
    if (oldSet === set) return;
    const slot = this.paths.slot(path);
    if (set >= 0) this.#store.retain(set);
    if (oldSet >= 0) this.#store.release(oldSet);
    if (set >= 0 !== oldSet >= 0) this.#accepted[slot] = this.#accepted[slot]! + (set >= 0 ? 1 : -1);
    this.paths.setAttributes(path, this.paths.receivedSet(path), set);
    this.paths.set(path, PathField.ChangedAt, this.#clock.nowSec);
  }

  /** Paths of the net that came from the session. */
  #countPaths(net: number, slot: SessionSlot): number {
    let count = 0;
    for (let link = this.nets.records.get(net, NetField.FirstPath); link !== 0; ) {
      if (this.paths.slot(link - 1) === slot) count++;
      link = this.paths.get(link - 1, PathField.Next);
    }
    return count;
  }

  /** A record without attributes yet, at the head of the net's list. */
  #add(net: number, slot: SessionSlot, pathId: number): number {
    const { records } = this.nets;
    const path = this.paths.add(net, slot, pathId, records.get(net, NetField.FirstPath));
    records.set(net, NetField.FirstPath, path + 1);
    if (slot >= this.#received.length) this.#widenCounters(slot);
    this.#received[slot] = this.#received[slot]! + 1;
    this.#sessions.countReference(slot, 1);
    return path;
  }

  /** Looks at the path again although its attributes are the same: its source is treated otherwise now. */
  touch(path: number): void {
    this.paths.setModified(path, true);
    this.#markDirty(this.paths.get(path, PathField.Net));
  }

  /** Takes a path out of the Adj-RIB-In. @returns false when there was none. */
  remove(net: number, slot: SessionSlot, pathId: number): boolean {
    const paths = this.paths;
    const records = this.nets.records;
    let previous = -1;
    for (let link = records.get(net, NetField.FirstPath); link !== 0; ) {
      const path = link - 1;
      const next = paths.get(path, PathField.Next);
      if (paths.isFrom(path, slot, pathId)) {
        for (const consumer of this.#consumers) consumer.onPathGone(net, path);
        if (previous < 0) records.set(net, NetField.FirstPath, next);
        else paths.set(previous, PathField.Next, next);
        this.#free(path, slot);
        this.#markDirty(net);
        return true;
      }
      previous = path;
      link = next;
    }
    return false;
  }

  #free(path: number, slot: SessionSlot): void {
    const paths = this.paths;
    const set = paths.get(path, PathField.Set) - 1;
    this.#store.release(paths.receivedSet(path));
    if (set >= 0) this.#store.release(set);
    this.#received[slot] = this.#received[slot]! - 1;
    if (set >= 0) this.#accepted[slot] = this.#accepted[slot]! - 1;
    this.#sessions.countReference(slot, -1);
    paths.drop(path);
  }

  /** True when the record at `path` (below `paths.highWater`) holds a path. */
  isLive(path: number): boolean {
    return this.paths.isLive(path);
  }

  /**
   * Runs the decision process (RFC 4271 §9.1) over all nets that wait, and hands the changes to the consumers,
   * batch by batch. A net's id stays its own until the batch has ended.
   */
  decide(): void {
    while (this.#dirty.length > 0) {
      const count = Math.min(this.#dirty.length, DECISION_BATCH);
      for (let i = 0; i < count; i++) this.#batch[i] = this.#dirty.shift();
      for (let i = 0; i < count; i++) this.#hasOtherBest[i] = this.#decideNet(this.#batch[i]!) ? 1 : 0;
      for (const consumer of this.#consumers) consumer.onDecisions(this.#batch, count, this.#hasOtherBest);
      for (let i = 0; i < count; i++) this.nets.settle(this.#batch[i]!);
    }
  }

  /** @returns true when the best path is another, has other attributes, or is gone. */
  #decideNet(net: number): boolean {
    const chunk = this.nets.records.chunk(net);
    const base = this.nets.records.base(net);
    const oldLink = chunk[base + NetField.Best]!;
    const link = this.#select(net, chunk[base + NetField.FirstPath]!) + 1;
    if (link === 0) {
      if (oldLink === 0) return false;
      this.prefixes--;
    } else {
      if (link === oldLink && !this.paths.isModified(link - 1)) return false;
      this.paths.setModified(link - 1, false);
      if (oldLink === 0) this.prefixes++;
    }
    chunk[base + NetField.Best] = link;
    return true;
  }

  /** The best path of the net whose list begins with `firstLink`, or -1. */
  #select(net: number, firstLink: number): number {
    if (firstLink === 0) return -1;
    const chunk = this.paths.chunk(firstLink - 1);
    const base = this.paths.base(firstLink - 1);
    if (chunk[base + PathField.Next] === 0) {
      const isCandidate =
        chunk[base + PathField.Set] !== 0 && !this.#sessions.isGone(this.paths.slot(firstLink - 1));
      return isCandidate && this.isReachable(chunk[base + PathField.Set]! - 1) ? firstLink - 1 : -1;
    }
    const list = this.#candidates;
    list.clear();
    this.collectCandidates(net, list);
    return list.length === 1
      ? list.paths[0]!
      : selectBestPath(list, this.#store, this.#sessions, this.#decision.steps);
  }

  /** Adds the paths that take part in the decision on the net. */
  collectCandidates(net: number, list: CandidateList): void {
    const paths = this.paths;
    for (let link = this.nets.records.get(net, NetField.FirstPath); link !== 0; ) {
      const chunk = paths.chunk(link - 1);
      const base = paths.base(link - 1);
      const set = chunk[base + PathField.Set]! - 1;
      const slot = paths.slot(link - 1);
      if (set >= 0 && !this.#sessions.isGone(slot) && this.isReachable(set)) list.push(link - 1, set, slot);
      link = chunk[base + PathField.Next]!;
    }
  }

  /** The next hop of the attribute set can be reached, or nobody resolves it. */
  isReachable(set: number): boolean {
    return this.#nextHops === null || this.#nextHops.isReachable(this.#store, set);
  }

  #markDirty(net: number): void {
    if (this.nets.markDirty(net)) this.#dirty.push(net);
  }

  #widenCounters(slot: SessionSlot): void {
    this.#received = widen(this.#received, slot);
    this.#accepted = widen(this.#accepted, slot);
  }
}

function widen(counter: Int32Array, slot: number): Int32Array<ArrayBuffer> {
  const wide = new Int32Array(Math.max(slot + 1, counter.length * 2));
  wide.set(counter);
  return wide;
}
