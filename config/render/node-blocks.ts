/** Which blocks are whose: by affinity, else by the block's own word; a node without any has its pod CIDRs. */
import { formatPrefix, type Prefix } from '@manul/bgp/net';
import type { IpamBlock } from '../schema/resource-set.ts';
import type { NodeView } from './node-view.ts';
import type { RenderContext } from './render-context.ts';

/** A block of a node. */
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

/** Claims of a node, by prefix; a claim that is only pending is known and gives no block. */
export type NodeClaims = ReadonlyMap<string, NodeBlock | null>;

/** @param claims of that node, as `blocksByNode` found them */
export function blocksOf(node: NodeView, claims: NodeClaims = new Map()): NodeBlock[] {
  if (claims.size > 0) return [...claims.values()].filter((block) => block !== null);
  return node.podCidrs.map((prefix) => {
    return { prefix, resource: `Node/${node.name}`, reason: 'podCIDR', confirmed: true };
  });
}

/** One walk over all blocks, for all nodes. */
export function blocksByNode({ resources }: RenderContext): ReadonlyMap<string, NodeClaims> {
  const byNode = new Map<string, Map<string, NodeBlock | null>>();
  const claimsOf = (node: string): Map<string, NodeBlock | null> => {
    const claims = byNode.get(node) ?? new Map<string, NodeBlock | null>();
    byNode.set(node, claims);
    return claims;
  };
  for (const { spec, metadata } of resources.blockAffinities.values()) {
    if (spec.type !== 'host' || spec.deleted) continue;
    const isPending = spec.state === 'pending';
    const block: NodeBlock = {
      prefix: spec.cidr,
      resource: `BlockAffinity/${metadata.name}`,
      reason: 'block',
      confirmed: spec.state !== 'pendingDeletion',
    };
    claimsOf(spec.node).set(formatPrefix(spec.cidr), isPending ? null : block);
  }
  for (const block of resources.ipamBlocks.values()) {
    const owner = ownerOf(block);
    if (owner === null) continue;
    const claims = claimsOf(owner);
    const prefix = formatPrefix(block.spec.cidr);
    if (claims.has(prefix)) continue;
    const resource = `IPAMBlock/${block.metadata.name}`;
    claims.set(prefix, { prefix: block.spec.cidr, resource, reason: 'block', confirmed: true });
  }
  return byNode;
}

/** Node that a block says it belongs to, or null. */
export function ownerOf({ spec }: IpamBlock): string | null {
  return !spec.deleted && spec.affinity?.type === 'host' ? spec.affinity.name : null;
}
