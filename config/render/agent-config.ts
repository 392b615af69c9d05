/** The agent's configuration: workloads, blocks, pools, tunnels, ways to neighbors, the FelixConfiguration's values. */
import {
  addressBits,
  addressFamily,
  FAMILIES,
  type Family,
  formatPrefix,
  type Prefix,
  parsePrefix,
} from '@manul/bgp/net';
import type { AgentConfig, GatewayRoute } from '@manul/felix-like';
import { programmedClasses } from './cluster-routes.ts';
import { felixSettings } from './felix-settings.ts';
import { hostSettings } from './host-settings.ts';
import type { NodeBlock, NodeClaims } from './node-blocks.ts';
import type { NodeView } from './node-view.ts';
import { peeringAddresses } from './peering-addresses.ts';
import { remoteNodes } from './remote-nodes.ts';
import { remotePrefixes } from './remote-prefixes.ts';
import type { RenderContext } from './render-context.ts';
import type { RenderedPeer, RenderedPool } from './rendered-node.ts';
import { serviceRanges } from './service-routes.ts';
import { tunnelConfig } from './tunnels.ts';
import { addressTexts, localWorkloads } from './workloads.ts';

export interface AgentConfigParts {
  /** Of the node that is rendered. */
  readonly blocks: readonly NodeBlock[];
  readonly claims: ReadonlyMap<string, NodeClaims>;
  readonly pools: readonly RenderedPool[];
  readonly peers: readonly RenderedPeer[];
  /** Kernel metrics. */
  readonly routePriority: Readonly<Record<Family, number>>;
}

export function agentConfig(
  context: RenderContext,
  { blocks, claims, pools, peers, routePriority }: AgentConfigParts,
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
      ...(workload.foreignSources.length === 0
        ? {}
        : { foreignSources: workload.foreignSources.map(formatPrefix) }),
    })),
    workloadSource: {
      ipv4: felix.spec.deviceRouteSourceAddress ?? null,
      ipv6: felix.spec.deviceRouteSourceAddressIPv6 ?? null,
    },
    // A block of one address is no aggregate: its workload's own route is announced, and nothing is blackholed.
    blocks: blocks
      .filter(({ prefix }) => prefix.length < addressBits(prefix.family))
      .map(({ prefix, resource }) => ({ prefix: formatPrefix(prefix), resource })),
    pools: pools.map(({ cidr, encapsulation }) => ({ prefix: cidr, encapsulation })),
    ...hostSettings(context, felix.spec),
    serviceRanges: [...services.cluster, ...services.external, ...services.loadBalancer].map(formatPrefix),
    gatewayRoutes: gatewayRoutes(context, peers),
    peeringAddresses: peeringAddresses(context, peers),
    routeRefreshSec: felix.routeRefreshSec,
    ipForwarding: felix.ipForwarding,
    removeExternalRoutes: felix.removeExternalRoutes,
    interfacePrefixes: felix.interfacePrefixes,
    addresses: ownAddresses(context.self),
    tunnels: tunnelConfig(context, felix.spec, pools),
    remoteNodes: remoteNodes(context),
    remotePrefixes: remotePrefixes(context, claims, felix.spec.routeSource ?? 'CalicoIPAM'),
    programmed: programmedClasses(context, felix.spec, pools),
    podCidrs: context.self.podCidrs.map(formatPrefix),
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

function ownAddresses({ addresses }: NodeView): AgentConfig['addresses'] {
  const own = (family: Family): AgentConfig['addresses'][Family] => {
    const known = addresses[family];
    if (known === null) return null;
    const subnet = parsePrefix(`${known.address}/${known.length}`, { mask: true }) as Prefix;
    return { address: known.address, subnet: formatPrefix(subnet) };
  };
  return Object.fromEntries(FAMILIES.map((family) => [family, own(family)])) as AgentConfig['addresses'];
}
