/** Follows the best routes of one family for the agent or a live stream: in batches, each net once however often it changes. */
import type { AttributeStore } from '../path/attribute-store.ts';
import { IdBitset } from '../path/id-bitset.ts';
import { IntQueue } from '../path/int-queue.ts';
import { NetField } from '../path/net-table.ts';
import { PathField } from '../path/path-table.ts';
import type { FamilyRib, RibConsumer } from '../rib/family-rib.ts';
import type { BestRouteSink } from '../rib/rib-view.ts';
import { LOCAL_SLOT, type SessionTable } from '../rib/session-table.ts';
import { type BestRouteBatch, bestRouteBatch } from './best-route-batch.ts';
import { nextHopText } from './route-decoding.ts';

/** Changes in one call of the sink. */
const BATCH = 1000;

/** Nets looked at in one slice of the replay. */
const REPLAY_SLICE = 1 << 14;

const REPLAYED = -1;
/** No attribute set. */
const NONE = 0;

export class BestRouteFeed implements RibConsumer {
  readonly #rib: FamilyRib;
  readonly #store: AttributeStore;
  readonly #sessions: SessionTable;
  readonly #sink: BestRouteSink;
  readonly #requestWork: () => void;
  readonly #queue = new IntQueue();
  readonly #isQueued = new IdBitset();
  /** Nets of which the sink has a route. Retained in the net table. */
  readonly #isReported = new IdBitset();
  /** Nets whose best path is another, or has other attributes, since they were described last. */
  readonly #hasOtherBest = new IdBitset();
  /** Next hops as the sink knows them, of nets with several. */
  readonly #shared = new Map<number, string>();
  /** Without a replay what is there is only noted, so that the sink is told when it goes. */
  readonly #isSilent: boolean;
  #replayFrom = 0;
  /** Set (as paths link it) and session of the last single next hop; for one batch, then sets may be other ones. */
  #lastSet = NONE;
  #lastSlot = LOCAL_SLOT;
  #lastHops: readonly string[] = [];

  constructor(
    rib: FamilyRib,
    store: AttributeStore,
    sessions: SessionTable,
    sink: BestRouteSink,
    options: { readonly replay: boolean; readonly requestWork: () => void },
  ) {
    this.#rib = rib;
    this.#store = store;
    this.#sessions = sessions;
    this.#sink = sink;
    this.#requestWork = options.requestWork;
    this.#isSilent = !options.replay;
    rib.addConsumer(this);
    this.#requestWork();
  }

  onDecisions(nets: Int32Array, count: number, hasOtherBest: Uint8Array): void {
    for (let i = 0; i < count; i++) {
      const net = nets[i]!;
      if (hasOtherBest[i] === 1) this.#hasOtherBest.add(net);
      else if (!this.#mayShare(net)) continue;
      this.#enqueue(net);
    }
  }

  /** Which paths share the traffic of the net may have changed although the best one has not. */
  #mayShare(net: number): boolean {
    if (this.#shared.has(net)) return true;
    const { nets, paths, decision } = this.#rib;
    if (decision.multipath === null) return false;
    const first = nets.records.get(net, NetField.FirstPath);
    return first !== 0 && paths.get(first - 1, PathField.Next) !== 0;
  }

  #enqueue(net: number): void {
    if (this.#isQueued.has(net)) return;
    this.#isQueued.add(net);
    this.#rib.nets.retain(net);
    this.#queue.push(net);
  }

  onPathGone(): void {
    // a best path that goes is a change of the best route
  }

  /** Delivers one batch. @returns true when nothing is left. */
  work(): boolean {
    this.#replaySome();
    const batch = bestRouteBatch(this.#sink, this.#rib.nets, Math.min(BATCH, this.#queue.length));
    this.#lastSet = NONE;
    while (this.#queue.length > 0 && batch.count < BATCH) {
      const net = this.#queue.shift();
      this.#isQueued.delete(net);
      this.#describe(net, batch);
      this.#rib.nets.release(net);
    }
    if (batch.count > 0) batch.deliver(this.#sink);
    return this.#queue.length === 0 && this.#replayFrom === REPLAYED;
  }

  #replaySome(): void {
    if (this.#replayFrom === REPLAYED) return;
    if (!this.#isSilent && this.#queue.length > 0) return;
    const { nets } = this.#rib;
    const end = Math.min(nets.records.highWater, this.#replayFrom + REPLAY_SLICE);
    for (let net = this.#replayFrom; net < end; net++) {
      if (!nets.inUse(net) || nets.records.get(net, NetField.Best) === 0) continue;
      if (this.#isSilent) {
        this.#note(net);
        continue;
      }
      this.#hasOtherBest.add(net);
      this.#enqueue(net);
    }
    if (end < nets.records.highWater || (!this.#isSilent && this.#queue.length > 0)) {
      this.#replayFrom = end;
      return;
    }
    this.#replayFrom = REPLAYED;
    if (!this.#isSilent) this.#sink.onReplayed(this.#rib.family);
  }

  /** From now on the sink knows of a route to this net, unless its best is our own. */
  #note(net: number): void {
    const { nets } = this.#rib;
    if (this.#slotOf(nets.records.get(net, NetField.Best)) === LOCAL_SLOT || this.#isReported.has(net))
      return;
    this.#isReported.add(net);
    nets.retain(net);
  }

  /** The session behind a net's link to its best path; a net without one counts as ours. */
  #slotOf(link: number): number {
    return link === 0 ? LOCAL_SLOT : this.#rib.paths.slot(link - 1);
  }

  #describe(net: number, batch: BestRouteBatch): void {
    const { nets } = this.#rib;
    const hasOtherBest = this.#hasOtherBest.has(net);
    this.#hasOtherBest.delete(net);
    const link = nets.records.get(net, NetField.Best);
    const slot = this.#slotOf(link);
    if (this.#sessions.isGone(slot)) return; // the next decision on the net tells what comes instead
    if (slot === LOCAL_SLOT) {
      this.#shared.delete(net);
      if (!this.#isReported.has(net)) return;
      batch.addGone(net);
      this.#isReported.delete(net);
      nets.release(net);
      return;
    }
    const hops = this.#hopsOf(net, link - 1);
    const isOtherSharing = this.#noteSharing(net, hops);
    if (!hasOtherBest && !isOtherSharing) return;
    this.#note(net);
    batch.add(net, hops, this.#sessions.nameOf(slot));
  }

  /** Next hops of the paths that share the traffic; one value while neighbours have the same. */
  #hopsOf(net: number, best: number): readonly string[] {
    const { paths, decision } = this.#rib;
    const sharing = decision.multipath === null ? null : this.#rib.sharingPaths(net);
    if (sharing !== null && sharing.length > 1) return sharing.map((path) => this.#hopOf(path));
    const set = paths.get(best, PathField.Set);
    const slot = paths.slot(best);
    if (set !== this.#lastSet || slot !== this.#lastSlot) {
      const hop = this.#hopOf(best);
      if (this.#lastHops[0] !== hop) this.#lastHops = [hop];
      this.#lastSet = set;
      this.#lastSlot = slot;
    }
    return this.#lastHops;
  }

  #hopOf(path: number): string {
    const { paths } = this.#rib;
    return nextHopText(
      this.#store,
      paths.get(path, PathField.Set) - 1,
      this.#sessions.zoneOf(paths.slot(path)),
    );
  }

  /** @returns true when other next hops share the traffic than the sink knows of. */
  #noteSharing(net: number, hops: readonly string[]): boolean {
    if (hops.length === 1 && this.#shared.size === 0) return false;
    const text = hops.length > 1 ? hops.join(' ') : undefined;
    if (this.#shared.get(net) === text) return false;
    if (text === undefined) this.#shared.delete(net);
    else this.#shared.set(net, text);
    return true;
  }

  close(): void {
    this.#rib.removeConsumer(this);
    const { nets } = this.#rib;
    while (this.#queue.length > 0) nets.release(this.#queue.shift());
    for (let net = 0; net < nets.records.highWater; net++) if (this.#isReported.has(net)) nets.release(net);
  }
}
