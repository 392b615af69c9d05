/** The containers of the RIB against plain ones: random operations, removals included, give the same answers. */

import { ByteArena } from '../../../bgp/path/byte-arena.ts';
import { EMPTY, firstSlot, HashIndex } from '../../../bgp/path/hash-index.ts';
import { IdBitset } from '../../../bgp/path/id-bitset.ts';
import { IntQueue } from '../../../bgp/path/int-queue.ts';
import { RecordTable } from '../../../bgp/path/record-table.ts';
import { SparseColumn } from '../../../bgp/path/sparse-column.ts';
import fc from '../../support/property.ts';

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

test('IntQueue is a first-in, first-out queue', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.array(int32, { maxLength: 100 }) },
    { weight: 2, arbitrary: fc.nat(150) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new IntQueue();
      const model: number[] = [];
      for (const one of steps) {
        if (typeof one !== 'number') {
          for (const value of one) queue.push(value);
          model.push(...one);
        }
        for (let i = 0; typeof one === 'number' && i < one && model.length > 0; i++)
          expect(queue.shift()).toBe(model.shift());
        expect(queue.length).toBe(model.length);
      }
      while (model.length > 0) expect(queue.shift()).toBe(model.shift());
    }),
  );
});

test('IntQueue gives memory back after a burst and goes on', () => {
  const queue = new IntQueue();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 100_000; i++) queue.push(i);
    let wrong = 0;
    for (let i = 0; i < 100_000; i++) if (queue.shift() !== i) wrong++;
    expect([wrong, queue.length]).toEqual([0, 0]);
  }
});

test('IdBitset is a set of ids', () => {
  const id = fc.oneof(fc.nat(200), fc.nat(100_000));
  const step = fc.tuple(fc.constantFrom('add' as const, 'delete' as const), id);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), fc.array(id), (steps, others) => {
      const bits = new IdBitset();
      const model = new Set<number>();
      for (const [what, one] of steps) {
        bits[what](one);
        model[what](one);
      }
      for (const one of [...steps.map(([, asked]) => asked), ...others])
        expect(bits.has(one)).toBe(model.has(one));
    }),
  );
});

test('SparseColumn holds 0 where nothing was set', () => {
  const cell = fc.tuple(fc.oneof(fc.nat(100), fc.nat(200_000)), fc.nat(3), int32);
  fc.assert(
    fc.property(fc.array(cell, { maxLength: 50 }), fc.array(fc.nat(200_000)), (cells, others) => {
      const column = new SparseColumn(2);
      const model = new Map<string, number>();
      for (const [id, field, value] of cells) {
        column.set(id, field, value);
        model.set(`${id}.${field}`, value);
      }
      for (const [id, field] of cells) expect(column.get(id, field)).toBe(model.get(`${id}.${field}`));
      for (const id of others) {
        for (let field = 0; field < 4; field++)
          expect(column.get(id, field)).toBe(model.get(`${id}.${field}`) ?? 0);
      }
    }),
  );
});

describe('RecordTable', () => {
  test('keeps records apart, hands out cleared ones, and reuses what was freed', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant('alloc' as const) },
      { weight: 2, arbitrary: fc.record({ free: fc.nat() }) },
      { weight: 4, arbitrary: fc.record({ set: fc.nat(), field: fc.nat(3), value: int32 }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const table = new RecordTable(5);
        const model = new Map<number, number[]>();
        for (const one of steps) {
          const ids = [...model.keys()];
          if (one === 'alloc') {
            const id = table.alloc();
            expect(model.has(id)).toBe(false);
            model.set(id, [0, 0, 0, 0]);
          } else if (ids.length === 0) {
          } else if ('free' in one) {
            const id = ids[one.free % ids.length]!;
            table.free(id);
            model.delete(id);
          } else {
            const id = ids[one.set % ids.length]!;
            table.set(id, one.field, one.value);
            model.get(id)![one.field] = one.value;
          }
        }
        expect(table.live).toBe(model.size);
        for (const [id, fields] of model) {
          expect(id).toBeLessThan(table.highWater);
          expect(fields.map((_, field) => table.get(id, field))).toEqual(fields);
          const at = table.base(id);
          expect([...table.chunk(id).subarray(at, at + 4)]).toEqual(fields);
        }
      }),
    );
  });

  test('grows by chunks without moving a record', () => {
    const table = new RecordTable(2);
    for (let i = 0; i < 20_000; i++) table.set(table.alloc(), 1, i);
    const wrong = Array.from({ length: 20_000 }, (_, id) => id).filter((id) => table.get(id, 1) !== id);
    expect([wrong, table.live, table.highWater]).toEqual([[], 20_000, 20_000]);
  });
});

/** Octets that differ from those of every other number soon. */
function contentOf(number: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (number >> (8 * (i & 3))) ^ i);
}

describe('ByteArena', () => {
  test('keeps what was stored until it is released, whatever is stored beside it', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.oneof(fc.nat(64), fc.nat(3000)).map((size) => ({ size })) },
      { weight: 2, arbitrary: fc.record({ release: fc.nat() }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const arena = new ByteArena();
        const model = new Map<number, Uint8Array>();
        let stored = 0;
        for (const one of steps) {
          if ('size' in one) {
            const source = contentOf(++stored, one.size + 7);
            const address = arena.store(source, 3, 3 + one.size);
            expect(model.has(address)).toBe(false);
            model.set(address, source.slice(3, 3 + one.size));
          } else if (model.size > 0) {
            const address = [...model.keys()][one.release % model.size]!;
            arena.release(address, model.get(address)!.length);
            model.delete(address);
          }
        }
        for (const [address, bytes] of model) {
          const at = arena.offset(address);
          expect(arena.chunk(address).slice(at, at + bytes.length)).toEqual(bytes);
        }
      }),
    );
  });

  test('fills several chunks and reuses what was released', () => {
    const arena = new ByteArena();
    const block = (i: number) => new Uint8Array(60_000).fill(i);
    const addresses = Array.from({ length: 60 }, (_, i) => arena.store(block(i), 0, 60_000));
    for (const address of addresses.slice(0, 30)) arena.release(address, 60_000);
    const again = Array.from({ length: 30 }, (_, i) => arena.store(block(100 + i), 0, 60_000));
    expect(new Set(again)).toEqual(new Set(addresses.slice(0, 30)));
    for (const [i, address] of addresses.slice(30).entries()) {
      expect(arena.chunk(address)[arena.offset(address) + 59_999]).toBe(30 + i);
    }
  });
});

/** Keys are integers; the hash function is the test's, so that they may collide as much as it likes. */
class IntIndex extends HashIndex {
  readonly #keys = new Map<number, number>();
  readonly #hash: (key: number) => number;

  constructor(hash: (key: number) => number) {
    super(0);
    this.#hash = hash;
  }

  find(key: number): number {
    const hash = this.#hash(key);
    const segment = this.segments[hash >>> 24]!;
    const mask = segment.length - 1;
    for (let i = firstSlot(hash, mask); segment[i + 1] !== 0; i = (i + 2) & mask) {
      const id = segment[i + 1]! - 1;
      if (segment[i] === hash && this.#keys.get(id) === key) return id;
    }
    return EMPTY;
  }

  add(key: number, id: number): void {
    this.#keys.set(id, key);
    this.addToIndex(id, this.#hash(key));
  }

  remove(key: number, id: number): void {
    this.removeFromIndex(id, this.#hash(key));
    this.#keys.delete(id);
  }
}

describe.each<[string, (key: number) => number]>([
  ['all keys collide', () => 0x12345678],
  ['all keys in two neighbouring slots at the end of a segment', (key) => 0x00ffffff ^ (key & 1)],
  ['all keys in one segment', (key) => 0x7f000000 | (key & 0xffffff)],
  ['negative hashes', (key) => ~key],
  ['few distinct low bits', (key) => (key & 0xff) << 24],
])('HashIndex, %s', (_name, hash) => {
  test('finds exactly what was added and not removed', () => {
    const step = fc.tuple(fc.boolean(), fc.nat(60));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const index = new IntIndex(hash);
        const model = new Map<number, number>();
        let nextId = 0;
        for (const [isAdd, key] of steps) {
          const id = model.get(key);
          if (isAdd && id === undefined) {
            index.add(key, nextId);
            model.set(key, nextId++);
          } else if (!isAdd && id !== undefined) {
            index.remove(key, id);
            model.delete(key);
          }
          expect(index.find(key)).toBe(model.get(key) ?? EMPTY);
        }
        for (let key = 0; key <= 60; key++) expect(index.find(key)).toBe(model.get(key) ?? EMPTY);
      }),
      { numRuns: 50 },
    );
  });
});
