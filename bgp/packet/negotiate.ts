/**
 * What two OPENs make of a session: the remaining checks of RFC 4271 §6.2 and the intersection of the
 * capabilities. Pure; it reads no configuration but what `own` says and `expectation` asks.
 */
import { type Family, familyOf } from '../net/index.ts';
import { afiSafiOf, type Capability } from './capabilities/capability.ts';
import { encodeCapability } from './capabilities/registry.ts';
import { BGP_ROLES, COUNTERPART } from './capabilities/role.ts';
import { MAX_EXTENDED_MESSAGE_OCTETS, MAX_MESSAGE_OCTETS } from './header.ts';
import { type Notification, openError } from './notification.ts';
import { findCapability, type OpenMessage } from './open.ts';
import { WireWriter } from './wire-writer.ts';

/** A session as both ends understand it. */
export interface NegotiatedSession {
  readonly peerAsn: number;
  /** Dotted quad. */
  readonly peerRouterId: string;
  /** Spoken by both, in the order of our offer. */
  readonly families: readonly Family[];
  readonly fourOctetAs: boolean;
  /** Families on which the peer sends path identifiers to us, and we to the peer (RFC 7911 §4). */
  readonly addPathReceive: readonly Family[];
  readonly addPathSend: readonly Family[];
  /** Largest message in both directions: 4096 or 65535 (RFC 8654 §4). */
  readonly maxMessageBytes: number;
  /** 0: neither KEEPALIVEs nor a hold timer. */
  readonly holdTimeSec: number;
  readonly keepaliveSec: number;
  /** The peer takes ROUTE-REFRESH (RFC 2918 §2). */
  readonly routeRefresh: boolean;
  /** IPv4 routes may have an IPv6 next hop in both directions (RFC 8950 §4). */
  readonly extendedNextHop: boolean;
  /** A refresh stands between two markers in both directions (RFC 7313 §4). */
  readonly enhancedRefresh: boolean;
  /** The peer sends End-of-RIB, because it knows graceful restart (RFC 4724 §3). */
  readonly sendsEndOfRib: boolean;
  /** The peer keeps forwarding over a restart of its own: at least one family in its graceful restart capability. */
  readonly preservesForwarding: boolean;
  /** Null: the peer does not know graceful restart. */
  readonly gracefulRestart: NegotiatedRestart | null;
}

/** Graceful restart on one session (RFC 4724 §3, RFC 8538 §2). */
export interface NegotiatedRestart {
  /** How long the peer's routes are kept when it goes, seconds. */
  readonly restartTimeSec: number;
  /** Families of the session that the peer keeps forwarding. */
  readonly families: readonly Family[];
  /** Those that it has kept forwarding over the restart that lies behind it. */
  readonly preserved: readonly Family[];
  /** The peer has restarted, and is not to be waited for (R bit). */
  readonly isRestarting: boolean;
  /** A NOTIFICATION other than Hard Reset ends the session alone, in both directions. */
  readonly survivesNotification: boolean;
  /** We keep forwarding in at least one family, as we have told the peer. */
  readonly isPreservedByUs: boolean;
}

export interface SessionExpectation {
  /** Keepalive interval at the hold time that we propose; 0: a third of it. */
  readonly keepaliveSec: number;
  /** A neighbor that says no role is refused (RFC 9234 §4.2, strict mode). */
  readonly requiresRole?: boolean;
  acceptsAsn(asn: number): boolean;
}

export type NegotiationResult =
  | { readonly ok: true; readonly session: NegotiatedSession }
  | { readonly ok: false; readonly notification: Notification; readonly text: string };

export function negotiate(
  own: OpenMessage,
  peer: OpenMessage,
  expectation: SessionExpectation,
): NegotiationResult {
  if (!expectation.acceptsAsn(peer.asn)) {
    return { ok: false, notification: openError.badPeerAs(), text: `AS ${peer.asn} is not expected here` };
  }
  if (peer.routerId === own.routerId && peer.asn === own.asn) {
    const text = `internal peer has our own BGP Identifier ${own.routerId}`; // RFC 6286 §2.2
    return { ok: false, notification: openError.badBgpIdentifier(), text };
  }
  const mismatch = peer.asn === own.asn ? null : roleMismatch(own, peer, expectation.requiresRole === true);
  if (mismatch !== null) return { ok: false, notification: openError.roleMismatch(), text: mismatch };
  const peerFamilies = familiesOf(peer.capabilities);
  const families = familiesOf(own.capabilities).filter((family) => peerFamilies.includes(family));
  if (families.length === 0) return noCommonFamily(own.capabilities, peerFamilies);
  return { ok: true, session: session(own, peer, families, expectation.keepaliveSec) };
}

function session(
  own: OpenMessage,
  peer: OpenMessage,
  families: readonly Family[],
  keepaliveSec: number,
): NegotiatedSession {
  const both = (kind: 'fourOctetAs' | 'extendedMessage' | 'enhancedRouteRefresh') =>
    findCapability(own.capabilities, kind) !== undefined &&
    findCapability(peer.capabilities, kind) !== undefined;
  const restart = peer.capabilities.findLast((one) => one.kind === 'gracefulRestart'); // RFC 4724 §3: all but the last are ignored
  const holdTimeSec = Math.min(own.holdTimeSec, peer.holdTimeSec);
  return Object.freeze({
    peerAsn: peer.asn,
    peerRouterId: peer.routerId,
    families,
    fourOctetAs: both('fourOctetAs'),
    addPathReceive: families.filter((f) => addPath(own, f).receive && addPath(peer, f).send),
    addPathSend: families.filter((f) => addPath(own, f).send && addPath(peer, f).receive),
    maxMessageBytes: both('extendedMessage') ? MAX_EXTENDED_MESSAGE_OCTETS : MAX_MESSAGE_OCTETS,
    holdTimeSec,
    keepaliveSec: keepaliveInterval(holdTimeSec, own.holdTimeSec, keepaliveSec),
    routeRefresh:
      findCapability(peer.capabilities, 'routeRefresh') !== undefined ||
      findCapability(peer.capabilities, 'routeRefreshCisco') !== undefined,
    extendedNextHop: families.includes('ipv4') && [own, peer].every(takesIpv6NextHops),
    enhancedRefresh: both('enhancedRouteRefresh'),
    sendsEndOfRib: restart !== undefined,
    preservesForwarding: restart !== undefined && restart.entries.length > 0,
    gracefulRestart: restart === undefined ? null : negotiatedRestart(own, restart, families),
  });
}

function negotiatedRestart(
  own: OpenMessage,
  theirs: Extract<Capability, { readonly kind: 'gracefulRestart' }>,
  families: readonly Family[],
): NegotiatedRestart {
  const ours = findCapability(own.capabilities, 'gracefulRestart');
  const named = theirs.entries.map(({ afi, safi, forwardingPreserved }) => {
    return { family: familyOf(afi, safi), forwardingPreserved };
  });
  return {
    restartTimeSec: theirs.restartTimeSec,
    families: families.filter((family) => named.some((one) => one.family === family)),
    preserved: families.filter((family) =>
      named.some((one) => one.family === family && one.forwardingPreserved),
    ),
    isRestarting: theirs.restarting,
    survivesNotification: theirs.notification && ours?.notification === true,
    isPreservedByUs: ours !== undefined && ours.entries.length > 0,
  };
}

/** Why the roles of two external neighbors do not fit (RFC 9234 §4.2), or null; without a role of our own all do. */
function roleMismatch(own: OpenMessage, peer: OpenMessage, isStrict: boolean): string | null {
  const ours = BGP_ROLES[findCapability(own.capabilities, 'role')?.value ?? -1];
  if (ours === undefined) return null;
  const theirs = new Set(peer.capabilities.flatMap((one) => (one.kind === 'role' ? [one.value] : [])));
  if (theirs.size > 1) return 'the peer names several roles';
  const [value] = theirs;
  if (value === undefined) return isStrict ? `the peer names no role, ours is ${ours}` : null;
  if (BGP_ROLES[value] === COUNTERPART[ours]) return null;
  return `the peer is ${BGP_ROLES[value] ?? `unassigned role ${value}`} to us, ${ours}; it must be ${COUNTERPART[ours]}`;
}

/** IPv4 unicast with next hops of IPv6 (RFC 8950 §4). */
function takesIpv6NextHops({ capabilities }: OpenMessage): boolean {
  const entries = findCapability(capabilities, 'extendedNextHop')?.entries ?? [];
  const ipv4 = afiSafiOf('ipv4');
  return entries.some(
    ({ afi, safi, nextHopAfi }) =>
      afi === ipv4.afi && safi === ipv4.safi && nextHopAfi === afiSafiOf('ipv6').afi,
  );
}

/** Families that an OPEN offers. Without the multiprotocol capability that is IPv4 unicast (RFC 4760 §8). */
function familiesOf(capabilities: readonly Capability[]): readonly Family[] {
  const offered = capabilities.filter((capability) => capability.kind === 'multiprotocol');
  if (offered.length === 0) return ['ipv4'];
  const families = offered.map(({ afi, safi }) => familyOf(afi, safi));
  return [...new Set(families.filter((family) => family !== null))];
}

/** Data: the families that we offered and the peer did not (RFC 5492 §5). */
function noCommonFamily(own: readonly Capability[], peerFamilies: readonly Family[]): NegotiationResult {
  const writer = new WireWriter();
  for (const family of familiesOf(own)) {
    writer.bytes(encodeCapability({ kind: 'multiprotocol', ...afiSafiOf(family) }));
  }
  const theirs = peerFamilies.length === 0 ? 'none that we know' : peerFamilies.join(', ');
  return {
    ok: false,
    notification: openError.unsupportedCapability(writer.finish()),
    text: `no address family in common: we offer ${familiesOf(own).join(', ')}, the peer ${theirs}`,
  };
}

function addPath(open: OpenMessage, family: Family): { readonly send: boolean; readonly receive: boolean } {
  const wanted = afiSafiOf(family);
  const entry = findCapability(open.capabilities, 'addPath')?.entries.find(
    ({ afi, safi }) => afi === wanted.afi && safi === wanted.safi,
  );
  return entry ?? { send: false, receive: false };
}

/** RFC 4271 §4.4: at most a third of the hold time, unless our own configuration asks for another interval. */
function keepaliveInterval(holdTimeSec: number, proposedSec: number, configuredSec: number): number {
  if (holdTimeSec === 0) return 0;
  const third = Math.max(1, Math.floor(holdTimeSec / 3));
  const isConfigured = configuredSec > 0 && configuredSec < holdTimeSec;
  if (!isConfigured) return third;
  return holdTimeSec === proposedSec ? configuredSec : Math.min(configuredSec, third);
}
