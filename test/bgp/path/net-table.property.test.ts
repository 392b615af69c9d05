/** The net tables against a map of prefix texts: insertion, look-up, life by paths, marks and references, reuse of ids. */

import { formatAddress, maskBytes } from '../../../bgp/net/index.ts';
import { Ipv4NetTable } from '../../../bgp/path/ipv4-net-table.ts';
import { Ipv6NetTable } from '../../../bgp/path/ipv6-net-table.ts';
import { NetField, type NetTable } from '../../../bgp/path/net-table.ts';
import fc from '../../support/property.ts';

interface Prefix {
  readonly nlri: Uint8Array;
  readonly text: string;
}

function prefixOf(address: Uint8Array, length: number): Prefix {
  const octets = (length + 7) >> 3;
  // The host bits of the last octet stay as they are: they are irrelevant (RFC 4271 §4.3).
  return {
    nlri: Uint8Array.of(length, ...address.subarray(0, octets)),
    text: `${formatAddress(maskBytes(address, length))}/${length}`,
  };
}

/** Few distinct bits, so that prefixes meet, nest and differ in length or in host bits only. */
function prefixes(width: 4 | 16): fc.Arbitrary<Prefix> {
  const octet = fc.constantFrom(0, 1, 128, 255);
  const length = fc.oneof(fc.nat(width * 8), fc.constantFrom(0, 1, 7, 8, 9, 24, 31, 32, width * 8));
  return fc
    .tuple(fc.array(octet, { minLength: width, maxLength: width }), length)
    .map(([octets, bits]) => prefixOf(Uint8Array.from(octets), bits));
}

/** Ids are held by "paths" (a value in FirstPath), references and dirty marks; without any of them the net goes. */
class Model {
  readonly table: NetTable;
  readonly nets = new Map<string, { id: number; hasPath: boolean; references: number; isDirty: boolean }>();

  constructor(table: NetTable) {
    this.table = table;
  }

  find({ nlri, text }: Prefix): void {
    expect(this.table.find(nlri, 0)).toBe(this.nets.get(text)?.id ?? -1);
  }

  insert({ nlri, text }: Prefix): void {
    const id = this.table.findOrInsert(nlri, 0);
    const known = this.nets.get(text);
    if (known !== undefined) {
      expect(id).toBe(known.id);
      return;
    }
    expect([...this.nets.values()].map((net) => net.id)).not.toContain(id);
    expect(this.table.records.get(id, NetField.Best)).toBe(0);
    this.table.records.set(id, NetField.FirstPath, 1);
    this.nets.set(text, { id, hasPath: true, references: 0, isDirty: false });
  }

  /** @param pick any natural number: chooses a net. */
  change(pick: number, what: 'mark' | 'settle' | 'retain' | 'release' | 'path'): void {
    if (this.nets.size === 0) return;
    const [text, net] = [...this.nets][pick % this.nets.size]!;
    const { table } = this;
    if (what === 'mark') {
      expect(table.markDirty(net.id)).toBe(!net.isDirty);
      net.isDirty = true;
    } else if (what === 'retain') {
      table.retain(net.id);
      net.references++;
    } else if (what === 'path') {
      net.hasPath = !net.hasPath;
      table.records.set(net.id, NetField.FirstPath, net.hasPath ? 1 : 0);
    } else if (what === 'release' && net.references > 0) {
      table.release(net.id);
      net.references--;
      this.#forgetIfUnused(text);
    } else if (what === 'settle') {
      table.settle(net.id);
      net.isDirty = false;
      this.#forgetIfUnused(text);
    }
  }

  #forgetIfUnused(text: string): void {
    const { id, hasPath, references, isDirty } = this.nets.get(text)!;
    if (hasPath || references > 0 || isDirty) return;
    this.nets.delete(text);
    expect(this.table.inUse(id)).toBe(false);
  }

  check(): void {
    expect(this.table.records.live).toBe(this.nets.size);
    const address = new Uint8Array(16);
    const nlri = new Uint8Array(18);
    for (const [text, { id }] of this.nets) {
      expect(this.table.inUse(id)).toBe(true);
      this.table.writeAddress(id, address, 0);
      const width = this.table.maxLength >> 3;
      expect(`${formatAddress(address, 0, width)}/${this.table.length(id)}`).toBe(text);
      const end = this.table.writeNlri(id, nlri, 1);
      expect(end).toBe(2 + ((this.table.length(id) + 7) >> 3));
      expect(this.table.find(nlri, 1)).toBe(id);
    }
  }
}

describe.each([
  ['Ipv4NetTable', () => new Ipv4NetTable(7), 4],
  ['Ipv6NetTable', () => new Ipv6NetTable(7), 16],
] as const)('%s', (_name, make, width) => {
  test('agrees with a map under random operations', () => {
    const change = fc.constantFrom('mark', 'settle', 'retain', 'release', 'path');
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ insert: prefixes(width) }) },
      { weight: 2, arbitrary: fc.record({ find: prefixes(width) }) },
      { weight: 5, arbitrary: fc.record({ what: change, pick: fc.nat() }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const model = new Model(make());
        for (const one of steps) {
          if ('insert' in one) model.insert(one.insert);
          else if ('find' in one) model.find(one.find);
          else model.change(one.pick, one.what as 'mark');
        }
        model.check();
      }),
    );
  });

  test('many nets come and go, in order and out of order, and every look-up is right', () => {
    const table = make();
    const nlriOf = (i: number) => {
      const address = new Uint8Array(width);
      new DataView(address.buffer).setUint32(width === 4 ? 0 : 2, (i << 8) >>> 0);
      return prefixOf(address, width === 4 ? 24 : 48).nlri;
    };
    const count = 30_000;
    const ids = Array.from({ length: count }, (_, i) => {
      const id = table.findOrInsert(nlriOf(i), 0);
      table.records.set(id, NetField.FirstPath, 1);
      return id;
    });
    const isRight = (i: number, id: number | undefined) => table.find(nlriOf(i), 0) === id;
    expect(ids.filter((id, i) => !isRight(i, id))).toEqual([]);
    const gone = (i: number) => i % 3 === 0;
    for (let i = count - 1; i >= 0; i--) {
      if (!gone(i)) continue;
      table.records.set(ids[i]!, NetField.FirstPath, 0);
      table.settle(ids[i]!);
    }
    expect(ids.filter((id, i) => !isRight(i, gone(i) ? -1 : id))).toEqual([]);
    expect(table.records.live).toBe(count - count / 3);
    for (let i = 0; i < count; i += 3) ids[i] = table.findOrInsert(nlriOf(i), 0);
    expect(ids.filter((id, i) => !isRight(i, id))).toEqual([]);
    expect(new Set(ids).size).toBe(count);
    expect(table.records.highWater).toBe(count);
  });
});
