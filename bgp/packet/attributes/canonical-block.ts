/**
 * The canonical form of an attribute set, the key by which sets are interned: attributes in ascending type
 * order with exact flags, four-octet AS numbers, the next hop of either family as a NEXT_HOP of 4, 16 or 32
 * octets, no MP_REACH_NLRI or MP_UNREACH_NLRI. What must not cross into this session type or is not
 * recognised and not transitive is left out; an unrecognised transitive attribute gets Partial (RFC 4271 §9).
 */

import { checkSegments } from './as-path.ts';
import { type AttributeColumns, ColumnFlag, emptyColumns, resetColumns } from './attribute-columns.ts';
import { readUint32 } from './attribute-descriptor.ts';
import type { AttributeScan } from './attribute-scan.ts';
import {
  AS_TRANS,
  AttributeFlag,
  AttributeType,
  OPTIONAL_NON_TRANSITIVE,
  OPTIONAL_TRANSITIVE,
} from './attribute-type.ts';
import { distinctLargeCommunities } from './communities.ts';
import { descriptorByCode, expectedFlags, UNRECOGNIZED } from './registry.ts';
import { mergeAs4Path, readAs4Path, widenSegments } from './two-octet-as.ts';

/** Room for any block of an extended message, with two-octet AS numbers widened. */
const MAX_BLOCK_BYTES = 1 << 18;
/** What an attribute's length field can say. */
export const MAX_VALUE_BYTES = 0xffff;

export interface BlockContext {
  readonly isInternal: boolean;
  readonly fourOctetAs: boolean;
}

export class CanonicalBlock {
  /** The block is bytes[0, length). Overwritten by the next `build`. */
  readonly bytes = new Uint8Array(MAX_BLOCK_BYTES);
  length = 0;
  /** Attributes that RFC 7606 says to drop because they were malformed. */
  discarded = 0;
  readonly columns: AttributeColumns = emptyColumns();

  /**
   * Builds the block of a scanned UPDATE.
   * @param nextHopAt where in `source` the next hop of MP_REACH_NLRI stands, or -1 to use NEXT_HOP.
   * @returns why the routes must be treated as withdrawn, or null.
   */
  build(
    source: Uint8Array,
    scan: AttributeScan,
    context: BlockContext,
    nextHopAt: number,
    nextHopLength: number,
  ): string | null {
    this.length = 0;
    this.discarded = 0;
    let isNextHopDone = nextHopAt < 0;
    for (let i = 0; i < scan.count; i++) {
      const code = scan.codes[i]!;
      if (!isNextHopDone && code >= AttributeType.NextHop) {
        isNextHopDone = true;
        this.#put(AttributeType.NextHop, AttributeFlag.Transitive, source, nextHopAt, nextHopLength);
      }
      if (nextHopAt >= 0 && code === AttributeType.NextHop) continue;
      const problem = this.#take(source, scan, code, context);
      if (problem !== null) return problem;
    }
    if (!isNextHopDone) {
      this.#put(AttributeType.NextHop, AttributeFlag.Transitive, source, nextHopAt, nextHopLength);
    }
    return null;
  }

  /** Checks every value of the block just built and fills `columns`. @returns what is malformed, or null. */
  check(): string | null {
    return checkBlock(this.bytes, 0, this.length, this.columns);
  }

  /**
   * As `check`, of an UPDATE that announces nothing: there no attribute is mandatory, and a next hop that is nobody's
   * address concerns no route. The session goes on (RFC 4271 §6.3).
   */
  checkValues(): string | null {
    return checkValues(this.bytes, 0, this.length, this.columns, AttributeType.NextHop);
  }

  #take(source: Uint8Array, scan: AttributeScan, code: number, context: BlockContext): string | null {
    const at = scan.valueAt[code]!;
    const length = scan.valueLength[code]!;
    switch (code) {
      case AttributeType.MpReachNlri:
      case AttributeType.MpUnreachNlri:
      case AttributeType.As4Path:
      case AttributeType.As4Aggregator:
        return null;
      case AttributeType.LocalPref:
      case AttributeType.OriginatorId:
      case AttributeType.ClusterList:
        if (!context.isInternal) return null; // RFC 7606 §7.5, §7.9, §7.10
        break;
      case AttributeType.Aigp:
        // RFC 7311 §3.2: quietly ignored, and passed to nobody, where it is not enabled: it never is.
        return (scan.flags[code]! & OPTIONAL_TRANSITIVE) === OPTIONAL_NON_TRANSITIVE ? null : this.#discard();
      case AttributeType.NextHop:
        if (length !== 4) return `NEXT_HOP has ${length} octets instead of 4`;
        break;
      case AttributeType.AsPath:
        if (!context.fourOctetAs) return this.#takeTwoOctetPath(source, scan);
        break;
      case AttributeType.AtomicAggregate:
        if (length !== 0) return this.#discard(); // RFC 7606 §7.6
        break;
      case AttributeType.Aggregator:
        return this.#takeAggregator(source, scan, context);
      case AttributeType.LargeCommunities:
        if (length % 12 === 0) return this.#takeLargeCommunities(source, scan);
        break;
    }
    const expected = expectedFlags[code]!;
    const flags = scan.flags[code]!;
    if (expected !== UNRECOGNIZED) {
      // Partial belongs to optional transitive attributes only (RFC 4271 §4.3).
      const partial = expected === OPTIONAL_TRANSITIVE ? flags & AttributeFlag.Partial : 0;
      this.#put(code, expected | partial, source, at, length);
    } else if ((flags & AttributeFlag.Transitive) !== 0) {
      const partial = AttributeFlag.Optional | AttributeFlag.Transitive | AttributeFlag.Partial;
      this.#put(code, partial, source, at, length);
    }
    return null;
  }

  /** Each value once, as RFC 8092 §3 asks of the receiver. */
  #takeLargeCommunities(source: Uint8Array, scan: AttributeScan): null {
    const at = scan.valueAt[AttributeType.LargeCommunities]!;
    const value = source.subarray(at, at + scan.valueLength[AttributeType.LargeCommunities]!);
    const distinct = distinctLargeCommunities(value);
    const partial = scan.flags[AttributeType.LargeCommunities]! & AttributeFlag.Partial;
    this.#put(AttributeType.LargeCommunities, OPTIONAL_TRANSITIVE | partial, distinct, 0, distinct.length);
    return null;
  }

  #discard(): null {
    this.discarded++;
    return null;
  }

  #takeTwoOctetPath(source: Uint8Array, scan: AttributeScan): string | null {
    const at = scan.valueAt[AttributeType.AsPath]!;
    const length = scan.valueLength[AttributeType.AsPath]!;
    const problem = checkSegments(source, at, length, 2);
    if (problem !== null) return `AS_PATH ${problem}`;
    let path = new Uint8Array(length * 2 + 4);
    path = path.subarray(0, widenSegments(source, at, length, path, 0));
    const as4Path = this.#as4Path(source, scan);
    const value = (as4Path === null ? null : mergeAs4Path(path, as4Path)) ?? path;
    if (value.length > MAX_VALUE_BYTES) return `AS_PATH has ${value.length} octets once widened`;
    this.#put(AttributeType.AsPath, AttributeFlag.Transitive, value, 0, value.length);
    return null;
  }

  /** AS4_PATH where it counts; null without one, and when it is stale or malformed (RFC 6793 §6). */
  #as4Path(source: Uint8Array, scan: AttributeScan): Uint8Array | null {
    if (!scan.has(AttributeType.As4Path) || this.#isAs4Stale(source, scan)) return null;
    const at = scan.valueAt[AttributeType.As4Path]!;
    const path = readAs4Path(source.subarray(at, at + scan.valueLength[AttributeType.As4Path]!));
    if (path === null) this.discarded++;
    return path;
  }

  /**
   * An AGGREGATOR with a real AS number beside AS4_AGGREGATOR: a speaker without four-octet AS numbers has
   * aggregated since, so that neither AS4 attribute counts (RFC 6793 §4.2.3).
   */
  #isAs4Stale(source: Uint8Array, scan: AttributeScan): boolean {
    if (!scan.has(AttributeType.As4Aggregator) || !scan.has(AttributeType.Aggregator)) return false;
    if (scan.valueLength[AttributeType.Aggregator] !== 6) return false;
    return readUint16(source, scan.valueAt[AttributeType.Aggregator]!) !== AS_TRANS;
  }

  #takeAggregator(source: Uint8Array, scan: AttributeScan, context: BlockContext): null {
    const at = scan.valueAt[AttributeType.Aggregator]!;
    const length = scan.valueLength[AttributeType.Aggregator]!;
    if (length !== (context.fourOctetAs ? 8 : 6)) return this.#discard(); // RFC 7606 §7.7
    const asn = context.fourOctetAs ? readUint32(source, at) : readUint16(source, at);
    if (asn === 0) return this.#discard(); // RFC 7607 §2
    const flags = OPTIONAL_TRANSITIVE | (scan.flags[AttributeType.Aggregator]! & AttributeFlag.Partial);
    if (context.fourOctetAs) {
      this.#put(AttributeType.Aggregator, flags, source, at, length);
      return null;
    }
    const wideAt = asn === AS_TRANS ? this.#as4AggregatorAt(source, scan) : -1;
    if (wideAt >= 0) this.#put(AttributeType.Aggregator, flags, source, wideAt, 8);
    else
      this.#put(AttributeType.Aggregator, flags, Uint8Array.of(0, 0, ...source.subarray(at, at + 6)), 0, 8);
    return null;
  }

  /** Where the value of AS4_AGGREGATOR stands, or -1 when there is none or it is malformed (RFC 6793 §6, RFC 7607 §2). */
  #as4AggregatorAt(source: Uint8Array, scan: AttributeScan): number {
    if (!scan.has(AttributeType.As4Aggregator)) return -1;
    const at = scan.valueAt[AttributeType.As4Aggregator]!;
    if (scan.valueLength[AttributeType.As4Aggregator] === 8 && readUint32(source, at) !== 0) return at;
    this.discarded++;
    return -1;
  }

  #put(code: number, flags: number, source: Uint8Array, at: number, length: number): void {
    const o = writeAttributeHeader(this.bytes, this.length, code, flags, length);
    for (let i = 0; i < length; i++) this.bytes[o + i] = source[at + i]!;
    this.length = o + length;
  }
}

/**
 * Checks the values of the canonical block bytes[start, end) and extracts `columns`.
 * @returns what is malformed or missing, or null.
 */
export function checkBlock(
  bytes: Uint8Array,
  start: number,
  end: number,
  columns: AttributeColumns,
): string | null {
  const problem = checkValues(bytes, start, end, columns);
  if (problem !== null) return problem;
  if ((columns.flags & ColumnFlag.Origin) === 0) return 'ORIGIN is missing';
  if ((columns.flags & ColumnFlag.AsPath) === 0) return 'AS_PATH is missing';
  if ((columns.flags & ColumnFlag.NextHop) === 0) return 'NEXT_HOP is missing';
  return null;
}

/** As `checkBlock` where no attribute is mandatory. @param unchecked type code whose value is left alone. */
export function checkValues(
  bytes: Uint8Array,
  start: number,
  end: number,
  columns: AttributeColumns,
  unchecked = 0,
): string | null {
  resetColumns(columns);
  for (let p = start; p < end; ) {
    const isExtended = (bytes[p]! & AttributeFlag.ExtendedLength) !== 0;
    const length = isExtended ? (bytes[p + 2]! << 8) | bytes[p + 3]! : bytes[p + 2]!;
    const value = p + (isExtended ? 4 : 3);
    const code = bytes[p + 1]!;
    p = value + length;
    if (code === unchecked) continue;
    const problem = descriptorByCode[code]?.check(bytes, value, length, columns) ?? null;
    if (problem !== null) return problem;
  }
  return null;
}

function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** Walks the attributes of a canonical block: `code`, `flags`, and the value at `at`, of `length` octets. */
export class BlockCursor {
  code = 0;
  flags = 0;
  at = 0;
  length = 0;
  #next = 0;
  #bytes: Uint8Array;
  #end = 0;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.reset(bytes, start, end);
  }

  /** Begins anew, in front of the first attribute of another block: hot paths keep one cursor. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#next = start;
    this.#end = end;
  }

  /** Goes to the next attribute. @returns false behind the last. */
  next(): boolean {
    const p = this.#next;
    if (p >= this.#end) return false;
    const bytes = this.#bytes;
    this.flags = bytes[p]! & ~AttributeFlag.ExtendedLength;
    this.code = bytes[p + 1]!;
    const isExtended = (bytes[p]! & AttributeFlag.ExtendedLength) !== 0;
    this.length = isExtended ? (bytes[p + 2]! << 8) | bytes[p + 3]! : bytes[p + 2]!;
    this.at = p + (isExtended ? 4 : 3);
    this.#next = this.at + this.length;
    return true;
  }
}

/** Writes an attribute's header with the shortest length form. @returns where its value begins. */
export function writeAttributeHeader(
  out: Uint8Array,
  at: number,
  code: number,
  flags: number,
  length: number,
): number {
  out[at + 1] = code;
  if (length <= 255) {
    out[at] = flags;
    out[at + 2] = length;
    return at + 3;
  }
  out[at] = flags | AttributeFlag.ExtendedLength;
  out[at + 2] = length >> 8;
  out[at + 3] = length & 0xff;
  return at + 4;
}
