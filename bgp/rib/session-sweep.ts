/**
 * Removes the paths of ended sessions and those that a refresh has shown to be stale, and evaluates those of live
 * sessions again after a policy change, in slices: one pass over the path records serves all that wait for it.
 */
import { PathField } from '../path/path-table.ts';
import type { FamilyRib } from './family-rib.ts';
import type { SessionSlot } from './rib-port.ts';
import type { SessionTable } from './session-table.ts';

/** Path records looked at in one slice. */
const SLICE = 1 << 14;

export class SessionSweep {
  readonly #rib: FamilyRib;
  readonly #sessions: SessionTable;
  readonly #reevaluate: (path: number) => void;
  /** Sessions whose paths are to be evaluated again in the present pass, and in the next. */
  #stale = new Set<SessionSlot>();
  #nextStale = new Set<SessionSlot>();
  /** Sessions whose refresh has ended: in the present pass, and in the next. */
  #ended = new Set<SessionSlot>();
  #nextEnded = new Set<SessionSlot>();
  #cursor = -1;
  #needsPass = false;

  constructor(rib: FamilyRib, sessions: SessionTable, reevaluate: (path: number) => void) {
    this.#rib = rib;
    this.#sessions = sessions;
    this.#reevaluate = reevaluate;
  }

  /** BoRR (RFC 7313 §4); one that comes before the last sweep is done takes its place. */
  onRefreshBegins(slot: SessionSlot): void {
    this.#ended.delete(slot);
    this.#nextEnded.delete(slot);
    this.#rib.refreshed.begin(slot);
  }

  /** EoRR: what the session did not send since BoRR will be removed. Without a BoRR nothing happens. */
  onRefreshEnds(slot: SessionSlot): void {
    if (!this.#rib.refreshed.isUnderWay(slot) || this.#ended.has(slot)) return;
    this.#nextEnded.add(slot);
    this.#needsPass = true;
  }

  /** A session is over and keeps its paths: a refresh of the peer's that was under way will not end. */
  onSuspended(slot: SessionSlot): void {
    if (!this.#ended.has(slot) && !this.#nextEnded.has(slot)) this.#rib.refreshed.end(slot);
  }

  /** All paths of a session that goes on are removed. */
  onFamilyGone(slot: SessionSlot): void {
    if (this.#rib.received(slot) === 0) return;
    this.onRefreshBegins(slot);
    this.onRefreshEnds(slot);
  }

  /** A session ended; its slot is marked as gone. */
  onSessionGone(slot: SessionSlot): void {
    this.#ended.delete(slot);
    this.#nextEnded.delete(slot);
    this.#rib.refreshed.end(slot);
    if (this.#rib.received(slot) > 0) this.#needsPass = true;
  }

  /** The import policy, or what loops are checked against, changed for the session. */
  onPolicyChange(slot: SessionSlot): void {
    if (this.#rib.received(slot) === 0) return;
    this.#nextStale.add(slot);
    this.#needsPass = true;
  }

  /** Does one slice. @returns true when nothing is left. */
  work(): boolean {
    if (this.#cursor < 0) {
      if (!this.#needsPass) return true;
      this.#needsPass = false;
      this.#cursor = 0;
      this.#stale = this.#nextStale;
      this.#nextStale = new Set();
      this.#ended = this.#nextEnded;
      this.#nextEnded = new Set();
    }
    const { paths } = this.#rib;
    const end = Math.min(paths.highWater, this.#cursor + SLICE);
    for (let path = this.#cursor; path < end; path++) if (this.#rib.isLive(path)) this.#visit(path);
    this.#cursor = end < paths.highWater && this.#isAnyLeft() ? end : -1;
    if (this.#cursor < 0) this.#closeRefreshes();
    return this.#cursor < 0 && !this.#needsPass;
  }

  #visit(path: number): void {
    const { paths } = this.#rib;
    const slot = paths.slot(path);
    if (this.#sessions.isGone(slot)) {
      this.#rib.remove(paths.get(path, PathField.Net), slot, paths.pathId(path));
    } else if (this.#ended.size > 0 && this.#ended.has(slot) && !this.#rib.refreshed.has(slot, path)) {
      this.#rib.remove(paths.get(path, PathField.Net), slot, paths.pathId(path));
    } else if (this.#stale.size > 0 && this.#stale.has(slot)) {
      this.#reevaluate(path);
    }
  }

  /** The pass is over: nothing needs to be noted for these any more. */
  #closeRefreshes(): void {
    for (const slot of this.#ended) this.#rib.refreshed.end(slot);
    this.#ended.clear();
  }

  #isAnyLeft(): boolean {
    if (this.#stale.size > 0 || this.#ended.size > 0) return true;
    for (const slot of this.#sessions.goneSlots()) if (this.#rib.received(slot) > 0) return true;
    return false;
  }
}
