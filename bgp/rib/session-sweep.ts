/**
 * Removes the paths of ended sessions and evaluates those of live ones again after a policy change, in slices:
 * one pass over the path records serves all sessions that wait for it.
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
  #cursor = -1;
  #needsPass = false;

  constructor(rib: FamilyRib, sessions: SessionTable, reevaluate: (path: number) => void) {
    this.#rib = rib;
    this.#sessions = sessions;
    this.#reevaluate = reevaluate;
  }

  /** A session ended; its slot is marked as gone. */
  onSessionGone(slot: SessionSlot): void {
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
    }
    const { paths } = this.#rib;
    const end = Math.min(paths.highWater, this.#cursor + SLICE);
    for (let path = this.#cursor; path < end; path++) if (this.#rib.isLive(path)) this.#visit(path);
    this.#cursor = end < paths.highWater && this.#isAnyLeft() ? end : -1;
    return this.#cursor < 0 && !this.#needsPass;
  }

  #visit(path: number): void {
    const { paths } = this.#rib;
    const slot = paths.get(path, PathField.Slot);
    if (this.#sessions.isGone(slot)) {
      this.#rib.remove(paths.get(path, PathField.Net), slot, paths.get(path, PathField.PathId));
    } else if (this.#stale.size > 0 && this.#stale.has(slot)) {
      this.#reevaluate(path);
    }
  }

  #isAnyLeft(): boolean {
    if (this.#stale.size > 0) return true;
    for (const slot of this.#sessions.goneSlots()) if (this.#rib.received(slot) > 0) return true;
    return false;
  }
}
