/** Routes as the kernel keys and compares them. */
import type { Family } from '@manul/bgp/net';
import type {
  KernelNeighbour,
  KernelNextHop,
  KernelRoute,
  NewLink,
  RouteTarget,
} from '../kernel/kernel-port.ts';

export type { KernelNeighbour, KernelNextHop, KernelRoute, NewLink, RouteTarget };

/** The main routing table (RT_TABLE_MAIN): the only one that we write. */
export const MAIN_TABLE = 254;

/** Calico's normal route priority: nearly all of our routes have it. */
const USUAL_METRIC = 1024;

/** The kernel's key of a route inside one table, prefix and metric; the usual metric is left out. */
export type RouteKey = string;

export function routeKey(prefix: string, metric: number): RouteKey {
  return metric === USUAL_METRIC ? prefix : `${prefix} ${metric}`;
}

export function familyOfPrefix(prefix: string): Family {
  return prefix.includes(':') ? 'ipv6' : 'ipv4';
}

/** True when both do the same to packets; table, prefix and metric are the key and are not compared. */
export function isSameRoute(a: KernelRoute, b: KernelRoute): boolean {
  if (a.target === b.target) return true;
  const isIpv6 = familyOfPrefix(a.prefix) === 'ipv6';
  return isSameTarget(a.target, b.target, isIpv6);
}

export function isSameTarget(a: RouteTarget, b: RouteTarget, isIpv6: boolean): boolean {
  return (
    a.type === b.type &&
    a.protocol === b.protocol &&
    // IPv6 keeps no scope: the kernel says `universe` whatever was asked for.
    (isIpv6 || a.scope === b.scope) &&
    a.source === b.source &&
    a.nextHops.length === b.nextHops.length &&
    a.nextHops.every((nextHop, i) => isSameNextHop(nextHop, b.nextHops[i]!))
  );
}

function isSameNextHop(a: KernelNextHop, b: KernelNextHop): boolean {
  return (
    a.gateway === b.gateway &&
    a.interfaceIndex === b.interfaceIndex &&
    a.onlink === b.onlink &&
    a.weight === b.weight
  );
}
