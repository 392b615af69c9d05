/**
 * The Adj-RIBs-In and the Loc-RIB of one family (RFC 4271 §3.2) in one place: every path of every session, in
 * a list for each net, and each net's best path. Received and accepted differ by import policy only: a
 * rejected path stays, so that a new policy needs no refresh. What changes is handed to the consumers.
 */
import { CandidateList } from '../decision/candidates.ts';
import { selectBestPath } from '../decision/select-best-path.ts';
import type { Family } from '../net/index.ts';
import type { AttributeStore } from '../path/attribute-store.ts';
import { IntQueue } from '../path/int-queue.ts';
import { Ipv4NetTable } from '../path/ipv4-net-table.ts';
import { Ipv6NetTable } from '../path/ipv6-net-table.ts';
import { NetField, type NetTable } from '../path/net-table.ts';
import { PathField, PathTable } from '../path/path-table.ts';
import { REJECTED } from '../policy/compile-policy.ts';
import type { SessionSlot } from './rib-port.ts';
import type { SessionTable } from './session-table.ts';

/** Who follows the routes of the family: update groups and best-route subscribers. */
export interface RibConsumer {
  /** The best path of the net is another, or has other attributes, or is gone. */
  onBestChange(net: number): void;
  /** Any path of the net changed. */
  onPathChange(net: number): void;
  /** The path is about to be freed. */
  onPathGone(net: number, path: number): void;
}

/** Marks the Slot field of a freed path record. */
const FREED = -1;

export class FamilyRib {
  readonly family: Family;
  readonly nets: NetTable;
  readonly paths = new PathTable();
  /** A new array at every change, so that loops over it stay cheap. */
  #consumers: readonly RibConsumer[] = [];
  readonly #store: AttributeStore;
  readonly #sessions: SessionTable;
  readonly #nowSec: () => number;
  readonly #dirty = new IntQueue();
  readonly #candidates = new CandidateList();
  #received = new Int32Array(64);
  #accepted = new Int32Array(64);
  /** Nets that have a best path. */
  prefixes = 0;

  /** @param nowSec whole seconds of a monotonic clock. */
  constructor(family: Family, store: AttributeStore, sessions: SessionTable, nowSec: () => number) {
    this.family = family;
    this.nets = family === 'ipv4' ? new Ipv4NetTable() : new Ipv6NetTable();
    this.#store = store;
    this.#sessions = sessions;
    this.#nowSec = nowSec;
  }

  addConsumer(consumer: RibConsumer): void {
    this.#consumers = [...this.#consumers, consumer];
  }

  removeConsumer(consumer: RibConsumer): void {
    this.#consumers = this.#consumers.filter((other) => other !== consumer);
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
      const path = link - 1;
      if (paths.get(path, PathField.Slot) === slot && paths.get(path, PathField.PathId) === pathId)
        return path;
      link = paths.get(path, PathField.Next);
    }
    return -1;
  }

  /**
   * Puts a path into the Adj-RIB-In, in place of an earlier one of the same session and path identifier.
   * @param receivedSet attributes as received; @param set after import policy, or `REJECTED`.
   */
  put(net: number, slot: SessionSlot, pathId: number, receivedSet: number, set: number): void {
    const paths = this.paths;
    let path = this.findPath(net, slot, pathId);
    if (path >= 0) {
      const oldReceived = paths.get(path, PathField.ReceivedSet);
      const oldSet = paths.get(path, PathField.Set) - 1;
      if (oldReceived === receivedSet && oldSet === set) return;
      this.#store.retain(receivedSet);
      if (set !== REJECTED) this.#store.retain(set);
      this.#store.release(oldReceived);
      if (oldSet >= 0) this.#store.release(oldSet);
      this.#count(this.#accepted, slot, (set >= 0 ? 1 : 0) - (oldSet >= 0 ? 1 : 0));
    } else {
      path = paths.alloc();
      paths.set(path, PathField.Net, net);
      paths.set(path, PathField.Slot, slot);
      paths.set(path, PathField.PathId, pathId);
      paths.set(path, PathField.Next, this.nets.records.get(net, NetField.FirstPath));
      this.nets.records.set(net, NetField.FirstPath, path + 1);
      this.#store.retain(receivedSet);
      if (set !== REJECTED) this.#store.retain(set);
      this.#addSession(slot, set >= 0 ? 1 : 0);
    }
    paths.set(path, PathField.ReceivedSet, receivedSet);
    paths.set(path, PathField.Set, set + 1);
    paths.set(path, PathField.ChangedAt, this.#nowSec());
    paths.set(path, PathField.IsModified, 1);
    this.#markDirty(net);
  }

  /** Looks at the path again although its attributes are the same: its source is treated otherwise now. */
  touch(path: number): void {
    this.paths.set(path, PathField.IsModified, 1);
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
      if (paths.get(path, PathField.Slot) === slot && paths.get(path, PathField.PathId) === pathId) {
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
    this.#store.release(paths.get(path, PathField.ReceivedSet));
    if (set >= 0) this.#store.release(set);
    this.#count(this.#received, slot, -1);
    if (set >= 0) this.#count(this.#accepted, slot, -1);
    this.#sessions.countReference(slot, -1);
    paths.set(path, PathField.Slot, FREED);
    paths.free(path);
  }

  /** True when the record at `path` (below `paths.highWater`) holds a path. */
  isLive(path: number): boolean {
    return this.paths.get(path, PathField.Slot) !== FREED;
  }

  /** Runs the decision process over at most `limit` waiting nets (RFC 4271 §9.1). */
  decide(limit: number): void {
    for (let left = limit; left > 0 && this.#dirty.length > 0; left--) {
      const net = this.#dirty.shift();
      this.nets.clearDirty(net);
      this.#decideNet(net);
      this.nets.freeIfUnused(net);
    }
  }

  #decideNet(net: number): void {
    const records = this.nets.records;
    const paths = this.paths;
    const oldLink = records.get(net, NetField.Best);
    const link = this.#select(net) + 1;
    const hasOtherBest = link !== oldLink || (link !== 0 && paths.get(link - 1, PathField.IsModified) === 1);
    for (const consumer of this.#consumers) consumer.onPathChange(net);
    if (!hasOtherBest) return;
    records.set(net, NetField.Best, link);
    if (link !== 0) paths.set(link - 1, PathField.IsModified, 0);
    this.prefixes += (link === 0 ? 0 : 1) - (oldLink === 0 ? 0 : 1);
    for (const consumer of this.#consumers) consumer.onBestChange(net);
  }

  /** The best path of the net, or -1. */
  #select(net: number): number {
    const list = this.#candidates;
    list.clear();
    this.collectCandidates(net, list);
    return list.length === 1 ? list.paths[0]! : selectBestPath(list, this.#store, this.#sessions);
  }

  /** Adds the paths that take part in the decision on the net. */
  collectCandidates(net: number, list: CandidateList): void {
    const paths = this.paths;
    for (let link = this.nets.records.get(net, NetField.FirstPath); link !== 0; ) {
      const path = link - 1;
      const set = paths.get(path, PathField.Set) - 1;
      const slot = paths.get(path, PathField.Slot);
      if (set >= 0 && !this.#sessions.isGone(slot)) list.push(path, set, slot);
      link = paths.get(path, PathField.Next);
    }
  }

  #markDirty(net: number): void {
    if (this.nets.markDirty(net)) this.#dirty.push(net);
  }

  #addSession(slot: SessionSlot, accepted: number): void {
    this.#count(this.#received, slot, 1);
    if (accepted > 0) this.#count(this.#accepted, slot, 1);
    this.#sessions.countReference(slot, 1);
  }

  /** Counters grow together, so `counter` is one of the two present arrays. */
  #count(counter: Int32Array, slot: SessionSlot, difference: number): void {
    if (slot < counter.length) {
      counter[slot] = counter[slot]! + difference;
      return;
    }
    const isReceived = counter === this.#received;
    this.#received = widen(this.#received, slot);
    this.#accepted = widen(this.#accepted, slot);
    this.#count(isReceived ? this.#received : this.#accepted, slot, difference);
  }
}

function widen(counter: Int32Array, slot: number): Int32Array<ArrayBuffer> {
  const wide = new Int32Array(Math.max(slot + 1, counter.length * 2));
  wide.set(counter);
  return wide;
}
