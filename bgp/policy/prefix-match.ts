/** Prefix conditions of policies, compiled to bytes. Hundreds of them cost no more than a few. */
import { addressBits, type Family, maskBytes, parsePrefix } from '../net/index.ts';
import type { PrefixMatch } from './policy-config.ts';

interface Range {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly minLength: number;
  readonly maxLength: number;
}

/** From so many ranges on they are looked up by length and address instead of one after the other. */
const MANY = 16;

/** Tells whether a route lies in one of the ranges. */
export class PrefixMatcher {
  readonly #ranges: readonly Range[];
  /** Of many ranges those of each length, by address; null for few. */
  readonly #byLength: ReadonlyMap<number, ReadonlyMap<string, readonly Range[]>> | null;

  /** Keeps the ranges of `family`; text that is no prefix matches nothing (configuration has reported it). */
  constructor(matches: readonly PrefixMatch[], family: Family) {
    this.#ranges = matches.flatMap((match) => {
      const prefix = parsePrefix(match.prefix, { mask: true });
      if (prefix === null || prefix.family !== family) return [];
      const maxLength = Math.min(match.maxLength, addressBits(family));
      return [{ bytes: prefix.bytes, length: prefix.length, minLength: match.minLength, maxLength }];
    });
    this.#byLength = this.#ranges.length < MANY ? null : indexed(this.#ranges);
  }

  /** @param address all octets of the family from index 0. */
  matches(address: Uint8Array, length: number): boolean {
    if (this.#byLength !== null) return this.#matchesMany(this.#byLength, address, length);
    for (const range of this.#ranges) {
      if (length < range.minLength || length > range.maxLength || length < range.length) continue;
      if (startsWith(address, range)) return true;
    }
    return false;
  }

  #matchesMany(
    byLength: ReadonlyMap<number, ReadonlyMap<string, readonly Range[]>>,
    address: Uint8Array,
    length: number,
  ): boolean {
    for (const [rangeLength, byAddress] of byLength) {
      if (rangeLength > length) continue;
      const ranges = byAddress.get(
        keyOf(maskBytes(address.subarray(0, this.#ranges[0]!.bytes.length), rangeLength)),
      );
      if (ranges?.some(({ minLength, maxLength }) => length >= minLength && length <= maxLength) === true)
        return true;
    }
    return false;
  }
}

function indexed(ranges: readonly Range[]): ReadonlyMap<number, ReadonlyMap<string, readonly Range[]>> {
  const byLength = Map.groupBy(ranges, ({ length }) => length);
  return new Map(
    [...byLength].map(
      ([length, group]) => [length, Map.groupBy(group, ({ bytes }) => keyOf(bytes))] as const,
    ),
  );
}

function keyOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function startsWith(address: Uint8Array, range: Range): boolean {
  const full = range.length >> 3;
  for (let i = 0; i < full; i++) if (address[i] !== range.bytes[i]) return false;
  const rest = range.length & 7;
  return rest === 0 || ((address[full]! ^ range.bytes[full]!) & (0xff00 >> rest) & 0xff) === 0;
}
