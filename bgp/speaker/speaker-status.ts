/** What a speaker tells about itself: plain values, safe to serialise. */
import type { Family } from '../net/index.ts';
import type { NextHopMode, PeerKind } from './speaker-config.ts';

export type SessionState = 'Idle' | 'Connect' | 'Active' | 'OpenSent' | 'OpenConfirm' | 'Established';

/** State numbers of BGP4-MIB (RFC 4273 bgpPeerState). */
export const SESSION_STATE_NUMBER: Readonly<Record<SessionState, number>> = {
  Idle: 1,
  Connect: 2,
  Active: 3,
  OpenSent: 4,
  OpenConfirm: 5,
  Established: 6,
};

/** A NOTIFICATION sent or received, or a local failure (code 0: no NOTIFICATION was involved). */
export interface SessionError {
  readonly direction: 'sent' | 'received';
  readonly code: number;
  readonly subcode: number;
  readonly text: string;
  /** RFC 3339. */
  readonly at: string;
}

/** A connection that failed, or was never there. */
export interface FailedAttempt {
  readonly text: string;
  /** RFC 3339. */
  readonly at: string;
  readonly dialed: boolean;
}

export type FailureKind = 'refused' | 'timeout' | 'unreachable' | 'closed' | 'other';
/** Connections that ended without a NOTIFICATION. */
export type ConnectionFailures = Readonly<Record<FailureKind, number>>;

export type FamilyCounts = Readonly<Partial<Record<Family, number>>>;

export type MessageType = 'open' | 'update' | 'notification' | 'keepalive' | 'routeRefresh';
export type MessageCounts = Readonly<Record<MessageType, number>>;

/** One line of `manul peers -o json`. */
export interface PeerStatus {
  readonly name: string;
  readonly kind: PeerKind;
  readonly address: string;
  readonly port: number;
  readonly localAddress: string | null;
  readonly asn: number;
  readonly localAsn: number;
  /** BGP Identifier of the neighbor, null before its OPEN. */
  readonly routerId: string | null;
  readonly state: SessionState;
  /** When the present state was entered, RFC 3339. */
  readonly since: string;
  /** Seconds in Established; 0 otherwise. */
  readonly uptimeSeconds: number;
  readonly routeReflectorClient: boolean;
  readonly families: readonly Family[];
  readonly received: FamilyCounts;
  readonly accepted: FamilyCounts;
  readonly advertised: FamilyCounts;
  readonly flaps: number;
  readonly lastError: SessionError | null;
}

/** What is counted of a peer: cheap to read for thousands. */
export type PeerCounters = Pick<
  PeerDetail,
  'messages' | 'connectionFailures' | 'treatedAsWithdraw' | 'attributesDiscarded'
>;

/** One look at a peer. */
export interface PeerReport {
  readonly status: PeerStatus;
  readonly counters: PeerCounters;
}

/** `manul peers NAME`: everything about one session. */
export interface PeerDetail extends PeerStatus {
  /** Name of the DynamicNeighbor that accepted it, or null. */
  readonly neighbor: string | null;
  readonly passive: boolean;
  readonly held: string | null;
  readonly nextHop: NextHopMode;
  readonly holdTimeSeconds: number;
  readonly keepaliveSeconds: number;
  readonly capabilities: {
    readonly sent: readonly CapabilityStatus[];
    readonly received: readonly CapabilityStatus[];
  };
  readonly messages: { readonly sent: MessageCounts; readonly received: MessageCounts };
  readonly bytes: { readonly sent: number; readonly received: number };
  /** How the last connection failed; it may say less than `lastError`, which it never replaces. */
  readonly lastAttempt: FailedAttempt | null;
  /** Why there is no session, as far as can be told from here, in words; null when there is one, or nothing to say. */
  readonly likelyCause: string | null;
  readonly connectionFailures: ConnectionFailures;
  readonly lastSent: SessionError | null;
  readonly lastReceived: SessionError | null;
  /** Names that the peer gave itself (draft-walton-bgp-hostname-capability, draft-ietf-idr-bgp-softversion), escaped. */
  readonly hostName: string | null;
  readonly softwareVersion: string | null;
  /** Prefixes accepted per family, and how many of them call for a warning; null: no limit. */
  readonly maxPrefixes: number | null;
  readonly maxPrefixesWarning: number | null;
  /** Families that have reached the warning. */
  readonly nearLimit: readonly Family[];
  /** UPDATEs of this session that RFC 7606 turned into withdrawals, and attributes it dropped. */
  readonly treatedAsWithdraw: number;
  readonly attributesDiscarded: number;
  readonly outputQueueBytes: number;
}

export interface CapabilityStatus {
  readonly code: number;
  readonly name: string;
  /** Readable value, such as `ipv4, ipv6` or `64512`; empty where the capability has none. */
  readonly value: string;
}

/** One line of `manul routes -o json`. */
export interface RouteStatus {
  readonly prefix: string;
  readonly family: Family;
  readonly nextHop: string;
  readonly best: boolean;
  /** Peer name, or "local". */
  readonly peer: string;
  readonly origin: 'igp' | 'egp' | 'incomplete';
  /** AS numbers in order; an AS_SET appears as an array. */
  readonly asPath: readonly (number | readonly number[])[];
  readonly localPref: number | null;
  readonly med: number | null;
  readonly communities: readonly string[];
  readonly largeCommunities: readonly string[];
  readonly originatorId: string | null;
  readonly clusterList: readonly string[];
  /** Seconds since the route was last received or changed. */
  readonly age: number;
  /** Path identifier as received (RFC 7911), null without ADD-PATH. */
  readonly pathId: number | null;
}

export interface RouteQuery {
  readonly family?: Family;
  /** Exactly this prefix. */
  readonly prefix?: string;
  /** The best route that an address would take. */
  readonly longest?: string;
  /** Adj-RIB-In of a peer. */
  readonly received?: string;
  /** Adj-RIB-Out of a peer. */
  readonly advertised?: string;
  /** Every path, not only the best. */
  readonly all?: boolean;
}

export interface RibSummary {
  readonly prefixes: Readonly<Record<Family, number>>;
  readonly paths: Readonly<Record<Family, number>>;
}

/** Why a connection was refused. */
export type RefusedReason =
  | 'outside-ranges'
  /** The resource asks for a protection that is missing (a Secret, say). */
  | 'held'
  /** By command. */
  | 'disabled'
  /** It stays away for a while after it exceeded its limit of prefixes, or failed again and again. */
  | 'damped'
  /** A single-hop peer that is on no subnet of ours. */
  | 'not-connected'
  | 'duplicate'
  /** The range has all the sessions that it may have. */
  | 'session-limit'
  /** The speaker has. */
  | 'total-limit'
  /** Too many connections from one source, or from all of them, in too short a time. */
  | 'rate'
  | 'no-descriptors'
  /** It was opened without the TCP MD5 signature that it needs. */
  | 'unsigned'
  /** It comes from farther away than TTL security allows. */
  | 'ttl'
  /** Its protection could not be set or proved. */
  | 'unprotected';

/** Everything that happens to sessions and best routes, for logs, `manul watch` and metrics. */
export type SpeakerEvent =
  | {
      readonly kind: 'peerState';
      readonly peer: string;
      readonly from: SessionState;
      readonly to: SessionState;
      readonly reason: string;
    }
  | { readonly kind: 'notification'; readonly peer: string; readonly error: SessionError }
  | {
      readonly kind: 'refused';
      readonly address: string;
      /** Name of the peer that was refused; null for somebody who is none. */
      readonly peer: string | null;
      /** What it was told; null: nothing, or with the end of its connection. */
      readonly notification: { readonly code: number; readonly subcode: number } | null;
      readonly neighbor: string | null;
      readonly reason: RefusedReason;
    }
  | { readonly kind: 'listening'; readonly address: string; readonly port: number }
  | {
      readonly kind: 'listenFailed';
      readonly address: string;
      readonly port: number;
      readonly reason: string;
    }
  /** Something that no single session is to blame for: keys, file descriptors. */
  | { readonly kind: 'problem'; readonly object: string; readonly text: string };

/**
 * A change of the best route to a prefix, as the agent programs it. `nextHop` null: no route any more.
 * Locally originated routes are not reported.
 */
export interface BestRouteChange {
  readonly family: Family;
  readonly prefix: string;
  readonly nextHop: string | null;
  readonly peer: string | null;
  /** All next hops that share the traffic, `nextHop` first, where there are several (`SpeakerConfig.decision`). */
  readonly nextHops?: readonly string[];
}

/** Changes of best routes as numbers, for who takes a hundred thousand of them: no object and no text for each. */
export interface BestRouteColumns {
  readonly family: Family;
  readonly count: number;
  /** Addresses in words of 32 bits, network order: one word each, of IPv6 four. */
  readonly words: Int32Array;
  readonly lengths: Uint8Array;
  /** Index into `nextHops`, or -1: no route any more. */
  readonly ways: Int32Array;
  /** Next hops that share the traffic, the best route's first; each set once. */
  readonly nextHops: readonly (readonly string[])[];
}
