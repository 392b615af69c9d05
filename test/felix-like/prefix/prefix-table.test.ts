import { PrefixKey } from '../../../felix-like/prefix/prefix-key.ts';
import { NO_ID, PrefixTable } from '../../../felix-like/prefix/prefix-table.ts';
import fc from '../../support/property.ts';

describe('prefix keys', () => {
  test.each([
    '0.0.0.0/0',
    '10.0.0.0/8',
    '255.255.255.255/32',
    '192.0.2.128/25',
    '::/0',
    'fd00:10::/64',
    'fd00::1/128',
    '::ffff:10.0.0.1/128',
  ])('%s is read and written as it is', (text) => {
    const key = PrefixKey.of(text);
    expect([key.text(), key.odd, key.family]).toEqual([text, null, text.includes(':') ? 'ipv6' : 'ipv4']);
  });

  test.each([
    '10.0.0.1/24',
    '10.0.0.0',
    '10.0.0/24',
    '010.0.0.0/8',
    '10.0.0.0/08',
    '10.0.0.0/33',
    '10.0.0.0/',
    '256.0.0.0/8',
    'FD00::/64',
    'fd00::1/64',
    'x',
    '',
  ])('%p is no canonical prefix and stands for itself', (text) => {
    const key = PrefixKey.of(text);
    expect([key.text(), key.odd, key.isHost]).toEqual([text, text, false]);
  });

  test('a key that is filled anew forgets what it was', () => {
    const key = PrefixKey.of('fd00::1/128').parse('10.0.0.1/32');
    expect([key.text(), key.isHost, key.word3]).toEqual(['10.0.0.1/32', true, 0]);
  });
});

const text = fc.oneof(
  fc.integer({ min: 0, max: 3000 }).map((n) => `10.${n >> 8}.${n & 255}.0/24`),
  fc.integer({ min: 0, max: 300 }).map((n) => `fd00:${n.toString(16)}::/64`),
  fc.constantFrom('odd', '10.0.0.1/8', '10.0.0.0/23', '10.0.0.0/25'),
);

test('prefixes keep their ids while others come and go', () => {
  const step = fc.record({ text, metric: fc.constantFrom(0, 1024, 4294967295), isAdded: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 4000, minLength: 3000 }), fc.integer(), (steps, seed) => {
      const table = new PrefixTable(seed);
      const ids = new Map<string, number>();
      const key = new PrefixKey();
      for (const { text, metric, isAdded } of steps) {
        const name = `${text} ${metric}`;
        const id = ids.get(name) ?? NO_ID;
        expect(table.find(key.parse(text), metric)).toBe(id);
        if (isAdded && id === NO_ID) ids.set(name, table.add(key, metric));
        if (isAdded || id === NO_ID) continue;
        table.remove(id);
        ids.delete(name);
      }
      expect(new Set(ids.values()).size).toBe(ids.size);
      for (const [name, id] of ids) {
        expect(`${table.read(id, key).text()} ${table.metric(id)}`).toBe(name);
        expect([table.inUse(id), id < table.highWater]).toEqual([true, true]);
      }
    }),
    { numRuns: 10 },
  );
});
