/**
 * Capabilities as values (RFC 5492), one kind for each that Manul understands. Every value carries its code, so
 * that `manul peers NAME` can list what a neighbor sent in the neighbor's order.
 */
import { afiOf, type Family, familyOf, Safi } from '../../net/index.ts';
import type { WireReader } from '../wire-reader.ts';
import type { WireWriter } from '../wire-writer.ts';

/** An AFI/SAFI pair as on the wire; Manul speaks few of them, peers announce many. */
export interface AfiSafi {
  readonly afi: number;
  readonly safi: number;
}

/** RFC 4760 §8. */
export interface MultiprotocolCapability extends AfiSafi {
  readonly kind: 'multiprotocol';
}
/** RFC 2918 §2. */
export interface RouteRefreshCapability {
  readonly kind: 'routeRefresh';
}
/** Code 128: route refresh before it was standardised. Understood, never offered. */
export interface RouteRefreshCiscoCapability {
  readonly kind: 'routeRefreshCisco';
}
/** RFC 8950 §4. */
export interface ExtendedNextHopCapability {
  readonly kind: 'extendedNextHop';
  readonly entries: readonly (AfiSafi & { readonly nextHopAfi: number })[];
}
/** RFC 8654 §3. */
export interface ExtendedMessageCapability {
  readonly kind: 'extendedMessage';
}
/** RFC 9234 §4.1. */
export interface RoleCapability {
  readonly kind: 'role';
  /** As sent; not every number is a role. */
  readonly value: number;
}
/** RFC 4724 §3, with the N bit of RFC 8538 §2. */
export interface GracefulRestartCapability {
  readonly kind: 'gracefulRestart';
  readonly restarting: boolean;
  readonly notification: boolean;
  /** 0 to 4095. */
  readonly restartTimeSec: number;
  readonly entries: readonly (AfiSafi & { readonly forwardingPreserved: boolean })[];
}
/** RFC 6793 §3. */
export interface FourOctetAsCapability {
  readonly kind: 'fourOctetAs';
  readonly asn: number;
}
/** RFC 7911 §4. */
export interface AddPathCapability {
  readonly kind: 'addPath';
  readonly entries: readonly (AfiSafi & { readonly send: boolean; readonly receive: boolean })[];
}
/** RFC 7313 §3.1. */
export interface EnhancedRouteRefreshCapability {
  readonly kind: 'enhancedRouteRefresh';
}
/** draft-walton-bgp-hostname-capability: for display. */
export interface FqdnCapability {
  readonly kind: 'fqdn';
  /** Octets as sent; displayed through `decodeDisplayText`. */
  readonly hostName: Uint8Array;
  readonly domainName: Uint8Array;
}
/** draft-ietf-idr-bgp-softversion-capability: for display. */
export interface SoftwareVersionCapability {
  readonly kind: 'softwareVersion';
  readonly version: Uint8Array;
}
/** A code that we do not know, or a known one whose value is malformed: treated as not understood (RFC 5492 §3). */
export interface UnknownCapability {
  readonly kind: 'unknown';
  readonly code: number;
  readonly value: Uint8Array;
}

export type KnownCapability =
  | MultiprotocolCapability
  | RouteRefreshCapability
  | RouteRefreshCiscoCapability
  | ExtendedNextHopCapability
  | ExtendedMessageCapability
  | RoleCapability
  | GracefulRestartCapability
  | FourOctetAsCapability
  | AddPathCapability
  | EnhancedRouteRefreshCapability
  | FqdnCapability
  | SoftwareVersionCapability;

export type Capability = KnownCapability | UnknownCapability;

/** Everything about one capability code. */
export interface CapabilityDescriptor<C extends KnownCapability> {
  readonly kind: C['kind'];
  readonly code: number;
  /** Shown to users. */
  readonly name: string;
  /** `reader` is bounded to the value. Null: malformed, or octets that the value must not have. */
  decode(reader: WireReader): C | null;
  encode(capability: C, writer: WireWriter): void;
  /** Readable value, empty where the capability has none; safe to display. */
  format(capability: C): string;
}

type FlagCapability =
  | RouteRefreshCapability
  | RouteRefreshCiscoCapability
  | EnhancedRouteRefreshCapability
  | ExtendedMessageCapability;

/** A descriptor for a capability that is nothing but its code. */
export function flagCapability<C extends FlagCapability>(
  kind: C['kind'],
  code: number,
  name: string,
): CapabilityDescriptor<C> {
  const value = Object.freeze({ kind }) as C;
  return {
    kind,
    code,
    name,
    decode: (reader) => (reader.remaining === 0 ? value : null),
    encode: () => undefined,
    format: () => '',
  };
}

/** `ipv4` or `ipv6`; `afi 25 safi 70` for what Manul does not speak. */
export function afiSafiName({ afi, safi }: AfiSafi): string {
  return familyOf(afi, safi) ?? `afi ${afi} safi ${safi}`;
}

/** The AFI/SAFI pair of a family. */
export function afiSafiOf(family: Family): AfiSafi {
  return { afi: afiOf(family), safi: Safi.Unicast };
}
