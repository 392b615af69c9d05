/** Waiting for a condition that no single event announces. */
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 5;

/** Resolves as soon as `isTrue` returns true; looks again every few milliseconds, fails after `timeoutMs`. */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
  describe: () => string = () => String(isTrue),
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${describe()}`);
    await sleep(LOOK_EVERY_MS);
  }
}
