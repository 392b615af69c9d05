/** What sessions accept and announce, as policies: Calico's export rule, BGPFilters, communities, RFC 8212. */
import type { PolicyConfig, PolicyTerm, PrefixMatch } from '@manul/bgp';
import { addressBits, FAMILIES, type Family, formatPrefix, type Prefix } from '@manul/bgp/net';
import { taggedPrefixes } from './communities.ts';
import { type Direction, type FilterChain, filterChain, localPrefOf } from './filter-terms.ts';
import type { NodeBlock } from './node-blocks.ts';
import type { OriginatedRoute } from './originated.ts';
import { protectionTerms } from './protection-terms.ts';
import type { RenderContext } from './render-context.ts';
import { routePriorities } from './route-priority.ts';
import { serviceRanges } from './service-routes.ts';
import { CALICO_SAFETY, type SessionSafety } from './session-safety.ts';

export interface SessionPolicies {
  readonly importPolicy: PolicyConfig;
  readonly exportPolicy: PolicyConfig;
  readonly importFilters: readonly string[];
  readonly exportFilters: readonly string[];
}

/** Makes policies; equal demands get the same object, so that sessions may share what follows from it. */
export class PolicyBook {
  readonly #context: RenderContext;
  readonly #communities: readonly PolicyTerm[];
  readonly #calico: readonly PolicyTerm[];
  /** Made when the first session asks for it. */
  #protection: readonly PolicyTerm[] | null = null;
  readonly #known = new Map<string, SessionPolicies>();

  constructor(context: RenderContext, blocks: readonly NodeBlock[], services: readonly OriginatedRoute[]) {
    this.#context = context;
    this.#communities = communityTerms(context);
    this.#calico = calicoTerms(context, blocks, services, this.#communities);
  }

  /** Mesh and BGPPeer: filters, then Calico's rule on export, and everything on import. */
  configured(
    filters: readonly string[],
    families: readonly Family[],
    safety: SessionSafety = CALICO_SAFETY,
  ): SessionPolicies {
    return this.#remember(['configured', safetyKey(safety), ...filters, '', ...families], () => {
      const imported = filterChain(this.#context, filters, 'import', families);
      const exported = filterChain(this.#context, filters, 'export', families);
      return {
        importPolicy: this.#importPolicy(imported, safety),
        exportPolicy: {
          name: nameOf('calico', exported.names),
          terms: [...withPolicy('export', exported, safety), ...this.#calico],
          otherwise: 'reject',
        },
        importFilters: imported.names,
        exportFilters: exported.names,
      };
    });
  }

  /** DynamicNeighbor: filters, then everything. What `safety` says counts for clients of another AS. */
  dynamic(filters: readonly string[], families: readonly Family[], safety: SessionSafety): SessionPolicies {
    return this.#remember(['dynamic', safetyKey(safety), ...filters, '', ...families], () => {
      const imported = filterChain(this.#context, filters, 'import', families);
      const exported = filterChain(this.#context, filters, 'export', families);
      return {
        importPolicy: this.#importPolicy(imported, safety),
        exportPolicy: {
          name: nameOf('accept', exported.names),
          terms: [...withPolicy('export', exported, safety), ...this.#communities],
          otherwise: 'accept',
        },
        importFilters: imported.names,
        exportFilters: exported.names,
      };
    });
  }

  #importPolicy(imported: FilterChain, safety: SessionSafety): PolicyConfig {
    const protection = safety.importProtection === 'strict' ? this.#strict() : [];
    const terms = [...protection, ...withPolicy('import', imported, safety)];
    return { name: nameOf('accept', imported.names), terms, otherwise: 'accept' };
  }

  #strict(): readonly PolicyTerm[] {
    this.#protection ??= protectionTerms(this.#context);
    return this.#protection;
  }

  #remember(parts: readonly string[], make: () => SessionPolicies): SessionPolicies {
    const key = parts.join('\0');
    const known = this.#known.get(key) ?? make();
    this.#known.set(key, known);
    return known;
  }
}

function nameOf(base: string, filters: readonly string[]): string {
  return [...filters, base].join(', ');
}

/** Terms of the filters; where none speaks and one is required, nothing passes (RFC 8212 §2). */
function withPolicy(
  direction: Direction,
  chain: FilterChain,
  { requirePolicy }: SessionSafety,
): readonly PolicyTerm[] {
  return requirePolicy && chain.names.length === 0 ? [noPolicy(direction)] : chain.terms;
}

function safetyKey({ importProtection, requirePolicy }: SessionSafety): string {
  return `${importProtection} ${requirePolicy}`;
}

function noPolicy(direction: Direction): PolicyTerm {
  return { name: `RFC 8212: no ${direction} policy`, match: { sessionType: 'ebgp' }, action: 'reject' };
}

function communityTerms(context: RenderContext): PolicyTerm[] {
  return taggedPrefixes(context).map(({ prefix, communities, name }) => ({
    name,
    match: { prefixes: [inside(prefix)] },
    action: 'next',
    operations: communities.map((community) => ({ kind: 'addCommunity', community })),
  }));
}

/** Calico's standard export policy; what no term accepts is rejected. */
function calicoTerms(
  context: RenderContext,
  blocks: readonly NodeBlock[],
  services: readonly OriginatedRoute[],
  communities: readonly PolicyTerm[],
): PolicyTerm[] {
  const pools = [...context.resources.ipPools.values()];
  const { external, loadBalancer } = serviceRanges(context);
  const confirmed = blocks.filter((block) => block.confirmed).map(({ prefix }) => prefix);
  const poolTerms = (exported: boolean): PolicyTerm[] =>
    pools
      .filter(({ spec }) => spec.disableBGPExport !== exported)
      .map(({ metadata, spec }) => ({
        name: exported ? `IPPool/${metadata.name}` : `IPPool/${metadata.name} disableBGPExport`,
        match: { prefixes: [inside(spec.cidr)] },
        action: exported ? 'accept' : 'reject',
      }));
  return [
    ...poolTerms(false),
    ...communities,
    ...term('own blocks', confirmed.map(exactly), 'accept'),
    ...elevatedTerms(context, confirmed),
    ...term('inside own blocks', confirmed.map(inside), 'reject'),
    ...term(
      'own service routes',
      services.map(({ prefix }) => inside(prefix)),
      'accept',
    ),
    // A reflector passes on others' service routes.
    ...(context.self.clusterId === null
      ? []
      : term('service ranges', [...loadBalancer, ...external].map(inside), 'accept')),
    ...poolTerms(true),
  ];
}

/**
 * Elevated routes, of a metric below the ordinary one, get out even from inside an own block: a virtual machine that
 * has just moved here, say.
 */
function elevatedTerms(context: RenderContext, blocks: readonly Prefix[]): PolicyTerm[] {
  const { bgp: priorities } = routePriorities(context);
  return FAMILIES.flatMap((family) => {
    const prefixes = blocks.filter((block) => block.family === family).map(inside);
    if (prefixes.length === 0) return [];
    const match = { prefixes, localPrefAbove: localPrefOf(priorities[family]) };
    return [{ name: `elevated ${family} routes inside own blocks`, match, action: 'accept' }];
  });
}

/** No term where there is no prefix: without prefixes it would match everything. */
function term(name: string, prefixes: readonly PrefixMatch[], action: PolicyTerm['action']): PolicyTerm[] {
  return prefixes.length === 0 ? [] : [{ name, match: { prefixes }, action }];
}

function exactly(prefix: Prefix): PrefixMatch {
  return { prefix: formatPrefix(prefix), minLength: prefix.length, maxLength: prefix.length };
}

function inside(prefix: Prefix): PrefixMatch {
  return { prefix: formatPrefix(prefix), minLength: prefix.length, maxLength: addressBits(prefix.family) };
}
