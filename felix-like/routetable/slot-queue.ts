/**
 * Slots that wait to be written, first come first served. A slot knows where it waits, so that leaving costs nothing:
 * of a hundred thousand routes at once each enters and leaves, and a set of objects would spend more on their hashes
 * than all the rest.
 */
import type { RouteSlot } from './route-batch.ts';

export type QueueKind = 'update' | 'deletion';

export class SlotQueue {
  readonly #kind: QueueKind;
  #slots: RouteSlot[] = [];
  #first = 0;
  #size = 0;

  constructor(kind: QueueKind) {
    this.#kind = kind;
  }

  get size(): number {
    return this.#size;
  }

  add(slot: RouteSlot): void {
    if (slot.waitsFor === this.#kind) return;
    slot.waitsFor = this.#kind;
    this.#slots.push(slot);
    this.#size++;
  }

  remove(slot: RouteSlot): void {
    if (slot.waitsFor !== this.#kind) return;
    slot.waitsFor = null;
    this.#size--;
  }

  /** The next slot, which then waits no more; null when there is none. */
  take(): RouteSlot | null {
    while (this.#first < this.#slots.length) {
      const slot = this.#slots[this.#first++]!;
      // One that left is still in the list, and so is one that left and came back, twice.
      if (slot.waitsFor !== this.#kind) continue;
      this.remove(slot);
      if (this.#first === this.#slots.length) this.#clear();
      return slot;
    }
    this.#clear();
    return null;
  }

  #clear(): void {
    this.#slots = [];
    this.#first = 0;
  }
}
