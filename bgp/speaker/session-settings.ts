/**
 * What a peer driver runs with: the same for a configured peer and for a client of a listen range. Pure values;
 * two of them tell whether a change needs the session to be reset.
 */
import { isDeepStrictEqual } from 'node:util';
import { unsupportedSecurity } from './socket/socket-security.ts';
import type { DynamicNeighborConfig, PeerConfig, PeerKind, SessionConfig } from './speaker-config.ts';

export interface SessionSettings {
  readonly name: string;
  readonly kind: PeerKind;
  /** Name of the listen range that accepts the peer, or null. */
  readonly neighbor: string | null;
  /** Canonical address text of the peer. */
  readonly address: string;
  /** Port to dial; 0 for a peer that we never dial. */
  readonly port: number;
  readonly localAddress: string | null;
  readonly localAsn: number;
  /** Our BGP Identifier, dotted quad. */
  readonly routerId: string;
  /** AS numbers that the peer may have. */
  readonly asNumbers: readonly { readonly first: number; readonly last: number }[];
  readonly passive: boolean;
  /** Why the session is kept down, or null. */
  readonly held: string | null;
  readonly config: SessionConfig;
}

export interface SpeakerIdentity {
  readonly asn: number;
  readonly routerId: string;
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
    port: peer.port,
    localAddress: peer.localAddress,
    localAsn: peer.localAsn,
    routerId,
    asNumbers: [{ first: peer.asn, last: peer.asn }],
    passive: peer.passive,
    held: peer.held ?? unsupportedSecurity(peer),
    config: peer,
  };
}

/** A client of a listen range; its port is that of its connection and kept with it. */
export function dynamicSettings(
  neighbor: DynamicNeighborConfig,
  address: string,
  { asn, routerId }: SpeakerIdentity,
): SessionSettings {
  return {
    name: `${neighbor.name}/${address}`,
    kind: 'dynamic',
    neighbor: neighbor.name,
    address,
    port: 0,
    localAddress: null,
    localAsn: asn,
    routerId,
    asNumbers: neighbor.asNumbers.length > 0 ? neighbor.asNumbers : [{ first: asn, last: asn }],
    passive: true,
    held: neighbor.held ?? unsupportedSecurity(neighbor),
    config: neighbor,
  };
}

/** The peer's AS number where the configuration names exactly one, else 0. */
export function expectedAsn({ asNumbers }: SessionSettings): number {
  const [only] = asNumbers;
  return asNumbers.length === 1 && only!.first === only!.last ? only!.first : 0;
}

export function acceptsAsn({ asNumbers }: SessionSettings, asn: number): boolean {
  return asNumbers.some(({ first, last }) => asn >= first && asn <= last);
}

/** True when both lead to the same bytes in OPEN, on the same transport, with the same timers. */
export function hasSameWireParameters(a: SessionSettings, b: SessionSettings): boolean {
  return isDeepStrictEqual(wireParameters(a), wireParameters(b));
}

function wireParameters(settings: SessionSettings): unknown {
  const { address, port, localAddress, localAsn, routerId, held, config } = settings;
  return {
    transport: [address, port, localAddress, config.ttlSecurity, config.password, held !== null],
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
