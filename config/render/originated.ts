/** Prefixes that the node announces of its own: blocks, borrowed and single addresses, pod CIDRs, services. */
import { addressBits, contains, formatPrefix, type Prefix } from '@manul/bgp/net';
import type { BlockAffinity, IpamBlock } from '../schema/resource-set.ts';
import type { RenderContext } from './render-context.ts';
import type { RenderedOriginated } from './rendered-node.ts';
import { localWorkloads } from './workloads.ts';

export interface OriginatedRoute {
  readonly prefix: Prefix;
  readonly reason: RenderedOriginated['reason'];
  readonly resource: string;
}

/** A block of the node. */
export interface NodeBlock {
  readonly prefix: Prefix;
  readonly resource: string;
  readonly reason: 'block' | 'podCIDR';
  /**
   * The claim is confirmed: host routes inside are hidden behind the block. A block that is being given back is
   * still announced, but hides nothing.
   */
  readonly confirmed: boolean;
}

/** The node's blocks: by affinity, else by the block's own word; where it has none at all, its pod CIDRs. */
export function nodeBlocks(context: RenderContext): NodeBlock[] {
  const { resources, options, self } = context;
  const blocks = new Map<string, NodeBlock>();
  const claims = new Map<string, BlockAffinity>();
  for (const affinity of resources.blockAffinities.values()) {
    const { spec, metadata } = affinity;
    if (spec.node !== options.node || spec.type !== 'host' || spec.deleted) continue;
    const prefix = formatPrefix(spec.cidr);
    claims.set(prefix, affinity);
    if (spec.state === 'pending') continue;
    const resource = `BlockAffinity/${metadata.name}`;
    const confirmed = spec.state !== 'pendingDeletion';
    blocks.set(prefix, { prefix: spec.cidr, resource, reason: 'block', confirmed });
  }
  for (const block of resources.ipamBlocks.values()) {
    if (!isOwnedBy(block, options.node)) continue;
    const prefix = formatPrefix(block.spec.cidr);
    if (claims.has(prefix)) continue;
    const resource = `IPAMBlock/${block.metadata.name}`;
    blocks.set(prefix, { prefix: block.spec.cidr, resource, reason: 'block', confirmed: true });
  }
  if (blocks.size > 0 || claims.size > 0) return [...blocks.values()];
  return self.podCidrs.map((prefix) => {
    return { prefix, resource: `Node/${self.name}`, reason: 'podCIDR', confirmed: true };
  });
}

function isOwnedBy({ spec }: IpamBlock, node: string): boolean {
  return !spec.deleted && spec.affinity?.type === 'host' && spec.affinity.name === node;
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
    if (spec.deleted || isOwnedBy(block, node)) return [];
    if (ownPrefixes.has(formatPrefix(spec.cidr))) return [];
    return spec.allocations.flatMap((index, ordinal): OriginatedRoute[] => {
      const attribute = index === null ? undefined : spec.attributes[index];
      if (attribute === undefined || !isHeldBy(attribute, node)) return [];
      const resource = `IPAMBlock/${metadata.name}`;
      return [{ prefix: addressAt(spec.cidr, ordinal), reason: 'borrowed', resource }];
    });
  });
}

function isHeldBy(attribute: IpamBlock['spec']['attributes'][number], node: string): boolean {
  return attribute.releasedAt === undefined && attribute.secondary?.['node'] === node;
}

/** The host prefix of the address at `ordinal` inside a block. */
function addressAt(block: Prefix, ordinal: number): Prefix {
  const bytes = block.bytes.slice();
  let carry = ordinal;
  for (let i = bytes.length - 1; i >= 0 && carry > 0; i--) {
    carry += bytes[i]!;
    bytes[i] = carry & 0xff;
    carry = Math.floor(carry / 256);
  }
  return { family: block.family, bytes, length: bytes.length * 8 };
}

/** Workloads whose address lies in no block of the node. */
function singleAddresses(context: RenderContext, aggregates: readonly NodeBlock[]): OriginatedRoute[] {
  return localWorkloads(context).flatMap(({ addresses, resource }) =>
    addresses
      .filter((address) => !aggregates.some(({ prefix }) => contains(prefix, address)))
      .map((prefix): OriginatedRoute => ({ prefix, reason: 'workload', resource })),
  );
}
