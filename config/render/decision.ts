/**
 * How the best of several paths is found, as far as that can be chosen: annotations of the BGPConfiguration (whose
 * fields are Calico's), `node.<name>` before `default`.
 */
import type { DecisionConfig } from '@manul/bgp';
import { decisionOption } from './annotations.ts';
import { localPrefOf } from './filter-terms.ts';
import type { RenderContext } from './render-context.ts';
import type { RenderedDecision, RenderedNode } from './rendered-node.ts';

/** As BIRD does under Calico ("merge paths"). */
const DEFAULT_MAX_PATHS = 16;

/** Without annotations as BIRD does under Calico: up to 16 paths that differ in nothing that counts. */
export function decisionOf(context: RenderContext): RenderedDecision {
  const { resources, options } = context;
  const objects = [`node.${options.node}`, 'default'].flatMap(
    (name) => resources.bgpConfigurations.get(name) ?? [],
  );
  const read = <N extends Parameters<typeof decisionOption>[2]>(name: N) => {
    for (const object of objects) {
      const value = decisionOption(context, object, name);
      if (value !== null) return value;
    }
    return null;
  };
  return {
    alwaysCompareMed: read('always-compare-med') === 'true',
    multipath: read('multipath') ?? 'relaxed',
    maxPaths: read('max-paths') ?? DEFAULT_MAX_PATHS,
  };
}

/** As the speaker takes it. */
export function decisionConfig({
  decision: { alwaysCompareMed, multipath, maxPaths },
  routePriority,
}: Pick<RenderedNode, 'decision' | 'routePriority'>): DecisionConfig {
  return {
    alwaysCompareMed,
    maxPaths: multipath === 'none' ? 1 : maxPaths,
    relaxedAsPath: multipath === 'relaxed',
    // As in Calico, whose import filters give elevated routes a preference above that of the node's own.
    elevatedAbove: { ipv4: localPrefOf(routePriority.ipv4), ipv6: localPrefOf(routePriority.ipv6) },
  };
}
