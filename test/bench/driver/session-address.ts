/** Addresses of the driver's sessions, from their numbers: 1 to 65,535. */
import { addressBytes, type Family } from '../../harness/bgp/prefix-text.ts';

/** Never .0 or .255 at the end, and never 127.0.x.y, where the daemon is. */
function numberOctets(number: number): string {
  return `${1 + Math.floor(number / 62_500)}.${Math.floor(number / 250) % 250}.${(number % 250) + 1}`;
}

/** Where the session dials from. */
export function addressOf(number: number): string {
  return `127.${numberOctets(number)}`;
}

/** Its BGP identifier, so the ORIGINATOR_ID of what it announces. */
export function routerIdOf(number: number): string {
  return `10.${numberOctets(number)}`;
}

/** Next hop of what it announces: no daemon finds it on an interface or in a reserved range. */
export function nextHopOf(number: number, family: Family): string {
  return family === 'ipv4' ? `172.20.${number >> 8}.${number & 0xff}` : `fd99::${number.toString(16)}`;
}

/** The last 32 bits of an address, signed. */
export function wordOf(address: string): number {
  return addressBytes(address).subarray(-4).readInt32BE(0);
}
