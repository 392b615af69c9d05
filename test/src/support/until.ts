/** Waiting for a condition that no single event announces. */
import { pollUntil } from '../../harness/deadline.ts';

const LOOK_EVERY_MS = 5;

/** @throws Error naming `what` when the condition does not become true within the deadline */
export async function until(isTrue: () => boolean | Promise<boolean>, what = String(isTrue)): Promise<void> {
  await pollUntil(async () => ((await isTrue()) ? true : null), what, { intervalMs: LOOK_EVERY_MS });
}
