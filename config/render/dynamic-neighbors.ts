/** DynamicNeighbors whose nodeSelector picks this node. */
import type { AsRange } from '@manul/bgp';
import { FAMILIES, formatPrefix } from '@manul/bgp/net';
import { formatAsnRange } from '../schema/asn.ts';
import type { DynamicNeighbor } from '../schema/resource-set.ts';
import { matchesSelector } from '../schema/selector.ts';
import { warnOfMissingFilters } from './filter-terms.ts';
import { neighborPassword, type Password } from './passwords.ts';
import type { PolicyBook, SessionPolicies } from './policies.ts';
import { neighborPrefixLimit } from './prefix-limit.ts';
import type { RenderContext } from './render-context.ts';
import type { RenderedDynamicNeighbor } from './rendered-node.ts';
import { CALICO_SAFETY, neighborSafety, type SessionSafety } from './session-safety.ts';

export interface DynamicPlan {
  readonly rendered: RenderedDynamicNeighbor;
  readonly asNumbers: readonly AsRange[];
  readonly password: Password;
  /** Interface that clients must come by, or null. */
  readonly boundTo: string | null;
  readonly policies: SessionPolicies;
  readonly safety: SessionSafety;
}

export function dynamicNeighbors(context: RenderContext, policies: PolicyBook): DynamicPlan[] {
  const selected = [...context.resources.dynamicNeighbors.values()]
    .filter(({ spec }) => matchesSelector(spec.nodeSelector, context.self.labels))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const owners = rangeOwners(context, selected);
  return selected.map((neighbor) => plan(context, policies, neighbor, owners));
}

function plan(
  context: RenderContext,
  book: PolicyBook,
  neighbor: DynamicNeighbor,
  owners: ReadonlyMap<string, string>,
): DynamicPlan {
  const { metadata, spec } = neighbor;
  const resource = `DynamicNeighbor/${metadata.name}`;
  const own = { first: context.asn, last: context.asn };
  const asNumbers = spec.asNumbers.length > 0 ? spec.asNumbers : [own];
  const families = FAMILIES.filter((family) => spec.families.includes(family));
  const otherAs = asNumbers.some(({ first, last }) => first !== context.asn || last !== context.asn);
  const safety = otherAs ? neighborSafety(neighbor) : CALICO_SAFETY;
  const policies = book.dynamic(spec.filters, families, safety);
  const password = neighborPassword(context.resources, context.options.namespace, neighbor);
  warnOfMissingFilters(context, resource, spec.filters);
  if (password.held !== null) context.warnings.add(resource, passwordField(neighbor), password.held);
  if (
    spec.routeReflectorClient &&
    !asNumbers.some(({ first, last }) => first <= context.asn && context.asn <= last)
  ) {
    const text = `has no effect: the clients' AS numbers leave our own, ${context.asn}, out`;
    context.warnings.add(resource, 'spec.routeReflectorClient', text);
  }
  return {
    asNumbers,
    password,
    boundTo: spec.interface ?? null,
    policies,
    safety,
    rendered: {
      name: metadata.name,
      listenRanges: [...new Set(spec.listenRanges.map(formatPrefix))].filter(
        (range) => owners.get(range) === metadata.name,
      ),
      asNumbers: asNumbers.map(formatAsnRange),
      routeReflectorClient: spec.routeReflectorClient,
      families,
      maxSessions: spec.maxSessions,
      ...neighborPrefixLimit(neighbor),
      password: password.key !== null,
      held: password.held,
      holdTime: spec.holdTime,
      ttlSecurity: spec.ttlSecurity ?? null,
      addPath: spec.addPath,
      importFilters: policies.importFilters,
      exportFilters: policies.exportFilters,
      resource,
    },
  };
}

function passwordField({ spec }: DynamicNeighbor): string {
  return spec.passwordFile === undefined ? 'spec.password' : 'spec.passwordFile';
}

/** Which neighbor each range belongs to: of two that name the same one, the first by name. */
function rangeOwners(context: RenderContext, neighbors: readonly DynamicNeighbor[]): Map<string, string> {
  const owners = new Map<string, string>();
  for (const { metadata, spec } of neighbors) {
    spec.listenRanges.forEach((range, i) => {
      const text = formatPrefix(range);
      const owner = owners.get(text) ?? metadata.name;
      owners.set(text, owner);
      if (owner === metadata.name) return;
      const warning = `${text} is ignored here: it belongs to DynamicNeighbor/${owner} already`;
      context.warnings.add(`DynamicNeighbor/${metadata.name}`, `spec.listenRanges[${i}]`, warning);
    });
  }
  return owners;
}
