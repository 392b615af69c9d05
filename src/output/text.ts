/** How values are written in tables and on the looking glass. */
import type { FamilyCounts, RouteStatus, SessionError } from '@manul/bgp';

/** One number where one family is in use, else `12 + 3` (IPv4, then IPv6). */
export function countsText(counts: FamilyCounts): string {
  const numbers = [counts.ipv4, counts.ipv6].filter((count) => count !== undefined);
  return numbers.length === 0 ? '' : numbers.join(' + ');
}

/** `received 6/2 Administrative Shutdown`. */
export function errorText(error: SessionError): string {
  if (error.code === 0) return error.text;
  return `${error.direction} ${error.code}/${error.subcode} ${error.text}`.trimEnd();
}

/** AS numbers in order, an AS_SET in braces, then the origin as one letter. */
export function pathText(route: Pick<RouteStatus, 'asPath' | 'origin'>): string {
  const segments = route.asPath.map((segment) =>
    typeof segment === 'number' ? String(segment) : `{${segment.join(' ')}}`,
  );
  const origin = { igp: 'i', egp: 'e', incomplete: '?' }[route.origin];
  return [...segments, origin].join(' ');
}
