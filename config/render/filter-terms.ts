/**
 * BGPFilters as policy terms. Rules for IPv4 and IPv6 stand in one list: each matches routes of its own family
 * only. A filter that does not exist rejects everything at its place.
 */
import type { PolicyMatch, PolicyOperation, PolicyTerm, PrefixMatch } from '@manul/bgp';
import { addressBits, FAMILIES, type Family, formatPrefix } from '@manul/bgp/net';
import { MAX_PRIORITY } from '../schema/kinds/bgp-configuration.ts';
import type { BgpFilter } from '../schema/resource-set.ts';
import type { RenderContext } from './render-context.ts';

export type Direction = 'import' | 'export';

type Rules = NonNullable<BgpFilter['spec']['importV4']>;
type Rule = Rules[number];

/** Names and terms of one direction. */
export interface FilterChain {
  /** Filters that exist and have rules, in order; `missing:<name>` for one that does not exist. */
  readonly names: readonly string[];
  readonly terms: readonly PolicyTerm[];
}

export function filterChain(
  context: RenderContext,
  filters: readonly string[],
  direction: Direction,
  families: readonly Family[],
): FilterChain {
  const chain = filters.map((name) => oneFilter(context, name, direction, families));
  return { names: chain.flatMap(({ names }) => names), terms: chain.flatMap(({ terms }) => terms) };
}

function oneFilter(
  context: RenderContext,
  name: string,
  direction: Direction,
  families: readonly Family[],
): FilterChain {
  const filter = context.resources.bgpFilters.get(name);
  if (filter === undefined) {
    return {
      names: [`missing:${name}`],
      terms: [{ name: `BGPFilter/${name} is missing`, match: {}, action: 'reject' }],
    };
  }
  const byFamily = FAMILIES.filter((family) => families.includes(family)).map((family) => {
    const field = fieldOf(direction, family);
    return { family, field, rules: filter.spec[field] ?? [] };
  });
  return {
    names: byFamily.some(({ rules }) => rules.length > 0) ? [name] : [],
    terms: byFamily.flatMap(({ family, field, rules }) =>
      rules.flatMap((rule, i) =>
        ruleTerm(context, { filter: name, field: `${field}[${i}]`, family, direction }, rule),
      ),
    ),
  };
}

function fieldOf(direction: Direction, family: Family): keyof BgpFilter['spec'] {
  return `${direction}${family === 'ipv4' ? 'V4' : 'V6'}`;
}

interface RulePlace {
  readonly filter: string;
  readonly field: string;
  readonly family: Family;
  readonly direction: Direction;
}

/** @returns no term where the rule can match no route. */
function ruleTerm(context: RenderContext, place: RulePlace, rule: Rule): PolicyTerm[] {
  const resource = `BGPFilter/${place.filter}`;
  const warn = (field: string, text: string): void =>
    context.warnings.add(resource, `spec.${place.field}.${field}`, text);
  const prefixes = prefixCondition(rule, place.family, warn);
  if (prefixes === null) {
    warn('prefixLength', 'leaves no length: the rule matches nothing');
    return [];
  }
  const match: PolicyMatch = {
    ...prefixes,
    ...(rule.source !== undefined && place.direction === 'export' ? { sources: ['ibgp', 'ebgp'] } : {}),
    ...(rule.interface === undefined || rule.interface === '*' ? {} : { interface: rule.interface }),
    ...(rule.peerType === undefined ? {} : { sessionType: rule.peerType === 'iBGP' ? 'ibgp' : 'ebgp' }),
    ...(rule.communities === undefined ? {} : { community: rule.communities.values[0]! }),
    ...(rule.asPathPrefix === undefined ? {} : { asPathPrefix: rule.asPathPrefix }),
    ...(rule.priority === undefined ? {} : { localPref: localPrefOf(rule.priority) }),
  };
  const name = `${resource} ${place.field}`;
  const operations = (rule.operations ?? []).map(operationOf);
  const action = rule.action === 'Accept' ? 'accept' : 'reject';
  return [operations.length === 0 ? { name, match, action } : { name, match, action, operations }];
}

/** LOCAL_PREF that stands for a route priority (a kernel metric): less metric is more preference. */
export function localPrefOf(priority: number): number {
  return MAX_PRIORITY + 1 - priority;
}

/** @returns null where no route of the family can match. */
function prefixCondition(
  rule: Rule,
  family: Family,
  warn: (field: string, text: string) => void,
): Pick<PolicyMatch, 'prefixes' | 'notPrefixes'> | null {
  const bits = addressBits(family);
  const everything: PrefixMatch = {
    prefix: family === 'ipv4' ? '0.0.0.0/0' : '::/0',
    minLength: 0,
    maxLength: bits,
  };
  const { cidr, matchOperator } = rule;
  if (cidr === undefined || matchOperator === undefined) return { prefixes: [everything] };
  const exact = matchOperator === 'Equal' || matchOperator === 'NotEqual';
  if (exact && rule.prefixLength !== undefined) warn('prefixLength', `has no effect with ${matchOperator}`);
  const minLength = exact ? cidr.length : Math.max(rule.prefixLength?.min ?? 0, cidr.length);
  const maxLength = exact ? cidr.length : Math.min(rule.prefixLength?.max ?? bits, bits);
  const condition: PrefixMatch = { prefix: formatPrefix(cidr), minLength, maxLength };
  const isEmpty = minLength > maxLength;
  if (matchOperator === 'Equal' || matchOperator === 'In') return isEmpty ? null : { prefixes: [condition] };
  return isEmpty ? { prefixes: [everything] } : { prefixes: [everything], notPrefixes: [condition] };
}

function operationOf(operation: NonNullable<Rule['operations']>[number]): PolicyOperation {
  if (operation.addCommunity !== undefined) {
    return { kind: 'addCommunity', community: operation.addCommunity.value };
  }
  if (operation.prependASPath !== undefined)
    return { kind: 'prependAsPath', asns: operation.prependASPath.prefix };
  return { kind: 'setLocalPref', localPref: localPrefOf(operation.setPriority!.value) };
}

/** Warns of filters that do not exist. */
export function warnOfMissingFilters(
  context: RenderContext,
  resource: string,
  filters: readonly string[],
): void {
  filters.forEach((name, i) => {
    if (context.resources.bgpFilters.has(name)) return;
    context.warnings.add(
      resource,
      `spec.filters[${i}]`,
      `BGPFilter ${name} is missing: every route is rejected there`,
    );
  });
}
