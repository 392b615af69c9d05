/** What API servers compare texts with: whatever the parsers take matches, at the edges, too. */
import { canonicalAddress, parsePrefix } from '@manul/bgp/net';
import { parseAsn, parseAsnRange } from '../../../config/schema/asn.ts';
import { parseCommunity } from '../../../config/schema/fields.ts';
import { TEXT_PATTERN } from '../../../config/schema/text-patterns.ts';
import fc from '../../support/property.ts';

const matches = (pattern: string, text: string): boolean => new RegExp(pattern).test(text);

/** Numbers near everything that a pattern has to tell apart, with and without leading zeros. */
const NUMBERS = [
  ...[0, 1, 9, 10, 19, 20, 31, 32, 33, 99, 100, 128, 129, 199, 249, 250, 255, 256, 999, 1000, 9999],
  ...[10_000, 59_999, 60_000, 65_499, 65_529, 65_530, 65_535, 65_536, 99_999, 999_999_999, 1_000_000_000],
  ...[3_999_999_999, 4_199_999_999, 4_289_999_999, 4_293_999_999, 4_294_899_999, 4_294_959_999],
  ...[4_294_966_999, 4_294_967_199, 4_294_967_289, 4_294_967_295, 4_294_967_296, 9_999_999_999],
];
const number = fc.constantFrom(...NUMBERS.flatMap((value) => [`${value}`, `0${value}`, `00${value}`]));
const numbers = (separator: string, length: number) =>
  fc.array(number, { minLength: length, maxLength: length }).map((parts) => parts.join(separator));

test('AS numbers, and ranges of them', () => {
  fc.assert(
    fc.property(fc.oneof(number, numbers('.', 2)), (text) => {
      const asn = parseAsn(text);
      // with many leading zeros the parser is the stricter one
      if (asn === null && /\b0\d/.test(text)) return;
      expect(matches(TEXT_PATTERN.asNumber[0], text)).toBe(asn !== null);
      if (asn !== 0) expect(matches(TEXT_PATTERN.asNumber[1], text)).toBe(asn !== null);
    }),
  );
  fc.assert(
    fc.property(fc.oneof(number, numbers('-', 2), numbers(' - ', 2)), (text) => {
      if (parseAsnRange(text) !== null) expect(matches(TEXT_PATTERN.asRange, text)).toBe(true);
    }),
  );
  for (const text of ['0', '5-', 'x', '4294967296', '1-2-3']) {
    expect(matches(TEXT_PATTERN.asRange, text)).toBe(false);
  }
});

test('communities', () => {
  fc.assert(
    fc.property(fc.oneof(numbers(':', 2), numbers(':', 3), numbers(':', 4)), (text) => {
      const parsed = parseCommunity(text);
      if (parsed !== null) expect(matches(TEXT_PATTERN.community, text)).toBe(true);
      expect(matches(TEXT_PATTERN.strictCommunity, text)).toBe(parsed === text);
    }),
  );
});

test('addresses and prefixes', () => {
  const length = fc.constantFrom('0', '00', '8', '08', '024', '32', '33', '99', '128', '129', '0128');
  const ipv6 = fc.oneof(fc.ipV6(), fc.constantFrom('::', '::1', '1::', '::ffff:10.0.0.1', 'FD00::A'));
  const address = fc.oneof(fc.ipV4(), ipv6, numbers('.', 4), numbers(':', 2));
  fc.assert(
    fc.property(address, length, (text, bits) => {
      const family = text.includes(':') ? 'ipv6' : 'ipv4';
      const isAddress = canonicalAddress(text) !== null;
      if (isAddress || family === 'ipv4') {
        expect(matches(TEXT_PATTERN.address[family], text)).toBe(isAddress);
        expect(matches(TEXT_PATTERN.address.any, text)).toBe(isAddress);
        expect(matches(TEXT_PATTERN.peerAddress, text)).toBe(isAddress);
      }
      const prefix = `${text}/${bits}`;
      if (parsePrefix(prefix, { mask: true }) === null) return;
      expect(matches(TEXT_PATTERN.prefix[family], prefix)).toBe(true);
      expect(matches(TEXT_PATTERN.prefix.any, prefix)).toBe(true);
      expect(matches(TEXT_PATTERN.prefix[family === 'ipv4' ? 'ipv6' : 'ipv4'], prefix)).toBe(false);
    }),
  );
  for (const text of ['10.0.0.0/33', 'fd00::/129', '10.0.0.0', '10.0.0.256/8', 'x/8']) {
    expect(matches(TEXT_PATTERN.prefix.any, text)).toBe(false);
  }
});

test.each([
  ['10.0.0.1:179', true],
  ['[fd00::1]:65535', true],
  ['fe80::1%eth0', true],
  ['[fe80::1%eth0.100]:179', true],
  ['10.0.0.1:0', false],
  ['10.0.0.1:0179', false],
  ['10.0.0.1:65536', false],
  ['[10.0.0.1]:179', false],
  ['fd00::1]:179', false],
  ['tor.example', false],
])('address of a peer, %s: %s', (text, expected) => {
  expect(matches(TEXT_PATTERN.peerAddress, text)).toBe(expected);
});
