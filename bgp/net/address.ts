/** IP addresses as bytes in network order, with parsing and canonical text (RFC 5952). */
import { Address4, Address6 } from 'ip-address';
import type { Family } from './family.ts';

/**
 * Parses an IPv4 or IPv6 address without prefix length or zone.
 * @returns 4 or 16 bytes, or null when `text` is not an address.
 */
export function parseAddress(text: string): Uint8Array | null {
  if (text.includes('/') || text.includes('%')) return null;
  if (!text.includes(':')) return parseIpv4(text);
  if (!Address6.isValid(text)) return null;
  const bytes = new Address6(text).toUnsignedByteArray().slice(-16);
  const address = new Uint8Array(16);
  address.set(bytes, 16 - bytes.length); // the library drops leading zeros
  return address;
}

function parseIpv4(text: string): Uint8Array | null {
  if (!Address4.isValid(text)) return null;
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  return Uint8Array.from(parts, Number);
}

/** Canonical text of 4 or 16 bytes at `offset`: dotted quad, or RFC 5952 text. */
export function formatAddress(bytes: Uint8Array, offset = 0, length = bytes.length - offset): string {
  if (length === 4) {
    return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
  }
  return formatIpv6(bytes, offset);
}

function formatIpv6(bytes: Uint8Array, offset: number): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[offset + i]! << 8) | bytes[offset + i + 1]!);
  const run = longestZeroRun(groups);
  if (isIpv4Mapped(groups)) {
    return `::ffff:${bytes[offset + 12]}.${bytes[offset + 13]}.${bytes[offset + 14]}.${bytes[offset + 15]}`;
  }
  const hex = groups.map((group) => group.toString(16));
  if (run.length < 2) return hex.join(':');
  return `${hex.slice(0, run.start).join(':')}::${hex.slice(run.start + run.length).join(':')}`;
}

function isIpv4Mapped(groups: readonly number[]): boolean {
  return groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
}

/** The first of the longest runs of zero groups (RFC 5952 §4.2.3). */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) continue;
    if (i - start > best.length) best = { start, length: i - start };
    start = i + 1;
  }
  return best;
}

/** Family of address text, or null when it is not an address. */
export function addressFamily(text: string): Family | null {
  const bytes = parseAddress(text);
  if (bytes === null) return null;
  return bytes.length === 4 ? 'ipv4' : 'ipv6';
}

/** Canonical form of address text, or null when it is not an address. */
export function canonicalAddress(text: string): string | null {
  const bytes = parseAddress(text);
  return bytes === null ? null : formatAddress(bytes);
}
