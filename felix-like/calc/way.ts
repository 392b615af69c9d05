/** Where a route goes: its next hops, and how packets get to them. */
import type { AgentPool } from '../agent-api.ts';
import type { KernelNextHop } from '../routetable/route-key.ts';

export type Encapsulation = AgentPool['encapsulation'];

/** The next hops of a route; several share its traffic. One value for all routes with the same ones. */
export interface Way {
  /** Canonical addresses, at least one. */
  readonly nextHops: readonly string[];
  /** All next hops as one text. */
  readonly key: string;
}

/** Where a next hop is reached; or why it is not. */
export type Reach =
  | { readonly hops: readonly KernelNextHop[]; readonly error: null }
  | { readonly hops: null; readonly error: string };

export function reached(gateway: string | null, interfaceIndex: number, onlink: boolean): Reach {
  return { hops: [{ gateway, interfaceIndex, onlink, weight: 1 }], error: null };
}

export function unreached(error: string): Reach {
  return { hops: null, error };
}

export function wayKey(nextHops: readonly string[]): string {
  return nextHops.length === 1 ? nextHops[0]! : nextHops.join(' ');
}
