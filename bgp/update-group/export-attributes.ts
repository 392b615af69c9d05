/**
 * The attributes that a route leaves with: reflection (RFC 4456 §8), AS_PATH prepending and next hop
 * (RFC 4271 §5.1.2, §5.1.3), what must not cross an AS border (§5.1.4, §5.1.5), and two-octet AS numbers
 * (RFC 6793 §4.2.2). Written once for each attribute set and source of a flush, not for each route.
 */

import { addressBits } from '../net/index.ts';
import { ColumnFlag } from '../packet/attributes/attribute-columns.ts';
import { readUint32 } from '../packet/attributes/attribute-descriptor.ts';
import {
  AS_TRANS,
  AttributeType,
  OPTIONAL_NON_TRANSITIVE,
  OPTIONAL_TRANSITIVE,
  SegmentType,
  WELL_KNOWN,
} from '../packet/attributes/attribute-type.ts';
import { BlockCursor, writeAttributeHeader } from '../packet/attributes/canonical-block.ts';
import { WellKnownCommunity } from '../packet/attributes/communities.ts';
import { DEFAULT_LOCAL_PREF } from '../packet/attributes/local-pref.ts';
import { narrowSegments, needsAs4 } from '../packet/attributes/two-octet-as.ts';
import { nlriBytes } from '../packet/update/nlri.ts';
import type { AttributeStore } from '../path/attribute-store.ts';
import { SourceClass } from '../path/source-class.ts';
import { addsOnlyToCustomer, type ExportContext } from './export-context.ts';

/** Where a route comes from, as far as its exported attributes depend on it. */
export interface ExportSource {
  readonly sourceClass: number;
  /** BGP Identifier of the peer, unsigned; our own for local routes. */
  readonly routerId: number;
}

/** What the speaker itself contributes. */
export interface ExportIdentity {
  readonly routerId: number;
  readonly clusterId: number;
}

const NO_ADDRESS = new Uint8Array(0);
const IPV6_BYTES = 16;
/** Header of an UPDATE and its two length fields. */
const UPDATE_BYTES = 23;
/** What MP_REACH_NLRI has before its NLRI, the next hop apart: header 4, AFI 2, SAFI 1, length 1, Reserved 1. */
const MP_REACH_BYTES = 9;
/** "T" bit of an extended community's type: not transitive across ASes (RFC 4360 §2). */
const NON_TRANSITIVE = 0x40;

/** Longest block that is worth writing: more does not fit in any message. */
const MAX_BLOCK_BYTES = 1 << 17;

export class ExportedAttributes {
  /** All attributes in type order: bytes[0, length). NEXT_HOP is among them where it is IPv4. */
  readonly bytes = new Uint8Array(MAX_BLOCK_BYTES);
  length = 0;
  /** The next hop: nextHop[0, nextHopLength). Other than one of four octets it belongs into MP_REACH_NLRI. */
  readonly nextHop = new Uint8Array(2 * IPV6_BYTES);
  nextHopLength = 0;
  #isOwnNextHop = false;
  readonly #cursor = new BlockCursor(this.bytes, 0, 0);

  /**
   * Writes the attributes of `set` for the group. The caller has checked `canExport`; where that does not hold
   * (any more) because the session has no own address of the family, `nextHopLength` is 0.
   */
  write(
    store: AttributeStore,
    set: number,
    source: ExportSource,
    context: ExportContext,
    identity: ExportIdentity,
  ): void {
    this.length = 0;
    this.#isOwnNextHop = usesOwnNextHop(store.flags(set), source.sourceClass, context);
    const bytes = store.bytes(set);
    const start = store.offset(set);
    const cursor = this.#cursor;
    cursor.reset(bytes, start, start + store.length(set));
    const isReflected = context.isInternal && isInternalSource(source.sourceClass);
    const isAskedAlready = (store.flags(set) & ColumnFlag.GracefulShutdown) !== 0;
    let written = 0;
    while (cursor.next()) {
      this.#insertMissing(written, cursor.code, isReflected, store.flags(set), source, context, identity);
      written = cursor.code;
      this.#copy(bytes, cursor, isReflected, isAskedAlready, source, context, identity);
    }
    this.#insertMissing(written, 255, isReflected, store.flags(set), source, context, identity);
    if (!context.fourOctetAs) this.#appendAs4(bytes, start, start + store.length(set), context);
  }

  /** Copies what was written, `length` octets, to out[at…]. Mostly below a hundred: cheaper than a view and `set`. */
  copyTo(out: Uint8Array, at: number): void {
    const { bytes, length } = this;
    for (let i = 0; i < length; i++) out[at + i] = bytes[i]!;
  }

  /** True when what was written leaves room in a message for a prefix of any length. */
  fits({ family, addPath, maxMessageBytes }: ExportContext): boolean {
    const reach = this.nextHopLength === 4 ? 0 : MP_REACH_BYTES + this.nextHopLength;
    const longestEntry = (addPath ? 4 : 0) + nlriBytes(addressBits(family));
    return UPDATE_BYTES + this.length + reach + longestEntry <= maxMessageBytes;
  }

  /** Attributes that the set lacks and the session needs, in their place in the type order. */
  #insertMissing(
    after: number,
    before: number,
    isReflected: boolean,
    flags: number,
    source: ExportSource,
    context: ExportContext,
    identity: ExportIdentity,
  ): void {
    if (
      isBetween(AttributeType.LocalPref, after, before) &&
      context.isInternal &&
      (flags & ColumnFlag.LocalPref) === 0
    ) {
      const preference = context.drain === 'graceful' ? 0 : DEFAULT_LOCAL_PREF;
      this.#putUint32(AttributeType.LocalPref, WELL_KNOWN, preference);
    }
    if (isBetween(AttributeType.Communities, after, before) && asksToLeave(context)) {
      this.#putUint32(AttributeType.Communities, OPTIONAL_TRANSITIVE, WellKnownCommunity.GracefulShutdown);
    }
    if (isReflected && isBetween(AttributeType.OriginatorId, after, before)) {
      this.#putUint32(AttributeType.OriginatorId, OPTIONAL_NON_TRANSITIVE, source.routerId);
    }
    if (isReflected && isBetween(AttributeType.ClusterList, after, before)) {
      this.#putUint32(AttributeType.ClusterList, OPTIONAL_NON_TRANSITIVE, identity.clusterId);
    }
    if (isBetween(AttributeType.OnlyToCustomer, after, before) && addsOnlyToCustomer(context)) {
      this.#putUint32(AttributeType.OnlyToCustomer, OPTIONAL_TRANSITIVE, context.localAsn);
    }
  }

  #copy(
    bytes: Uint8Array,
    cursor: BlockCursor,
    isReflected: boolean,
    isAskedAlready: boolean,
    source: ExportSource,
    context: ExportContext,
    identity: ExportIdentity,
  ): void {
    switch (cursor.code) {
      case AttributeType.AsPath:
        this.#writeAsPath(bytes, cursor, context);
        return;
      case AttributeType.NextHop:
        this.#writeNextHop(bytes, cursor, context);
        return;
      case AttributeType.MultiExitDisc:
        // RFC 4271 §5.1.4: a MED received from one neighbouring AS is not passed on to another.
        if (!context.isInternal && source.sourceClass !== SourceClass.Local) return;
        break;
      case AttributeType.LocalPref:
        if (!context.isInternal) return;
        if (context.drain === 'graceful') {
          this.#putUint32(AttributeType.LocalPref, WELL_KNOWN, 0);
          return;
        }
        break;
      case AttributeType.Communities:
        if (asksToLeave(context) && !isAskedAlready) {
          this.#header(cursor.code, cursor.flags, cursor.length + 4);
          this.#append(bytes, cursor.at, cursor.length);
          this.#appendUint32(WellKnownCommunity.GracefulShutdown);
          return;
        }
        break;
      case AttributeType.OriginatorId:
        if (!context.isInternal) return;
        break;
      case AttributeType.ClusterList:
        if (!context.isInternal) return;
        if (isReflected) {
          this.#header(cursor.code, cursor.flags, cursor.length + 4);
          this.#appendUint32(identity.clusterId);
          this.#append(bytes, cursor.at, cursor.length);
          return;
        }
        break;
      case AttributeType.ExtendedCommunities:
        if (!context.isInternal) {
          this.#writeTransitiveCommunities(bytes, cursor);
          return;
        }
        break;
      case AttributeType.Aggregator:
        if (!context.fourOctetAs) {
          this.#writeNarrowAggregator(bytes, cursor);
          return;
        }
        break;
    }
    this.#header(cursor.code, cursor.flags, cursor.length);
    this.#append(bytes, cursor.at, cursor.length);
  }

  #writeAsPath(bytes: Uint8Array, cursor: BlockCursor, context: ExportContext): void {
    if (context.isInternal && context.fourOctetAs) {
      this.#header(AttributeType.AsPath, WELL_KNOWN, cursor.length);
      this.#append(bytes, cursor.at, cursor.length);
      return;
    }
    const path = context.isInternal
      ? bytes.subarray(cursor.at, cursor.at + cursor.length)
      : prependAs(bytes, cursor.at, cursor.length, context.localAsn);
    if (context.fourOctetAs) {
      this.#header(AttributeType.AsPath, WELL_KNOWN, path.length);
      this.#append(path, 0, path.length);
      return;
    }
    const narrow = new Uint8Array(path.length);
    const length = narrowSegments(path, 0, path.length, narrow, 0);
    this.#header(AttributeType.AsPath, WELL_KNOWN, length);
    this.#append(narrow, 0, length);
  }

  #writeNextHop(bytes: Uint8Array, cursor: BlockCursor, context: ExportContext): void {
    const isOwn = this.#isOwnNextHop;
    const from = isOwn ? (context.ownNextHop ?? NO_ADDRESS) : bytes;
    const at = isOwn ? 0 : cursor.at;
    // A link-local address behind the global one is for the link that it came from (RFC 2545 §3).
    const length = isOwn ? from.length : Math.min(cursor.length, IPV6_BYTES);
    this.nextHopLength = length === 4 || context.ipv6NextHop ? length : 0;
    for (let i = 0; i < this.nextHopLength; i++) this.nextHop[i] = from[at + i]!;
    if (this.nextHopLength !== 4) return; // goes into MP_REACH_NLRI
    this.#header(AttributeType.NextHop, WELL_KNOWN, this.nextHopLength);
    this.#append(this.nextHop, 0, this.nextHopLength);
  }

  /** Extended communities less those that must stay in the AS (RFC 4360 §6); nothing when none is left. */
  #writeTransitiveCommunities(bytes: Uint8Array, cursor: BlockCursor): void {
    const kept: number[] = [];
    for (let p = cursor.at; p < cursor.at + cursor.length; p += 8) {
      if ((bytes[p]! & NON_TRANSITIVE) === 0) kept.push(...bytes.subarray(p, p + 8));
    }
    if (kept.length === 0) return;
    this.#header(cursor.code, cursor.flags, kept.length);
    this.#append(Uint8Array.from(kept), 0, kept.length);
  }

  #writeNarrowAggregator(bytes: Uint8Array, cursor: BlockCursor): void {
    const asn = readUint32(bytes, cursor.at);
    const narrow = asn > 0xffff ? AS_TRANS : asn;
    this.#header(AttributeType.Aggregator, cursor.flags, 6);
    this.#append(Uint8Array.of(narrow >> 8, narrow & 0xff), 0, 2);
    this.#append(bytes, cursor.at + 4, 4);
  }

  /** AS4_PATH and AS4_AGGREGATOR where a number does not fit in two octets (RFC 6793 §4.2.2). */
  #appendAs4(bytes: Uint8Array, start: number, end: number, context: ExportContext): void {
    const cursor = new BlockCursor(bytes, start, end);
    while (cursor.next()) {
      if (cursor.code === AttributeType.AsPath) {
        const path = context.isInternal
          ? bytes.slice(cursor.at, cursor.at + cursor.length)
          : prependAs(bytes, cursor.at, cursor.length, context.localAsn);
        if (!needsAs4(path, 0, path.length)) continue;
        this.#header(AttributeType.As4Path, OPTIONAL_TRANSITIVE, path.length);
        this.#append(path, 0, path.length);
      } else if (cursor.code === AttributeType.Aggregator && readUint32(bytes, cursor.at) > 0xffff) {
        this.#header(AttributeType.As4Aggregator, OPTIONAL_TRANSITIVE, 8);
        this.#append(bytes, cursor.at, 8);
      }
    }
  }

  #putUint32(code: number, flags: number, value: number): void {
    this.#header(code, flags, 4);
    this.#appendUint32(value);
  }

  #header(code: number, flags: number, length: number): void {
    this.length = writeAttributeHeader(this.bytes, this.length, code, flags, length);
  }

  #appendUint32(value: number): void {
    writeUint32(this.bytes, this.length, value);
    this.length += 4;
  }

  #append(bytes: Uint8Array, at: number, length: number): void {
    for (let i = 0; i < length; i++) this.bytes[this.length + i] = bytes[at + i]!;
    this.length += length;
  }
}

function isBetween(code: number, after: number, before: number): boolean {
  return after < code && code < before;
}

function isInternalSource(sourceClass: number): boolean {
  return sourceClass === SourceClass.InternalClient || sourceClass === SourceClass.InternalNonClient;
}

/** True when the route leaves with our own address as next hop. */
export function usesOwnNextHop(flags: number, sourceClass: number, context: ExportContext): boolean {
  if (sourceClass === SourceClass.Local) return true; // there is no other
  if ((flags & ColumnFlag.NextHopLinkLocal) !== 0) return true; // means nothing on another link (RFC 2545 §3)
  if (context.nextHop === 'self') return true;
  if (context.nextHop === 'keep') return false;
  return !context.isInternal; // RFC 4271 §5.1.3
}

/** Routes leave with GRACEFUL_SHUTDOWN; internal sessions get LOCAL_PREF 0 instead (RFC 8326 §4.1). */
function asksToLeave(context: ExportContext): boolean {
  return context.drain === 'graceful' && !context.isInternal;
}

/**
 * May a route with these attributes and this source go to the group at all? Reflection rules (RFC 4456 §6),
 * well-known communities, ONLY_TO_CUSTOMER, and a next hop of the family to write. `export-problem.ts` has the reasons.
 */
export function canExport(flags: number, sourceClass: number, context: ExportContext): boolean {
  if ((flags & context.forbidden) !== 0) return false;
  if (context.isInternal && sourceClass === SourceClass.InternalNonClient && !context.isClient) return false;
  if (usesOwnNextHop(flags, sourceClass, context)) return context.ownNextHop !== null;
  return context.ipv6NextHop || (flags & ColumnFlag.NextHopIpv4) !== 0;
}

/** A four-octet path with `asn` in front (RFC 4271 §5.1.2). */
function prependAs(bytes: Uint8Array, at: number, length: number, asn: number): Uint8Array {
  const canJoin = length > 0 && bytes[at] === SegmentType.AsSequence && bytes[at + 1]! < 255;
  const path = new Uint8Array(length + (canJoin ? 4 : 6));
  path[0] = SegmentType.AsSequence;
  path[1] = canJoin ? bytes[at + 1]! + 1 : 1;
  writeUint32(path, 2, asn);
  path.set(bytes.subarray(canJoin ? at + 2 : at, at + length), 6);
  return path;
}

function writeUint32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}
