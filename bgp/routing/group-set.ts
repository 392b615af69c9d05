/**
 * The update groups of one family: who is in which, and what happens when a session's export context changes.
 * A whole group that changes takes its Adj-RIB-Out along and only the differences are sent; part of a group
 * gets a copy of it.
 */
import type { Family } from '../net/index.ts';
import type { FamilyRib, RibConsumer } from '../rib/family-rib.ts';
import type { SessionSlot } from '../rib/rib-port.ts';
import type { SessionEntry } from '../rib/session-table.ts';
import {
  type ExportContext,
  exportContext,
  updateGroupKey,
  writesAlike,
} from '../update-group/export-context.ts';
import type { FamilyTables } from '../update-group/export-evaluator.ts';
import type { GroupHost } from '../update-group/group-parts.ts';
import { UpdateGroup } from '../update-group/update-group.ts';

interface Move {
  readonly from: UpdateGroup;
  readonly key: string;
  readonly context: ExportContext;
  readonly slots: SessionSlot[];
}

export class GroupSet implements RibConsumer {
  readonly #family: Family;
  readonly #tables: FamilyTables;
  readonly #host: GroupHost;
  /** Newest first within a key: joiners go to the first. */
  readonly #byKey = new Map<string, UpdateGroup[]>();
  readonly #groupOf = new Map<SessionSlot, UpdateGroup>();
  #bestGroups: readonly UpdateGroup[] = [];
  #pathGroups: readonly UpdateGroup[] = [];
  readonly #changed = new Map<SessionSlot, SessionEntry>();
  readonly #disposals: Generator<void>[] = [];
  /** A batch of decisions was written since this was last set to false. */
  hasWritten = false;

  constructor(rib: FamilyRib, tables: FamilyTables, host: GroupHost) {
    this.#family = rib.family;
    this.#tables = tables;
    this.#host = host;
    rib.addConsumer(this);
  }

  onDecisions(nets: Int32Array, count: number, hasOtherBest: Uint8Array): void {
    for (const group of this.#bestGroups) {
      group.open();
      for (let i = 0; i < count; i++) if (hasOtherBest[i] === 1) group.offer(nets[i]!);
      this.hasWritten = group.close() || this.hasWritten;
    }
    for (const group of this.#pathGroups) {
      group.open();
      for (let i = 0; i < count; i++) group.offer(nets[i]!);
      this.hasWritten = group.close() || this.hasWritten;
    }
  }

  onPathGone(net: number, path: number): void {
    for (const group of this.#pathGroups) group.onPathGone(net, path);
  }

  groupOf(slot: SessionSlot): UpdateGroup | null {
    return this.#groupOf.get(slot) ?? null;
  }

  join(entry: SessionEntry): void {
    if (!entry.session.families.includes(this.#family)) return;
    const context = exportContext(entry.session, this.#family, this.#host.drain());
    const key = updateGroupKey(context);
    const group =
      this.#byKey.get(key)?.[0] ?? this.#add(key, new UpdateGroup(this.#tables, context, this.#host));
    this.#groupOf.set(entry.slot, group);
    group.join(entry.slot, entry.output, entry.session.enhancedRefresh);
  }

  leave(slot: SessionSlot): void {
    const group = this.#groupOf.get(slot);
    if (group === undefined) return;
    this.#groupOf.delete(slot);
    this.#changed.delete(slot);
    group.leave(slot);
    if (group.members.size === 0) this.#retire(group, true);
  }

  /** The session's policies or client status may be others now; `applyChanges` does the rest. */
  change(entry: SessionEntry): void {
    if (this.#groupOf.has(entry.slot)) this.#changed.set(entry.slot, entry);
  }

  resend(slot: SessionSlot): void {
    this.#groupOf.get(slot)?.resend(slot);
  }

  refresh(slot: SessionSlot): void {
    this.#groupOf.get(slot)?.refresh(slot);
  }

  get groups(): readonly UpdateGroup[] {
    return this.#bestGroups.length === 0 ? this.#pathGroups : [...this.#bestGroups, ...this.#pathGroups];
  }

  /** Moves the changed sessions, all that change in the same way together. */
  applyChanges(): void {
    if (this.#changed.size === 0) return;
    for (const move of this.#collectMoves()) this.#move(move);
  }

  #collectMoves(): Move[] {
    const moves: Move[] = [];
    for (const entry of this.#changed.values()) {
      const from = this.#groupOf.get(entry.slot);
      if (from === undefined) continue;
      const context = exportContext(entry.session, this.#family, this.#host.drain());
      const key = updateGroupKey(context);
      if (key === updateGroupKey(from.context)) continue;
      const known = moves.find((move) => move.from === from && move.key === key);
      if (known === undefined) moves.push({ from, key, context, slots: [entry.slot] });
      else known.slots.push(entry.slot);
    }
    this.#changed.clear();
    return moves;
  }

  #move({ from, key, context, slots }: Move): void {
    const isWhole = slots.length === from.members.size;
    const group = isWhole
      ? new UpdateGroup(this.#tables, context, this.#host, from.adjRibOut)
      : new UpdateGroup(this.#tables, context, this.#host);
    if (isWhole) group.takeGonePaths(from);
    else group.copyFrom(from);
    this.#add(key, group);
    for (const slot of slots) {
      const member = from.release(slot);
      if (member === null) continue;
      this.#groupOf.set(slot, group);
      group.adopt(member);
      if (!writesAlike(from.context, context)) group.resend(slot);
    }
    if (isWhole) this.#retire(from, false);
  }

  /** One stretch of giving back the memory of groups that ended. @returns true when nothing is left. */
  disposeSome(): boolean {
    const disposal = this.#disposals[0];
    if (disposal === undefined) return true;
    if (disposal.next().done === true) this.#disposals.shift();
    return this.#disposals.length === 0;
  }

  /** Two settled groups of one key have the same Adj-RIB-Out: the younger gives its members to the older. */
  mergeSettled(): void {
    for (const [younger, older] of [...this.#byKey.values()]) {
      if (younger === undefined || older === undefined || !younger.isSettled || !older.isSettled) continue;
      for (const slot of [...younger.members.keys()]) {
        const member = younger.release(slot);
        if (member === null) continue;
        this.#groupOf.set(slot, older);
        older.adopt(member);
      }
      this.#retire(younger, true);
    }
  }

  #add(key: string, group: UpdateGroup): UpdateGroup {
    const groups = this.#byKey.get(key);
    if (groups === undefined) this.#byKey.set(key, [group]);
    else groups.unshift(group);
    this.#relist();
    return group;
  }

  #retire(group: UpdateGroup, ownsAdjRibOut: boolean): void {
    const key = updateGroupKey(group.context);
    const left = (this.#byKey.get(key) ?? []).filter((other) => other !== group);
    if (left.length > 0) this.#byKey.set(key, left);
    else this.#byKey.delete(key);
    this.#relist();
    group.abandon();
    if (ownsAdjRibOut) this.#disposals.push(group.dispose());
    this.#host.requestWork();
  }

  #relist(): void {
    const all = [...this.#byKey.values()].flat();
    this.#bestGroups = all.filter((group) => !group.context.addPath);
    this.#pathGroups = all.filter((group) => group.context.addPath);
  }
}
