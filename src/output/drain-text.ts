import type { DrainReport } from '../daemon/drain.ts';

/** How far a drain is, in one line. */
export function drainText({ state, since, withdrawAt }: DrainReport): string {
  if (state === 'none') return 'no';
  if (state === 'withdrawn') return `nothing is announced since ${since}, sessions stay`;
  return `peers are asked to prefer other paths since ${since}, routes are withdrawn at ${withdrawAt}`;
}
