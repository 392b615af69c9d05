/** When to try again what the kernel refused: each item has its own, growing delay. */

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 30_000;

interface Refusal {
  readonly text: string;
  readonly attempts: number;
  /** Milliseconds of the clock. */
  readonly dueMs: number;
  /** Nothing makes it due earlier. */
  readonly isHeld?: boolean;
}

export class RetrySchedule<Item> {
  readonly #refusals = new Map<Item, Refusal>();

  /** Number of items that are refused; what is held does not count. */
  get size(): number {
    let count = 0;
    for (const { isHeld } of this.#refusals.values()) if (isHeld !== true) count++;
    return count;
  }

  /** Why `item` is refused, or null. */
  error(item: Item): string | null {
    return this.#refusals.get(item)?.text ?? null;
  }

  onRefused(item: Item, text: string, nowMs: number): void {
    const attempts = (this.#refusals.get(item)?.attempts ?? 0) + 1;
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (attempts - 1), MAX_DELAY_MS);
    this.#refusals.set(item, { text, attempts, dueMs: nowMs + delayMs });
  }

  /** `item` is not to be touched before `dueMs`, whatever happens. */
  hold(item: Item, text: string, dueMs: number): void {
    this.#refusals.set(item, { text, attempts: 0, dueMs, isHeld: true });
  }

  clear(item: Item): void {
    if (this.#refusals.size > 0) this.#refusals.delete(item);
  }

  /** True while nothing was refused: then nobody needs to know what time it is. */
  get isEmpty(): boolean {
    return this.#refusals.size === 0;
  }

  isWaiting(item: Item, nowMs: number): boolean {
    const refusal = this.#refusals.get(item);
    return refusal !== undefined && refusal.dueMs > nowMs;
  }

  /** Makes everything due now, with its delay as it is: something changed that may have been the reason. */
  hurry(nowMs: number): void {
    for (const [item, refusal] of this.#refusals) {
      if (refusal.isHeld !== true) this.#refusals.set(item, { ...refusal, dueMs: nowMs });
    }
  }

  due(nowMs: number): readonly Item[] {
    const items: Item[] = [];
    for (const [item, { dueMs }] of this.#refusals) if (dueMs <= nowMs) items.push(item);
    return items;
  }

  /** Time of the next attempt, or null when there is none to come. */
  nextMs(): number | null {
    let next: number | null = null;
    for (const { dueMs } of this.#refusals.values()) if (next === null || dueMs < next) next = dueMs;
    return next;
  }
}
