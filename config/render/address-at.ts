/** Addresses by their position inside a range. */
import type { Prefix } from '@manul/bgp/net';

/** The host prefix of the address at `ordinal` inside a block. */
export function addressAt(block: Prefix, ordinal: number): Prefix {
  const bytes = block.bytes.slice();
  let carry = ordinal;
  for (let i = bytes.length - 1; i >= 0 && carry > 0; i--) {
    carry += bytes[i]!;
    bytes[i] = carry & 0xff;
    carry = Math.floor(carry / 256);
  }
  return { family: block.family, bytes, length: bytes.length * 8 };
}
