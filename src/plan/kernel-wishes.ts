/**
 * The kernel routes that follow from the resources, in words: local workloads, own blocks, neighbors behind gateways, and
 * what other nodes have inside pools with encapsulation. What BGP learns comes on top.
 */
import { contains, parsePrefix } from '@manul/bgp/net';
import type { NodeConfig } from '@manul/config';

type AgentConfig = NodeConfig['agent'];

export function kernelWishes(agent: AgentConfig): readonly string[] {
  return [
    ...agent.workloads.flatMap(({ addresses, interfaceName }) =>
      addresses.map((address) => `${address} dev ${interfaceName}`),
    ),
    ...agent.blocks.map(({ prefix }) => `blackhole ${prefix}`),
    ...agent.gatewayRoutes.map(({ prefix, gateway }) => `${prefix} via ${gateway}`),
    ...remoteRoutes(agent),
  ].sort();
}

function remoteRoutes({ remotePrefixes, remoteNodes, pools }: AgentConfig): string[] {
  const tunnelled = pools.flatMap(({ prefix, encapsulation }) => {
    const cidr = encapsulation === 'none' ? null : parsePrefix(prefix);
    return cidr === null ? [] : [{ cidr, encapsulation }];
  });
  if (tunnelled.length === 0) return [];
  const nodes = new Map(remoteNodes.map((node) => [node.name, node]));
  return remotePrefixes.flatMap(({ prefix, node }) => {
    const inner = parsePrefix(prefix);
    const pool = inner === null ? undefined : tunnelled.find(({ cidr }) => contains(cidr, inner));
    const address = inner === null ? null : (nodes.get(node)?.addresses[inner.family] ?? null);
    return pool === undefined || address === null
      ? []
      : [`${prefix} to ${node} (${address}, ${pool.encapsulation})`];
  });
}
