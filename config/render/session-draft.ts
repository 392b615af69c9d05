/** A session as one resource asks for it, before duplicates are settled and names are given. */
import type { NextHopMode } from '@manul/bgp';
import { FAMILIES, type Family } from '@manul/bgp/net';
import type { NodeView } from './node-view.ts';
import type { Password } from './passwords.ts';
import type { RenderContext } from './render-context.ts';
import type { RenderedPrefixLimit } from './rendered-node.ts';
import type { SessionSafety } from './session-safety.ts';

/**
 * Which of two drafts for one remote wins: the lower. Explicit peerings in Calico's order (cluster-wide ones, those
 * of single nodes, mirrored ones); the mesh last, because a BGPPeer's options win over it.
 */
export const Rank = { Global: 0, Node: 1, Reverse: 2, Mesh: 3 } as const;

export interface SessionDraft {
  readonly rank: (typeof Rank)[keyof typeof Rank];
  readonly kind: 'mesh' | 'configured';
  /** Name of the BGPPeer; `mesh` for the mesh. */
  readonly group: string;
  /** Node at the other end, or null for a router outside and for workloads. */
  readonly remoteNode: string | null;
  readonly family: Family;
  readonly address: string;
  readonly port: number;
  readonly asn: number;
  readonly localAsn: number;
  readonly localAddress: string | null;
  readonly passive: boolean;
  /** Cluster ID of the other end, as far as it is known. */
  readonly remoteClusterId: string | null;
  readonly nextHop: NextHopMode;
  readonly families: readonly Family[];
  readonly password: Password;
  readonly keepaliveSec: number;
  readonly gracefulRestartSec: number;
  readonly ttlSecurity: number | null;
  readonly allowOwnAs: number;
  readonly reachableBy: string | null;
  readonly prefixLimit: RenderedPrefixLimit;
  readonly safety: SessionSafety;
  /** Interface that the session must use, as it was asked for; null: any. */
  readonly boundTo: string | null;
  /** Names of BGPFilters, in order. */
  readonly filters: readonly string[];
  /** `Kind/name` of the resource that asked for the session. */
  readonly resource: string;
}

export const HOLD_TIME_SEC = 90;
export const KEEPALIVE_SEC = HOLD_TIME_SEC / 3;
export const GRACEFUL_RESTART_SEC = 120;
/** The restart time has twelve bits (RFC 4724 §3). */
const MAX_GRACEFUL_RESTART_SEC = 4095;

/** Families in which both nodes have an address. */
export function sharedTransports(self: NodeView, other: NodeView): Family[] {
  return FAMILIES.filter((family) => self.addresses[family] !== null && other.addresses[family] !== null);
}

/** An IPv4 session carries IPv4 and an IPv6 one IPv6; where two nodes have but one transport, it carries both. */
export function familiesBetween(
  self: NodeView,
  other: NodeView | undefined,
  transport: Family,
): readonly Family[] {
  const onlyOne = other !== undefined && sharedTransports(self, other).length === 1;
  return onlyOne ? FAMILIES : [transport];
}

/** Calico's rule for who waits: the end whose address is smaller as text (not as a number). */
export function isTextGreater(remote: string, own: string): boolean {
  return remote > own;
}

export function gracefulRestartSec(
  context: RenderContext,
  written: number | undefined,
  resource: string,
  field: string,
): number {
  const seconds = Math.round(written ?? GRACEFUL_RESTART_SEC);
  if (seconds <= MAX_GRACEFUL_RESTART_SEC) return seconds;
  context.warnings.add(
    resource,
    field,
    `is cut to ${MAX_GRACEFUL_RESTART_SEC}s, the most that BGP can express`,
  );
  return MAX_GRACEFUL_RESTART_SEC;
}

/** Whole seconds; an interval that the hold time would not survive is replaced by a third of the hold time. */
export function keepaliveSec(context: RenderContext, written: number | undefined, resource: string): number {
  if (written === undefined) return KEEPALIVE_SEC;
  const seconds = Math.max(1, Math.round(written));
  if (seconds < HOLD_TIME_SEC) return seconds;
  const text = `is not below the hold time of ${HOLD_TIME_SEC}s: ${KEEPALIVE_SEC}s is used`;
  context.warnings.add(resource, 'spec.keepaliveTime', text);
  return KEEPALIVE_SEC;
}
