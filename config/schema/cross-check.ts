/** Checks between resources, as Calico's client makes them before it stores one. */
import { contains, formatPrefix, type Prefix } from '@manul/bgp/net';

export interface PlacedPool {
  readonly name: string;
  readonly cidr: Prefix;
}

export interface PoolOverlap<P> {
  readonly pool: P;
  readonly text: string;
}

/** Pools that overlap one before them. */
export function overlappingPools<P extends PlacedPool>(pools: readonly P[]): PoolOverlap<P>[] {
  return pools.flatMap((pool, i) => {
    const other = pools
      .slice(0, i)
      .find(({ cidr }) => contains(cidr, pool.cidr) || contains(pool.cidr, cidr));
    if (other === undefined) return [];
    return [{ pool, text: `overlaps ${formatPrefix(other.cidr)} of IPPool/${other.name}` }];
  });
}
