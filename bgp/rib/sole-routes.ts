/** Whether anything would be without a route if sessions ended. */
import { CandidateList } from '../decision/candidates.ts';
import { NetField } from '../path/net-table.ts';
import type { FamilyRib } from './family-rib.ts';
import type { SessionSlot } from './rib-port.ts';

/** Nets in one slice: some 6 ms where each has two paths. */
const SLICE = 1 << 16;

/** True when some net has candidates, and all of them are of these sessions. O(nets), in slices. */
export function* hasSoleRoutes(rib: FamilyRib, slots: ReadonlySet<SessionSlot>): Generator<void, boolean> {
  if (slots.size === 0) return false;
  const { nets, paths } = rib;
  const list = new CandidateList();
  for (let net = 0; net < nets.records.highWater; net++) {
    if (net % SLICE === SLICE - 1) yield;
    if (!nets.inUse(net)) continue;
    const best = nets.records.get(net, NetField.Best);
    if (best === 0 || !slots.has(paths.slot(best - 1))) continue;
    list.clear();
    rib.collectCandidates(net, list);
    if (areAllOf(list, slots)) return true;
  }
  return false;
}

function areAllOf({ slots, length }: CandidateList, sessions: ReadonlySet<SessionSlot>): boolean {
  for (let i = 0; i < length; i++) if (!sessions.has(slots[i]!)) return false;
  return true;
}
