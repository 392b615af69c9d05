/** The agent's configuration: local workloads, own blocks, pools and the FelixConfiguration's values. */
import { addressBits, type Family, formatPrefix } from '@manul/bgp/net';
import type { AgentConfig } from '@manul/felix-like';
import { felixSettings } from './felix-settings.ts';
import type { NodeBlock } from './originated.ts';
import type { RenderContext } from './render-context.ts';
import type { RenderedPool } from './rendered-node.ts';
import { addressTexts, localWorkloads } from './workloads.ts';

export function agentConfig(
  context: RenderContext,
  blocks: readonly NodeBlock[],
  pools: readonly RenderedPool[],
  routePriority: Readonly<Record<Family, number>>,
): AgentConfig {
  const felix = felixSettings(context);
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
    routeRefreshSec: felix.routeRefreshSec,
    ipForwarding: felix.ipForwarding,
    removeExternalRoutes: felix.removeExternalRoutes,
    interfacePrefixes: felix.interfacePrefixes,
  };
}
