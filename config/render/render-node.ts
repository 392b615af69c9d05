/**
 * What one node runs with, out of the resources: pure, so that `render`, `plan` and `run` cannot disagree. Follows
 * calico-node's rules for peers, export and service routes. Deviations: one session per remote where Calico would
 * run two; hold time 90 s for BIRD's 240 s; a missing password holds a session, where Calico runs it without one;
 * a missing BGPFilter rejects, where Calico skips it.
 */
import { formatPrefix } from '@manul/bgp/net';
import type { NodeConfig, RenderOptions } from '../config-api.ts';
import type { IpPool, ResourceSet } from '../schema/resource-set.ts';
import { agentConfig } from './agent-config.ts';
import { taggedPrefixes } from './communities.ts';
import { decisionOf } from './decision.ts';
import { dynamicNeighbors } from './dynamic-neighbors.ts';
import { blocksByNode, blocksOf } from './node-blocks.ts';
import { type OriginatedRoute, originatedRoutes } from './originated.ts';
import { peerPlans } from './peer-plans.ts';
import { PolicyBook } from './policies.ts';
import { type RenderContext, renderContext } from './render-context.ts';
import type { RenderedNode, RenderedPool } from './rendered-node.ts';
import { routePriorities } from './route-priority.ts';
import { listenAddresses, routerIdOf } from './router-id.ts';
import { serviceRoutes } from './service-routes.ts';
import { speakerConfig } from './speaker-config.ts';
import { warnOfUnhonouredFields } from './unhonoured-fields.ts';

export function renderNode(resources: ResourceSet, options: RenderOptions): NodeConfig {
  const context = renderContext(resources, options);
  const claims = blocksByNode(context);
  const blocks = blocksOf(context.self, claims.get(options.node));
  const services = serviceRoutes(context);
  const book = new PolicyBook(context, blocks, services);
  const peers = peerPlans(context, book);
  const dynamic = dynamicNeighbors(context, book);
  const pools = [...resources.ipPools.values()].map(renderedPool);
  const priorities = routePriorities(context);
  const sessions = peers.map((peer) => peer.rendered);
  const routePriority = priorities.kernel;
  const agent = agentConfig(context, { blocks, claims, pools, peers: sessions, routePriority });
  warnOfUnhonouredFields(context, peers);

  const rendered: RenderedNode = {
    node: options.node,
    asn: context.asn,
    routerId: routerIdOf(context),
    clusterId: context.self.clusterId,
    listen: listenAddresses(context),
    peers: sessions,
    dynamic: dynamic.map((neighbor) => neighbor.rendered),
    originated: renderedRoutes([...originatedRoutes(context, blocks), ...services]),
    pools,
    communities: taggedPrefixes(context).map(({ prefix, communities }) => {
      return { prefix: formatPrefix(prefix), communities };
    }),
    routePriority: priorities.bgp,
    decision: decisionOf(context),
    ignoredInterfaces: context.settings.cluster.ignoredInterfaces ?? [],
    warnings: context.warnings.list(),
  };
  return { rendered, speaker: speakerConfig(rendered, peers, dynamic, addressesOfOthers(context)), agent };
}

function addressesOfOthers({ nodes, self }: RenderContext): readonly string[] {
  return [...nodes.values()]
    .filter(({ name }) => name !== self.name)
    .flatMap(({ addresses }) => [addresses.ipv4, addresses.ipv6])
    .flatMap((found) => (found === null ? [] : [found.address]));
}

/** Each prefix once; of two reasons the first counts. */
function renderedRoutes(routes: readonly OriginatedRoute[]): RenderedNode['originated'] {
  const byPrefix = new Map<string, RenderedNode['originated'][number]>();
  for (const { prefix, reason, resource } of routes) {
    const text = formatPrefix(prefix);
    if (!byPrefix.has(text)) byPrefix.set(text, { prefix: text, reason, resource });
  }
  return [...byPrefix.values()];
}

function renderedPool({ metadata, spec }: IpPool): RenderedPool {
  return {
    cidr: formatPrefix(spec.cidr),
    export: !spec.disableBGPExport,
    encapsulation: encapsulationOf(spec),
    resource: `IPPool/${metadata.name}`,
  };
}

function encapsulationOf({ ipipMode, vxlanMode }: IpPool['spec']): RenderedPool['encapsulation'] {
  if (ipipMode === 'Always') return 'ipip';
  if (ipipMode === 'CrossSubnet') return 'ipipCrossSubnet';
  if (vxlanMode === 'Always') return 'vxlan';
  return vxlanMode === 'CrossSubnet' ? 'vxlanCrossSubnet' : 'none';
}
