/** Address families that Manul speaks: IPv4 and IPv6 unicast (RFC 4760 §3; IANA AFI and SAFI registries). */
export type Family = 'ipv4' | 'ipv6';

export const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

export const Afi = { Ipv4: 1, Ipv6: 2 } as const;
export const Safi = { Unicast: 1 } as const;

/** The AFI of a family. */
export function afiOf(family: Family): number {
  return family === 'ipv4' ? Afi.Ipv4 : Afi.Ipv6;
}

/** The family of an AFI/SAFI pair, or null for one that Manul does not speak. */
export function familyOf(afi: number, safi: number): Family | null {
  if (safi !== Safi.Unicast) return null;
  if (afi === Afi.Ipv4) return 'ipv4';
  return afi === Afi.Ipv6 ? 'ipv6' : null;
}

/** Bits in an address of the family: 32 or 128. */
export function addressBits(family: Family): number {
  return family === 'ipv4' ? 32 : 128;
}
