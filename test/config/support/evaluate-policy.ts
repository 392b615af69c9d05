/** A slow reading of policies for tests: which term decides about one route. Independent of the compiled form. */
import { matchesGlob } from 'node:path';
import type { PathSource, PolicyConfig, PolicyMatch, PrefixMatch } from '@manul/bgp';
import { contains, parsePrefix } from '@manul/bgp/net';

export interface TestRoute {
  readonly prefix: string;
  readonly source?: PathSource;
  readonly sessionType?: 'ibgp' | 'ebgp';
  readonly communities?: readonly string[];
  readonly asPath?: readonly number[];
  readonly localPref?: number;
  readonly interface?: string;
}

/** `accept` or `reject`, with the names of the terms that changed or decided, in order. */
export function decide(
  policy: PolicyConfig,
  route: TestRoute,
): { readonly action: string; readonly terms: string[] } {
  const terms: string[] = [];
  for (const term of policy.terms) {
    if (!matches(term.match, route)) continue;
    terms.push(term.name);
    if (term.action !== 'next') return { action: term.action, terms };
  }
  return { action: policy.otherwise, terms };
}

function matches(match: PolicyMatch, route: TestRoute): boolean {
  const {
    prefix,
    source = 'local',
    sessionType = 'ibgp',
    communities = [],
    asPath = [],
    localPref = 100,
  } = route;
  const inOne = (conditions: readonly PrefixMatch[]): boolean => conditions.some((one) => lies(prefix, one));
  return (
    (match.prefixes === undefined || inOne(match.prefixes)) &&
    (match.notPrefixes === undefined || !inOne(match.notPrefixes)) &&
    (match.sources === undefined || match.sources.includes(source)) &&
    (match.sessionType === undefined || match.sessionType === sessionType) &&
    (match.interface === undefined ||
      (route.interface !== undefined && matchesGlob(route.interface, match.interface))) &&
    (match.community === undefined || communities.includes(match.community)) &&
    (match.asPathPrefix === undefined || match.asPathPrefix.every((asn, i) => asPath[i] === asn)) &&
    (match.localPref === undefined || match.localPref === localPref) &&
    (match.localPrefAbove === undefined || localPref > match.localPrefAbove)
  );
}

function lies(route: string, condition: PrefixMatch): boolean {
  const inner = parsePrefix(route)!;
  const isInside = contains(parsePrefix(condition.prefix)!, inner);
  return isInside && inner.length >= condition.minLength && inner.length <= condition.maxLength;
}
