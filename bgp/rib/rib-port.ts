/**
 * The seam between sessions (sockets, timers, the state machine) and the RIB. The session driver hands over
 * whole UPDATE bodies as bytes, because that is the hot path; the RIB hands back chunks to write.
 */
import type { Family } from '../net/index.ts';
import type { BgpRole } from '../packet/capabilities/role.ts';
import type { Notification } from '../packet/notification.ts';
import type { PolicyConfig } from '../policy/policy-config.ts';
import type { NextHopMode } from '../speaker/speaker-config.ts';

/** Identifies an Established session inside the RIB: a small integer, reused after its paths are gone. */
export type SessionSlot = number;

/** The link of a session between link-local addresses. */
export interface SessionLink {
  /** Interface name. */
  readonly zone: string;
  readonly globalAddress: string | null;
}

/** What an Established session is, after negotiation. */
export interface RibSession {
  readonly name: string;
  /** Without zone. */
  readonly peerAddress: string;
  /** Address of our end of the transport connection, without zone; next-hop-self of its own family. */
  readonly localAddress: string;
  /** Where `localAddress` is link-local: the interface, and a global address of ours there, if any (RFC 2545 §3). */
  readonly link: SessionLink | null;
  /** Next hop that we write for the transport's *other* family, or null when we have no such address. */
  readonly localAddressOtherFamily: string | null;
  readonly peerAsn: number;
  readonly localAsn: number;
  /** BGP Identifier of the peer, dotted quad. */
  readonly peerRouterId: string;
  readonly routeReflectorClient: boolean;
  /** Negotiated families (RFC 4760). */
  readonly families: readonly Family[];
  /** Families on which the peer sends us path identifiers, and on which we send them (RFC 7911 §4). */
  readonly addPathReceive: readonly Family[];
  readonly addPathSend: readonly Family[];
  /** AS_PATH and AGGREGATOR carry four-octet AS numbers (RFC 6793). */
  readonly fourOctetAs: boolean;
  /** IPv4 routes may have an IPv6 next hop, in both directions (RFC 8950). */
  readonly extendedNextHop: boolean;
  /** A refresh that we send stands between BoRR and EoRR (RFC 7313 §4). */
  readonly enhancedRefresh: boolean;
  /** Largest message that we may send: 4096, or 65535 (RFC 8654). */
  readonly maxMessageBytes: number;
  readonly nextHop: NextHopMode;
  readonly allowOwnAs: number;
  readonly maxPrefixes: number | null;
  /** Prefixes of a family at which the peer's operator should be warned. Absent: never. */
  readonly prefixWarning?: number;
  readonly importPolicy: PolicyConfig;
  readonly exportPolicy: PolicyConfig;
  /** The next four matter to external sessions only, and are as in `SessionConfig`. */
  readonly role?: BgpRole;
  readonly enforceFirstAs?: boolean;
  readonly protectOwnPrefixes?: boolean;
  readonly honourGracefulShutdown?: boolean;
}

/** Where the RIB writes a session's UPDATEs. The bytes must not be changed after the call. */
export interface SessionOutput {
  write(chunk: Uint8Array): void;
  /** Several chunks in order, in one system call where possible. */
  writev(chunks: readonly Uint8Array[]): void;
  /** One ROUTE-REFRESH message: a marker of RFC 7313. */
  writeRefreshMarker(message: Uint8Array): void;
  /** Bytes handed over that the kernel has not taken yet. */
  queuedBytes(): number;
  /** Calls back once, when `queuedBytes` has fallen to zero. */
  onceDrained(callback: () => void): void;
}

/** Verdict on one UPDATE. */
export interface UpdateVerdict {
  /** Set: send this and drop the session. */
  readonly notification: Notification | null;
  /** RFC 7606: the UPDATE's routes were treated as withdrawn. */
  readonly treatedAsWithdraw: boolean;
  readonly attributesDiscarded: number;
  /** End-of-RIB of this family (RFC 4724 §2), or null. */
  readonly endOfRib: Family | null;
  /** The family has just reached `prefixWarning`. */
  readonly nearLimit?: Family;
  /** Readable reason for the log, empty when all was well. */
  readonly text: string;
}

export interface RibPort {
  /** The session is Established: the RIB starts to send it its routes, then End-of-RIB for each family. */
  addSession(session: RibSession, output: SessionOutput): SessionSlot;
  /** The session is over: all its paths go (in slices). `output` is not used any more. */
  removeSession(slot: SessionSlot): void;
  /**
   * The session is over, and the peer goes on forwarding (RFC 4724 §4.2): its paths in `families` stay as they are, stale
   * (those in other families go). `resumeSession` or `removeSession` follows.
   */
  suspendSession(slot: SessionSlot, families: readonly Family[]): void;
  /**
   * The peer of a suspended session is back: as `addSession`, and the stale paths in `families` wait for `endRefresh`; those
   * in other families go. Both sessions are internal, or both external.
   */
  resumeSession(
    slot: SessionSlot,
    session: RibSession,
    output: SessionOutput,
    families: readonly Family[],
  ): void;
  /** As long as it is held, sessions get all their routes but no End-of-RIB of the family (RFC 4724 §4.1). */
  holdEndOfRib(family: Family, isHeld: boolean): void;
  /**
   * `body` is the UPDATE without its 19-octet header: bytes[start, end). Not kept after the call. Does not call
   * `onWork`: the driver works after its input anyway.
   */
  receiveUpdate(slot: SessionSlot, bytes: Uint8Array, start: number, end: number): UpdateVerdict;
  /** ROUTE-REFRESH (RFC 2918): the whole Adj-RIB-Out of the family is sent again, between markers where negotiated. */
  refresh(slot: SessionSlot, family: Family): void;
  /** BoRR (RFC 7313 §4): the peer sends its whole Adj-RIB-Out again. A second one starts over. */
  beginRefresh(slot: SessionSlot, family: Family): void;
  /** EoRR, or End-of-RIB of a resumed session: what the peer has not sent again goes, in slices. Nothing happens twice. */
  endRefresh(slot: SessionSlot, family: Family): void;
  /** Policies or reflection client status changed on a live session. */
  updateSession(slot: SessionSlot, session: RibSession): void;
  /**
   * Does deferred work (decision, packing, clean-up) for at most about `budgetMs`.
   * @returns true when nothing is left to do.
   */
  work(budgetMs: number): boolean;
  /** Called by the RIB whenever anything but an UPDATE makes work; the driver schedules `work`. */
  onWork: (() => void) | null;
}
