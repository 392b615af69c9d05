/** What all parts of a rendering need: the resources, seen from one node. */
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
  const nodes = viewNodes(resources, warnings);
  const known = nodes.get(options.node);
  if (known === undefined) {
    warnings.add(`Node/${options.node}`, '', 'is in no resource: it has no address, no labels and no blocks');
  }
  const self = known ?? unknownNode(options.node);
  const settings = bgpSettings(resources, options.node);
  return { resources, options, nodes, self, settings, asn: self.asn ?? settings.asn, warnings };
}

/** AS number that a node has in its own eyes. */
export function asnOf(context: RenderContext, node: NodeView): number {
  return node.asn ?? context.settings.asn;
}
