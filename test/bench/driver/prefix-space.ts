/**
 * The prefixes of a scenario: numbered from 0, so that a receiver finds a prefix's place by arithmetic. IPv4: the
 * /24s from 1.0.0.0 on; IPv6: the /48s from fd00:: on.
 */
import type { Family } from '../../harness/bgp/prefix-text.ts';

const FIRST_IPV4 = 0x01_00_00;

export interface PrefixSpace {
  readonly family: Family;
  readonly count: number;
}

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

/** Number of the IPv4 prefix whose three octets begin at `at`. */
export function ipv4Index(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!) - FIRST_IPV4;
}

/** Number of the IPv6 prefix whose six octets begin at `at`. */
export function ipv6Index(bytes: Uint8Array, at: number): number {
  return (bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!;
}
