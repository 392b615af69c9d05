/**
 * What is desired against what is actually there, key by key, and what is pending between the two. Knows nothing
 * of what the values are, and touches nothing: it only keeps count, so that the difference is always at hand
 * without comparing everything.
 *
 * Keys are looked up once: whoever has many of them keeps the slot at hand, and may add fields of its own to it.
 */

/** The difference at one key: desired and not there or not so; there and not desired; or none. */
export type Pending = 'nothing' | 'update' | 'deletion';

/** One key. The tracker alone writes these fields. */
export interface Slot<Key, Value> {
  readonly key: Key;
  desired: Value | null;
  actual: Value | null;
  pending: Pending;
}

export class DeltaTracker<Key, Value, KeySlot extends Slot<Key, Value> = Slot<Key, Value>> {
  readonly #slots = new Map<Key, KeySlot>();
  readonly #isEqual: (a: Value, b: Value) => boolean;
  readonly #newSlot: (key: Key) => KeySlot;
  readonly #pendingCounts: Record<Pending, number> = { nothing: 0, update: 0, deletion: 0 };
  #desiredCount = 0;
  #actualCount = 0;

  constructor(isEqual: (a: Value, b: Value) => boolean, newSlot: (key: Key) => KeySlot) {
    this.#isEqual = isEqual;
    this.#newSlot = newSlot;
  }

  get desiredCount(): number {
    return this.#desiredCount;
  }

  get actualCount(): number {
    return this.#actualCount;
  }

  get pendingUpdateCount(): number {
    return this.#pendingCounts.update;
  }

  get pendingDeletionCount(): number {
    return this.#pendingCounts.deletion;
  }

  find(key: Key): KeySlot | null {
    return this.#slots.get(key) ?? null;
  }

  /** The slot of `key`, made when there is none. */
  slot(key: Key): KeySlot {
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = this.#newSlot(key);
      this.#slots.set(key, slot);
      this.#pendingCounts[slot.pending]++;
    }
    return slot;
  }

  /** @param value null: nothing is desired */
  setDesired(slot: KeySlot, value: Value | null): void {
    this.#desiredCount += Number(value !== null) - Number(slot.desired !== null);
    slot.desired = value;
    this.#settle(slot);
  }

  /**
   * An actual value that equals the desired one is not kept: both then share one object.
   * @param value null: nothing is there
   */
  setActual(slot: KeySlot, value: Value | null): void {
    this.#actualCount += Number(value !== null) - Number(slot.actual !== null);
    slot.actual = value;
    this.#settle(slot);
  }

  /** Forgets a slot in which nothing is; whoever still holds it must not use it any more. */
  release(slot: KeySlot): void {
    if (slot.desired !== null || slot.actual !== null) return;
    if (this.#slots.delete(slot.key)) this.#pendingCounts[slot.pending]--;
  }

  slots(): IterableIterator<KeySlot> {
    return this.#slots.values();
  }

  /** Walks all slots; costs nothing when nothing is pending. */
  *pendingUpdates(): Generator<KeySlot> {
    if (this.#pendingCounts.update > 0) yield* this.#slotsPending('update');
  }

  *pendingDeletions(): Generator<KeySlot> {
    if (this.#pendingCounts.deletion > 0) yield* this.#slotsPending('deletion');
  }

  *#slotsPending(pending: Pending): Generator<KeySlot> {
    for (const slot of this.#slots.values()) if (slot.pending === pending) yield slot;
  }

  #settle(slot: KeySlot): void {
    const pending = this.#difference(slot);
    if (pending === slot.pending) return;
    this.#pendingCounts[slot.pending]--;
    this.#pendingCounts[pending]++;
    slot.pending = pending;
  }

  #difference(slot: KeySlot): Pending {
    const { desired, actual } = slot;
    if (desired === null) return actual === null ? 'nothing' : 'deletion';
    if (actual === null) return 'update';
    if (actual !== desired && !this.#isEqual(desired, actual)) return 'update';
    slot.actual = desired;
    return 'nothing';
  }
}
