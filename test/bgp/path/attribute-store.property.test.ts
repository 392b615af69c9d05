/** Interned attribute sets: equal blocks are one id, the last release frees it, and its columns stay with it. */

import {
  type AttributeColumns,
  ColumnFlag,
  emptyColumns,
} from '../../../bgp/packet/attributes/attribute-columns.ts';
import { AttributeStore, SetField } from '../../../bgp/path/attribute-store.ts';
import fc from '../../support/property.ts';

type Known = { readonly id: number; references: number; readonly med: number };

const keyOf = (bytes: Uint8Array) => bytes.join('.');

/** Interns a block the way its users do: `find`, then `insert` where there is none. */
function intern(store: AttributeStore, bytes: Uint8Array, columns: Partial<AttributeColumns> = {}): number {
  const found = store.find(bytes, 0, bytes.length);
  return found >= 0 ? found : store.insert(bytes, 0, bytes.length, { ...emptyColumns(), ...columns });
}

class Model {
  readonly store = new AttributeStore(7);
  readonly sets = new Map<string, Known>();
  #made = 0;

  intern(bytes: Uint8Array): void {
    const known = this.sets.get(keyOf(bytes));
    this.find(bytes);
    const med = ++this.#made;
    const id = intern(this.store, bytes, { med });
    this.store.retain(id);
    if (known === undefined) this.sets.set(keyOf(bytes), { id, references: 1, med });
    else known.references++;
  }

  find(bytes: Uint8Array): void {
    const framed = Uint8Array.of(9, ...bytes, 9);
    expect(this.store.find(framed, 1, framed.length - 1)).toBe(this.sets.get(keyOf(bytes))?.id ?? -1);
  }

  /** @param pick any natural number: chooses a set. */
  release(pick: number): void {
    if (this.sets.size === 0) return;
    const [key, known] = [...this.sets][pick % this.sets.size]!;
    this.store.dropIfUnused(known.id); // it has references: nothing happens
    this.store.release(known.id);
    known.references--;
    if (known.references === 0) this.sets.delete(key);
  }

  check(): void {
    const { store } = this;
    expect(store.size).toBe(this.sets.size);
    for (const [key, { id, references, med }] of this.sets) {
      const at = store.offset(id);
      expect(keyOf(store.bytes(id).slice(at, at + store.length(id)))).toBe(key);
      expect(store.records.get(id, SetField.References)).toBe(references);
      expect(store.records.get(id, SetField.Med)).toBe(med);
    }
  }
}

test('agrees with a map under random operations', () => {
  const block = fc
    .array(fc.constantFrom(0, 1, 255), { maxLength: 9 })
    .map((octets) => Uint8Array.from(octets));
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ intern: block }) },
    { weight: 2, arbitrary: fc.record({ find: block }) },
    { weight: 3, arbitrary: fc.record({ release: fc.nat() }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const model = new Model();
      for (const one of steps) {
        if ('intern' in one) model.intern(one.intern);
        else if ('find' in one) model.find(one.find);
        else model.release(one.release);
      }
      model.check();
    }),
  );
});

test('a set that was never retained goes when nobody needs it', () => {
  const store = new AttributeStore(7);
  const bytes = Uint8Array.of(1, 2, 3);
  const id = intern(store, bytes);
  store.dropIfUnused(id);
  expect([store.size, store.find(bytes, 0, 3)]).toEqual([0, -1]);
});

describe('the short cut for blocks as received', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const received = (columns: Partial<AttributeColumns>, isInternal: boolean) => {
    const store = new AttributeStore(7);
    const id = intern(store, bytes, columns);
    return store.findReceived(bytes, 0, 3, isInternal) === id;
  };
  const good = ColumnFlag.NextHop | ColumnFlag.NextHopIpv4;

  test('takes a known block with an IPv4 next hop', () => {
    expect(received({ flags: good }, true)).toBe(true);
    expect(received({ flags: good }, false)).toBe(true);
  });

  test('does not take one with an IPv6 next hop, or our own unspecified one', () => {
    expect(received({ flags: ColumnFlag.NextHop }, true)).toBe(false);
    expect(received({ flags: 0 }, true)).toBe(false);
  });

  test('does not take from an external peer what must be ignored there (RFC 7606 §7.5, §7.9, §7.10)', () => {
    expect(received({ flags: good | ColumnFlag.LocalPref }, false)).toBe(false);
    expect(received({ flags: good | ColumnFlag.OriginatorId }, false)).toBe(false);
    expect(received({ flags: good, clusterListLength: 1 }, false)).toBe(false);
    expect(received({ flags: good | ColumnFlag.LocalPref, clusterListLength: 1 }, true)).toBe(true);
  });
});
