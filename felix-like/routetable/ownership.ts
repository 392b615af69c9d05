/**
 * Which kernel routes are ours, and which of others we may take a key from. A fresh process with no memory must
 * be able to tell, so the answer is in the route itself: its protocol number.
 */
import { contains, type Prefix, parsePrefix } from '@manul/bgp/net';
import type { KernelRoute, RouteTarget } from './route-key.ts';

type Targeted = { readonly target: RouteTarget };

/**
 * Below this, numbers are nobody's own: the kernel and everybody who types `ip route add` use them. Configured so,
 * our routes cannot be told from others', and only those to workload interfaces are taken for ours.
 */
const FIRST_EXCLUSIVE_PROTOCOL = 5;
/** Written by the kernel itself (RTPROT_KERNEL, RTPROT_RA), and by a BIRD that speaks with a workload. */
const NEVER_EXTERNAL: readonly number[] = [2, 9, 12];
/** Written by boot scripts (and Calico's Felix) and by BIRD: what Calico leaves behind in its pools. */
const PREDECESSORS: readonly number[] = [3, 12];

export interface OwnershipSettings {
  /** The number that our routes have now, and those that they had before in the life of this process. */
  readonly protocols: readonly number[];
  readonly pools: readonly string[];
  readonly isWorkloadInterface: (index: number) => boolean;
  /** Routes of others to workload interfaces are ours to remove (FelixConfiguration.removeExternalRoutes). */
  readonly removesExternal?: boolean;
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

  isOurs(route: Targeted): boolean {
    const { protocol } = route.target;
    if (!this.hasOurProtocol(route)) return this.isExternal(route);
    return protocol >= FIRST_EXCLUSIVE_PROTOCOL || this.#leadsToWorkload(route);
  }

  hasOurProtocol({ target }: Targeted): boolean {
    return this.#settings.protocols.includes(target.protocol);
  }

  /** Somebody else's route to a workload interface, which nobody but us should have. */
  isExternal(route: Targeted): boolean {
    if (this.#settings.removesExternal !== true || this.hasOurProtocol(route)) return false;
    return !NEVER_EXTERNAL.includes(route.target.protocol) && this.#leadsToWorkload(route);
  }

  /** True for our own routes, and for what a predecessor left inside our pools. */
  mayReplace(route: KernelRoute): boolean {
    if (this.isOurs(route)) return true;
    if (!PREDECESSORS.includes(route.target.protocol)) return false;
    const prefix = parsePrefix(route.prefix);
    return prefix !== null && this.#pools.some((pool) => contains(pool, prefix));
  }

  #leadsToWorkload({ target }: Targeted): boolean {
    const { isWorkloadInterface } = this.#settings;
    return target.nextHops.some(
      (hop) => hop.interfaceIndex !== null && isWorkloadInterface(hop.interfaceIndex),
    );
  }
}
