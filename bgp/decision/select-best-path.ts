/** Runs the decision steps over a list of candidates. */
import type { AttributeStore } from '../path/attribute-store.ts';
import { CandidateList, type SlotFacts } from './candidates.ts';
import { DECISION_STEPS, type DecisionStep } from './steps.ts';

/** The best of the candidates, or -1 when there is none. The list is compacted to the winner. */
export function selectBestPath(
  list: CandidateList,
  store: AttributeStore,
  slots: SlotFacts,
  steps = DECISION_STEPS,
): number {
  for (let i = 0; list.length > 1; i++) steps[i]!.keep(list, store, slots);
  return list.length === 0 ? -1 : list.paths[0]!;
}

/** The winner, and for each loser the step that rejected it. */
export interface Selection {
  readonly best: number;
  readonly rejected: ReadonlyMap<number, DecisionStep>;
}

/** Like `selectBestPath`, with reasons: for `explain`, not for the hot path. The list is left as it was. */
export function explainSelection(
  candidates: CandidateList,
  store: AttributeStore,
  slots: SlotFacts,
  steps = DECISION_STEPS,
): Selection {
  const list = new CandidateList();
  for (let i = 0; i < candidates.length; i++) {
    list.push(candidates.paths[i]!, candidates.sets[i]!, candidates.slots[i]!);
  }
  const rejected = new Map<number, DecisionStep>();
  for (const step of steps) {
    if (list.length <= 1) break;
    const before = Array.from(list.paths.subarray(0, list.length));
    step.keep(list, store, slots);
    const kept = new Set(list.paths.subarray(0, list.length));
    for (const path of before) if (!kept.has(path)) rejected.set(path, step);
  }
  return { best: list.length === 0 ? -1 : list.paths[0]!, rejected };
}
