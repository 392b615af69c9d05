/**
 * Members of an update group that are not where the others are: replays for joining and refreshed sessions,
 * and slow members that fell behind. Both read the group's Adj-RIB-Out as it is when their turn comes; members
 * at the same place of a replay share its encoding.
 */
import { encodeRouteRefresh } from '../packet/route-refresh.ts';
import { encodeEndOfRib } from '../packet/update/update-writer.ts';
import { NetField } from '../path/net-table.ts';
import { PathField } from '../path/path-table.ts';
import { type GroupParts, SLOW_BYTES } from './group-parts.ts';
import { type Member, NO_REPLAY } from './member.ts';
import { MAX_BATCH } from './pack-scratch.ts';

/** Queue length up to which a catching-up member is given more. */
const READY_BYTES = SLOW_BYTES / 4;

/** A replay stops at multiples of this, so that a slower one meets a faster one that waits. */
const REPLAY_BLOCK = MAX_BATCH;

export class CatchUp {
  readonly #parts: GroupParts;
  /** Members with something to do here. */
  readonly #behind = new Set<Member>();
  /** How many of them are not live. */
  #slow = 0;

  constructor(parts: GroupParts) {
    this.#parts = parts;
  }

  /** Takes over a member, whatever it has left to do. */
  adopt(member: Member): void {
    if (member.isLive && member.replayFrom === NO_REPLAY && !member.wantsEnd) return;
    this.#behind.add(member);
    if (!member.isLive) this.#slow++;
  }

  /** Starts the member's replay from the beginning. */
  replay(member: Member): void {
    member.replayFrom = 0;
    this.#behind.add(member);
  }

  /** Answers ROUTE-REFRESH: a replay, between markers where both ends know them (RFC 7313 §4). */
  refresh(member: Member): void {
    if (!member.hasRefreshMarkers) {
      this.replay(member);
    } else if (member.wantsEndOfRib) {
      member.wantsRefresh = true;
    } else {
      member.output.writeRefreshMarker(encodeRouteRefresh(this.#parts.context.family, 'begin'));
      member.wantsEndOfRefresh = true;
      this.replay(member);
    }
  }

  /** Takes the member out of the flushes until its socket has drained. */
  fallBehind(member: Member): void {
    member.isLive = false;
    this.#slow++;
    this.#behind.add(member);
    this.awaitDrain(member);
  }

  /** Asks for work once the member's socket has taken everything. */
  awaitDrain(member: Member): void {
    if (member.isBlocked) return;
    member.isBlocked = true;
    member.output.onceDrained(() => {
      member.isBlocked = false;
      this.#parts.host.requestWork();
    });
  }

  /** The member goes to another group, as it is. */
  release(member: Member): void {
    if (this.#behind.delete(member) && !member.isLive) this.#slow--;
  }

  /** The member's session is over. */
  forget(member: Member): void {
    this.release(member);
    const { nets } = this.#parts.tables;
    while (member.dirty.length > 0) nets.release(member.dirty.shift());
    while (member.gone.length > 0) {
      nets.release(member.gone.shift());
      member.gone.shift();
    }
  }

  /** The group flushes a change of the net: slow members must look at it when their turn comes. */
  noteChange(net: number): void {
    if (this.#slow === 0) return;
    for (const member of this.#behind) {
      if (member.isLive || member.isDirty.has(net)) continue;
      member.isDirty.add(net);
      this.#parts.tables.nets.retain(net);
      member.dirty.push(net);
    }
  }

  /** The group withdraws a path identifier. */
  noteGonePath(net: number, pathId: number): void {
    if (this.#slow === 0) return;
    for (const member of this.#behind) {
      if (member.isLive) continue;
      this.#parts.tables.nets.retain(net);
      member.gone.push(net);
      member.gone.push(pathId);
    }
  }

  /**
   * Goes on with every member whose socket is ready.
   * @param isFilled the Adj-RIB-Out is complete, and End-of-RIB may follow a replay.
   * @returns true when nothing is left that could go on now.
   */
  work(deadline: number, isFilled: boolean): boolean {
    let hasMore = false;
    for (const member of this.#behind) {
      if (member.isBlocked) continue;
      if (hasMore && this.#parts.host.now() >= deadline) return false;
      if (member.isLive) this.#advanceReplay(member);
      else this.#advanceSlow(member);
      this.#settle(member, isFilled);
      hasMore ||=
        this.#behind.has(member) && !member.isBlocked && (isFilled || member.replayFrom !== NO_REPLAY);
    }
    return !hasMore;
  }

  /** One block of the replay, for every member at the same place. */
  #advanceReplay(leader: Member): void {
    const from = leader.replayFrom;
    if (from === NO_REPLAY) return;
    const cohort = [...this.#behind].filter(
      (member) => member.isLive && !member.isBlocked && member.replayFrom === from,
    );
    const next = this.#packBlocks(from);
    const chunks = this.#parts.builder.take();
    for (const member of cohort) {
      member.write(chunks);
      member.replayFrom = next;
      if (member.output.queuedBytes() > READY_BYTES) this.awaitDrain(member);
    }
  }

  /** Packs Adj-RIB-Out entries from `from` up to a block's end. @returns where to go on, or `NO_REPLAY`. */
  #packBlocks(from: number): number {
    const { packer, tables, context } = this.#parts;
    const limit = context.addPath ? tables.paths.highWater : tables.nets.records.highWater;
    let index = from;
    while (index < limit && packer.isEmpty) {
      const end = Math.min(limit, index + REPLAY_BLOCK);
      for (; index < end; index++) this.#packEntry(index);
    }
    packer.pack();
    return index < limit ? index : NO_REPLAY;
  }

  #packEntry(index: number): void {
    const { adjRibOut, packer, context } = this.#parts;
    const set = adjRibOut.set(index);
    if (set < 0) return;
    packer.announce(adjRibOut.net(index), context.addPath ? index + 1 : 0, set, adjRibOut.slot(index));
  }

  #advanceSlow(member: Member): void {
    const { packer, builder, tables } = this.#parts;
    const released: number[] = [];
    while (member.gone.length > 0 && !packer.isFull) {
      const net = member.gone.shift();
      packer.withdraw(net, member.gone.shift(), 0);
      released.push(net);
    }
    for (let left = MAX_BATCH / 2; left > 0 && member.dirty.length > 0 && !packer.isFull; left--) {
      const net = member.dirty.shift();
      member.isDirty.delete(net);
      released.push(net);
      if (this.#parts.context.addPath) this.#packPathsFor(member, net);
      else this.#packBestFor(member, net);
    }
    packer.pack();
    if (member.dirty.length === 0 && member.gone.length === 0 && member.replayFrom !== NO_REPLAY) {
      member.replayFrom = this.#packBlocks(member.replayFrom);
    }
    member.write(builder.take());
    for (const net of released) tables.nets.release(net);
    if (member.output.queuedBytes() > READY_BYTES) this.awaitDrain(member);
  }

  /** What a slow member still holds of the net is unknown: it is told the present state, a withdrawal included. */
  #packBestFor(member: Member, net: number): void {
    const { adjRibOut, packer } = this.#parts;
    const set = adjRibOut.set(net);
    if (set >= 0 && adjRibOut.slot(net) !== member.slot) packer.announce(net, 0, set, adjRibOut.slot(net));
    else packer.withdraw(net, 0, 0);
  }

  #packPathsFor(member: Member, net: number): void {
    const { adjRibOut, packer, tables, builder } = this.#parts;
    const { nets, paths } = tables;
    for (let link = nets.records.get(net, NetField.FirstPath); link !== 0; ) {
      const path = link - 1;
      link = paths.get(path, PathField.Next);
      if (packer.isFull) {
        packer.pack();
        member.write(builder.take());
      }
      const set = adjRibOut.set(path);
      if (set >= 0) packer.announce(net, path + 1, set, adjRibOut.slot(path));
      else if (paths.slot(path) !== member.slot) packer.withdraw(net, path + 1, 0);
    }
  }

  /** Sends End-of-RIB or the end marker where it is due, and lets the member go when it is level with the others. */
  #settle(member: Member, isFilled: boolean): void {
    if (member.replayFrom !== NO_REPLAY) return;
    if (member.wantsEndOfRib && isFilled) {
      member.output.write(encodeEndOfRib(this.#parts.context.family));
      member.wantsEndOfRib = false;
      if (member.wantsRefresh) {
        member.wantsRefresh = false;
        this.refresh(member);
        return;
      }
    }
    if (member.wantsEndOfRefresh && isFilled) {
      member.output.writeRefreshMarker(encodeRouteRefresh(this.#parts.context.family, 'end'));
      member.wantsEndOfRefresh = false;
    }
    if (!member.isLive && member.dirty.length === 0 && member.gone.length === 0 && !member.isBlocked) {
      member.isLive = true;
      this.#slow--;
    }
    if (member.isLive && !member.wantsEnd) this.#behind.delete(member);
  }
}
