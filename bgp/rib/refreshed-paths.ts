/**
 * Which paths sessions have sent again since their BoRR (RFC 7313 §4): what is not among them at EoRR is stale.
 * Noting what is fresh, instead of marking all as stale, makes the beginning of a refresh free of any scan.
 */
import { IdBitset } from '../path/id-bitset.ts';
import type { PathIndex } from '../path/path-table.ts';
import type { SessionSlot } from './rib-port.ts';

export class RefreshedPaths {
  /** No session is being refreshed, so that nothing needs to be noted: a field, for it is read for each route. */
  isIdle = true;
  readonly #bySlot = new Map<SessionSlot, IdBitset>();

  /** Starts, or starts over. */
  begin(slot: SessionSlot): void {
    this.#bySlot.set(slot, new IdBitset());
    this.isIdle = false;
  }

  isUnderWay(slot: SessionSlot): boolean {
    return this.#bySlot.has(slot);
  }

  /** The session has sent the path. */
  note(slot: SessionSlot, path: PathIndex): void {
    this.#bySlot.get(slot)?.add(path);
  }

  has(slot: SessionSlot, path: PathIndex): boolean {
    return this.#bySlot.get(slot)?.has(path) === true;
  }

  end(slot: SessionSlot): void {
    this.#bySlot.delete(slot);
    this.isIdle = this.#bySlot.size === 0;
  }
}
