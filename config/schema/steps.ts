/**
 * Long work in steps: a generator that yields between them and returns the result. Who has all the time in the
 * world runs it to its end; a daemon gives its event loop a turn in between.
 */
export type Steps<T> = Generator<void, T, void>;

export function runToEnd<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Items that are handled in one step. */
export const STEP_ITEMS = 256;
/** As many are sorted at once: that takes about a millisecond. */
const SORTED_RUN = 2048;

/** A sorted copy; stable. */
export function* sortInSteps<T>(items: Iterable<T>, compare: (a: T, b: T) => number): Steps<T[]> {
  let runs: T[][] = [];
  const all = Array.isArray(items) ? (items as readonly T[]) : [...items];
  for (let start = 0; start < all.length; start += SORTED_RUN) {
    runs.push(all.slice(start, start + SORTED_RUN).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      const second = runs[i + 1];
      merged.push(second === undefined ? runs[i]! : yield* merge(runs[i]!, second, compare));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

function* merge<T>(first: readonly T[], second: readonly T[], compare: (a: T, b: T) => number): Steps<T[]> {
  const merged: T[] = [];
  let i = 0;
  let j = 0;
  while (i < first.length || j < second.length) {
    const takeFirst = j >= second.length || (i < first.length && compare(first[i]!, second[j]!) <= 0);
    merged.push(takeFirst ? first[i++]! : second[j++]!);
    if (merged.length % SORTED_RUN === 0) yield;
  }
  return merged;
}
