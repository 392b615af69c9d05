/**
 * Sessions that are sent the same routes: the changes of a flush are packed and encoded once and the same
 * buffers go to every member. Changes are collected per net, so that a burst of changes to one prefix leaves
 * as one. What the members know is one shared Adj-RIB-Out.
 *
 * A joining member gets every flush at once and, beside it, a replay of the Adj-RIB-Out in slices. A member
 * that reads more slowly than the others falls behind: it is taken out of the flushes, collects the nets that
 * change, and is brought up to date from the Adj-RIB-Out when its socket drains. Its memory is bounded by its
 * socket's queue and one bit for each net. Invariant: a live member without replay holds exactly the
 * Adj-RIB-Out less its own routes.
 */
import { IdBitset } from '../path/id-bitset.ts';
import { IntQueue } from '../path/int-queue.ts';
import { NetField } from '../path/net-table.ts';
import { PathField } from '../path/path-table.ts';
import { AdjRibOut } from '../rib/adj-rib-out.ts';
import type { SessionOutput, SessionSlot } from '../rib/rib-port.ts';
import { CatchUp } from './catch-up.ts';
import type { ExportContext } from './export-context.ts';
import { ExportEvaluator, type FamilyTables } from './export-evaluator.ts';
import { type GroupHost, SLOW_BYTES } from './group-parts.ts';
import { Member } from './member.ts';
import { MessagePacker } from './message-packer.ts';
import { ChunkBuilder, type OutputChunk } from './output-chunk.ts';
import { MAX_BATCH } from './pack-scratch.ts';

/** Longest time that a group waits for its members when most of them are slow. */
const MAX_PAUSE_MS = 200;

/** Nets looked at in one slice of filling a new group. */
const FILL_SLICE = 1 << 15;

const FILLED = -1;

export class UpdateGroup {
  readonly context: ExportContext;
  readonly adjRibOut: AdjRibOut;
  readonly members = new Map<SessionSlot, Member>();
  readonly evaluator: ExportEvaluator;
  readonly #tables: FamilyTables;
  readonly #host: GroupHost;
  readonly #packer: MessagePacker;
  readonly #builder: ChunkBuilder;
  readonly #catchUp: CatchUp;
  readonly #queue = new IntQueue();
  readonly #isQueued = new IdBitset();
  /** With ADD-PATH: triples of net, path identifier and source slot of paths that are gone. */
  readonly #gonePaths = new IntQueue();
  /** Nets that a new source must be told to forget: it had the old source's route. By slot. */
  readonly #takenOver = new Map<SessionSlot, number[]>();
  /** Nets of the present batch, to be released once it is encoded. */
  readonly #batchNets: number[] = [];
  /** Where filling from the Loc-RIB goes on, or `FILLED`. */
  #fillFrom = 0;
  #pausedSince: number | null = null;
  /** Between `open` and `close`. */
  #isOpen = false;
  #hasWritten = false;

  /** @param adjRibOut what the members to come hold already; filling finds the differences. */
  constructor(
    tables: FamilyTables,
    context: ExportContext,
    host: GroupHost,
    adjRibOut = new AdjRibOut(tables.store, tables.nets, tables.sessions, context.addPath),
  ) {
    this.#tables = tables;
    this.context = context;
    this.#host = host;
    this.adjRibOut = adjRibOut;
    this.evaluator = new ExportEvaluator(tables, context);
    this.#builder = new ChunkBuilder(tables.scratch.chunk, context.maxMessageBytes);
    this.#packer = new MessagePacker(tables, context, this.#builder);
    this.#catchUp = new CatchUp({
      tables,
      context,
      adjRibOut: this.adjRibOut,
      packer: this.#packer,
      builder: this.#builder,
      host,
    });
  }

  /** Routes that the member in `slot` has been or is being sent. */
  advertisedTo(slot: SessionSlot): number {
    return this.adjRibOut.size - this.adjRibOut.sizeOf(slot);
  }

  /** True when the Adj-RIB-Out is what the Loc-RIB and the policy say. */
  get isSettled(): boolean {
    return this.#fillFrom === FILLED && this.#hasNoChanges;
  }

  get #hasNoChanges(): boolean {
    return this.#queue.length === 0 && this.#gonePaths.length === 0;
  }

  /** The routes of a net may have changed. O(1); each net waits at most once. */
  enqueue(net: number): void {
    if (this.#isQueued.has(net)) return;
    this.#isQueued.add(net);
    this.#tables.nets.retain(net);
    this.#queue.push(net);
  }

  /** A path is about to be freed: with ADD-PATH its identifier must be withdrawn. */
  onPathGone(net: number, path: number): void {
    if (!this.context.addPath || this.adjRibOut.set(path) < 0) return;
    this.#tables.nets.retain(net);
    this.#gonePaths.push(net);
    this.#gonePaths.push(path + 1);
    this.#gonePaths.push(this.adjRibOut.slot(path));
    this.adjRibOut.replace(path, net, -1, 0);
  }

  /** Adds a session that holds nothing yet; End-of-RIB follows its initial routes. */
  join(slot: SessionSlot, output: SessionOutput, hasRefreshMarkers: boolean): void {
    const member = new Member(slot, output, hasRefreshMarkers);
    member.wantsEndOfRib = true;
    if (this.adjRibOut.size > 0) member.replayFrom = 0;
    this.adopt(member);
  }

  /** Takes over a member whose routes are those of this group's Adj-RIB-Out. */
  adopt(member: Member): void {
    this.members.set(member.slot, member);
    this.#catchUp.adopt(member);
    this.#host.requestWork();
  }

  /** Hands the member to another group. */
  release(slot: SessionSlot): Member | null {
    const member = this.members.get(slot) ?? null;
    if (member === null) return null;
    this.members.delete(slot);
    this.#catchUp.release(member);
    return member;
  }

  /** The session is over. */
  leave(slot: SessionSlot): void {
    const member = this.members.get(slot);
    if (member === undefined) return;
    this.members.delete(slot);
    this.#catchUp.forget(member);
  }

  /** Sends the whole Adj-RIB-Out again, because its routes leave with other attributes now. */
  resend(slot: SessionSlot): void {
    const member = this.members.get(slot);
    if (member === undefined) return;
    this.#catchUp.replay(member);
    this.#host.requestWork();
  }

  /** Sends the whole Adj-RIB-Out again as a refresh (RFC 2918, RFC 7313). */
  refresh(slot: SessionSlot): void {
    const member = this.members.get(slot);
    if (member === undefined) return;
    this.#catchUp.refresh(member);
    this.#host.requestWork();
  }

  /** Makes this new group's Adj-RIB-Out a copy of `origin`'s, for members that move from there. */
  copyFrom(origin: UpdateGroup): void {
    for (const index of origin.#indices()) {
      const set = origin.adjRibOut.set(index);
      if (set >= 0)
        this.adjRibOut.replace(index, origin.adjRibOut.net(index), set, origin.adjRibOut.slot(index));
    }
  }

  /** Takes over the withdrawals of path identifiers that `origin` has not sent yet. */
  takeGonePaths(origin: UpdateGroup): void {
    while (origin.#gonePaths.length > 0) this.#gonePaths.push(origin.#gonePaths.shift());
  }

  /** Gives back what waits to be packed; the group has no members any more. */
  abandon(): void {
    const { nets } = this.#tables;
    while (this.#queue.length > 0) nets.release(this.#queue.shift());
    while (this.#gonePaths.length > 0) {
      nets.release(this.#gonePaths.shift());
      this.#gonePaths.shift();
      this.#gonePaths.shift();
    }
  }

  /** Gives back the Adj-RIB-Out, a stretch at each step, after `abandon`. */
  *dispose(): Generator<void> {
    let seen = 0;
    for (const index of this.#indices()) {
      if (this.adjRibOut.set(index) >= 0) this.adjRibOut.replace(index, this.adjRibOut.net(index), -1, 0);
      if (++seen % FILL_SLICE === 0) yield;
    }
  }

  *#indices(): Generator<number> {
    const { nets, paths } = this.#tables;
    const limit = this.context.addPath ? paths.highWater : nets.records.highWater;
    for (let index = 0; index < limit; index++) yield index;
  }

  /** Decisions follow: takes them as they come, unless the group waits for its members. */
  open(): void {
    this.#isOpen = !this.#mustWait();
    if (this.#isOpen) this.#collectGonePaths();
  }

  /** The routes of a net may have changed; its id is its own until `close`. */
  offer(net: number): void {
    if (this.#isOpen) this.#collect(net);
    else this.enqueue(net);
  }

  /** Sends what was offered. @returns true when something was written. */
  close(): boolean {
    if (!this.#isOpen) return false;
    this.#isOpen = false;
    return this.#emit();
  }

  /**
   * Packs and sends what waits in the queue, until `deadline` on the host's clock, but at least one batch.
   * @returns true when something was written.
   */
  flush(deadline: number): boolean {
    this.#fill();
    if (this.#hasNoChanges || this.#mustWait()) return false;
    let hasWritten = false;
    do {
      this.#collectGonePaths();
      for (let left = MAX_BATCH; left > 0 && this.#queue.length > 0; left--) {
        const net = this.#queue.shift();
        this.#isQueued.delete(net);
        this.#batchNets.push(net);
        this.#collect(net);
      }
      hasWritten = this.#emit() || hasWritten;
    } while (!this.#hasNoChanges && this.#host.now() < deadline);
    return hasWritten;
  }

  /** Waits for slow members. */
  get isPaused(): boolean {
    return this.#pausedSince !== null;
  }

  /** Replays and slow members. @returns true when nothing of it is left that could go on now. */
  catchUp(deadline: number): boolean {
    return this.#catchUp.work(deadline, this.isSettled && !this.#host.holdsEndOfRib(this.context.family));
  }

  /** Queues another stretch of the Loc-RIB, while the group is new. */
  #fill(): void {
    if (this.#fillFrom === FILLED) return;
    const { records } = this.#tables.nets;
    const end = Math.min(records.highWater, this.#fillFrom + FILL_SLICE);
    for (let net = this.#fillFrom; net < end; net++) {
      const hasRoute = this.#tables.nets.inUse(net) && records.get(net, NetField.FirstPath) !== 0;
      if (hasRoute || (!this.context.addPath && this.adjRibOut.set(net) >= 0)) this.enqueue(net);
    }
    this.#fillFrom = end === records.highWater ? FILLED : end;
  }

  #collectGonePaths(): void {
    while (this.#gonePaths.length > 0) {
      if (this.#packer.isFull) this.#send();
      const net = this.#gonePaths.shift();
      const pathId = this.#gonePaths.shift();
      this.#packer.withdraw(net, pathId, this.#gonePaths.shift());
      this.#catchUp.noteGonePath(net, pathId);
      this.#batchNets.push(net);
    }
  }

  #collect(net: number): void {
    if (this.#packer.isFull) this.#send();
    const hasChanged = this.context.addPath ? this.#collectPaths(net) : this.#collectBest(net);
    if (hasChanged) this.#catchUp.noteChange(net);
  }

  #collectBest(net: number): boolean {
    const link = this.#tables.nets.records.get(net, NetField.Best);
    const set = link === 0 ? -1 : this.evaluator.evaluate(net, link - 1);
    const oldSet = this.adjRibOut.set(net);
    const oldSlot = this.adjRibOut.slot(net);
    if (set < 0) {
      if (oldSet >= 0) this.#withdraw(net, net, 0, oldSlot);
      return oldSet >= 0;
    }
    const slot = this.#tables.paths.slot(link - 1);
    if (set === oldSet && slot === oldSlot) return false;
    if (oldSet >= 0 && oldSlot !== slot) this.#noteTakenOver(net, slot);
    this.#announce(net, net, 0, set, slot);
    return true;
  }

  #collectPaths(net: number): boolean {
    const { nets, paths } = this.#tables;
    let hasChanged = false;
    for (let link = nets.records.get(net, NetField.FirstPath); link !== 0; ) {
      const path = link - 1;
      link = paths.get(path, PathField.Next);
      const set = this.evaluator.evaluate(net, path);
      const oldSet = this.adjRibOut.set(path);
      if (set === oldSet) continue;
      if (this.#packer.isFull) this.#send();
      const slot = paths.slot(path);
      if (set < 0) this.#withdraw(path, net, path + 1, slot);
      else this.#announce(path, net, path + 1, set, slot);
      hasChanged = true;
    }
    return hasChanged;
  }

  #announce(index: number, net: number, pathId: number, set: number, slot: number): void {
    this.adjRibOut.replace(index, net, set, slot);
    this.#packer.announce(net, pathId, set, slot);
  }

  #withdraw(index: number, net: number, pathId: number, slot: number): void {
    this.adjRibOut.replace(index, net, -1, 0);
    this.#packer.withdraw(net, pathId, slot);
  }

  #noteTakenOver(net: number, slot: SessionSlot): void {
    const member = this.members.get(slot);
    if (member === undefined || !member.isLive) return;
    const nets = this.#takenOver.get(slot);
    if (nets === undefined) this.#takenOver.set(slot, [net]);
    else nets.push(net);
  }

  /** @returns true when something was written. */
  #emit(): boolean {
    this.#send();
    for (const [slot, nets] of this.#takenOver) this.#withdrawFrom(slot, nets);
    this.#takenOver.clear();
    for (const net of this.#batchNets) this.#tables.nets.release(net);
    this.#batchNets.length = 0;
    const hasWritten = this.#hasWritten;
    this.#hasWritten = false;
    return hasWritten;
  }

  #send(): void {
    this.#packer.pack();
    this.#deliver(this.#builder.take());
  }

  #withdrawFrom(slot: SessionSlot, nets: readonly number[]): void {
    for (const net of nets) this.#packer.withdraw(net, 0, 0);
    this.#packer.pack();
    this.members.get(slot)?.write(this.#builder.take());
  }

  #deliver(chunks: readonly OutputChunk[]): void {
    if (chunks.length === 0) return;
    this.members.forEach((member) => {
      if (member.isLive && member.write(chunks)) this.#hasWritten = true;
    });
  }

  /**
   * Flow control: a few slow members are taken out of the flushes; when most are slow, the group waits a
   * while for them, because encoding for each alone would cost more than waiting.
   */
  #mustWait(): boolean {
    const slow: Member[] = [];
    let live = 0;
    // For each single change: an iterator would make an object for each member.
    this.members.forEach((member) => {
      if (!member.isLive) return;
      live++;
      if (member.output.queuedBytes() > SLOW_BYTES) slow.push(member);
    });
    if (slow.length === 0) {
      this.#pausedSince = null;
      return false;
    }
    const now = this.#host.now();
    this.#pausedSince ??= now;
    if (slow.length * 2 > live && now - this.#pausedSince < MAX_PAUSE_MS) {
      this.#host.requestWorkAfter(MAX_PAUSE_MS);
      for (const member of slow) this.#catchUp.awaitDrain(member);
      return true;
    }
    this.#pausedSince = null;
    for (const member of slow) this.#catchUp.fallBehind(member);
    return false;
  }
}
