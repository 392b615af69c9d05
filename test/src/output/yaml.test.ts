import { parse } from 'yaml';
import { formatYaml, formatYamlItems } from '../../../src/output/yaml.ts';
import fc from '../../support/property.ts';

test('block style, as people write it', () => {
  const value = { name: 'rr-1', roles: ['speaker'], http: { port: 9179, tls: null }, none: [], empty: {} };
  expect(formatYaml(value)).toBe(
    'name: rr-1\nroles:\n  - speaker\nhttp:\n  port: 9179\n  tls: null\nnone: []\nempty: {}\n',
  );
  expect(formatYaml([{ a: 1, b: { c: [2, [3]] } }, 'x'])).toBe(
    '- a: 1\n  b:\n    c:\n      - 2\n      - - 3\n- x\n',
  );
  expect(formatYaml({ gone: undefined, kept: true })).toBe('kept: true\n');
});

test('what some reader would take for a number, a date or a truth value is quoted', () => {
  const texts = ['64512:1', '2026-11-21T13:24:52.269Z', '10', '1e3', 'no', 'Null', '', '- x', 'fd00::1', '#'];
  for (const text of texts) expect(formatYaml(text)).toBe(`${JSON.stringify(text)}\n`);
  for (const text of ['10.0.0.0/8', '127.0.0.1', 'ipv4', 'clients/10.0.0.1', 'BGPPeer/tor']) {
    expect(formatYaml(text)).toBe(`${text}\n`);
  }
});

test('every value is read back as it was, by YAML 1.2 and by YAML 1.1', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const plain = JSON.parse(JSON.stringify(value)) as unknown; // no -0
      const text = formatYaml(plain);
      expect(parse(text)).toEqual(plain);
      expect(parse(text, { version: '1.1' })).toEqual(plain);
    }),
  );
});

test('batches of items add up to one sequence', () => {
  const text = formatYamlItems([{ a: 1 }]) + formatYamlItems([]) + formatYamlItems([{ a: 2 }]);
  expect(parse(text)).toEqual([{ a: 1 }, { a: 2 }]);
});

test('what a YAML 1.1 reader takes for a number is quoted', () => {
  for (const text of ['e0', 'E12', '1e3', '0x1', '1_000', '1:30']) {
    expect(parse(formatYaml([text]), { version: '1.1' })).toEqual([text]);
  }
});
