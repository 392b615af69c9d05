/** The speaker's configuration out of a rendering. */
import type { DynamicNeighborConfig, OriginatedPrefix, PeerConfig, SpeakerConfig } from '@manul/bgp';
import { type Family, splitZone } from '@manul/bgp/net';
import { decisionConfig } from './decision.ts';
import type { DynamicPlan } from './dynamic-neighbors.ts';
import { localPrefOf } from './filter-terms.ts';
import type { PeerPlan } from './peer-plans.ts';
import { prefixLimitConfig } from './prefix-limit.ts';
import type { RenderedNode } from './rendered-node.ts';
import { GRACEFUL_RESTART_SEC } from './session-draft.ts';
import { safetyConfig } from './session-safety.ts';

export function speakerConfig(
  rendered: RenderedNode,
  peers: readonly PeerPlan[],
  dynamic: readonly DynamicPlan[],
  clusterNodes: readonly string[],
): SpeakerConfig {
  return {
    asn: rendered.asn,
    routerId: rendered.routerId,
    clusterId: rendered.clusterId,
    listen: rendered.listen,
    peers: peers.map(peerConfig),
    dynamic: dynamic.map(dynamicConfig),
    clusterNodes,
    originated: rendered.originated.map(({ prefix }) => originatedPrefix(rendered, prefix)),
    decision: decisionConfig(rendered),
    ignoredInterfaces: rendered.ignoredInterfaces,
  };
}

/**
 * A prefix as this node announces it. Its LOCAL_PREF stands for the route priority; communities come with the
 * export policies, as in Calico, so that filters see the route without them.
 */
export function originatedPrefix(
  rendered: Pick<RenderedNode, 'routePriority'>,
  prefix: string,
): OriginatedPrefix {
  const family: Family = prefix.includes(':') ? 'ipv6' : 'ipv4';
  return { prefix, localPref: localPrefOf(rendered.routePriority[family]), communities: [] };
}

function peerConfig({ rendered, password, boundTo, policies, safety }: PeerPlan): PeerConfig {
  const { address, zone } = splitZone(rendered.address);
  return {
    name: rendered.name,
    kind: rendered.kind,
    address,
    port: rendered.port,
    asn: rendered.asn,
    localAsn: rendered.localAsn,
    localAddress: rendered.localAddress,
    passive: rendered.passive,
    held: rendered.held,
    families: rendered.families,
    holdTimeSec: rendered.holdTime,
    keepaliveSec: rendered.keepalive,
    routeReflectorClient: rendered.routeReflectorClient,
    nextHop: rendered.nextHop,
    addPath: true,
    gracefulRestartSec: rendered.gracefulRestart,
    ttlSecurity: rendered.ttlSecurity,
    interface: zone ?? boundTo,
    allowOwnAs: rendered.allowOwnAs,
    password: password.key,
    ...prefixLimitConfig(rendered),
    importPolicy: policies.importPolicy,
    exportPolicy: policies.exportPolicy,
    ...safetyConfig(safety),
    ...(safety.multihop ? {} : { multihop: false }),
  };
}

function dynamicConfig({
  rendered,
  password,
  boundTo,
  policies,
  safety,
  asNumbers,
}: DynamicPlan): DynamicNeighborConfig {
  return {
    name: rendered.name,
    listenRanges: rendered.listenRanges,
    asNumbers,
    maxSessions: rendered.maxSessions,
    held: rendered.held,
    families: rendered.families,
    holdTimeSec: rendered.holdTime,
    keepaliveSec: Math.floor(rendered.holdTime / 3),
    routeReflectorClient: rendered.routeReflectorClient,
    nextHop: 'auto',
    addPath: rendered.addPath,
    gracefulRestartSec: GRACEFUL_RESTART_SEC,
    ttlSecurity: rendered.ttlSecurity,
    interface: boundTo,
    allowOwnAs: 0,
    password: password.key,
    maxPrefixes: rendered.maxPrefixes,
    maxPrefixesWarningPercent: rendered.maxPrefixesWarningPercent,
    importPolicy: policies.importPolicy,
    exportPolicy: policies.exportPolicy,
    ...safetyConfig(safety),
  };
}
