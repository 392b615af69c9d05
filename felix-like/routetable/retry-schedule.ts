/** When to try again what the kernel refused: each key has its own, growing delay. */

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 30_000;

interface Refusal {
  readonly text: string;
  readonly attempts: number;
  /** Milliseconds of the clock. */
  readonly dueMs: number;
}

export class RetrySchedule<Key> {
  readonly #refusals = new Map<Key, Refusal>();

  get size(): number {
    return this.#refusals.size;
  }

  /** Why `key` is refused, or null. */
  error(key: Key): string | null {
    return this.#refusals.get(key)?.text ?? null;
  }

  onRefused(key: Key, text: string, nowMs: number): void {
    const attempts = (this.#refusals.get(key)?.attempts ?? 0) + 1;
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (attempts - 1), MAX_DELAY_MS);
    this.#refusals.set(key, { text, attempts, dueMs: nowMs + delayMs });
  }

  clear(key: Key): void {
    this.#refusals.delete(key);
  }

  isWaiting(key: Key, nowMs: number): boolean {
    const refusal = this.#refusals.get(key);
    return refusal !== undefined && refusal.dueMs > nowMs;
  }

  /** Makes everything due now, with its delay as it is: something changed that may have been the reason. */
  hurry(nowMs: number): void {
    for (const [key, refusal] of this.#refusals) this.#refusals.set(key, { ...refusal, dueMs: nowMs });
  }

  due(nowMs: number): readonly Key[] {
    return [...this.#refusals].filter(([, { dueMs }]) => dueMs <= nowMs).map(([key]) => key);
  }

  /** Time of the next attempt, or null when there is none to come. */
  nextMs(): number | null {
    let next: number | null = null;
    for (const { dueMs } of this.#refusals.values()) if (next === null || dueMs < next) next = dueMs;
    return next;
  }
}
