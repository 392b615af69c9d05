/** The IPv6 nets: address in four 32-bit words, 32 octets a record. */
import { EMPTY, firstSlot, mix32 } from './hash-index.ts';
import { NetField, NetTable } from './net-table.ts';

const words = new Int32Array(4);

export class Ipv6NetTable extends NetTable {
  constructor(seed: number) {
    super('ipv6', 7, seed);
  }

  find(bytes: Uint8Array, at: number): number {
    const length = bytes[at]!;
    readWords(bytes, at + 1, length);
    return this.#probe(length, hashWords(length, this.seed));
  }

  findOrInsert(bytes: Uint8Array, at: number): number {
    const length = bytes[at]!;
    readWords(bytes, at + 1, length);
    const key = hashWords(length, this.seed);
    const found = this.#probe(length, key);
    if (found !== EMPTY) return found;
    const net = this.create(length);
    for (let i = 0; i < 4; i++) this.records.set(net, NetField.Address + i, words[i]!);
    this.addToIndex(net, key);
    return net;
  }

  writeNlri(net: number, out: Uint8Array, at: number): number {
    const length = this.length(net);
    out[at] = length;
    const octets = (length + 7) >> 3;
    for (let i = 0; i < octets; i++) out[at + 1 + i] = this.#octet(net, i);
    return at + 1 + octets;
  }

  writeAddress(net: number, out: Uint8Array, at: number): void {
    for (let i = 0; i < 16; i++) out[at + i] = this.#octet(net, i);
  }

  protected hashOf(net: number): number {
    for (let i = 0; i < 4; i++) words[i] = this.records.get(net, NetField.Address + i);
    return hashWords(this.length(net), this.seed);
  }

  #octet(net: number, index: number): number {
    return this.records.get(net, NetField.Address + (index >> 2)) >>> (24 - ((index & 3) << 3));
  }

  #probe(length: number, key: number): number {
    const segment = this.segments[key >>> 24]!;
    const mask = segment.length - 1;
    const records = this.records;
    for (let i = firstSlot(key, mask); segment[i + 1] !== 0; i = (i + 2) & mask) {
      if (segment[i] !== key) continue;
      const net = segment[i + 1]! - 1;
      if (
        records.get(net, NetField.Address + 1) === words[1] &&
        records.get(net, NetField.Address) === words[0] &&
        records.get(net, NetField.Address + 2) === words[2] &&
        records.get(net, NetField.Address + 3) === words[3] &&
        this.length(net) === length
      ) {
        return net;
      }
    }
    return EMPTY;
  }
}

/** Reads the address bits of an NLRI into `words`, host bits cleared. */
function readWords(bytes: Uint8Array, at: number, length: number): void {
  const octets = (length + 7) >> 3;
  for (let word = 0; word < 4; word++) {
    let value = 0;
    const first = word << 2;
    if (first < octets) value |= bytes[at + first]! << 24;
    if (first + 1 < octets) value |= bytes[at + first + 1]! << 16;
    if (first + 2 < octets) value |= bytes[at + first + 2]! << 8;
    if (first + 3 < octets) value |= bytes[at + first + 3]!;
    const bits = length - (word << 5);
    if (bits <= 0) value = 0;
    else if (bits < 32) value &= -1 << (32 - bits);
    words[word] = value;
  }
}

function hashWords(length: number, seed: number): number {
  let h = Math.imul(length + 1, 0x9e3779b1) ^ seed;
  for (let i = 0; i < 4; i++) h = mix32(h ^ words[i]!);
  return h;
}
