/** Which node has which prefix: blocks and borrowed addresses, or, with `routeSource: WorkloadIPs`, the workloads'. */
import { formatPrefix, type Prefix } from '@manul/bgp/net';
import type { RemotePrefix } from '@manul/felix-like';
import type { FelixConfiguration } from '../schema/resource-set.ts';
import { addressAt } from './address-at.ts';
import { blocksOf, type NodeClaims, ownerOf } from './node-blocks.ts';
import { isHeldBy } from './originated.ts';
import type { RenderContext } from './render-context.ts';
import { remoteWorkloads } from './workloads.ts';

type RouteSource = NonNullable<FelixConfiguration['spec']['routeSource']>;

/** Prefixes of all nodes but the rendered one; of two claims to one prefix the first counts. */
export function remotePrefixes(
  context: RenderContext,
  claims: ReadonlyMap<string, NodeClaims>,
  source: RouteSource,
): RemotePrefix[] {
  const byPrefix = new Map<string, RemotePrefix>();
  const add = (prefix: Prefix, node: string, resource: string): void => {
    const text = formatPrefix(prefix);
    if (!byPrefix.has(text)) byPrefix.set(text, { prefix: text, node, resource });
  };
  if (source === 'WorkloadIPs') {
    for (const { addresses, node, resource } of remoteWorkloads(context)) {
      for (const address of addresses) add(address, node, resource);
    }
    return [...byPrefix.values()];
  }
  for (const node of context.nodes.values()) {
    if (node.name === context.options.node) continue;
    for (const { prefix, resource } of blocksOf(node, claims.get(node.name)))
      add(prefix, node.name, resource);
  }
  addBorrowed(context, add);
  return [...byPrefix.values()];
}

/** Addresses that a node other than the block's owner holds. */
function addBorrowed(
  { resources, options, nodes }: RenderContext,
  add: (prefix: Prefix, node: string, resource: string) => void,
): void {
  for (const block of resources.ipamBlocks.values()) {
    const { spec, metadata } = block;
    const owner = ownerOf(block);
    if (spec.deleted) continue;
    const borrowers = spec.attributes.map((attribute) => {
      const node = attribute.secondary?.['node'];
      const isBorrower = node !== undefined && node !== owner && node !== options.node && nodes.has(node);
      return isBorrower && isHeldBy(attribute, node) ? node : null;
    });
    if (borrowers.every((node) => node === null)) continue;
    spec.allocations.forEach((index, ordinal) => {
      const node = index === null ? null : (borrowers[index] ?? null);
      if (node !== null) add(addressAt(spec.cidr, ordinal), node, `IPAMBlock/${metadata.name}`);
    });
  }
}
