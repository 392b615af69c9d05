/** Why a path takes part in the decision, or does not: the steps of `update-importer.ts` once more, with reasons. */
import type { AttributeStore } from '../path/attribute-store.ts';
import { PathField } from '../path/path-table.ts';
import type { PolicyDecision } from '../policy/compile-policy.ts';
import { importProblem } from '../policy/import-check.ts';
import { importRewrites, rewriteImported } from '../policy/import-rewrite.ts';
import type { FamilyRib } from '../rib/family-rib.ts';
import type { OwnPrefixes } from '../rib/own-prefixes.ts';
import { LOCAL_SLOT, type SessionEntry, type SessionTable } from '../rib/session-table.ts';
import type { ExplainStep } from '../speaker/route-explanation.ts';
import { nextHopText, prefixText } from './route-decoding.ts';

export interface ImportParts {
  readonly store: AttributeStore;
  readonly sessions: SessionTable;
  readonly own: OwnPrefixes;
}

export function explainImport(parts: ImportParts, rib: FamilyRib, path: number): ExplainStep[] {
  const slot = rib.paths.slot(path);
  if (slot === LOCAL_SLOT) return [step('accepted', 'originated by this speaker')];
  const entry = parts.sessions.entry(slot);
  if (entry === null) return [step('rejected', 'the session is over; its routes are being removed')];
  const steps = explainReceived(parts, rib, path, entry);
  const set = rib.paths.get(path, PathField.Set) - 1;
  if (set >= 0 && !rib.isReachable(set)) {
    steps.push(
      step(
        'rejected',
        `next hop ${nextHopText(parts.store, set, null)} cannot be reached (RFC 4271 §9.1.2.1)`,
      ),
    );
  }
  return steps;
}

function explainReceived(
  { store, own, sessions }: ImportParts,
  rib: FamilyRib,
  path: number,
  entry: SessionEntry,
): ExplainStep[] {
  const received = rib.paths.receivedSet(path);
  const problem = importProblem(store, received, entry.importIdentity);
  if (problem !== null) return [step('rejected', problem)];
  const net = rib.paths.get(path, PathField.Net);
  const rewrites = entry.isInternal ? [] : importRewrites(store.flags(received), entry.importIdentity);
  const steps = rewrites.map(({ reason }) => step('changed', reason));
  if (entry.protectsOwnPrefixes && own.has(rib.family, net)) {
    const reason = own.reasonOf(prefixText(rib.nets, net));
    steps.push(step('rejected', `the prefix is ${reason} here: no external peer may announce it`));
    return steps;
  }
  const offered = entry.isInternal ? received : rewriteImported(store, received, entry.importIdentity);
  store.retain(offered);
  const sourceClass = sessions.sourceClass(entry.slot);
  const decisions = entry.importPolicies[rib.family].explain(store, rib.nets, net, offered, sourceClass);
  store.release(offered);
  return [...steps, ...decisions.map((decision) => policyStep('import', decision))];
}

/** The term's name begins with the resource that it comes from, where there is one (`PolicyTerm.name`). */
export function policyStep(stage: ExplainStep['stage'], { rule, outcome }: PolicyDecision): ExplainStep {
  return { stage, outcome, rule, resource: /^[A-Z][A-Za-z]+\/\S+/.exec(rule)?.[0] ?? null };
}

function step(outcome: ExplainStep['outcome'], rule: string): ExplainStep {
  return { stage: 'import', outcome, rule, resource: null };
}
