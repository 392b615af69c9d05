/** IP prefixes as values: what NLRI, routes and pools are made of. */
import { formatAddress, parseAddress } from './address.ts';
import { addressBits, type Family } from './family.ts';

/** A prefix with its host bits cleared. `bytes` is 4 or 16 octets long. */
export interface Prefix {
  readonly family: Family;
  readonly bytes: Uint8Array;
  readonly length: number;
}

/**
 * Parses `address/length`; a bare address is a host prefix.
 * @returns null when `text` is no prefix or has host bits set (pass `mask: true` to clear them instead).
 */
export function parsePrefix(text: string, options: { readonly mask?: boolean } = {}): Prefix | null {
  const slash = text.indexOf('/');
  const bytes = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (bytes === null) return null;
  const family: Family = bytes.length === 4 ? 'ipv4' : 'ipv6';
  const bits = addressBits(family);
  const length = slash < 0 ? bits : parseLength(text, slash + 1);
  if (length < 0 || length > bits) return null;
  if (!hasHostBits(bytes, length)) return { family, bytes, length };
  return options.mask === true ? { family, bytes: maskBytes(bytes, length), length } : null;
}

/** One to three decimal digits from `start` to the end, or -1. */
function parseLength(text: string, start: number): number {
  const digits = text.length - start;
  if (digits < 1 || digits > 3) return -1;
  let value = 0;
  for (let i = start; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function hasHostBits(bytes: Uint8Array, length: number): boolean {
  let first = length >> 3;
  const rest = length & 7;
  if (rest !== 0 && (bytes[first++]! & (0xff >> rest)) !== 0) return true;
  while (first < bytes.length) if (bytes[first++] !== 0) return true;
  return false;
}

/** A copy of `bytes` with everything behind the first `length` bits cleared. */
export function maskBytes(bytes: Uint8Array, length: number): Uint8Array {
  const out = bytes.slice();
  const full = length >> 3;
  if (full < out.length) {
    out[full] = out[full]! & (0xff00 >> (length & 7));
    out.fill(0, full + 1);
  }
  return out;
}

/** Canonical text, `10.0.0.0/8`. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.bytes)}/${prefix.length}`;
}

/** Canonical text of prefix text, or null when it is none. */
export function canonicalPrefix(text: string): string | null {
  const prefix = parsePrefix(text);
  return prefix === null ? null : formatPrefix(prefix);
}

/** True when `inner` lies inside `outer` or equals it. */
export function contains(outer: Prefix, inner: Prefix): boolean {
  return outer.family === inner.family && outer.length <= inner.length && containsAddress(outer, inner.bytes);
}

/** True when the address (4 or 16 bytes) lies inside `prefix`. */
export function containsAddress(prefix: Prefix, address: Uint8Array): boolean {
  if (address.length !== prefix.bytes.length) return false;
  const full = prefix.length >> 3;
  for (let i = 0; i < full; i++) if (prefix.bytes[i] !== address[i]) return false;
  const rest = prefix.length & 7;
  if (rest === 0) return true;
  const mask = (0xff00 >> rest) & 0xff;
  return (prefix.bytes[full]! & mask) === (address[full]! & mask);
}

/** Orders by family, then address, then length: shorter first. */
export function comparePrefixes(a: Prefix, b: Prefix): number {
  if (a.family !== b.family) return a.family === 'ipv4' ? -1 : 1;
  for (let i = 0; i < a.bytes.length; i++) {
    const difference = a.bytes[i]! - b.bytes[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
