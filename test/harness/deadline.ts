/** Waiting with a deadline: for changes of state that are announced, and for outside programs that must be asked. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Generous: ten times what a loaded machine needs. */
export const DEFAULT_DEADLINE_MS = 20_000;

/** Wakes those who wait for a condition, whenever its owner says that something changed. */
export class Changes {
  readonly #listeners = new Set<() => void>();

  notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /**
   * Resolves with the first value other than null or undefined that `check` gives, now or after a change.
   * @throws Error naming `what` when the deadline passes first; an exception of `check` is passed on.
   */
  until<T>(check: () => T | null | undefined, what: string, deadlineMs = DEFAULT_DEADLINE_MS): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        settle();
      };
      const look = (): void => {
        try {
          const value = check();
          if (value !== null && value !== undefined) finish(() => resolve(value));
        } catch (error) {
          finish(() => reject(error));
        }
      };
      const timer = setTimeout(
        () => finish(() => reject(new Error(`not within ${deadlineMs} ms: ${what}`))),
        deadlineMs,
      );
      this.#listeners.add(look);
      look();
    });
  }
}

export interface PollOptions {
  readonly deadlineMs?: number;
  readonly intervalMs?: number;
}

/**
 * Asks an outside program until it gives a value other than null or undefined. Exceptions of `ask` count as "not
 * yet"; the last one is part of the error when the deadline passes.
 */
export async function pollUntil<T>(
  ask: () => Promise<T | null | undefined>,
  what: string,
  options: PollOptions = {},
): Promise<T> {
  const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  const end = performance.now() + deadlineMs;
  let lastError = '';
  do {
    try {
      const value = await ask();
      if (value !== null && value !== undefined) return value;
      lastError = '';
    } catch (error) {
      lastError = ` (${error instanceof Error ? error.message : String(error)})`;
    }
    await sleep(options.intervalMs ?? 100);
  } while (performance.now() < end);
  throw new Error(`not within ${deadlineMs} ms: ${what}${lastError}`);
}
