/**
 * What a peer driver runs with: the same for a configured peer and for a client of a listen range. Pure values;
 * two of them tell whether a change needs the session to be reset.
 */
import { isDeepStrictEqual } from 'node:util';
import { isLinkLocal } from '../net/index.ts';
import type { SocketSecurity } from './socket/socket-security.ts';
import type { DynamicNeighborConfig, PeerConfig, PeerKind, SessionConfig } from './speaker-config.ts';

export interface SessionSettings {
  readonly name: string;
  readonly kind: PeerKind;
  /** Name of the listen range that accepts the peer, or null. */
  readonly neighbor: string | null;
  /** Canonical address text of the peer. */
  readonly address: string;
  /** Interface by which a link-local peer came, or that a peer is bound to; null: any. */
  readonly interface: string | null;
  /** Port to dial; 0 for a peer that we never dial. */
  readonly port: number;
  readonly localAddress: string | null;
  readonly localAsn: number;
  /** Our BGP Identifier, dotted quad. */
  readonly routerId: string;
  /** AS numbers that the peer may have. */
  readonly asNumbers: readonly { readonly first: number; readonly last: number }[];
  readonly passive: boolean;
  /** Milliseconds until a peer that exceeded its limit of prefixes may come back; null: by command only. */
  readonly prefixLimitHoldMs: number | null;
  /** The peer must be on a subnet of ours. */
  readonly singleHop: boolean;
  /** Why the session is kept down, or null. */
  readonly held: string | null;
  readonly config: SessionConfig;
}

/** Where a connection comes from: canonical address text, and the interface where the address is link-local. */
export interface PeerAddress {
  readonly address: string;
  readonly zone: string | null;
}

/** `fe80::1%eth0`: a link-local address means nothing without its interface; others stand for themselves. */
export function scopedAddress(peer: Pick<SessionSettings, 'address' | 'interface'>): string {
  return peer.interface !== null && isLinkLocal(peer.address)
    ? `${peer.address}%${peer.interface}`
    : peer.address;
}

export interface SpeakerIdentity {
  readonly asn: number;
  readonly routerId: string;
}

/** How long a peer that exceeded its limit of prefixes stays away. */
const PREFIX_LIMIT_HOLD_SEC = 300;

function milliseconds(seconds: number | null | undefined): number | null {
  return seconds === null ? null : (seconds ?? PREFIX_LIMIT_HOLD_SEC) * 1000;
}

/** `address` is the canonical form of the configured one. */
export function configuredSettings(
  peer: PeerConfig,
  address: string,
  { routerId }: SpeakerIdentity,
): SessionSettings {
  return {
    name: peer.name,
    kind: peer.kind,
    neighbor: null,
    address,
    interface: peer.interface,
    port: peer.port,
    localAddress: peer.localAddress,
    localAsn: peer.localAsn,
    routerId,
    asNumbers: [{ first: peer.asn, last: peer.asn }],
    passive: peer.passive,
    prefixLimitHoldMs: milliseconds(peer.maxPrefixesRestartSec),
    singleHop: peer.multihop === false && peer.asn !== peer.localAsn,
    held: peer.held,
    config: peer,
  };
}

/**
 * A client of a listen range; its port is that of its connection and kept with it.
 * @param zone the interface of a link-local client, else null
 */
export function dynamicSettings(
  neighbor: DynamicNeighborConfig,
  { address, zone }: PeerAddress,
  { asn, routerId }: SpeakerIdentity,
): SessionSettings {
  return {
    name: `${neighbor.name}/${scopedAddress({ address, interface: zone })}`,
    kind: 'dynamic',
    neighbor: neighbor.name,
    address,
    interface: neighbor.interface ?? zone,
    port: 0,
    localAddress: null,
    localAsn: asn,
    routerId,
    asNumbers: neighbor.asNumbers.length > 0 ? neighbor.asNumbers : [{ first: asn, last: asn }],
    passive: true,
    prefixLimitHoldMs: 0,
    singleHop: false,
    held: neighbor.held,
    config: neighbor,
  };
}

/** What its connections must have. */
export function securityOf({ address, interface: name, singleHop, config }: SessionSettings): SocketSecurity {
  const { password, ttlSecurity } = config;
  return { address, password, ttlSecurity, singleHop, interface: name };
}

/** The peer's AS number where the configuration names exactly one, else 0. */
export function expectedAsn({ asNumbers }: SessionSettings): number {
  const [only] = asNumbers;
  return asNumbers.length === 1 && only!.first === only!.last ? only!.first : 0;
}

export function acceptsAsn({ asNumbers }: SessionSettings, asn: number): boolean {
  return asNumbers.some(({ first, last }) => asn >= first && asn <= last);
}

/**
 * What new settings mean for a peer. `restart`: wire parameters, or whom we accept, changed, or a peer without a
 * session may come up now that could not before. `rekey`: connections go on with another key (RFC 2385 §4.5).
 * @param sessionAsn AS number of the peer while Established, else null
 * @param isConnecting a connection is there or being opened
 * @param goesOn other wire parameters make no difference for the session that there is
 */
export function settingsChange(
  before: SessionSettings,
  after: SessionSettings,
  {
    sessionAsn,
    isConnecting,
    goesOn = false,
  }: { readonly sessionAsn: number | null; readonly isConnecting: boolean; readonly goesOn?: boolean },
): 'restart' | 'rekey' | 'adjust' {
  if (sessionAsn !== null && !acceptsAsn(after, sessionAsn)) return 'restart';
  const hasOtherKey = before.config.password !== after.config.password;
  // The change may be what was wrong.
  const mayComeUpNow = !isConnecting || hasOtherKey || !agreesOnPeer(before, after);
  if (sessionAsn === null && mayComeUpNow) return 'restart';
  if (!goesOn && !hasSameWireParameters(before, after)) return 'restart';
  return hasOtherKey ? 'rekey' : 'adjust';
}

/** True when both wait for, or dial, a peer of the same AS numbers. */
function agreesOnPeer(a: SessionSettings, b: SessionSettings): boolean {
  return a.passive === b.passive && isDeepStrictEqual(a.asNumbers, b.asNumbers);
}

/** True when both lead to the same bytes in OPEN, on the same transport, with the same timers. */
export function hasSameWireParameters(a: SessionSettings, b: SessionSettings): boolean {
  return isDeepStrictEqual(wireParameters(a), wireParameters(b));
}

function wireParameters(settings: SessionSettings): unknown {
  const { address, port, localAddress, localAsn, routerId, held, config } = settings;
  return {
    // Not the key: it changes under a living session.
    transport: [address, port, localAddress, settings.interface, config.ttlSecurity, held !== null],
    open: [
      localAsn,
      routerId,
      config.families,
      config.holdTimeSec,
      config.addPath,
      config.gracefulRestartSec,
      config.role,
      config.strictRole,
    ],
    keepaliveSec: config.keepaliveSec,
  };
}
