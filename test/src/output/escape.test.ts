import { escapeControl, escapeJsonText } from '../../../src/output/escape.ts';
import fc from '../../support/property.ts';

test('terminal control sequences become visible', () => {
  expect(escapeControl('a\u001b[31mb\u009b2Jc\r\nd\te\u007f')).toBe('a\\x1b[31mb\\x9b2Jc\\r\\nd\\te\\x7f');
});

test('bidirectional overrides, invisible characters and lone surrogates become visible', () => {
  expect(escapeControl('a\u202eb\u2028c\u200dd\ud800e')).toBe('a\\u202eb\\u2028c\\u200dd\\ud800e');
});

test('ordinary text of any script stays as it is', () => {
  expect(escapeControl('Zürich, 東京, Ελλάδα, 🐈')).toBe('Zürich, 東京, Ελλάδα, 🐈');
});

test('no text keeps a control character, and escaped JSON means the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(escapeControl(text)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      const json = escapeJsonText(JSON.stringify([text]));
      expect(json).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(JSON.parse(json)).toEqual([text]);
    }),
  );
});
