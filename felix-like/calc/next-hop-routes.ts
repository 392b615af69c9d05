/**
 * The routes by which next hops are reached, for the decision process of BGP (RFC 4271 §9.1.2.1): connected subnets,
 * local workloads, gateways that the configuration names, and what others put into the kernel. Routes of our own to
 * pods never count: a next hop must not depend on what depends on it.
 */
import { containsAddress, isLinkLocal, parseAddress, parsePrefix } from '@manul/bgp/net';
import type { GatewayRoute, NextHopRoute, Workload } from '../agent-api.ts';
import type { KernelRoute } from '../routetable/route-key.ts';
import type { KernelFacts } from './topology.ts';

/** Routes of others that are followed; with more, next hops are not resolved at all. */
export const MAX_FOLLOWED = 10_000;

export interface NextHopSources extends KernelFacts {
  readonly workloads: readonly Workload[];
  readonly gatewayRoutes: readonly GatewayRoute[];
}

export class NextHopRoutes {
  readonly #others = new Map<string, KernelRoute>();
  /** Interfaces whose routes must be read; null: all. */
  #stale: Set<number> | null = null;
  #isChanged = true;
  #isOverfull = false;

  /** What must be read: the routes of these interfaces, or all (null). */
  get stale(): ReadonlySet<number> | null {
    return this.#stale;
  }

  get isStale(): boolean {
    return this.#stale === null || this.#stale.size > 0;
  }

  /** More routes than are followed. */
  get isOverfull(): boolean {
    return this.#isOverfull;
  }

  /** What is known may be wrong now. */
  markStale(interfaceIndex: number | null): void {
    if (interfaceIndex === null) this.#stale = null;
    else this.#stale?.add(interfaceIndex);
  }

  /** Links, addresses or the configuration are others now. */
  markChanged(): void {
    this.#isChanged = true;
  }

  /** True once after each change. */
  takeChange(): boolean {
    const isChanged = this.#isChanged;
    this.#isChanged = false;
    return isChanged;
  }

  /** Someone else changed a route. */
  onEvent(isDeleted: boolean, route: KernelRoute): void {
    if (!isDeleted) {
      this.#put(route);
      return;
    }
    const known = this.#others.get(keyOf(route));
    if (known === undefined) return;
    this.#others.delete(keyOf(route));
    this.#isChanged = true;
    // IPv6 may have more routes of the same key: who is left is read.
    for (const { interfaceIndex } of known.target.nextHops) {
      if (interfaceIndex !== null) this.markStale(interfaceIndex);
    }
  }

  /** A dump of what is stale begins; what it does not hold is gone. @returns takes its routes, then ends it */
  beginRead(isOurs: (route: KernelRoute) => boolean): (routes: readonly KernelRoute[]) => void {
    const stale = this.#stale;
    this.#stale = new Set();
    this.#isChanged = true;
    if (stale === null) {
      this.#others.clear();
      this.#isOverfull = false;
    } else {
      for (const [key, { target }] of this.#others) {
        const isConcerned = ({ interfaceIndex }: { readonly interfaceIndex: number | null }): boolean =>
          interfaceIndex !== null && stale.has(interfaceIndex);
        if (target.nextHops.some(isConcerned)) this.#others.delete(key);
      }
    }
    return (routes) => {
      for (const route of routes) if (!isOurs(route)) this.#put(route);
    };
  }

  /** All routes that next hops may take now; null: too many to follow. */
  list({ links, addresses, workloads, gatewayRoutes }: NextHopSources): readonly NextHopRoute[] | null {
    if (this.#isOverfull) return null;
    const up = new Map(links.filter(({ isUp }) => isUp).map(({ index, name }) => [index, name]));
    const names = new Set(up.values());
    const connected = addresses.flatMap(({ interfaceIndex, subnet }): NextHopRoute[] => {
      const interfaceName = up.get(interfaceIndex);
      return interfaceName === undefined ? [] : [{ prefix: subnet, metric: 0, interfaceName }];
    });
    const ofWorkloads = workloads
      .filter(({ interfaceName }) => names.has(interfaceName))
      .flatMap(({ interfaceName, addresses: own }) =>
        own.map((prefix): NextHopRoute => ({ prefix, metric: 0, interfaceName })),
      );
    const ofGateways = gatewayRoutes.flatMap(({ prefix, gateway }): NextHopRoute[] => {
      const way = linkTowards(gateway, connected);
      return way === undefined ? [] : [{ prefix, metric: 0, interfaceName: way.interfaceName }];
    });
    const others = [...this.#others.values()].flatMap((route) => wayOf(route, up));
    return [...connected, ...ofWorkloads, ...ofGateways, ...others];
  }

  #put(route: KernelRoute): void {
    if (isLinkLocal(route.prefix.split('/')[0]!)) return;
    const key = keyOf(route);
    if (!this.#others.has(key) && this.#others.size >= MAX_FOLLOWED) {
      this.#isChanged ||= !this.#isOverfull;
      this.#isOverfull = true;
      return;
    }
    this.#others.set(key, route);
    this.#isChanged = true;
  }
}

export function areSameWays(a: readonly NextHopRoute[] | null, b: readonly NextHopRoute[] | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((route, i) => isSameWay(route, b[i]!));
}

function isSameWay(a: NextHopRoute, b: NextHopRoute): boolean {
  return (
    a.prefix === b.prefix &&
    a.metric === b.metric &&
    a.interfaceName === b.interfaceName &&
    a.isUnreachable === b.isUnreachable
  );
}

function keyOf({ prefix, metric }: KernelRoute): string {
  return `${prefix} ${metric}`;
}

/** A route that leads nowhere counts, too: it hides the shorter ones. */
function wayOf({ prefix, metric, target }: KernelRoute, up: ReadonlyMap<number, string>): NextHopRoute[] {
  if (target.type !== 'unicast') return [{ prefix, metric, interfaceName: null, isUnreachable: true }];
  for (const { interfaceIndex } of target.nextHops) {
    const interfaceName = interfaceIndex === null ? undefined : up.get(interfaceIndex);
    if (interfaceName !== undefined) return [{ prefix, metric, interfaceName }];
  }
  return [];
}

function linkTowards(gateway: string, connected: readonly NextHopRoute[]): NextHopRoute | undefined {
  const address = parseAddress(gateway);
  if (address === null) return undefined;
  return connected.find(({ prefix }) => {
    const subnet = parsePrefix(prefix);
    return subnet !== null && containsAddress(subnet, address);
  });
}
