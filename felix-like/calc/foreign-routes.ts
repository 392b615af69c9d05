/**
 * Routes that others put into the kernel, as far as next hops of ours are reached by them (RFC 4271 §5.1.3: a next
 * hop need not be on a connected subnet). Only what covers such a next hop is kept, for the table of others may be
 * large. Our own routes never count: a next hop must not depend on what depends on it.
 */
import { containsAddress, type Family, parseAddress, parsePrefix } from '@manul/bgp/net';
import type { KernelNextHop, KernelRoute } from '../routetable/route-key.ts';
import type { Topology } from './topology.ts';
import { type Reach, unreached } from './way.ts';

/** Why a next hop is not resolved yet: nothing to report. */
export const LOOKED_UP_SOON = 'is on no connected subnet; the way to it is being looked up';

export class ForeignRoutes {
  readonly #followed = new Map<string, Uint8Array>();
  /** Followed next hops that have been looked up. */
  readonly #known = new Set<string>();
  /** The best of those that cover a followed next hop: longest prefix, then lowest metric. */
  #routes = new Map<string, KernelRoute>();
  #isStale = false;

  /** Something must be read from the kernel. */
  get isStale(): boolean {
    return this.#isStale && this.#followed.size > 0;
  }

  /** Families with followed next hops. */
  families(): readonly Family[] {
    const lengths = new Set([...this.#followed.values()].map((bytes) => bytes.length));
    return [...(lengths.has(4) ? (['ipv4'] as const) : []), ...(lengths.has(16) ? (['ipv6'] as const) : [])];
  }

  /** What is known may be wrong now. */
  markStale(): void {
    this.#isStale = true;
  }

  /** Someone else changed a route. @returns true when that concerns a followed next hop */
  onChange(prefixText: string): boolean {
    if (this.#followed.size === 0 || !this.#covers(prefixText)) return false;
    this.#isStale = true;
    return true;
  }

  /** Forgets next hops that nobody has any more. */
  retain(isInUse: (nextHop: string) => boolean): void {
    for (const nextHop of this.#followed.keys()) {
      if (isInUse(nextHop)) continue;
      this.#followed.delete(nextHop);
      this.#known.delete(nextHop);
      this.#routes.delete(nextHop);
    }
  }

  /** A dump begins. @returns what takes its routes, and at last puts them in the place of those before */
  beginRead(isOurs: (route: KernelRoute) => boolean): {
    readonly take: (routes: readonly KernelRoute[]) => void;
    readonly finish: () => void;
  } {
    this.#isStale = false;
    const found = new Map<string, KernelRoute>();
    const asked = [...this.#followed.keys()];
    return {
      take: (routes) => {
        for (const route of routes) if (!isOurs(route)) this.#consider(route, found);
      },
      finish: () => {
        this.#routes = found;
        for (const nextHop of asked) this.#known.add(nextHop);
      },
    };
  }

  /** @param nextHop canonical text of an address that is on no connected subnet */
  resolve(nextHop: string, topology: Topology): Reach {
    if (!this.#followed.has(nextHop)) {
      const bytes = parseAddress(nextHop);
      if (bytes === null) return unreached('is not an address');
      this.#followed.set(nextHop, bytes);
      this.#isStale = true;
    }
    const route = this.#routes.get(nextHop);
    if (route === undefined) {
      return unreached(
        this.#known.has(nextHop) ? 'is on no connected subnet, and no route leads to it' : LOOKED_UP_SOON,
      );
    }
    if (route.target.type !== 'unicast')
      return unreached(`is covered by ${route.target.type} ${route.prefix}`);
    const hops = route.target.nextHops.flatMap((hop): KernelNextHop[] => {
      const isUsable = hop.interfaceIndex !== null && topology.link(hop.interfaceIndex)?.isUp === true;
      // A route without gateway says that the next hop itself is on the link.
      return isUsable ? [{ ...hop, gateway: hop.gateway ?? nextHop }] : [];
    });
    if (hops.length === 0) return unreached(`is reached by ${route.prefix}, whose interface is down`);
    return { hops, error: null };
  }

  #covers(prefixText: string): boolean {
    const prefix = parsePrefix(prefixText);
    if (prefix === null) return false;
    for (const bytes of this.#followed.values()) if (containsAddress(prefix, bytes)) return true;
    return false;
  }

  #consider(route: KernelRoute, found: Map<string, KernelRoute>): void {
    const prefix = parsePrefix(route.prefix);
    if (prefix === null) return;
    for (const [nextHop, bytes] of this.#followed) {
      if (!containsAddress(prefix, bytes)) continue;
      const best = found.get(nextHop);
      if (best === undefined || isBetter(route, best)) found.set(nextHop, route);
    }
  }
}

function isBetter(a: KernelRoute, b: KernelRoute): boolean {
  const length = (route: KernelRoute): number => Number(route.prefix.split('/')[1]);
  return length(a) - length(b) > 0 || (length(a) === length(b) && a.metric < b.metric);
}
