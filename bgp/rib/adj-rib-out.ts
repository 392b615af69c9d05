/**
 * What the live members of one update group have been told (Adj-RIB-Out, RFC 4271 §3.2), once for the group
 * instead of once for each peer: attribute set and source for each net, or for each path with ADD-PATH. A
 * member has every entry but those of its own.
 */
import type { AttributeStore } from '../path/attribute-store.ts';
import type { NetTable } from '../path/net-table.ts';
import { SparseColumn } from '../path/sparse-column.ts';
import type { SessionSlot } from './rib-port.ts';
import type { SessionTable } from './session-table.ts';

const SET = 0;
const SLOT = 1;
const NET = 2;

export class AdjRibOut {
  readonly #entries: SparseColumn;
  readonly #isByPath: boolean;
  readonly #store: AttributeStore;
  readonly #nets: NetTable;
  readonly #sessions: SessionTable;
  #bySlot = new Int32Array(64);
  #size = 0;

  /** @param isByPath entries are at path ids (ADD-PATH), not at net ids. */
  constructor(store: AttributeStore, nets: NetTable, sessions: SessionTable, isByPath: boolean) {
    this.#isByPath = isByPath;
    this.#entries = new SparseColumn(isByPath ? 2 : 1);
    this.#store = store;
    this.#nets = nets;
    this.#sessions = sessions;
  }

  /** Entries in all. */
  get size(): number {
    return this.#size;
  }

  /** Attribute set at the net id (or path id), or -1. */
  set(index: number): number {
    return this.#entries.get(index, SET) - 1;
  }

  /** Slot of the source; meaningful where `set` is not -1. */
  slot(index: number): SessionSlot {
    return this.#entries.get(index, SLOT);
  }

  /** Net of the entry at the index: the path that it was about may be gone already. */
  net(index: number): number {
    return this.#isByPath ? this.#entries.get(index, NET) : index;
  }

  /** Entries whose source is `slot`: what the session in it was not sent. */
  sizeOf(slot: SessionSlot): number {
    return this.#bySlot[slot] ?? 0;
  }

  /** Puts `set` (or -1 for nothing) at `index`, which belongs to `net`, and keeps all references counted. */
  replace(index: number, net: number, set: number, slot: SessionSlot): void {
    const oldSet = this.set(index);
    const oldSlot = this.slot(index);
    if (set >= 0) {
      this.#store.retain(set);
      this.#count(slot, 1);
      if (oldSet < 0) this.#nets.retain(net);
    }
    this.#entries.set(index, SET, set + 1);
    this.#entries.set(index, SLOT, slot);
    if (this.#isByPath) this.#entries.set(index, NET, net);
    if (oldSet < 0) return;
    this.#store.release(oldSet);
    this.#count(oldSlot, -1);
    if (set < 0) this.#nets.release(net);
  }

  #count(slot: SessionSlot, difference: 1 | -1): void {
    this.#size += difference;
    if (slot >= this.#bySlot.length) {
      const wide = new Int32Array(slot * 2);
      wide.set(this.#bySlot);
      this.#bySlot = wide;
    }
    this.#bySlot[slot] = this.#bySlot[slot]! + difference;
    this.#sessions.countReference(slot, difference);
  }
}
