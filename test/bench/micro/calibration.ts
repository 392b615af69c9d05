/**
 * What a case's time is divided by, so that figures of different machines and different moods of one compare: a
 * fixed piece of work of the same kind, integer arithmetic and dependent reads all over a table larger than the caches.
 */
const WORDS = 1 << 22;
const STEPS = 1 << 20;
const table = new Int32Array(WORDS);

/** Nanoseconds of one step. */
export function calibrate(): number {
  let state = 0x9e3779b9;
  const startedAt = performance.now();
  for (let i = 0; i < STEPS; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const at = state & (WORDS - 1);
    state += table[at]! | 0;
    table[at] = i;
  }
  table.fill(state & 1);
  return ((performance.now() - startedAt) * 1e6) / STEPS;
}
