import { Address4, Address6 } from 'ip-address';
import { canonicalAddress, formatAddress, parseAddress } from '../../../bgp/net/index.ts';
import fc from '../../support/property.ts';

/** What the library says, as bytes. */
function parsedByLibrary(text: string): number[] | null {
  if (text.includes('/') || text.includes('%')) return null;
  if (!text.includes(':')) {
    return Address4.isValid(text) && text.split('.').length === 4 ? text.split('.').map(Number) : null;
  }
  if (!Address6.isValid(text)) return null;
  const value = new Address6(text).bigInt();
  return Array.from({ length: 16 }, (_, i) => Number((value >> BigInt(8 * (15 - i))) & 0xffn));
}

const hexGroup = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
/** Text that is nearly an IPv6 address: groups, gaps and now and then something else. */
const nearlyIpv6 = fc
  .array(
    fc.oneof({ weight: 8, arbitrary: hexGroup }, fc.constantFrom('', '0', '0000', '12345', 'g', '1.2.3.4')),
    {
      minLength: 1,
      maxLength: 10,
    },
  )
  .map((groups) => groups.join(':'));
const nearlyIpv4 = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 300 }).map(String),
      fc.constantFrom('', '01', '00', '1e1', ' 1', '+1'),
    ),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((parts) => parts.join('.'));

describe('addresses', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['::', '::'],
    ['::1', '::1'],
    ['FD00:0:0::A', 'fd00::a'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
  ])('%s has the canonical text %s (RFC 5952)', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
  });

  test.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.4/32',
    'a',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8::',
    ':1::',
    '00001::',
    'fe80::1%eth0',
    '::/0',
  ])('%j is no address', (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  test('every address is read back from its text', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc
        .array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 })
        .map((list) => Uint8Array.from(list)),
    );
    fc.assert(fc.property(bytes, (address) => expect(parseAddress(formatAddress(address))).toEqual(address)));
  });

  test('text is judged as the library judges it', () => {
    fc.assert(
      fc.property(fc.oneof(nearlyIpv4, nearlyIpv6, fc.ipV4(), fc.ipV6()), (text) => {
        const address = parseAddress(text);
        expect(address === null ? null : [...address]).toEqual(parsedByLibrary(text));
      }),
      { numRuns: 3000 },
    );
  });
});
