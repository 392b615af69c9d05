/** The IPv4 nets: address in one 32-bit word, 16 octets a record. */
import { EMPTY, firstSlot, mix32 } from './hash-index.ts';
import { NetField, NetTable } from './net-table.ts';

/** Prefixes whose numbers differ in these bits only are neighbours in the index. */
const NEIGHBOR_BITS = 2;
const NEIGHBOR_MASK = (1 << NEIGHBOR_BITS) - 1;

export class Ipv4NetTable extends NetTable {
  constructor(seed: number) {
    super('ipv4', 4, seed);
  }

  find(bytes: Uint8Array, at: number): number {
    const length = bytes[at]!;
    const address = readAddress(bytes, at + 1, length);
    const guess = this.guessNext();
    if (this.#is(guess, address, length)) return this.remember(guess);
    const found = this.#probe(address, length, hash(address, length, this.seed));
    return found === EMPTY ? EMPTY : this.remember(found);
  }

  findOrInsert(bytes: Uint8Array, at: number): number {
    const length = bytes[at]!;
    const address = readAddress(bytes, at + 1, length);
    const guess = this.guessNext();
    if (this.#is(guess, address, length)) return this.remember(guess);
    const key = hash(address, length, this.seed);
    const found = this.#probe(address, length, key);
    if (found !== EMPTY) return this.remember(found);
    const net = this.create(length);
    this.records.set(net, NetField.Address, address);
    this.addToIndex(net, key);
    return this.remember(net);
  }

  #is(net: number, address: number, length: number): boolean {
    return this.hasLength(net, length) && this.records.get(net, NetField.Address) === address;
  }

  writeNlri(net: number, out: Uint8Array, at: number): number {
    const length = this.length(net);
    const address = this.records.get(net, NetField.Address);
    out[at] = length;
    let p = at + 1;
    for (let shift = 24; p < at + 1 + ((length + 7) >> 3); shift -= 8) out[p++] = address >>> shift;
    return p;
  }

  writeAddress(net: number, out: Uint8Array, at: number): void {
    const address = this.records.get(net, NetField.Address);
    out[at] = address >>> 24;
    out[at + 1] = address >>> 16;
    out[at + 2] = address >>> 8;
    out[at + 3] = address;
  }

  protected hashOf(net: number): number {
    return hash(this.records.get(net, NetField.Address), this.length(net), this.seed);
  }

  #probe(address: number, length: number, key: number): number {
    const segment = this.segments[key >>> 24]!;
    const mask = segment.length - 1;
    for (let i = firstSlot(key, mask); segment[i + 1] !== 0; i = (i + 2) & mask) {
      if (segment[i] !== key) continue;
      const net = segment[i + 1]! - 1;
      if (this.records.get(net, NetField.Address) === address && this.length(net) === length) return net;
    }
    return EMPTY;
  }
}

/** The address bits of an NLRI as one word, host bits cleared. */
function readAddress(bytes: Uint8Array, at: number, length: number): number {
  if (length > 24) {
    const word = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    return length === 32 ? word : word & (-1 << (32 - length));
  }
  if (length === 0) return 0;
  let word = bytes[at]! << 24;
  if (length > 8) word |= bytes[at + 1]! << 16;
  if (length > 16) word |= bytes[at + 2]! << 8;
  return word & (-1 << (32 - length));
}

/**
 * The lowest bits of the network number go into the hash as they are: neighbouring prefixes, which mostly come
 * one after the other, then share a cache line and a page of the index.
 */
function hash(address: number, length: number, seed: number): number {
  const number = length === 0 ? 0 : address >>> (32 - length);
  const group = mix32((number >>> NEIGHBOR_BITS) ^ Math.imul(length + 1, 0x9e3779b1) ^ seed);
  return (group & ~NEIGHBOR_MASK) | (number & NEIGHBOR_MASK);
}
