/** How netlink lays things out: numbers in the byte order of the host, aligned to four bytes; address families. */
import type { Family } from '@manul/bgp/net';
import { AF_INET, AF_INET6 } from './constants.ts';

export const HOST_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The next multiple of four; right for the whole range of u32. */
export function align(length: number): number {
  return Math.ceil(length / 4) * 4;
}

/** The family of a socket layer number, or null for one that has no IP addresses. */
export function familyOfNumber(number: number): Family | null {
  if (number === AF_INET) return 'ipv4';
  return number === AF_INET6 ? 'ipv6' : null;
}
