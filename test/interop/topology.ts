/** One private network for an interoperation suite: Manul and daemons, each with an IPv4 and an IPv6 address. */
import type { NeighborConfig } from '../harness/daemons/daemon.ts';
import { NetworkNamespace } from '../harness/process/network-namespace.ts';

export const BGP_PORT = 179;
export const MANUL_ASN = 64512;
export const CLUSTER_ID = '244.0.0.1';
export const POOL = '10.60.0.0/16';
export const IPV6_POOL = 'fd60::/48';

export interface Place {
  readonly address: string;
  readonly ipv6Address: string;
}

/** The addresses of participant `index`; 1 is Manul. */
export function placeOf(index: number): Place {
  return { address: `10.66.0.${index}`, ipv6Address: `fd66::${index}` };
}

export const MANUL = placeOf(1);

export function makeNetwork(participants: number): NetworkNamespace {
  const places = Array.from({ length: participants }, (_, i) => placeOf(i + 1));
  return new NetworkNamespace(
    'interop',
    places.flatMap((place) => [`${place.address}/32`, `${place.ipv6Address}/128`]),
  );
}

/** Manul as a daemon's neighbor. */
export function manulAsNeighbor(neighbor: Partial<NeighborConfig>): NeighborConfig {
  return {
    address: MANUL.address,
    port: BGP_PORT,
    asn: MANUL_ASN,
    families: ['ipv4', 'ipv6'],
    passive: false,
    holdTimeSec: 30,
    ...neighbor,
  };
}
