/** Whether anything would be without a route if sessions ended. */
import { CandidateList } from '../decision/candidates.ts';
import { NetField } from '../path/net-table.ts';
import type { FamilyRib } from './family-rib.ts';
import type { SessionSlot } from './rib-port.ts';

/** True when some net has candidates, and all of them are of these sessions. O(nets). */
export function hasSoleRoutes(rib: FamilyRib, slots: ReadonlySet<SessionSlot>): boolean {
  const { nets, paths } = rib;
  const list = new CandidateList();
  for (let net = 0; net < nets.records.highWater; net++) {
    if (!nets.inUse(net)) continue;
    const best = nets.records.get(net, NetField.Best);
    if (best === 0 || !slots.has(paths.slot(best - 1))) continue;
    list.clear();
    rib.collectCandidates(net, list);
    if (list.slots.subarray(0, list.length).every((slot) => slots.has(slot))) return true;
  }
  return false;
}
