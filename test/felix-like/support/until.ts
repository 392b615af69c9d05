const DEADLINE_MS = 20_000;

/**
 * Resolves when `isTrue` says so, asked again in each turn of the event loop (and not more than every `pauseMs`).
 * @throws Error with `what` when that never happens
 */
export async function until(what: string, isTrue: () => boolean, pauseMs = 0): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((resolve) => (pauseMs === 0 ? setImmediate(resolve) : setTimeout(resolve, pauseMs)));
  }
}
