/**
 * How the best of several paths is found, as far as that can be chosen: annotations of the BGPConfiguration (whose
 * fields are Calico's), `node.<name>` before `default`.
 */
import type { DecisionConfig } from '@manul/bgp';
import { localPrefOf } from './filter-terms.ts';
import type { RenderContext } from './render-context.ts';
import {
  MULTIPATH_MODES,
  type MultipathMode,
  type RenderedDecision,
  type RenderedNode,
} from './rendered-node.ts';

const PREFIX = 'manul.dev/';
/** As BIRD does under Calico ("merge paths"). */
const DEFAULT_MAX_PATHS = 16;
/** Next hops of one route that are still worth writing into a kernel. */
const MAX_PATHS = 64;

/** Without annotations as BIRD does under Calico: up to 16 paths that differ in nothing that counts. */
export function decisionOf(context: RenderContext): RenderedDecision {
  const { resources, options, warnings } = context;
  const read = <T>(name: string, parse: (text: string) => T | null, expected: string): T | null => {
    for (const object of [`node.${options.node}`, 'default']) {
      const text = resources.bgpConfigurations.get(object)?.metadata.annotations[PREFIX + name];
      if (text === undefined) continue;
      const value = parse(text);
      if (value !== null) return value;
      const wrong = `${JSON.stringify(text)} is not ${expected}: it has no effect`;
      warnings.add(`BGPConfiguration/${object}`, `metadata.annotations[${PREFIX}${name}]`, wrong);
    }
    return null;
  };
  const mode = (text: string): MultipathMode | null => MULTIPATH_MODES.find((one) => one === text) ?? null;
  return {
    alwaysCompareMed: read('always-compare-med', parseSwitch, 'true or false') ?? false,
    multipath: read('multipath', mode, MULTIPATH_MODES.join(', ')) ?? 'relaxed',
    maxPaths: read('max-paths', parseMaxPaths, `a number from 1 to ${MAX_PATHS}`) ?? DEFAULT_MAX_PATHS,
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

function parseSwitch(text: string): boolean | null {
  return text === 'true' ? true : text === 'false' ? false : null;
}

function parseMaxPaths(text: string): number | null {
  return /^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_PATHS ? Number(text) : null;
}
