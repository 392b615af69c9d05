/** The agent's configuration: local workloads, own blocks, pools, ways to neighbors, and the FelixConfiguration's values. */
import { addressBits, addressFamily, type Family, formatPrefix } from '@manul/bgp/net';
import type { AgentConfig, GatewayRoute } from '@manul/felix-like';
import { felixSettings } from './felix-settings.ts';
import type { NodeBlock } from './originated.ts';
import type { RenderContext } from './render-context.ts';
import type { RenderedPeer, RenderedPool } from './rendered-node.ts';
import { serviceRanges } from './service-routes.ts';
import { addressTexts, localWorkloads } from './workloads.ts';

export function agentConfig(
  context: RenderContext,
  blocks: readonly NodeBlock[],
  pools: readonly RenderedPool[],
  peers: readonly RenderedPeer[],
  routePriority: Readonly<Record<Family, number>>,
): AgentConfig {
  const felix = felixSettings(context);
  const services = serviceRanges(context);
  return {
    node: context.options.node,
    routeProtocol: felix.routeProtocol,
    routePriority,
    workloads: localWorkloads(context).map((workload) => ({
      name: workload.resource,
      interfaceName: workload.interfaceName,
      addresses: addressTexts(workload),
      mac: workload.mac,
    })),
    // A block of one address is no aggregate: its workload's own route is announced, and nothing is blackholed.
    blocks: blocks
      .filter(({ prefix }) => prefix.length < addressBits(prefix.family))
      .map(({ prefix, resource }) => ({ prefix: formatPrefix(prefix), resource })),
    pools: pools.map(({ cidr, encapsulation }) => ({ prefix: cidr, encapsulation })),
    serviceRanges: [...services.cluster, ...services.external, ...services.loadBalancer].map(formatPrefix),
    gatewayRoutes: gatewayRoutes(context, peers),
    routeRefreshSec: felix.routeRefreshSec,
    ipForwarding: felix.ipForwarding,
    removeExternalRoutes: felix.removeExternalRoutes,
    interfacePrefixes: felix.interfacePrefixes,
  };
}

/** Host routes to neighbors behind a gateway; of two gateways for one address the first by name of the session. */
function gatewayRoutes(context: RenderContext, peers: readonly RenderedPeer[]): GatewayRoute[] {
  const routes = new Map<string, GatewayRoute>();
  for (const { address, reachableBy: gateway, resource } of peers) {
    if (gateway === null) continue;
    const prefix = `${address}/${addressBits(addressFamily(address)!)}`;
    const known = routes.get(prefix);
    if (known === undefined) routes.set(prefix, { prefix, gateway, resource });
    else if (known.gateway !== gateway) {
      const text = `has no effect: ${known.resource} says that ${address} is reached by ${known.gateway}`;
      context.warnings.add(resource, 'spec.reachableBy', text);
    }
  }
  return [...routes.values()];
}
