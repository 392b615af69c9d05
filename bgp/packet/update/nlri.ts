/** NLRI runs: a length octet in bits, then the least number of octets that hold it (RFC 4271 §4.3, RFC 7911 §3). */

/** Octets of one entry's prefix, its length octet included. */
export function nlriBytes(prefixLength: number): number {
  return 1 + ((prefixLength + 7) >> 3);
}

/**
 * Checks that bytes[start, end) is a whole number of entries with lengths up to `maxLength` bits.
 * @returns what is wrong, or null. Nobody can find the other routes behind a broken entry, so the session must
 * be reset (RFC 7606 §5.3).
 */
export function checkNlri(
  bytes: Uint8Array,
  start: number,
  end: number,
  maxLength: number,
  hasPathId: boolean,
): string | null {
  const lead = hasPathId ? 4 : 0;
  let p = start;
  while (p < end) {
    p += lead;
    if (p >= end) return 'NLRI ends inside a path identifier';
    const length = bytes[p]!;
    if (length > maxLength) return `NLRI has a prefix length of ${length}`;
    p += 1 + ((length + 7) >> 3);
  }
  return p === end ? null : 'NLRI ends inside a prefix';
}

/**
 * True for a prefix of multicast or IPv6 link-local addresses at bytes[at]: as a unicast route it means nothing
 * and is ignored (RFC 4271 §6.3).
 */
export function isMeaningless(bytes: Uint8Array, at: number, maxLength: number): boolean {
  const length = bytes[at]!;
  if (maxLength === 32) return length >= 4 && bytes[at + 1]! >> 4 === 0xe;
  if (length < 8) return false;
  const first = bytes[at + 1]!;
  return first === 0xff || (first === 0xfe && length >= 10 && bytes[at + 2]! >> 6 === 2);
}
