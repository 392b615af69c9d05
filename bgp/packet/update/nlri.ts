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
