/** What routes without a gateway do with packets. */
import type { RouteTarget } from '../routetable/route-key.ts';

export function blackholeTarget(protocol: number): RouteTarget {
  return { type: 'blackhole', protocol, scope: 'universe', nextHops: [] };
}

/** The destination itself is on the link. */
export function linkTarget(protocol: number, interfaceIndex: number): RouteTarget {
  const nextHop = { gateway: null, interfaceIndex, onlink: false, weight: 1 };
  return { type: 'unicast', protocol, scope: 'link', nextHops: [nextHop] };
}
