/** Why a path goes to the members of an update group, or does not: `export-evaluator.ts` once more, with reasons. */
import type { AttributeStore } from '../path/attribute-store.ts';
import { PathField } from '../path/path-table.ts';
import type { FamilyRib } from '../rib/family-rib.ts';
import type { SessionTable } from '../rib/session-table.ts';
import type { ExplainStep } from '../speaker/route-explanation.ts';
import { exportProblem } from '../update-group/export-problem.ts';
import type { UpdateGroup } from '../update-group/update-group.ts';
import { policyStep } from './explain-import.ts';

export interface ExportVerdict {
  readonly sent: boolean;
  readonly steps: readonly ExplainStep[];
}

/** @param path a path that takes part in the decision. */
export function explainExport(
  { store, sessions }: { readonly store: AttributeStore; readonly sessions: SessionTable },
  rib: FamilyRib,
  group: UpdateGroup,
  path: number,
): ExportVerdict {
  const net = rib.paths.get(path, PathField.Net);
  const set = rib.paths.get(path, PathField.Set) - 1;
  const sourceClass = sessions.sourceClass(rib.paths.slot(path));
  const problem = exportProblem(store.flags(set), sourceClass, group.context);
  if (problem !== null) return rejected([], problem);
  const { policy } = group.evaluator;
  const steps = policy
    .explain(store, rib.nets, net, set, sourceClass)
    .map((one) => policyStep('export', one));
  if (steps.at(-1)?.outcome === 'rejected') return { sent: false, steps };
  const exported = group.evaluator.evaluate(net, path);
  if (exported < 0)
    return rejected(steps, 'the attributes fill a message: no prefix fits beside them (RFC 8654 §5)');
  const told = group.adjRibOut.set(group.context.addPath ? path : net);
  store.dropIfUnused(exported);
  if (told >= 0) return { sent: true, steps };
  return { sent: false, steps: [...steps, step('waiting', 'is about to be sent: slower work comes first')] };
}

export function rejected(before: readonly ExplainStep[], rule: string): ExportVerdict {
  return { sent: false, steps: [...before, step('rejected', rule)] };
}

function step(outcome: ExplainStep['outcome'], rule: string): ExplainStep {
  return { stage: 'export', outcome, rule, resource: null };
}
