/** The other nodes, as the agent needs them: where they are in the underlay, and their ends of the tunnels. */
import type { Family } from '@manul/bgp/net';
import type { RemoteNode, Vtep } from '@manul/felix-like';
import type { NodeView } from './node-view.ts';
import type { RenderContext } from './render-context.ts';
import { vtepMac } from './tunnels.ts';

export function remoteNodes(context: RenderContext): RemoteNode[] {
  const taken = new Map<string, string>();
  return [...context.nodes.values()].flatMap((node): RemoteNode[] => {
    const vteps = {
      ipv4: vtepOf(context, node, 'ipv4', taken),
      ipv6: vtepOf(context, node, 'ipv6', taken),
    };
    if (node.name === context.options.node) return [];
    const address = (family: Family): string | null => node.addresses[family]?.address ?? null;
    return [{ name: node.name, addresses: { ipv4: address('ipv4'), ipv6: address('ipv6') }, vteps }];
  });
}

/**
 * Of two nodes that claim one address or MAC the first by name has it: whichever got the packets, one of them
 * would be cut off, and every node must choose the same.
 * @param taken names of nodes by what they claim
 */
function vtepOf(
  context: RenderContext,
  node: NodeView,
  family: Family,
  taken: Map<string, string>,
): Vtep | null {
  const address = node.vxlanAddresses[family];
  if (address === null || node.addresses[family] === null) return null;
  const mac = vtepMac(node, family);
  for (const claim of [address, `${family} ${mac}`]) {
    const holder = taken.get(claim);
    if (holder === undefined) continue;
    const text = `has the VXLAN address or MAC of Node/${holder}, which counts: ${claim}`;
    context.warnings.add(`Node/${node.name}`, 'spec', text);
    return null;
  }
  for (const claim of [address, `${family} ${mac}`]) taken.set(claim, node.name);
  return { address, mac };
}
