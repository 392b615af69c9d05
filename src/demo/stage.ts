/** What every part of the demo works with, and waiting on it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf } from '../cli/command-error.ts';
import { Cleanup, type Leftover } from './cleanup.ts';
import { DemoFailure } from './demo-failure.ts';
import type { Screen } from './screen.ts';

export interface Stage {
  readonly screen: Screen;
  readonly cleanup: Cleanup;
  /** Aborted by Ctrl-C, or when something that must run has ended; the reason says which. */
  readonly signal: AbortSignal;
  /** Ends the demo with this failure, whatever it is waiting for. */
  readonly fail: (failure: DemoFailure) => void;
  /** Holds everything that is written; of this run alone. */
  readonly folder: string;
  /** Part of every name that others on this machine can see. */
  readonly runId: string;
}

export function createStage(screen: Screen, stop: AbortController): Stage {
  const cleanup = new Cleanup();
  const folder = makeFolder(cleanup, tmpdir(), 'manul-demo-');
  return {
    screen,
    cleanup,
    signal: stop.signal,
    fail: (failure) => stop.abort(failure),
    folder,
    runId: basename(folder).replace('manul-demo-', '').toLowerCase(),
  };
}

/** A new folder that is removed at the end, for this user alone. */
export function makeFolder(cleanup: Cleanup, parent: string, prefix: string): string {
  const folder = mkdtempSync(join(parent, prefix));
  cleanup.add(leftoverFolder(folder));
  return folder;
}

export function leftoverFolder(path: string): Leftover {
  const removeNow = (): void => rmSync(path, { recursive: true, force: true });
  return { kind: 'folder', name: path, remove: async () => removeNow(), removeNow };
}

const LOOK_EVERY_MS = 50;
const DEADLINE_MS = 30_000;

/**
 * Asks again and again until the answer is not null; what throws counts as "not yet". For kernels and routers of
 * others there is nothing but asking, so sessions and routes of our own are waited for in the same way.
 * @throws DemoFailure naming `what` when it takes too long; the stage's reason when that is aborted
 */
export async function until<T>(
  { signal }: Stage,
  what: string,
  ask: () => Promise<T | null>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  let lastProblem = '';
  do {
    signal.throwIfAborted();
    try {
      const answer = await ask();
      if (answer !== null) return answer;
      lastProblem = '';
    } catch (error) {
      lastProblem = `: ${reasonOf(error)}`;
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  } while (performance.now() < end);
  throw new DemoFailure(`not within ${deadlineMs / 1000} s: ${what}${lastProblem}`);
}
