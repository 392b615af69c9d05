import { contains, formatPrefix, maskBytes, type Prefix, parsePrefix } from '../../../bgp/net/index.ts';
import { PrefixMatcher } from '../../../bgp/policy/prefix-match.ts';
import fc from '../../support/property.ts';

const prefix: fc.Arbitrary<Prefix> = fc
  .tuple(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.nat(32))
  .map(([bytes, length]) => ({
    family: 'ipv4',
    bytes: maskBytes(
      bytes.map((octet) => octet & 3),
      length,
    ),
    length,
  }));

test('few ranges and many say the same as containment and length do', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(prefix, fc.nat(32), fc.nat(32)), { minLength: 1, maxLength: 60 }),
      fc.array(prefix, { minLength: 1, maxLength: 20 }),
      (ranges, routes) => {
        const matches = ranges.map(([one, minLength, maxLength]) => ({
          prefix: formatPrefix(one),
          minLength,
          maxLength,
        }));
        const matcher = new PrefixMatcher(
          [...matches, { prefix: 'fd00::/8', minLength: 0, maxLength: 128 }],
          'ipv4',
        );
        for (const route of routes) {
          const expected = matches.some(
            (one) =>
              contains(parsePrefix(one.prefix)!, route) &&
              route.length >= one.minLength &&
              route.length <= one.maxLength,
          );
          const address = new Uint8Array(16);
          address.set(route.bytes);
          expect(matcher.matches(address, route.length)).toBe(expected);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});
