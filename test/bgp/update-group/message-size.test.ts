/** No message exceeds what the session allows, and each is as full as it can be (RFC 4271 §4, RFC 8654 §5). */
import type { RibSession } from '../../../bgp/rib/rib-port.ts';
import { communities } from '../../harness/bgp/attributes.ts';
import { announcement, withdrawal } from '../../harness/bgp/encode.ts';
import { type FixtureSession, RibFixture } from '../routing/rib-fixture.ts';

const LARGEST = 65_535;
const BOTH = { families: ['ipv4', 'ipv6'] } as const;
const HOPS = { ipv4: '192.0.2.1', ipv6: '2001:db8::1' } as const;
type Family = keyof typeof HOPS;

const tags = (count: number) => communities(Array.from({ length: count }, (_, i) => 0x00010000 + i));
const prefixOf = (family: Family, i: number) =>
  family === 'ipv4' ? `10.${i >> 8}.${i & 0xff}.0/24` : `2001:db8:${i.toString(16)}::/48`;

/** Announces the prefixes numbered [0, count) with as many communities, in messages of 200. */
function announce(
  fixture: RibFixture,
  from: FixtureSession,
  family: Family,
  count: number,
  tagCount = 0,
): void {
  for (let i = 0; i < count; i += 200) {
    const prefixes = Array.from({ length: Math.min(200, count - i) }, (_, j) => prefixOf(family, i + j));
    const extra = tagCount === 0 ? [] : [tags(tagCount)];
    fixture.rib.receiveUpdate(
      from.slot,
      announcement(prefixes, { nextHop: HOPS[family], extra }),
      19,
      announcement(prefixes, { nextHop: HOPS[family], extra }).length,
    );
  }
  fixture.settle();
}

const receiverOf = (family: Family, withPaths: boolean, maxMessageBytes: number): Partial<RibSession> => ({
  ...BOTH,
  maxMessageBytes,
  addPathSend: withPaths ? [family] : [],
});

describe.each([
  ['ipv4', false, 4096, 3000],
  ['ipv4', true, 4096, 3000],
  ['ipv6', false, 4096, 3000],
  ['ipv6', true, 4096, 3000],
  ['ipv6', true, LARGEST, 10_000],
] as const)('%s, ADD-PATH %s, messages of at most %i octets', (family, withPaths, maxMessageBytes, count) => {
  const receiverOptions = receiverOf(family, withPaths, maxMessageBytes);

  test('many routes fill their messages', () => {
    const fixture = new RibFixture();
    const from = fixture.up(1, BOTH);
    const { output } = fixture.up(2, receiverOptions);
    announce(fixture, from, family, count);
    expect(output.table.size).toBe(count);
    const routes = output.messageLengths.filter((length) => length > 30);
    expect(Math.max(...routes)).toBeLessThanOrEqual(maxMessageBytes);
    expect(Math.max(...routes)).toBeGreaterThan(maxMessageBytes - 25);
    const octets = routes.reduce((sum, length) => sum + length, 0);
    expect(routes.length).toBeLessThanOrEqual(Math.ceil(octets / (maxMessageBytes - 25)) + 1);
  });

  test('many withdrawals fill their messages', () => {
    const fixture = new RibFixture();
    const from = fixture.up(1, BOTH);
    const { output } = fixture.up(2, receiverOptions);
    announce(fixture, from, family, count);
    output.messageLengths.length = 0;
    for (let i = 0; i < count; i++) {
      const message = withdrawal([prefixOf(family, i)]);
      fixture.rib.receiveUpdate(from.slot, message, 19, message.length);
    }
    fixture.settle();
    expect(output.table.size).toBe(0);
    expect(Math.max(...output.messageLengths)).toBeLessThanOrEqual(maxMessageBytes);
    expect(Math.max(...output.messageLengths)).toBeGreaterThan(maxMessageBytes - 25);
    fixture.expectNothingLeft();
  });
});

/** The most communities that fit in an UPDATE to us differ from those in one from us: reflection adds 14 octets. */
test.each([
  ['ipv4', false, 4096, 1200],
  ['ipv4', true, 4096, 1200],
  ['ipv6', false, 4096, 1200],
  ['ipv6', true, 4096, 1200],
  ['ipv4', false, LARGEST, 16_370],
  ['ipv6', true, LARGEST, 16_365],
] as const)('%s, ADD-PATH %s, %i octets: what fits is sent, the next larger is not', (...row) => {
  const [family, withPaths, maxMessageBytes, most] = row;
  const fixture = new RibFixture();
  const from = fixture.up(1, { ...BOTH, maxMessageBytes: LARGEST });
  const receiver = fixture.up(2, receiverOf(family, withPaths, maxMessageBytes));
  const onlooker = fixture.up(3, { ...BOTH, maxMessageBytes: LARGEST });
  const fits = (tagCount: number) => {
    announce(fixture, from, family, 1, tagCount);
    const sent = receiver.output.table.size;
    expect(fixture.rib.sessionCounts(receiver.slot).advertised[family]).toBe(sent);
    if (maxMessageBytes < LARGEST) expect(onlooker.output.table.size).toBe(1);
    return sent === 1;
  };
  let [low, high] = [0, most as number];
  expect(fits(low)).toBe(true);
  expect(fits(high)).toBe(false);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  expect(fits(low)).toBe(true);
  const longest = Math.max(...receiver.output.messageLengths);
  expect(longest).toBeLessThanOrEqual(maxMessageBytes);
  expect(longest).toBeGreaterThan(maxMessageBytes - 25);
  fixture.expectNothingLeft();
});

test('a route that grows beyond the limit of a session is withdrawn from it, and comes back (RFC 8654 §5)', () => {
  const fixture = new RibFixture();
  const from = fixture.up(1, { maxMessageBytes: LARGEST });
  const small = fixture.up(2);
  const large = fixture.up(3, { maxMessageBytes: LARGEST });
  announce(fixture, from, 'ipv4', 2, 10);
  announce(fixture, from, 'ipv4', 1, 5000);
  expect(small.output.prefixes).toEqual(['10.0.1.0/24']);
  expect(large.output.prefixes).toEqual(['10.0.0.0/24', '10.0.1.0/24']);
  expect(large.output.route('10.0.0.0/24').communities).toHaveLength(5000);
  announce(fixture, from, 'ipv4', 1, 20);
  expect(small.output.route('10.0.0.0/24').communities).toHaveLength(20);
  fixture.expectNothingLeft();
});

test('what reflection adds decides: the same attributes fit from an external peer and not from a client', () => {
  const fixture = new RibFixture();
  const client = fixture.up(1, { maxMessageBytes: LARGEST });
  const external = fixture.up(2, { peerAsn: 65001, routeReflectorClient: false, maxMessageBytes: LARGEST });
  const receiver = fixture.up(3);
  // 4096 less header 23, ORIGIN 4, AS_PATH 3, NEXT_HOP 7, LOCAL_PREF 7, longest prefix 5, and 4 of the header.
  const tagCount = (4096 - 23 - 4 - 3 - 7 - 7 - 5 - 4) >> 2;
  const message = (prefix: string, localPref: number | null) =>
    announcement([prefix], { nextHop: HOPS.ipv4, localPref, extra: [tags(tagCount)] });
  fixture.receive(client, message('10.1.0.0/16', 100));
  fixture.receive(external, message('10.2.0.0/16', null));
  expect(receiver.output.prefixes).toEqual(['10.2.0.0/16']);
  fixture.expectNothingLeft();
});

test('a two-octet session needs more room for the same path, in AS_PATH and AS4_PATH', () => {
  const fixture = new RibFixture();
  const from = fixture.up(1);
  const wide = fixture.up(2);
  const narrow = fixture.up(3, { fourOctetAs: false });
  const message = announcement(['10.1.0.0/16'], {
    nextHop: HOPS.ipv4,
    asPath: [4_200_000_001],
    extra: [tags(985)],
  });
  fixture.receive(from, message);
  expect(wide.output.prefixes).toEqual(['10.1.0.0/16']);
  expect(narrow.output.prefixes).toEqual(['10.1.0.0/16']);
  fixture.receive(
    from,
    announcement(['10.1.0.0/16'], { nextHop: HOPS.ipv4, asPath: [4_200_000_001], extra: [tags(1005)] }),
  );
  expect(wide.output.prefixes).toEqual(['10.1.0.0/16']);
  expect(narrow.output.prefixes).toEqual([]);
  fixture.expectNothingLeft();
});
