import { createLineReader } from '../../../src/role-link/line-reader.ts';
import fc from '../../support/property.ts';

test('lines come out whole, however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ''))),
      fc.integer({ min: 1, max: 7 }),
      (lines, size) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const seen: string[] = [];
        const read = createLineReader((line) => seen.push(line));
        for (let start = 0; start < bytes.length; start += size) read(bytes.subarray(start, start + size));
        expect(seen).toEqual(lines);
      },
    ),
  );
});

test('a line that never ends is an error, not a growing buffer', () => {
  const read = createLineReader(() => {}, 10);
  read(Buffer.from('0123456789'));
  expect(() => read(Buffer.from('x'))).toThrow('longer than 10');
});
