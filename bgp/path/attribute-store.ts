/**
 * Interned attribute sets: equal canonical blocks are one id, so "same attributes" is `===` and a route costs
 * four octets for all its attributes. The block's octets lie in an arena; what the decision process and the
 * export rules read lies beside it in one 64-octet record. Counted references: the last release frees the id.
 */
import { type AttributeColumns, ColumnFlag } from '../packet/attributes/attribute-columns.ts';
import { DEFAULT_LOCAL_PREF } from '../packet/attributes/local-pref.ts';
import { ByteArena } from './byte-arena.ts';
import { EMPTY, firstSlot, HashIndex, mix32 } from './hash-index.ts';
import { RecordTable } from './record-table.ts';

/** Fields of an attribute set's record. */
export const SetField = {
  Address: 0,
  Length: 1,
  Hash: 2,
  References: 3,
  /** `ColumnFlag` bits. */
  Flags: 4,
  LocalPref: 5,
  Med: 6,
  Origin: 7,
  AsPathLength: 8,
  NeighborAs: 9,
  OriginatorId: 10,
  ClusterListLength: 11,
  /** Scratch of the update group that is packing: first and last entry of the set's bucket, plus 1. */
  BucketHead: 12,
  BucketTail: 13,
} as const;

const SET_FIELDS = 14;

const INTERNAL_ONLY = ColumnFlag.LocalPref | ColumnFlag.OriginatorId;

/** Id of an interned attribute set. */
export type AttributeSetId = number;

export class AttributeStore extends HashIndex {
  readonly records = new RecordTable(SET_FIELDS);
  readonly #arena = new ByteArena();
  /**
   * Odd multipliers that nobody outside knows. With two of them a step, no difference between two words passes a
   * step in a foreseeable form, so that a later word cannot take it back.
   */
  readonly #first: number;
  readonly #second: number;
  /** Hash of the block that `find` was asked for last: `insert` always follows a `find` of the same block. */
  #lastHash = 0;

  constructor(seed: number) {
    super(seed);
    this.#first = 0x5bd1e995 ^ (this.seed & ~1);
    this.#second = 0xc2b2ae35 ^ (mix32(this.seed) & ~1);
  }

  /** Attribute sets in use. */
  get size(): number {
    return this.records.live;
  }

  /** The chunk that holds the set's canonical block, which begins at `offset` and has `length` octets. */
  bytes(id: AttributeSetId): Uint8Array {
    return this.#arena.chunk(this.records.get(id, SetField.Address));
  }

  offset(id: AttributeSetId): number {
    return this.#arena.offset(this.records.get(id, SetField.Address));
  }

  length(id: AttributeSetId): number {
    return this.records.get(id, SetField.Length);
  }

  flags(id: AttributeSetId): number {
    return this.records.get(id, SetField.Flags);
  }

  /** The set whose canonical block is bytes[start, end), or -1. */
  find(bytes: Uint8Array, start: number, end: number): AttributeSetId {
    this.#lastHash = hashBytes(bytes, start, end, this.#first, this.#second);
    return this.#probe(bytes, start, end, this.#lastHash);
  }

  /**
   * Tries the Path Attributes field of an IPv4 UPDATE as it came: most peers send canonical blocks, and one
   * that is interned has been checked before. @returns -1 when it must be scanned.
   */
  findReceived(bytes: Uint8Array, start: number, end: number, isInternal: boolean): AttributeSetId {
    const id = this.find(bytes, start, end);
    if (id === EMPTY) return EMPTY;
    const flags = this.flags(id);
    if ((flags & ColumnFlag.NextHopIpv4) === 0) return EMPTY;
    if (isInternal) return id;
    const isClean = (flags & INTERNAL_ONLY) === 0 && this.records.get(id, SetField.ClusterListLength) === 0;
    return isClean ? id : EMPTY;
  }

  /** Interns the checked block that `find` has just not found. The new set has no reference yet. */
  insert(bytes: Uint8Array, start: number, end: number, columns: AttributeColumns): AttributeSetId {
    const hash = this.#lastHash;
    const records = this.records;
    const id = records.alloc();
    records.set(id, SetField.Address, this.#arena.store(bytes, start, end));
    records.set(id, SetField.Length, end - start);
    records.set(id, SetField.Hash, hash);
    records.set(id, SetField.Flags, columns.flags);
    records.set(id, SetField.LocalPref, columns.localPref);
    records.set(id, SetField.Med, columns.med);
    records.set(id, SetField.Origin, columns.origin);
    records.set(id, SetField.AsPathLength, columns.asPathLength);
    records.set(id, SetField.NeighborAs, columns.neighborAs);
    records.set(id, SetField.OriginatorId, columns.originatorId);
    records.set(id, SetField.ClusterListLength, columns.clusterListLength);
    this.addToIndex(id, hash);
    return id;
  }

  retain(id: AttributeSetId): void {
    const base = this.records.base(id) + SetField.References;
    const chunk = this.records.chunk(id);
    chunk[base] = chunk[base]! + 1;
  }

  /** Gives one reference back; without any the set goes and its id may be used for another. */
  release(id: AttributeSetId): void {
    const base = this.records.base(id) + SetField.References;
    const chunk = this.records.chunk(id);
    const references = chunk[base]! - 1;
    chunk[base] = references;
    if (references <= 0) this.#drop(id);
  }

  /** Forgets a set that was interned and never retained. The received set of a path always is. */
  dropIfUnused(id: AttributeSetId): void {
    if (this.records.get(id, SetField.References) === 0) this.#drop(id);
  }

  /** LOCAL_PREF, or the default where the route came without (RFC 4271 §9.1.1). */
  degreeOfPreference(id: AttributeSetId): number {
    const has = (this.flags(id) & ColumnFlag.LocalPref) !== 0;
    return has ? this.records.get(id, SetField.LocalPref) >>> 0 : DEFAULT_LOCAL_PREF;
  }

  #drop(id: AttributeSetId): void {
    const records = this.records;
    this.removeFromIndex(id, records.get(id, SetField.Hash));
    this.#arena.release(records.get(id, SetField.Address), records.get(id, SetField.Length));
    records.free(id);
  }

  #probe(bytes: Uint8Array, start: number, end: number, hash: number): AttributeSetId {
    const segment = this.segments[hash >>> 24]!;
    const mask = segment.length - 1;
    for (let i = firstSlot(hash, mask); segment[i + 1] !== 0; i = (i + 2) & mask) {
      if (segment[i] === hash && this.#equals(segment[i + 1]! - 1, bytes, start, end))
        return segment[i + 1]! - 1;
    }
    return EMPTY;
  }

  #equals(id: AttributeSetId, bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (this.records.get(id, SetField.Length) !== length) return false;
    const own = this.bytes(id);
    const offset = this.offset(id);
    for (let i = 0; i < length; i++) if (own[offset + i] !== bytes[start + i]) return false;
    return true;
  }
}

/** Four octets a step: half the cost of octet-wise FNV on blocks of 50 to 100 octets. */
function hashBytes(bytes: Uint8Array, start: number, end: number, first: number, second: number): number {
  let h = (end - start) ^ first;
  let p = start;
  for (; p + 3 < end; p += 4) {
    const word = bytes[p]! | (bytes[p + 1]! << 8) | (bytes[p + 2]! << 16) | (bytes[p + 3]! << 24);
    h = Math.imul(h ^ word, first);
    h = Math.imul(h ^ (h >>> 15), second);
  }
  for (; p < end; p++) h = Math.imul(h ^ bytes[p]!, first);
  h = Math.imul(h ^ (h >>> 13), second);
  return h ^ (h >>> 16);
}
