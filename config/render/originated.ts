/** Prefixes that the node announces of its own: blocks, borrowed and single addresses, pod CIDRs, services. */
import { addressBits, contains, formatPrefix, type Prefix } from '@manul/bgp/net';
import type { IpamBlock } from '../schema/resource-set.ts';
import { addressAt } from './address-at.ts';
import { type NodeBlock, ownerOf } from './node-blocks.ts';
import type { RenderContext } from './render-context.ts';
import type { RenderedOriginated } from './rendered-node.ts';
import { localWorkloads } from './workloads.ts';

export interface OriginatedRoute {
  readonly prefix: Prefix;
  readonly reason: RenderedOriginated['reason'];
  readonly resource: string;
}

/** Blocks and single addresses; of two reasons for one prefix the first in the list below counts. */
export function originatedRoutes(context: RenderContext, blocks: readonly NodeBlock[]): OriginatedRoute[] {
  const routes = new Map<string, OriginatedRoute>();
  // A block of one address is announced by the route of the workload that has it.
  const aggregates = blocks.filter(({ prefix }) => prefix.length < addressBits(prefix.family));
  const candidates: OriginatedRoute[] = [
    ...aggregates.map(({ prefix, reason, resource }) => ({ prefix, reason, resource })),
    ...borrowedAddresses(context, blocks),
    ...singleAddresses(context, aggregates),
  ];
  for (const route of candidates) {
    const text = formatPrefix(route.prefix);
    if (!routes.has(text)) routes.set(text, route);
  }
  return [...routes.values()];
}

/** Addresses of this node in blocks of others, or of nobody. */
function borrowedAddresses(context: RenderContext, own: readonly NodeBlock[]): OriginatedRoute[] {
  const ownPrefixes = new Set(own.map(({ prefix }) => formatPrefix(prefix)));
  const { node } = context.options;
  return [...context.resources.ipamBlocks.values()].flatMap((block) => {
    const { spec, metadata } = block;
    // Few blocks hold anything of this node, and attributes are fewer than addresses: ask them first.
    if (!spec.attributes.some((attribute) => isHeldBy(attribute, node))) return [];
    if (spec.deleted || ownerOf(block) === node) return [];
    if (ownPrefixes.has(formatPrefix(spec.cidr))) return [];
    return spec.allocations.flatMap((index, ordinal): OriginatedRoute[] => {
      const attribute = index === null ? undefined : spec.attributes[index];
      if (attribute === undefined || !isHeldBy(attribute, node)) return [];
      const resource = `IPAMBlock/${metadata.name}`;
      return [{ prefix: addressAt(spec.cidr, ordinal), reason: 'borrowed', resource }];
    });
  });
}

export function isHeldBy(attribute: IpamBlock['spec']['attributes'][number], node: string): boolean {
  return attribute.releasedAt === undefined && attribute.secondary?.['node'] === node;
}

/** Workloads whose address lies in no block of the node. */
function singleAddresses(context: RenderContext, aggregates: readonly NodeBlock[]): OriginatedRoute[] {
  return localWorkloads(context).flatMap(({ addresses, resource }) =>
    addresses
      .filter((address) => !aggregates.some(({ prefix }) => contains(prefix, address)))
      .map((prefix): OriginatedRoute => ({ prefix, reason: 'workload', resource })),
  );
}
