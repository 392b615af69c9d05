import { parseAsn, parseAsnRange } from '../../../config/schema/asn.ts';

describe('parseAsn', () => {
  test.each([
    ['64512', 64_512],
    ['0', 0],
    ['4294967295', 4_294_967_295],
    ['1.10', 65_546],
    ['0.65535', 65_535],
    ['65535.65535', 4_294_967_295],
  ])('%s is %d', (text, asn) => {
    expect(parseAsn(text)).toBe(asn);
  });

  test.each(['', '-1', '4294967296', '1.65536', '65536.1', '1.2.3', 'AS64512', '6e4', ' 1'])(
    'refuses %j',
    (text) => {
      expect(parseAsn(text)).toBeNull();
    },
  );
});

describe('parseAsnRange', () => {
  test.each([
    ['64512', { first: 64_512, last: 64_512 }],
    ['65000-65100', { first: 65_000, last: 65_100 }],
    ['65000 - 65100', { first: 65_000, last: 65_100 }],
    ['1.0-1.9', { first: 65_536, last: 65_545 }],
  ])('%s', (text, range) => {
    expect(parseAsnRange(text)).toEqual(range);
  });

  test.each(['65100-65000', '0', '0-10', '1-2-3', '1-', '-1', 'x'])('refuses %j', (text) => {
    expect(parseAsnRange(text)).toBeNull();
  });
});
