/**
 * Packs routes into as few UPDATEs as the message limit allows: withdrawals by source, announcements by
 * attribute set and source (RFC 4271 §4.3, RFC 4760 §3, §4, RFC 7911 §3). Entries are collected into buckets
 * whose heads lie in the attribute sets' own records, so that grouping costs no hashing and no sorting.
 */
import { afiOf, Safi } from '../net/index.ts';
import {
  AttributeFlag,
  AttributeType,
  OPTIONAL_NON_TRANSITIVE,
} from '../packet/attributes/attribute-type.ts';
import { HEADER_BYTES, writeUpdateHeader } from '../packet/update/update-writer.ts';
import { type AttributeStore, SetField } from '../path/attribute-store.ts';
import type { NetTable } from '../path/net-table.ts';
import type { SessionTable } from '../rib/session-table.ts';
import type { ExportContext } from './export-context.ts';
import type { FamilyTables } from './export-evaluator.ts';
import type { ChunkBuilder } from './output-chunk.ts';
import { MAX_BATCH, type PackScratch } from './pack-scratch.ts';

/** Octets of an MP attribute before its NLRI, next hop apart: header 4, AFI 2, SAFI 1. */
const MP_HEAD = 7;

export class MessagePacker {
  readonly #store: AttributeStore;
  readonly #nets: NetTable;
  readonly #context: ExportContext;
  readonly #builder: ChunkBuilder;
  readonly #sessions: SessionTable;
  readonly #scratch: PackScratch;
  #entries = 0;
  #setCount = 0;
  #gone = 0;
  /** Where `#writeEntries` stopped writing. */
  #end = 0;
  /** Of the bucket that is being packed; one object for all of them. */
  readonly #source = { sourceClass: 0, routerId: 0 };
  readonly #identity = { routerId: 0, clusterId: 0 };

  constructor(tables: FamilyTables, context: ExportContext, builder: ChunkBuilder) {
    this.#store = tables.store;
    this.#nets = tables.nets;
    this.#sessions = tables.sessions;
    this.#context = context;
    this.#builder = builder;
    this.#scratch = tables.scratch;
  }

  get isFull(): boolean {
    return this.#entries === MAX_BATCH || this.#gone === MAX_BATCH;
  }

  get isEmpty(): boolean {
    return this.#entries === 0 && this.#gone === 0;
  }

  /** Adds a route; `slot` is its source, which will not get it. The set must live until `pack`. */
  announce(net: number, pathId: number, set: number, slot: number): void {
    const entry = this.#entries++;
    this.#scratch.net[entry] = net;
    this.#scratch.slot[entry] = slot;
    this.#scratch.pathId[entry] = pathId;
    this.#scratch.next[entry] = 0;
    const records = this.#store.records;
    if (records.get(set, SetField.BucketHead) === 0) {
      records.set(set, SetField.BucketHead, entry + 1);
      this.#scratch.sets[this.#setCount++] = set;
    } else {
      this.#scratch.next[records.get(set, SetField.BucketTail) - 1] = entry + 1;
    }
    records.set(set, SetField.BucketTail, entry + 1);
  }

  /** Adds a withdrawal; the session in `slot` was never sent the route (0: everybody was). */
  withdraw(net: number, pathId: number, slot: number): void {
    const entry = this.#gone++;
    this.#scratch.goneNet[entry] = net;
    this.#scratch.goneSlot[entry] = slot;
    this.#scratch.gonePathId[entry] = pathId;
  }

  /** Writes everything added to the chunk builder, withdrawals first. */
  pack(): void {
    for (let from = 0; from < this.#gone; ) from = this.#packWithdrawals(from);
    this.#gone = 0;
    this.#identity.routerId = this.#sessions.ownRouterId;
    this.#identity.clusterId = this.#sessions.ownClusterId;
    const records = this.#store.records;
    for (let i = 0; i < this.#setCount; i++) {
      const set = this.#scratch.sets[i]!;
      const head = records.get(set, SetField.BucketHead);
      records.set(set, SetField.BucketHead, 0);
      this.#packBucket(set, head);
    }
    this.#entries = 0;
    this.#setCount = 0;
  }

  #packBucket(set: number, head: number): void {
    let entry = head;
    let slot = -1;
    while (entry !== 0) {
      if (this.#scratch.slot[entry - 1] !== slot) {
        slot = this.#scratch.slot[entry - 1]!;
        this.#source.sourceClass = this.#sessions.sourceClass(slot);
        this.#source.routerId = this.#sessions.routerId(slot);
        this.#scratch.exported.write(this.#store, set, this.#source, this.#context, this.#identity);
      }
      let next = entry;
      const { nextHopLength } = this.#scratch.exported;
      if (nextHopLength > 0) {
        next = nextHopLength === 4 ? this.#packIpv4(entry, slot) : this.#packMp(entry, slot);
      }
      entry = next === entry ? this.#skip(entry, slot) : next;
    }
  }

  /**
   * The entry behind those from `slot`, which cannot be written: the session's context has changed, and its group
   * has yet to find out that they are not for it any more.
   */
  #skip(entry: number, slot: number): number {
    let next = entry;
    while (next !== 0 && this.#scratch.slot[next - 1] === slot) next = this.#scratch.next[next - 1]!;
    return next;
  }

  /** One UPDATE with IPv4 NLRI and NEXT_HOP. @returns the entry to go on with, or `entry` when nothing fits. */
  #packIpv4(entry: number, slot: number): number {
    this.#builder.reserve();
    const out = this.#builder.bytes;
    const start = this.#builder.length;
    const attributes = this.#scratch.exported;
    let p = start + HEADER_BYTES;
    out[p] = 0;
    out[p + 1] = 0;
    out[p + 2] = attributes.length >> 8;
    out[p + 3] = attributes.length & 0xff;
    p += 4;
    const limit = start + this.#context.maxMessageBytes;
    if (p + attributes.length > limit) return entry;
    attributes.copyTo(out, p);
    p += attributes.length;
    const next = this.#writeEntries(entry, slot, out, p, limit);
    if (next === entry) return entry;
    const end = this.#end;
    writeUpdateHeader(out, start, end - start);
    this.#builder.commit(end - start, slot);
    return next;
  }

  /** One UPDATE with MP_REACH_NLRI first (RFC 7606 §5.1), then the other attributes. */
  #packMp(entry: number, slot: number): number {
    this.#builder.reserve();
    const out = this.#builder.bytes;
    const start = this.#builder.length;
    const attributes = this.#scratch.exported;
    const attributesAt = start + HEADER_BYTES + 4;
    const mpAt = attributesAt;
    let p = mpAt + MP_HEAD;
    out[p++] = attributes.nextHopLength;
    for (let i = 0; i < attributes.nextHopLength; i++) out[p++] = attributes.nextHop[i]!;
    out[p++] = 0; // Reserved
    const limit = start + this.#context.maxMessageBytes - attributes.length;
    const next = this.#writeEntries(entry, slot, out, p, limit);
    if (next === entry) return entry;
    const end = this.#end;
    this.#writeMpHead(out, mpAt, AttributeType.MpReachNlri, end);
    attributes.copyTo(out, end);
    this.#finish(out, start, attributesAt, end + attributes.length, slot);
    return next;
  }

  /** Writes entries of one source until the limit, up to `#end`. @returns the first entry left over. */
  #writeEntries(entry: number, slot: number, out: Uint8Array, at: number, limit: number): number {
    const longest = this.#longestEntry();
    let p = at;
    let next = entry;
    while (next !== 0 && p + longest <= limit && this.#scratch.slot[next - 1] === slot) {
      p = this.#writeEntry(this.#scratch.net[next - 1]!, this.#scratch.pathId[next - 1]!, out, p);
      next = this.#scratch.next[next - 1]!;
    }
    this.#end = p;
    return next;
  }

  #longestEntry(): number {
    return (this.#context.addPath ? 5 : 1) + (this.#nets.maxLength >> 3);
  }

  #writeEntry(net: number, pathId: number, out: Uint8Array, at: number): number {
    let p = at;
    if (this.#context.addPath) {
      out[p] = pathId >>> 24;
      out[p + 1] = pathId >>> 16;
      out[p + 2] = pathId >>> 8;
      out[p + 3] = pathId;
      p += 4;
    }
    return this.#nets.writeNlri(net, out, p);
  }

  #packWithdrawals(from: number): number {
    this.#builder.reserve();
    const out = this.#builder.bytes;
    const start = this.#builder.length;
    const slot = this.#scratch.goneSlot[from]!;
    const isIpv4 = this.#context.family === 'ipv4';
    const nlriAt = start + HEADER_BYTES + (isIpv4 ? 2 : 4 + MP_HEAD);
    const limit = start + this.#context.maxMessageBytes - 2 - this.#longestEntry();
    let p = nlriAt;
    let entry = from;
    while (entry < this.#gone && p <= limit && this.#scratch.goneSlot[entry] === slot) {
      p = this.#writeEntry(this.#scratch.goneNet[entry]!, this.#scratch.gonePathId[entry]!, out, p);
      entry++;
    }
    if (!isIpv4) {
      this.#writeMpHead(out, nlriAt - MP_HEAD, AttributeType.MpUnreachNlri, p);
      this.#finish(out, start, start + HEADER_BYTES + 4, p, slot);
      return entry;
    }
    out[nlriAt - 2] = (p - nlriAt) >> 8;
    out[nlriAt - 1] = (p - nlriAt) & 0xff;
    out[p++] = 0;
    out[p++] = 0;
    writeUpdateHeader(out, start, p - start);
    this.#builder.commit(p - start, slot);
    return entry;
  }

  /** Header of an MP attribute at `at` whose value ends at `end`, with its AFI and SAFI. */
  #writeMpHead(out: Uint8Array, at: number, code: number, end: number): void {
    const length = end - at - 4;
    out[at] = OPTIONAL_NON_TRANSITIVE | AttributeFlag.ExtendedLength;
    out[at + 1] = code;
    out[at + 2] = length >> 8;
    out[at + 3] = length & 0xff;
    out[at + 4] = 0;
    out[at + 5] = afiOf(this.#context.family);
    out[at + 6] = Safi.Unicast;
  }

  /** Header and the two length fields of an UPDATE without IPv4 routes. */
  #finish(out: Uint8Array, start: number, attributesAt: number, end: number, slot: number): void {
    out[attributesAt - 4] = 0;
    out[attributesAt - 3] = 0;
    out[attributesAt - 2] = (end - attributesAt) >> 8;
    out[attributesAt - 1] = (end - attributesAt) & 0xff;
    writeUpdateHeader(out, start, end - start);
    this.#builder.commit(end - start, slot);
  }
}
