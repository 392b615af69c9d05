/** The FelixConfiguration in force on the node: its own object over selected ones over `default`. */
import type { FelixConfiguration } from '../schema/resource-set.ts';
import { matchesSelector } from '../schema/selector.ts';
import type { RenderContext } from './render-context.ts';

type Spec = FelixConfiguration['spec'];

export interface FelixSettings {
  readonly interfacePrefixes: readonly string[];
  readonly routeRefreshSec: number;
  readonly removeExternalRoutes: boolean;
  readonly ipForwarding: boolean;
  /** Protocol number of our kernel routes. */
  readonly routeProtocol: number;
  readonly spec: Spec;
}

/** Felix's protocol for routes that nobody else writes. */
const ROUTE_PROTOCOL = 80;
/** Numbers that the kernel and administrators use (rtnetlink(7)): routes with these are not ours alone. */
const LAST_SHARED_PROTOCOL = 4;

/** The objects that apply to the node, the weightiest last. */
export function felixConfigurations(context: RenderContext): FelixConfiguration[] {
  const { felixConfigurations: all } = context.resources;
  const own = `node.${context.options.node}`;
  const selected = [...all.values()]
    .filter(
      ({ spec }) =>
        spec.nodeSelector !== undefined && matchesSelector(spec.nodeSelector, context.self.labels),
    )
    .sort((a, b) => (a.metadata.name < b.metadata.name ? 1 : -1));
  return [all.get('default'), ...selected, all.get(own)].filter((object) => object !== undefined);
}

export function felixSettings(context: RenderContext): FelixSettings {
  const objects = felixConfigurations(context);
  const spec: Spec = Object.assign({}, ...objects.map((object) => object.spec));
  const from = objects.findLast((object) => object.spec.deviceRouteProtocol !== undefined);
  return {
    interfacePrefixes: spec.interfacePrefix?.length ? spec.interfacePrefix : ['cali'],
    routeRefreshSec: Math.round(spec.routeRefreshInterval ?? 90),
    removeExternalRoutes: spec.removeExternalRoutes ?? true,
    ipForwarding: spec.ipForwarding !== 'Disabled',
    routeProtocol: from === undefined ? ROUTE_PROTOCOL : routeProtocol(context, from),
    spec,
  };
}

function routeProtocol(context: RenderContext, { metadata, spec }: FelixConfiguration): number {
  const protocol = spec.deviceRouteProtocol!;
  if (protocol > LAST_SHARED_PROTOCOL) return protocol;
  const text = `${protocol} is shared with the kernel or administrators: ${ROUTE_PROTOCOL} is used`;
  context.warnings.add(`FelixConfiguration/${metadata.name}`, 'spec.deviceRouteProtocol', text);
  return ROUTE_PROTOCOL;
}
