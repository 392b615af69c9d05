/**
 * The prefixes of one family: a dense net id for each, found by a hash of its bits. Of each net the record
 * holds its best path, the head of its list of paths, and a count of who still needs the id.
 */
import { addressBits, type Family } from '../net/index.ts';
import { HashIndex } from './hash-index.ts';
import { RecordTable } from './record-table.ts';

/** Fields of a net record. Links are path ids plus 1, so that 0 means "none". */
export const NetField = { Best: 0, FirstPath: 1, Meta: 2, Address: 3 } as const;

const LENGTH_MASK = 0xff;
const IN_USE = 1 << 8;
const DIRTY = 1 << 9;
const REF_SHIFT = 10;
const REF_ONE = 1 << REF_SHIFT;

export abstract class NetTable extends HashIndex {
  readonly family: Family;
  readonly records: RecordTable;
  /** Largest prefix length of the family. */
  readonly maxLength: number;

  constructor(family: Family, fields: number, seed: number) {
    super(seed);
    this.family = family;
    this.records = new RecordTable(fields);
    this.maxLength = addressBits(family);
  }

  /** Net id of the prefix whose length octet stands at bytes[at] (RFC 4271 §4.3), or -1. Host bits are ignored. */
  abstract find(bytes: Uint8Array, at: number): number;

  /** Like `find`, but makes the net when it is new. */
  abstract findOrInsert(bytes: Uint8Array, at: number): number;

  /** Writes the prefix as NLRI (length octet, then the least number of address octets) and returns the end. */
  abstract writeNlri(net: number, out: Uint8Array, at: number): number;

  /** Copies the address of the net, all octets of the family, to out[at…]. */
  abstract writeAddress(net: number, out: Uint8Array, at: number): void;

  #last = 0;
  #step = 1;

  /**
   * The net that comes next when prefixes arrive in the order in which they came first: peers send withdrawals,
   * updates and refreshes in the order of their table, and this saves most of the look-ups in the index.
   */
  protected guessNext(): number {
    return this.#last + this.#step;
  }

  /** Notes the net that was looked up. @returns it. */
  protected remember(net: number): number {
    const step = net - this.#last;
    if (step === 1 || step === -1) this.#step = step;
    this.#last = net;
    return net;
  }

  /** The id is in use, by a prefix of this length. */
  protected hasLength(net: number, length: number): boolean {
    if (net < 0 || net >= this.records.highWater) return false;
    return (this.records.get(net, NetField.Meta) & (LENGTH_MASK | IN_USE)) === (length | IN_USE);
  }

  length(net: number): number {
    return this.records.get(net, NetField.Meta) & LENGTH_MASK;
  }

  inUse(net: number): boolean {
    return (this.records.get(net, NetField.Meta) & IN_USE) !== 0;
  }

  /** Marks the net as waiting for the decision process. @returns false when it was already. */
  markDirty(net: number): boolean {
    const chunk = this.records.chunk(net);
    const at = this.records.base(net) + NetField.Meta;
    const meta = chunk[at]!;
    chunk[at] = meta | DIRTY;
    return (meta & DIRTY) === 0;
  }

  /** Takes the mark of `markDirty` away; a net that nobody needs any more goes. */
  settle(net: number): void {
    const chunk = this.records.chunk(net);
    const base = this.records.base(net);
    const meta = chunk[base + NetField.Meta]! & ~DIRTY;
    chunk[base + NetField.Meta] = meta;
    if (meta >>> REF_SHIFT === 0 && chunk[base + NetField.FirstPath] === 0) this.#freeIfUnused(net);
  }

  /** Somebody outside the RIB (an Adj-RIB-Out entry, a queue) needs this id. */
  retain(net: number): void {
    const chunk = this.records.chunk(net);
    const at = this.records.base(net) + NetField.Meta;
    chunk[at] = chunk[at]! + REF_ONE;
  }

  release(net: number): void {
    this.records.set(net, NetField.Meta, this.records.get(net, NetField.Meta) - REF_ONE);
    this.#freeIfUnused(net);
  }

  /** Frees the net when it has no path, waits for nothing, and nobody holds it. */
  #freeIfUnused(net: number): void {
    const meta = this.records.get(net, NetField.Meta);
    if ((meta & IN_USE) === 0 || (meta & DIRTY) !== 0 || meta >>> REF_SHIFT !== 0) return;
    if (this.records.get(net, NetField.FirstPath) !== 0) return;
    this.removeFromIndex(net, this.hashOf(net));
    this.records.set(net, NetField.Meta, 0);
    this.records.free(net);
  }

  /** Hash of the net's prefix. */
  protected abstract hashOf(net: number): number;

  /** A net with its length set; the subclass sets the address, then adds it to the index. */
  protected create(length: number): number {
    const net = this.records.alloc();
    this.records.set(net, NetField.Meta, length | IN_USE);
    return net;
  }
}
