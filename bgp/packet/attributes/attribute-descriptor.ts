/**
 * What the codec knows of one attribute. Descriptors check values in canonical form: four-octet AS numbers,
 * a NEXT_HOP of 4, 16 or 32 octets (IPv6 next hops are kept in the NEXT_HOP attribute of the canonical block).
 */
import type { AttributeColumns } from './attribute-columns.ts';

export interface AttributeDescriptor {
  readonly code: number;
  readonly name: string;
  /** Optional and Transitive bits that the attribute must have. */
  readonly flags: number;
  /**
   * Checks the value bytes[at, at + length) and notes what the decision process needs in `columns`.
   * @returns why it is malformed, or null. A malformed value means treat-as-withdraw (RFC 7606 §7).
   */
  check(bytes: Uint8Array, at: number, length: number, columns: AttributeColumns): string | null;
}

/** Big-endian unsigned 32-bit integer. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
