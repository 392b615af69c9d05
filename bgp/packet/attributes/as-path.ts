/** AS_PATH with four-octet AS numbers (RFC 4271 §5.1.2, RFC 6793). */
import { ColumnFlag } from './attribute-columns.ts';
import { type AttributeDescriptor, readUint32 } from './attribute-descriptor.ts';
import { AttributeType, SegmentType, WELL_KNOWN } from './attribute-type.ts';

export const asPath: AttributeDescriptor = {
  code: AttributeType.AsPath,
  name: 'AS_PATH',
  flags: WELL_KNOWN,
  check(bytes, at, length, columns) {
    const problem = checkSegments(bytes, at, length, 4);
    if (problem !== null) return `AS_PATH ${problem}`;
    const end = at + length;
    let hops = 0;
    for (let p = at; p < end; p += 2 + 4 * bytes[p + 1]!) {
      hops += bytes[p] === SegmentType.AsSet ? 1 : bytes[p + 1]!;
    }
    columns.asPathLength = hops;
    columns.neighborAs = length > 0 && bytes[at] === SegmentType.AsSequence ? readUint32(bytes, at + 2) : 0;
    columns.flags |= ColumnFlag.AsPath;
    return null;
  },
};

/**
 * Walks path segments whose AS numbers have `asBytes` octets (RFC 7606 §7.2, RFC 7607).
 * @returns what is wrong, or null.
 */
export function checkSegments(
  bytes: ArrayLike<number>,
  at: number,
  length: number,
  asBytes: 2 | 4,
): string | null {
  const end = at + length;
  let p = at;
  while (p < end) {
    if (end - p < 2) return 'ends inside a segment header';
    const type = bytes[p]!;
    const count = bytes[p + 1]!;
    if (type !== SegmentType.AsSequence && type !== SegmentType.AsSet) return `has segment type ${type}`;
    if (count === 0) return 'has an empty segment';
    p += 2;
    if (end - p < count * asBytes) return `has a segment of ${count} ASes in ${end - p} octets`;
    for (let i = 0; i < count; i++, p += asBytes) {
      const low = (bytes[p + asBytes - 2]! << 8) | bytes[p + asBytes - 1]!;
      if (low === 0 && (asBytes === 2 || ((bytes[p]! << 8) | bytes[p + 1]!) === 0)) return 'contains AS 0';
    }
  }
  return null;
}

/** How often `asn` occurs in a checked AS_PATH, AS_SETs included. */
export function countAs(bytes: Uint8Array, at: number, length: number, asn: number): number {
  let occurrences = 0;
  for (let p = at; p < at + length; ) {
    const end = p + 2 + 4 * bytes[p + 1]!;
    for (p += 2; p < end; p += 4) if (readUint32(bytes, p) === asn) occurrences++;
  }
  return occurrences;
}

/** AS numbers in order; an AS_SET appears as an array. */
export function decodeAsPath(bytes: Uint8Array, at: number, length: number): (number | number[])[] {
  const path: (number | number[])[] = [];
  for (let p = at; p < at + length; ) {
    const isSet = bytes[p] === SegmentType.AsSet;
    const end = p + 2 + 4 * bytes[p + 1]!;
    const asns: number[] = [];
    for (p += 2; p < end; p += 4) asns.push(readUint32(bytes, p));
    if (isSet) path.push(asns);
    else path.push(...asns);
  }
  return path;
}
