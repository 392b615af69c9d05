/**
 * The prefixes of a scenario: numbered from 0, so that a receiver finds a prefix's place by arithmetic. IPv4: the
 * /24s from 1.0.0.0 on; IPv6: the /48s from fd00:: on.
 */
import type { Family } from '../../harness/bgp/prefix-text.ts';

/** The three octets of IPv4 prefix 0. */
export const FIRST_IPV4 = 0x01_00_00;

/** Octets of one prefix as NLRI: the length octet, then 3 or 6. */
export function nlriBytes(family: Family): number {
  return family === 'ipv4' ? 4 : 7;
}

export const PREFIX_BITS = { ipv4: 24, ipv6: 48 } as const;

/** Writes prefix `index` as NLRI. @returns the offset behind it. */
export function writePrefix(family: Family, index: number, to: Buffer, at: number): number {
  at = to.writeUInt8(PREFIX_BITS[family], at);
  if (family === 'ipv4') return to.writeUIntBE(FIRST_IPV4 + index, at, 3);
  return to.writeUInt32BE(index, to.writeUInt16BE(0xfd00, at));
}
