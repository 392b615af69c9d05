/** The check between IPPools that the file datastore makes, too; of a cluster's objects there are no lines to name. */
import type { ResourceProblem } from '../../config-api.ts';
import { overlappingPools } from '../../schema/cross-check.ts';
import type { ResourceSet } from '../../schema/resource-set.ts';

export function poolOverlaps({ ipPools }: ResourceSet): ResourceProblem[] {
  const pools = [...ipPools].map(([name, { spec }]) => ({ name, cidr: spec.cidr }));
  return overlappingPools(pools).map(({ pool, text }) => ({
    file: null,
    line: null,
    resource: `IPPool/${pool.name}`,
    field: 'spec.cidr',
    text,
    severity: 'error',
  }));
}
