/** Link-local IPv6 addresses with the interface that they belong to: `fe80::1%eth0` (RFC 4007 §11). */
import { addressFamily, formatAddress, parseAddress } from './address.ts';
import type { Family } from './family.ts';

export interface ScopedAddress {
  /** Without the zone. */
  readonly address: string;
  /** Interface name, or null. */
  readonly zone: string | null;
}

/** An interface name of Linux: at most 15 octets, neither slash nor white space. */
const ZONE = /^[^\s/%]{1,15}$/;

/** Cuts text at its `%`; neither part is checked. */
export function splitZone(text: string): ScopedAddress {
  const at = text.indexOf('%');
  return at < 0 ? { address: text, zone: null } : { address: text.slice(0, at), zone: text.slice(at + 1) };
}

/** fe80::/10 (RFC 4291 §2.5.6); a zone in the text does not matter. */
export function isLinkLocal(text: string): boolean {
  const bytes = parseAddress(splitZone(text).address);
  return bytes !== null && isLinkLocalAt(bytes, 0, bytes.length);
}

/** True when bytes[at, at + length) is a link-local IPv6 address. */
export function isLinkLocalAt(bytes: Uint8Array, at: number, length: number): boolean {
  return length === 16 && bytes[at] === 0xfe && bytes[at + 1]! >> 6 === 2;
}

/** As `canonicalAddress`, and the zone of a link-local address stays. Null: no address, or a zone where none belongs. */
export function canonicalScopedAddress(text: string): string | null {
  const { address, zone } = splitZone(text);
  const bytes = parseAddress(address);
  if (bytes === null) return null;
  if (zone === null) return formatAddress(bytes);
  return isLinkLocalAt(bytes, 0, bytes.length) && ZONE.test(zone) ? `${formatAddress(bytes)}%${zone}` : null;
}

/** As `addressFamily`, of text that may have a zone. */
export function scopedAddressFamily(text: string): Family | null {
  return addressFamily(splitZone(text).address);
}
