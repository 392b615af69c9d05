/**
 * What is desired against what is actually there, key by key, and what is pending between the two. Knows nothing
 * of what the values are, and touches nothing: it only keeps count, so that the difference is always at hand
 * without comparing everything.
 */
export class DeltaTracker<Key, Value> {
  readonly #isEqual: (a: Value, b: Value) => boolean;
  readonly #desired = new Map<Key, Value>();
  readonly #actual = new Map<Key, Value>();
  readonly #updates = new Set<Key>();
  readonly #deletions = new Set<Key>();

  constructor(isEqual: (a: Value, b: Value) => boolean) {
    this.#isEqual = isEqual;
  }

  get desiredCount(): number {
    return this.#desired.size;
  }

  get actualCount(): number {
    return this.#actual.size;
  }

  desired(key: Key): Value | undefined {
    return this.#desired.get(key);
  }

  actual(key: Key): Value | undefined {
    return this.#actual.get(key);
  }

  setDesired(key: Key, value: Value): void {
    this.#desired.set(key, value);
    this.#settle(key);
  }

  deleteDesired(key: Key): void {
    if (this.#desired.delete(key)) this.#settle(key);
  }

  /** An actual value that equals the desired one is not kept: both then share one object. */
  setActual(key: Key, value: Value): void {
    const desired = this.#desired.get(key);
    const isAsDesired = desired !== undefined && this.#isEqual(desired, value);
    this.#actual.set(key, isAsDesired ? desired : value);
    this.#settle(key);
  }

  deleteActual(key: Key): void {
    if (this.#actual.delete(key)) this.#settle(key);
  }

  /** Desired, and not there or not so. */
  isUpdatePending(key: Key): boolean {
    return this.#updates.has(key);
  }

  /** There, and not desired. */
  isDeletionPending(key: Key): boolean {
    return this.#deletions.has(key);
  }

  pendingUpdates(): ReadonlySet<Key> {
    return this.#updates;
  }

  pendingDeletions(): ReadonlySet<Key> {
    return this.#deletions;
  }

  allDesired(): ReadonlyMap<Key, Value> {
    return this.#desired;
  }

  allActual(): ReadonlyMap<Key, Value> {
    return this.#actual;
  }

  #settle(key: Key): void {
    const desired = this.#desired.get(key);
    const actual = this.#actual.get(key);
    if (desired === undefined) {
      this.#updates.delete(key);
      if (actual === undefined) this.#deletions.delete(key);
      else this.#deletions.add(key);
      return;
    }
    this.#deletions.delete(key);
    if (actual !== undefined && (actual === desired || this.#isEqual(desired, actual)))
      this.#updates.delete(key);
    else this.#updates.add(key);
  }
}
