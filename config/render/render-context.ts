/** What all parts of a rendering need: the resources, seen from one node. */
import type { Family } from '@manul/bgp/net';
import type { RenderOptions } from '../config-api.ts';
import type { ResourceSet } from '../schema/resource-set.ts';
import { type BgpSettings, bgpSettings } from './bgp-settings.ts';
import { type NodeView, unknownNode, viewNodes } from './node-view.ts';
import { Warnings } from './warnings.ts';

export interface RenderContext {
  readonly resources: ResourceSet;
  readonly options: RenderOptions;
  readonly nodes: ReadonlyMap<string, NodeView>;
  /** The node that is rendered; it may be in no resource. */
  readonly self: NodeView;
  readonly settings: BgpSettings;
  /** AS number of `self`. */
  readonly asn: number;
  readonly warnings: Warnings;
}

export function renderContext(resources: ResourceSet, options: RenderOptions): RenderContext {
  const warnings = new Warnings();
  const viewed = viewNodes(resources, warnings);
  const known = viewed.get(options.node);
  if (known === undefined) {
    warnings.add(`Node/${options.node}`, '', 'is in no resource: it has no address, no labels and no blocks');
  }
  const self = withAddresses(known ?? unknownNode(options.node), options.nodeAddresses);
  const nodes = known === undefined ? viewed : new Map(viewed).set(options.node, self);
  const settings = bgpSettings(resources, options.node);
  return { resources, options, nodes, self, settings, asn: self.asn ?? settings.asn, warnings };
}

/** The node, with the addresses that are given or found instead of, or besides, those of its resource. */
function withAddresses(node: NodeView, choices: RenderOptions['nodeAddresses']): NodeView {
  if (choices === undefined) return node;
  const of = (family: Family): NodeView['addresses'][Family] => {
    const choice = choices[family];
    const own = node.addresses[family];
    return choice !== null && (choice.overrides || own === null) ? choice.address : own;
  };
  return { ...node, addresses: { ipv4: of('ipv4'), ipv6: of('ipv6') } };
}

/** AS number that a node has in its own eyes. */
export function asnOf(context: RenderContext, node: NodeView): number {
  return node.asn ?? context.settings.asn;
}
