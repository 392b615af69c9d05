/**
 * Sessions without four-octet AS numbers (RFC 6793): AS_PATH and AGGREGATOR are widened on receipt, with
 * AS4_PATH and AS4_AGGREGATOR merged in (§4.2.3), and narrowed on the way out (§4.2.2).
 */
import { checkSegments } from './as-path.ts';
import { readUint32 } from './attribute-descriptor.ts';
import { AS_TRANS, SegmentType } from './attribute-type.ts';

/** Copies checked segments from two to four octets an AS. @returns the end in `out`. */
export function widenSegments(
  bytes: Uint8Array,
  at: number,
  length: number,
  out: Uint8Array,
  to: number,
): number {
  let o = to;
  for (let p = at; p < at + length; ) {
    const count = bytes[p + 1]!;
    out[o++] = bytes[p]!;
    out[o++] = count;
    p += 2;
    for (let i = 0; i < count; i++, p += 2, o += 4) {
      out[o] = 0;
      out[o + 1] = 0;
      out[o + 2] = bytes[p]!;
      out[o + 3] = bytes[p + 1]!;
    }
  }
  return o;
}

/**
 * The value of an AS4_PATH less its confederation segments, which no speaker may send there.
 * @returns null when it is malformed (RFC 6793 §6, RFC 7607 §2).
 */
export function readAs4Path(value: Uint8Array): Uint8Array | null {
  if (value.length === 0) return null;
  const kept: number[] = [];
  for (let p = 0; p < value.length; ) {
    const end = p + 2 + 4 * (value[p + 1] ?? 0);
    const isConfederation = value[p] === SegmentType.ConfedSequence || value[p] === SegmentType.ConfedSet;
    if (end > value.length || value[p + 1] === 0) return null;
    if (!isConfederation) for (let i = p; i < end; i++) kept.push(value[i]!);
    p = end;
  }
  return checkSegments(kept, 0, kept.length, 4) === null ? Uint8Array.from(kept) : null;
}

/**
 * The four-octet path that a two-octet AS_PATH and an AS4_PATH stand for: the leading ASes of the former that
 * the latter lacks, then the latter. Both checked; `path` already widened. @returns null when the AS4_PATH is
 * longer and so must be ignored.
 */
export function mergeAs4Path(path: Uint8Array, as4Path: Uint8Array): Uint8Array | null {
  const missing = hops(path) - hops(as4Path);
  if (missing < 0) return null;
  const lead: number[] = [];
  let left = missing;
  for (let p = 0; p < path.length && left > 0; p += 2 + 4 * path[p + 1]!) {
    const isSet = path[p] === SegmentType.AsSet;
    const take = isSet ? path[p + 1]! : Math.min(left, path[p + 1]!);
    lead.push(path[p]!, take, ...path.subarray(p + 2, p + 2 + 4 * take));
    left -= isSet ? 1 : take;
  }
  return joinSequences(Uint8Array.from(lead), as4Path);
}

/** Puts `head` before `tail`; two sequences that meet become one where the count fits in an octet. */
function joinSequences(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const last = lastSegment(head);
  const canJoin =
    last >= 0 &&
    tail.length > 0 &&
    head[last] === SegmentType.AsSequence &&
    tail[0] === SegmentType.AsSequence &&
    head[last + 1]! + tail[1]! <= 255;
  const joined = new Uint8Array(head.length + tail.length - (canJoin ? 2 : 0));
  joined.set(head);
  joined.set(canJoin ? tail.subarray(2) : tail, head.length);
  if (canJoin) joined[last + 1] = head[last + 1]! + tail[1]!;
  return joined;
}

function lastSegment(path: Uint8Array): number {
  let last = -1;
  for (let p = 0; p < path.length; p += 2 + 4 * path[p + 1]!) last = p;
  return last;
}

function hops(path: Uint8Array): number {
  let count = 0;
  for (let p = 0; p < path.length; p += 2 + 4 * path[p + 1]!) {
    count += path[p] === SegmentType.AsSet ? 1 : path[p + 1]!;
  }
  return count;
}

/** True when an AS number in the checked four-octet path does not fit in two octets. */
export function needsAs4(bytes: Uint8Array, at: number, length: number): boolean {
  for (let p = at; p < at + length; ) {
    const end = p + 2 + 4 * bytes[p + 1]!;
    for (p += 2; p < end; p += 4) if (bytes[p] !== 0 || bytes[p + 1] !== 0) return true;
  }
  return false;
}

/** Copies four-octet segments with two octets an AS, AS_TRANS where it does not fit. @returns the end in `out`. */
export function narrowSegments(
  bytes: Uint8Array,
  at: number,
  length: number,
  out: Uint8Array,
  to: number,
): number {
  let o = to;
  for (let p = at; p < at + length; ) {
    const count = bytes[p + 1]!;
    out[o++] = bytes[p]!;
    out[o++] = count;
    p += 2;
    for (let i = 0; i < count; i++, p += 4) {
      const asn = readUint32(bytes, p);
      const narrow = asn > 0xffff ? AS_TRANS : asn;
      out[o++] = narrow >> 8;
      out[o++] = narrow & 0xff;
    }
  }
  return o;
}
