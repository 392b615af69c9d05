/** Runs the checks between resources over what was read, and says where the offending field stands. */
import type { ResourceProblem } from '../config-api.ts';
import { overlappingPools } from '../schema/cross-check.ts';
import type { IpPool } from '../schema/resource-set.ts';
import type { FileContent } from './resource-ledger.ts';

export function compareResources(files: readonly FileContent[]): ResourceProblem[] {
  const pools = files.flatMap(({ file, documents }) =>
    documents.flatMap(({ parsed, line, comparedLines }) => {
      if (parsed.outcome !== 'valid' || parsed.collection !== 'ipPools') return [];
      const { cidr } = (parsed.resource as IpPool).spec;
      return [{ name: parsed.key, cidr, file, line: comparedLines.cidr ?? line }];
    }),
  );
  return overlappingPools(pools).map(({ pool, text }) => {
    const { file, line, name } = pool;
    return { file, line, resource: `IPPool/${name}`, field: 'spec.cidr', text, severity: 'error' };
  });
}
