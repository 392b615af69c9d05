/** Where each path to a prefix loses, and which share the traffic: the decision once more, with reasons. */
import { CandidateList } from '../decision/candidates.ts';
import { explainSelection } from '../decision/select-best-path.ts';
import type { DecisionStep } from '../decision/steps.ts';
import type { AttributeStore } from '../path/attribute-store.ts';
import type { FamilyRib } from '../rib/family-rib.ts';
import type { SessionTable } from '../rib/session-table.ts';
import type { ExplainedPath, ExplainStep } from '../speaker/route-explanation.ts';

export interface ExplainedDecision {
  readonly state: ExplainedPath['state'];
  readonly step: ExplainStep;
}

/** By path; those that are not in it took no part. */
export function explainDecision(
  store: AttributeStore,
  sessions: SessionTable,
  rib: FamilyRib,
  net: number,
): ReadonlyMap<number, ExplainedDecision> {
  const list = new CandidateList();
  rib.collectCandidates(net, list);
  const { best, rejected } = explainSelection(list, store, sessions, rib.decision.steps);
  const sharing = new Set(rib.sharingPaths(net));
  const decisions = new Map<number, ExplainedDecision>();
  if (best >= 0) decisions.set(best, { state: 'best', step: step('won', winText(rejected)) });
  for (const [path, lostAt] of rejected) {
    const rule = `${lostAt.name} (${lostAt.clause})`;
    if (sharing.has(path))
      decisions.set(path, { state: 'shares', step: step('shares', `equal up to: ${rule}`) });
    else decisions.set(path, { state: 'candidate', step: step('lost', rule) });
  }
  return decisions;
}

/** The rivals went in the order of the steps: the last of them shows how close it was. */
function winText(rejected: ReadonlyMap<number, DecisionStep>): string {
  const last = [...rejected.values()].at(-1);
  if (last === undefined) return 'the only path that takes part';
  const others = rejected.size === 1 ? 'the other path' : `all ${rejected.size} others`;
  return `preferred to ${others}; the last went by: ${last.name} (${last.clause})`;
}

function step(outcome: ExplainStep['outcome'], rule: string): ExplainStep {
  return { stage: 'decision', outcome, rule, resource: null };
}
