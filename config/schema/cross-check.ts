/** Checks between resources, as Calico's client makes them before it stores one. */
import { contains, formatPrefix, type Prefix } from '@manul/bgp/net';
import type { CollectionName } from './registry.ts';
import type { AnyResource, IpPool } from './resource-set.ts';

/** Fields below `spec` of an IPPool that are compared with other pools, or with the version in force. */
export const COMPARED_FIELDS = ['cidr', 'blockSize', 'allowedUses'] as const;

export type ComparedField = (typeof COMPARED_FIELDS)[number];

export interface PlacedPool {
  readonly name: string;
  readonly cidr: Prefix;
}

export interface PoolOverlap<P> {
  readonly pool: P;
  readonly text: string;
}

/** Pools that overlap one before them, each with the first such one. O(n log n): nested ranges stand together when sorted. */
export function overlappingPools<P extends PlacedPool>(pools: readonly P[]): PoolOverlap<P>[] {
  const sorted = pools.map((pool, index) => ({ pool, index, clash: Number.POSITIVE_INFINITY }));
  sorted.sort((a, b) => compareRanges(a.pool.cidr, b.pool.cidr));
  const around: typeof sorted = [];
  for (const inner of sorted) {
    while (around.length > 0 && !contains(around.at(-1)!.pool.cidr, inner.pool.cidr)) around.pop();
    for (const outer of around) {
      const [first, second] = outer.index < inner.index ? [outer, inner] : [inner, outer];
      second.clash = Math.min(second.clash, first.index);
    }
    around.push(inner);
  }
  return sorted
    .filter(({ clash }) => clash < pools.length)
    .sort((a, b) => a.index - b.index)
    .map(({ pool, clash }) => {
      const other = pools[clash]!;
      return { pool, text: `overlaps ${formatPrefix(other.cidr)} of IPPool/${other.name}` };
    });
}

/** By family and address, the outer range before those inside it. */
function compareRanges(a: Prefix, b: Prefix): number {
  return a.bytes.length - b.bytes.length || Buffer.compare(a.bytes, b.bytes) || a.length - b.length;
}

/** Why a new version of a resource cannot follow the one in force. */
export interface RefusedChange {
  /** Below `spec`. */
  readonly field: ComparedField;
  readonly text: string;
}

/** What Calico's client refuses to update: the range, block size and kind of use of a pool. */
export function refusedChange(
  collection: CollectionName,
  before: AnyResource,
  after: AnyResource,
): RefusedChange | null {
  return collection === 'ipPools' ? refusedPoolChange(before as IpPool, after as IpPool) : null;
}

const ANOTHER_POOL = 'remove the pool first, or make another one';

function refusedPoolChange({ spec: before }: IpPool, { spec: after }: IpPool): RefusedChange | null {
  const range = formatPrefix(before.cidr);
  if (formatPrefix(after.cidr) !== range) {
    return { field: 'cidr', text: `cannot be changed from ${range}: ${ANOTHER_POOL}` };
  }
  const size = blockSizeOf(before);
  if (blockSizeOf(after) !== size) {
    return { field: 'blockSize', text: `cannot be changed from ${size}: ${ANOTHER_POOL}` };
  }
  if (before.allowedUses?.includes('LoadBalancer') && !after.allowedUses?.includes('LoadBalancer')) {
    return { field: 'allowedUses', text: `cannot be changed from LoadBalancer: ${ANOTHER_POOL}` };
  }
  return null;
}

function blockSizeOf({ cidr, blockSize }: IpPool['spec']): number {
  return blockSize ?? (cidr.family === 'ipv4' ? 26 : 122);
}
