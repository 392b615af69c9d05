/**
 * A peer chooses the octets that the RIB hashes. Were the hash function known, it could choose them all into one
 * place, where each look-up walks past all others: some thousand UPDATEs would hold up every session for minutes.
 */
import { emptyColumns } from '../../../bgp/packet/attributes/attribute-columns.ts';
import { AttributeStore } from '../../../bgp/path/attribute-store.ts';
import { Ipv6NetTable } from '../../../bgp/path/ipv6-net-table.ts';

const COUNT = 1 << 13;
/** Which the peer does not know. */
const SEED = 0x2f6e2b1d;

/** Milliseconds to intern the blocks. */
function internAll(blocks: readonly Uint8Array[]): number {
  const store = new AttributeStore(SEED);
  const columns = emptyColumns();
  const start = performance.now();
  for (const block of blocks) {
    if (store.find(block, 0, block.length) < 0) store.insert(block, 0, block.length, columns);
  }
  expect(store.size).toBe(blocks.length);
  return performance.now() - start;
}

/** Milliseconds to insert the /128 prefixes whose four words are given. */
function insertAll(addresses: readonly (readonly number[])[]): number {
  const table = new Ipv6NetTable(SEED);
  const nlri = new Uint8Array(17).fill(128, 0, 1);
  const view = new DataView(nlri.buffer);
  const start = performance.now();
  for (const words of addresses) {
    for (let i = 0; i < 4; i++) view.setInt32(1 + 4 * i, words[i]!);
    table.findOrInsert(nlri, 0);
  }
  expect(table.records.live).toBe(addresses.length);
  return performance.now() - start;
}

test('attribute sets chosen so that differences cancel in a multiplicative hash cost no more than others', () => {
  const make = (first: number, second: number) =>
    Array.from({ length: COUNT }, (_, i) => {
      const block = new Uint8Array(160);
      const view = new DataView(block.buffer);
      for (let bit = 0; bit < 20; bit++) {
        if (((i >> bit) & 1) === 0) continue;
        view.setUint32(8 * bit, first, true);
        view.setUint32(8 * bit + 4, second, true);
      }
      return block;
    });
  internAll(make(7, 5));
  // The highest bit passes a multiplication alone; what a shift by 15 makes of it is taken back by the next word.
  expect(internAll(make(0x80000000, 0x80010000))).toBeLessThan(5 * internAll(make(7, 5)) + 200);
});

test('prefixes chosen for one value of an unkeyed hash cost no more than others', () => {
  const mix = (value: number) => {
    let h = value;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return h ^ (h >>> 16);
  };
  const unmix = (value: number) => {
    let h = Math.imul(value ^ (value >>> 16), 0x7ed1b41d);
    h = Math.imul(h ^ (h >>> 13) ^ (h >>> 26), 0xa5cb9243);
    return h ^ (h >>> 16);
  };
  expect(unmix(mix(0x12345678))).toBe(0x12345678);
  const chosen = Array.from({ length: 4 * COUNT }, (_, i) => {
    const words = [0x20010db8, i, Math.imul(i, 77)];
    let h = Math.imul(129, 0x9e3779b1);
    for (const word of words) h = mix(h ^ word);
    return [...words, h ^ unmix(0x55555555)];
  });
  const others = Array.from({ length: 4 * COUNT }, (_, i) => [0x20010db8, i, Math.imul(i, 77), 1]);
  insertAll(others);
  expect(insertAll(chosen)).toBeLessThan(5 * insertAll(others) + 200);
});
