/** Routes for tests: protocol 80, metric 1024, main table. */
import type { KernelNextHop, KernelRoute, RouteTarget } from '../../../felix-like/kernel/kernel-port.ts';

export function nextHop(
  gateway: string | null,
  interfaceIndex: number | null,
  options: Partial<Pick<KernelNextHop, 'onlink' | 'weight'>> = {},
): KernelNextHop {
  return { gateway, interfaceIndex, onlink: false, weight: 1, ...options };
}

export function route(prefix: string, target: Partial<RouteTarget> = {}): KernelRoute {
  return {
    table: 254,
    prefix,
    metric: 1024,
    target: { type: 'unicast', protocol: 80, scope: 'universe', nextHops: [], ...target },
  };
}

export function gatewayRoute(prefix: string, gateway: string, interfaceIndex: number): KernelRoute {
  return route(prefix, { nextHops: [nextHop(gateway, interfaceIndex)] });
}

export function linkRoute(prefix: string, interfaceIndex: number): KernelRoute {
  return route(prefix, { scope: 'link', nextHops: [nextHop(null, interfaceIndex)] });
}

export function blackholeRoute(prefix: string): KernelRoute {
  return route(prefix, { type: 'blackhole' });
}

/** The same route, of another protocol. */
export function ofProtocol(protocol: number, original: KernelRoute): KernelRoute {
  return { ...original, target: { ...original.target, protocol } };
}
