/** Prefix conditions of policies, compiled to bytes. */
import { addressBits, type Family, parsePrefix } from '../net/index.ts';
import type { PrefixMatch } from './policy-config.ts';

interface Range {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly minLength: number;
  readonly maxLength: number;
}

/** Tells whether a route lies in one of the ranges. */
export class PrefixMatcher {
  readonly #ranges: readonly Range[];

  /** Keeps the ranges of `family`; text that is no prefix matches nothing (configuration has reported it). */
  constructor(matches: readonly PrefixMatch[], family: Family) {
    this.#ranges = matches.flatMap((match) => {
      const prefix = parsePrefix(match.prefix, { mask: true });
      if (prefix === null || prefix.family !== family) return [];
      const maxLength = Math.min(match.maxLength, addressBits(family));
      return [{ bytes: prefix.bytes, length: prefix.length, minLength: match.minLength, maxLength }];
    });
  }

  /** @param address all octets of the family from index 0. */
  matches(address: Uint8Array, length: number): boolean {
    for (const range of this.#ranges) {
      if (length < range.minLength || length > range.maxLength || length < range.length) continue;
      if (startsWith(address, range)) return true;
    }
    return false;
  }
}

function startsWith(address: Uint8Array, range: Range): boolean {
  const full = range.length >> 3;
  for (let i = 0; i < full; i++) if (address[i] !== range.bytes[i]) return false;
  const rest = range.length & 7;
  return rest === 0 || ((address[full]! ^ range.bytes[full]!) & (0xff00 >> rest) & 0xff) === 0;
}
