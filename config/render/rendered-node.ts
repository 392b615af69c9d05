/**
 * What one node runs with, computed by one pure function from the resources: the shape of
 * `manul render -o json`, and the only source of the speaker's and the agent's configuration.
 */
import type { Family } from '@manul/bgp/net';

export interface RenderedNode {
  readonly node: string;
  readonly asn: number;
  readonly routerId: string;
  readonly clusterId: string | null;
  readonly listen: readonly { readonly address: string; readonly port: number }[];
  readonly peers: readonly RenderedPeer[];
  readonly dynamic: readonly RenderedDynamicNeighbor[];
  readonly originated: readonly RenderedOriginated[];
  readonly pools: readonly RenderedPool[];
  readonly communities: readonly { readonly prefix: string; readonly communities: readonly string[] }[];
  readonly routePriority: Readonly<Record<Family, number>>;
  readonly ignoredInterfaces: readonly string[];
  readonly decision: RenderedDecision;
  readonly warnings: readonly RenderWarning[];
}

export type MultipathMode = 'none' | 'same' | 'relaxed';

export interface RenderedDecision {
  /** MED is compared between neighbouring ASes, too. */
  readonly alwaysCompareMed: boolean;
  /** Which paths share traffic: none, those with the same AS_PATH, those with one of the same length. */
  readonly multipath: MultipathMode;
  /** Paths of one prefix that may share traffic. */
  readonly maxPaths: number;
}

/** What a neighbor may announce, per session and family. */
export interface RenderedPrefixLimit {
  readonly maxPrefixes: number | null;
  /** Of `maxPrefixes`, where a warning is given. */
  readonly maxPrefixesWarningPercent: number;
  /** Seconds until a peer that exceeded the limit may come back; null: not before somebody lets it. */
  readonly maxPrefixesRestart: number | null;
}

export interface RenderedPeer extends RenderedPrefixLimit {
  readonly name: string;
  readonly kind: 'mesh' | 'configured';
  readonly address: string;
  readonly port: number;
  readonly asn: number;
  readonly localAsn: number;
  readonly localAddress: string | null;
  readonly passive: boolean;
  readonly routeReflectorClient: boolean;
  readonly nextHop: 'auto' | 'self' | 'keep';
  readonly families: readonly Family[];
  /** A key is really in force. */
  readonly password: boolean;
  readonly held: string | null;
  /** Seconds. */
  readonly holdTime: number;
  readonly keepalive: number;
  readonly gracefulRestart: number | null;
  readonly ttlSecurity: number | null;
  readonly allowOwnAs: number;
  readonly reachableBy: string | null;
  readonly importFilters: readonly string[];
  readonly exportFilters: readonly string[];
  /** `Kind/name` of the resource that asked for the session. */
  readonly resource: string;
}

export interface RenderedDynamicNeighbor extends Omit<RenderedPrefixLimit, 'maxPrefixesRestart'> {
  readonly name: string;
  readonly listenRanges: readonly string[];
  readonly asNumbers: readonly string[];
  readonly routeReflectorClient: boolean;
  readonly families: readonly Family[];
  readonly maxSessions: number;
  readonly password: boolean;
  readonly held: string | null;
  readonly holdTime: number;
  readonly ttlSecurity: number | null;
  readonly addPath: boolean;
  readonly importFilters: readonly string[];
  readonly exportFilters: readonly string[];
  readonly resource: string;
}

export interface RenderedOriginated {
  readonly prefix: string;
  readonly reason: 'block' | 'borrowed' | 'podCIDR' | 'service' | 'workload';
  readonly resource: string;
}

export interface RenderedPool {
  readonly cidr: string;
  readonly export: boolean;
  readonly encapsulation: 'none' | 'ipip' | 'ipipCrossSubnet' | 'vxlan' | 'vxlanCrossSubnet';
  readonly resource: string;
}

export interface RenderWarning {
  readonly resource: string;
  readonly field: string;
  readonly text: string;
}
