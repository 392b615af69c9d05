/**
 * The paths among which traffic may be shared: those that lose to the best only where something arbitrary decides
 * (identifiers, addresses). With the same AS_PATH; relaxed, with one of the same length, as RFC 4271 compares it.
 */
import { AttributeType } from '../packet/attributes/attribute-type.ts';
import { BlockCursor } from '../packet/attributes/canonical-block.ts';
import type { AttributeStore } from '../path/attribute-store.ts';
import type { CandidateList, SlotFacts } from './candidates.ts';
import type { DecisionStep } from './steps.ts';

export interface MultipathOptions {
  /** At least 2. */
  readonly maxPaths: number;
  readonly relaxedAsPath: boolean;
}

/**
 * Paths with different next hops, `best` (which the steps chose) first, the others by number. The list is compacted.
 */
export function selectMultipath(
  list: CandidateList,
  best: number,
  store: AttributeStore,
  slots: SlotFacts,
  steps: readonly DecisionStep[],
  { maxPaths, relaxedAsPath }: MultipathOptions,
): number[] {
  for (const step of steps) {
    if (step.isTieBreak === true || list.length <= 1) break;
    step.keep(list, store, slots);
  }
  const sets = new Map<number, number>();
  for (let i = 0; i < list.length; i++) sets.set(list.paths[i]!, list.sets[i]!);
  const bestSet = sets.get(best);
  if (bestSet === undefined) return [best];
  const others = [...sets.keys()].filter((path) => path !== best).sort((a, b) => a - b);
  const hops = new Set<string>();
  return [best, ...others].filter((path) => {
    const set = sets.get(path)!;
    if (
      !relaxedAsPath &&
      valueText(store, set, AttributeType.AsPath) !== valueText(store, bestSet, AttributeType.AsPath)
    )
      return false;
    const hop = valueText(store, set, AttributeType.NextHop);
    if (hops.size >= maxPaths || hops.has(hop)) return false;
    hops.add(hop);
    return true;
  });
}

function valueText(store: AttributeStore, set: number, code: number): string {
  const bytes = store.bytes(set);
  const start = store.offset(set);
  const cursor = new BlockCursor(bytes, start, start + store.length(set));
  while (cursor.next()) {
    if (cursor.code === code)
      return String.fromCharCode(...bytes.subarray(cursor.at, cursor.at + cursor.length));
  }
  return '';
}
