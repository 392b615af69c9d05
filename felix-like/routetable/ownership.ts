/**
 * Which kernel routes are ours, and which of others we may take a key from. A fresh process with no memory must
 * be able to tell, so the answer is in the route itself: its protocol number.
 */
import { contains, type Prefix, parsePrefix } from '@manul/bgp/net';
import type { KernelRoute } from './route-key.ts';

/**
 * Below this, numbers are nobody's own: the kernel and everybody who types `ip route add` use them. Configured so,
 * our routes cannot be told from others', and only those to workload interfaces are taken for ours.
 */
const FIRST_EXCLUSIVE_PROTOCOL = 5;
/** Written by boot scripts (and Calico's Felix) and by BIRD: what Calico leaves behind in its pools. */
const PREDECESSORS: readonly number[] = [3, 12];

export interface OwnershipSettings {
  /** The number that our routes have now, and those that they had before in the life of this process. */
  readonly protocols: readonly number[];
  readonly pools: readonly string[];
  readonly isWorkloadInterface: (index: number) => boolean;
}

export class Ownership {
  readonly #settings: OwnershipSettings;
  readonly #pools: readonly Prefix[];

  constructor(settings: OwnershipSettings) {
    this.#settings = settings;
    this.#pools = settings.pools.flatMap((pool) => parsePrefix(pool, { mask: true }) ?? []);
  }

  get protocols(): readonly number[] {
    return this.#settings.protocols;
  }

  isOurs({ target }: KernelRoute): boolean {
    const { protocols, isWorkloadInterface } = this.#settings;
    const { protocol } = target;
    if (!protocols.includes(protocol)) return false;
    if (protocol >= FIRST_EXCLUSIVE_PROTOCOL) return true;
    return target.nextHops.some(
      (hop) => hop.interfaceIndex !== null && isWorkloadInterface(hop.interfaceIndex),
    );
  }

  /** True for our own routes, and for what a predecessor left inside our pools. */
  mayReplace(route: KernelRoute): boolean {
    if (this.isOurs(route)) return true;
    if (!PREDECESSORS.includes(route.target.protocol)) return false;
    const prefix = parsePrefix(route.prefix);
    return prefix !== null && this.#pools.some((pool) => contains(pool, prefix));
  }
}
