import { formatPrefix, maskBytes, parsePrefix } from '../../../bgp/net/index.ts';
import fc from '../../support/property.ts';

describe('prefixes', () => {
  test.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.1.2.3', '10.1.2.3/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
    ['FD00:10::/48', 'fd00:10::/48'],
    ['fd00::1', 'fd00::1/128'],
  ])('%s has the canonical text %s', (text, canonical) => {
    expect(formatPrefix(parsePrefix(text)!)).toBe(canonical);
  });

  test.each([
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/8x',
    '10.0.0.0/-1',
    '10.0.0.0/0008',
    '10.0.0/8',
    '/8',
  ])('%j is no prefix', (text) => {
    expect(parsePrefix(text, { mask: true })).toBeNull();
  });

  test.each([
    ['10.1.0.0/8', '10.0.0.0/8'],
    ['10.0.0.129/25', '10.0.0.128/25'],
    ['fd00::1/127', 'fd00::/127'],
  ])('%s has host bits, which are refused or cleared', (text, masked) => {
    expect(parsePrefix(text)).toBeNull();
    expect(formatPrefix(parsePrefix(text, { mask: true })!)).toBe(masked);
  });

  test('every prefix is read back from its text', () => {
    const prefixes = fc
      .oneof(
        fc.record({ bytes: fc.uint8Array({ minLength: 4, maxLength: 4 }), length: fc.nat(32) }),
        fc.record({ bytes: fc.uint8Array({ minLength: 16, maxLength: 16 }), length: fc.nat(128) }),
      )
      .map(({ bytes, length }) => {
        return {
          family: bytes.length === 4 ? 'ipv4' : 'ipv6',
          bytes: maskBytes(bytes, length),
          length,
        } as const;
      });
    fc.assert(fc.property(prefixes, (prefix) => expect(parsePrefix(formatPrefix(prefix))).toEqual(prefix)));
  });
});
