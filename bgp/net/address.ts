/** IP addresses as bytes in network order, with parsing and canonical text (RFC 5952). */
import { Address6 } from 'ip-address';
import type { Family } from './family.ts';

/**
 * Parses an IPv4 or IPv6 address without prefix length or zone. Whoever has many routes calls this for each of
 * them, so the usual forms are read here; the library judges what is left (embedded dotted quads and errors).
 * @returns 4 or 16 bytes, or null when `text` is not an address.
 */
export function parseAddress(text: string): Uint8Array | null {
  if (!text.includes(':')) return parseIpv4(text);
  return parseHexGroups(text) ?? parseUnusualIpv6(text);
}

const DOT = 46;
const COLON = 58;
const ZERO = 48;

function parseIpv4(text: string): Uint8Array | null {
  const address = new Uint8Array(4);
  let part = 0;
  let value = 0;
  let digits = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i === text.length ? DOT : text.charCodeAt(i);
    if (code === DOT) {
      if (digits === 0 || part > 3) return null;
      address[part++] = value;
      value = 0;
      digits = 0;
      continue;
    }
    if (code < ZERO || code > ZERO + 9) return null;
    if (digits > 0 && value === 0) return null; // a leading zero may mean octal to others
    value = value * 10 + code - ZERO;
    digits++;
    if (value > 255) return null;
  }
  return part === 4 ? address : null;
}

/** Groups of hexadecimal digits with at most one `::`; null for every other form, valid or not. */
function parseHexGroups(text: string): Uint8Array | null {
  const address = new Uint8Array(16);
  let group = 0;
  let value = 0;
  let digits = 0;
  let gap = -1;
  const length = text.length;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code !== COLON) {
      const digit = hexDigit(code);
      if (digit < 0 || ++digits > 4 || group > 7) return null;
      value = (value << 4) | digit;
      continue;
    }
    if (digits > 0) {
      writeGroup(address, group++, value);
      value = 0;
      digits = 0;
      if (i === length - 1) return null;
      if (text.charCodeAt(i + 1) !== COLON) continue;
      i++;
    } else if (i !== 0 || text.charCodeAt(1) !== COLON) {
      return null;
    } else {
      i = 1;
    }
    if (gap >= 0) return null;
    gap = group;
  }
  if (digits > 0) writeGroup(address, group++, value);
  if (gap < 0) return group === 8 ? address : null;
  if (group > 7) return null;
  address.copyWithin(16 - (group - gap) * 2, gap * 2, group * 2);
  address.fill(0, gap * 2, 16 - (group - gap) * 2);
  return address;
}

function writeGroup(address: Uint8Array, group: number, value: number): void {
  address[group * 2] = value >> 8;
  address[group * 2 + 1] = value & 0xff;
}

/** Value of a hexadecimal digit, or -1. */
function hexDigit(code: number): number {
  if (code >= ZERO && code <= ZERO + 9) return code - ZERO;
  const lower = code | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function parseUnusualIpv6(text: string): Uint8Array | null {
  if (text.includes('/') || text.includes('%') || !Address6.isValid(text)) return null;
  const bytes = new Address6(text).toUnsignedByteArray().slice(-16);
  const address = new Uint8Array(16);
  address.set(bytes, 16 - bytes.length); // the library drops leading zeros
  return address;
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
