/**
 * The whole configuration of a speaker as one declarative value: `Speaker.apply` computes the difference to
 * what runs and resets only the sessions whose wire parameters changed.
 */
import type { Family } from '../net/index.ts';
import type { BgpRole } from '../packet/capabilities/role.ts';
import type { PolicyConfig } from '../policy/policy-config.ts';

export type NextHopMode = 'auto' | 'self' | 'keep';
/**
 * How far the speaker has taken leave of its peers: not at all, by asking them to prefer other paths (RFC 8326), or
 * by announcing nothing any more. Sessions stay.
 */
export type DrainState = 'none' | 'graceful' | 'withdrawn';
export type PeerKind = 'mesh' | 'configured' | 'dynamic';

export interface SpeakerConfig {
  /** This speaker's AS number, 1 to 4294967295. */
  readonly asn: number;
  /** BGP Identifier as dotted quad; not 0.0.0.0 (RFC 6286). */
  readonly routerId: string;
  /** Dotted quad. Set: this speaker reflects (RFC 4456), with this CLUSTER_ID. Null: the router ID serves where needed. */
  readonly clusterId: string | null;
  /** Sockets to listen on; `::` listens on IPv6 only. */
  readonly listen: readonly ListenAddress[];
  readonly peers: readonly PeerConfig[];
  readonly dynamic: readonly DynamicNeighborConfig[];
  /** Prefixes that this speaker originates itself. */
  readonly originated: readonly OriginatedPrefix[];
  /**
   * Canonical addresses of the cluster's other nodes. What a change of the configuration takes away from one of them is
   * taken away late (`handover.ts`); from anybody else at once. Absent: none.
   */
  readonly clusterNodes?: readonly string[];
  /** Absent: `DEFAULT_DECISION`. */
  readonly decision?: DecisionConfig;
  /** Interfaces whose prefixes do not count as connected; `*` stands for any text. */
  readonly ignoredInterfaces?: readonly string[];
}

/** How the best of several paths is found (RFC 4271 §9.1.2.2), and which others share its traffic. */
export interface DecisionConfig {
  /** Compare MED of paths from different neighbouring ASes too. MED is deterministic either way: no order decides. */
  readonly alwaysCompareMed: boolean;
  /** Paths that may share traffic, told to who follows the best routes; 1: the best alone. */
  readonly maxPaths: number;
  /** Paths that share need AS_PATHs of the same length only, not the same ASes. */
  readonly relaxedAsPath: boolean;
  /** LOCAL_PREF above which learnt routes come before those that we originate; absent: none does. */
  readonly elevatedAbove?: Readonly<Record<Family, number>>;
}

export const DEFAULT_DECISION: DecisionConfig = {
  alwaysCompareMed: false,
  maxPaths: 1,
  relaxedAsPath: false,
};

/** A route by which next hops are reached: input of the decision (RFC 4271 §9.1.2.1). */
export interface NextHopRoute {
  readonly prefix: string;
  /** IGP metric (§9.1.2.2(e)): the lower the better. */
  readonly metric: number;
  /** Outgoing interface, or null. */
  readonly interfaceName: string | null;
  /** What it covers is not reached, by shorter prefixes neither (a blackhole). */
  readonly isUnreachable?: true;
}

export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

export interface OriginatedPrefix {
  /** Canonical prefix text. */
  readonly prefix: string;
  /** LOCAL_PREF of the route; Calico 3.32: 2147483647 minus the route priority. */
  readonly localPref: number;
  /** `aa:nn` (RFC 1997) or `a:b:c` (RFC 8092). */
  readonly communities: readonly string[];
}

/** What configured and dynamic sessions have in common. */
export interface SessionConfig {
  readonly families: readonly Family[];
  /** Hold time to propose, seconds; 0 or at least 3 (RFC 4271 §4.2). */
  readonly holdTimeSec: number;
  /** Keepalive interval in seconds at the proposed hold time; a negotiated shorter hold time shortens it to a third. */
  readonly keepaliveSec: number;
  readonly routeReflectorClient: boolean;
  readonly nextHop: NextHopMode;
  /** Offer ADD-PATH, send and receive (RFC 7911). */
  readonly addPath: boolean;
  /** Restart time to offer (RFC 4724 §3), seconds; null: capability with no restart time and no family. */
  readonly gracefulRestartSec: number | null;
  /** GTSM hops (RFC 5082), or null. */
  readonly ttlSecurity: number | null;
  /** How often our own AS may occur in a received AS_PATH. */
  readonly allowOwnAs: number;
  /** Interface that the session must use (its sockets are bound to it), or null; needed to dial a link-local address. */
  readonly interface: string | null;
  /** TCP MD5 key (RFC 2385), or null. */
  readonly password: string | null;
  /** Prefixes accepted per session and family before Cease 6/1 (RFC 4486), or null. */
  readonly maxPrefixes: number | null;
  /** Percentage of `maxPrefixes` at which a warning is given, 1 to 100; absent: 75. */
  readonly maxPrefixesWarningPercent?: number;
  readonly importPolicy: PolicyConfig;
  readonly exportPolicy: PolicyConfig;
  /** What we are to an external neighbor (RFC 9234); absent: no role, none of its rules. */
  readonly role?: BgpRole;
  /** Refuse a neighbor that names no role. */
  readonly strictRole?: boolean;
  /** AS_PATH of an external neighbor must begin with its AS (RFC 4271 §6.3). Never asked of a route server. */
  readonly enforceFirstAs?: boolean;
  /**
   * From an external neighbor, do not accept what this node originates itself or is connected to. On unless false.
   */
  readonly protectOwnPrefixes?: boolean;
  /** Routes with GRACEFUL_SHUTDOWN of an external neighbor get LOCAL_PREF 0 (RFC 8326 §4.2). On unless false. */
  readonly honourGracefulShutdown?: boolean;
}

/** A neighbor with a known address: of the node-to-node mesh, or of a BGPPeer. */
export interface PeerConfig extends SessionConfig {
  /** Unique: `mesh/<node>`, `<bgppeer>` or `<bgppeer>/<node or address>`. */
  readonly name: string;
  readonly kind: 'mesh' | 'configured';
  readonly address: string;
  readonly port: number;
  readonly asn: number;
  /** AS that we present on this session (RFC 7705 without prepending); usually the speaker's. */
  readonly localAsn: number;
  /** Address that our end binds to, or null to let the kernel choose. */
  readonly localAddress: string | null;
  /** Wait for the neighbor to dial. */
  readonly passive: boolean;
  /**
   * Seconds until a peer that exceeded `maxPrefixes` may come back; null: not before it is reset or enabled; absent:
   * 300. (A client of a listen range may come back at once.)
   */
  readonly maxPrefixesRestartSec?: number | null;
  /** False: an external neighbor must be on a subnet of ours (RFC 4271 §5.1.3). Absent: it may be any number of hops away. */
  readonly multihop?: boolean;
  /** Why the session is kept down on purpose (a Secret is missing, say), or null. */
  readonly held: string | null;
}

/** A listen range: any client inside it may open a session. */
export interface DynamicNeighborConfig extends SessionConfig {
  readonly name: string;
  /** Canonical prefixes. Of all ranges that hold an address the longest wins. */
  readonly listenRanges: readonly string[];
  /** Accepted AS numbers as inclusive ranges; empty: the speaker's own. */
  readonly asNumbers: readonly AsRange[];
  readonly maxSessions: number;
  /** Why connections are refused on purpose, or null. */
  readonly held: string | null;
}

export interface AsRange {
  readonly first: number;
  readonly last: number;
}
