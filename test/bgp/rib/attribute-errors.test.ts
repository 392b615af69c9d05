/** Malformed path attributes of an UPDATE with IPv4 routes: the verdict, and what it does to the RIB (RFC 7606). */
import type { RibSession } from '../../../bgp/rib/rib-port.ts';
import {
  Attr,
  asPath,
  attribute,
  communities,
  Flag,
  localPref,
  med,
  mpReach,
  nextHop,
  origin,
  originatorId,
  uint32,
} from '../../harness/bgp/attributes.ts';
import { encodeUpdate } from '../../harness/bgp/encode.ts';
import { encodePrefix } from '../../harness/bgp/prefix-text.ts';
import { RibFixture } from '../routing/rib-fixture.ts';

const WELL_KNOWN = Flag.Transitive;
const OPTIONAL = Flag.Optional;
const OPTIONAL_TRANSITIVE = Flag.Optional | Flag.Transitive;

const EXTERNAL: Partial<RibSession> = { peerAsn: 65001, routeReflectorClient: false };
const PATH = [65001];
const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** A good set of attributes with some replaced by type code, added at the end, or taken away (null). */
function attributesWith(changes: ReadonlyMap<number, Buffer | null>): Buffer[] {
  const good = new Map<number, Buffer>([
    [Attr.Origin, origin(0)],
    [Attr.AsPath, asPath(PATH)],
    [Attr.NextHop, nextHop('192.0.2.1')],
    [Attr.LocalPref, localPref(200)],
  ]);
  for (const [code, value] of changes) {
    if (value === null) good.delete(code);
    else good.set(code, value);
  }
  return [...good.values()];
}

const NLRI = Buffer.concat(['10.1.0.0/16', '10.2.0.0/16'].map(encodePrefix));
const PREFIXES = ['10.1.0.0/16', '10.2.0.0/16'];
const AGGREGATOR = 7;
const ATOMIC_AGGREGATE = 6;
const EXTENDED_COMMUNITIES = 16;
const LARGE_COMMUNITIES = 32;

/** A session that has announced one of the two prefixes before, and an onlooker that was sent it. */
function announced(overrides: Partial<RibSession> = {}) {
  const fixture = new RibFixture();
  const sender = fixture.up(1, overrides);
  const onlooker = fixture.up(2);
  const attributes = attributesWith(new Map());
  fixture.receive(sender, encodeUpdate({ attributes, nlri: encodePrefix('10.1.0.0/16') }));
  expect(onlooker.output.prefixes).toEqual(['10.1.0.0/16']);
  return { fixture, sender, onlooker };
}

type Row = readonly [name: string, code: number, attribute: Buffer | null];

/** RFC 7606 §3(c) and §7: flags, lengths and values. */
const WITHDRAWN: readonly Row[] = [
  ['ORIGIN missing (RFC 7606 §3(d))', Attr.Origin, null],
  ['AS_PATH missing (RFC 7606 §3(d))', Attr.AsPath, null],
  ['NEXT_HOP missing (RFC 7606 §3(d))', Attr.NextHop, null],
  ['ORIGIN with the Optional flag (RFC 7606 §3(c))', Attr.Origin, attribute(0xc0, 1, bytes('00'))],
  ['ORIGIN without the Transitive flag (RFC 7606 §3(c))', Attr.Origin, attribute(0, 1, bytes('00'))],
  ['AS_PATH with the Optional flag (RFC 7606 §3(c))', Attr.AsPath, attribute(0xc0, 2, Buffer.alloc(0))],
  ['NEXT_HOP with the Optional flag (RFC 7606 §3(c))', Attr.NextHop, attribute(0xc0, 3, bytes('c0000201'))],
  ['MULTI_EXIT_DISC with the Transitive flag (RFC 7606 §3(c))', Attr.Med, attribute(0xc0, 4, uint32(1))],
  ['LOCAL_PREF with the Optional flag (RFC 7606 §3(c))', Attr.LocalPref, attribute(0xc0, 5, uint32(1))],
  [
    'AGGREGATOR without the Transitive flag (RFC 7606 §3(c))',
    AGGREGATOR,
    attribute(0x80, 7, Buffer.alloc(8, 1)),
  ],
  ['COMMUNITIES without the Optional flag (RFC 7606 §3(c))', Attr.Communities, attribute(0x40, 8, uint32(1))],
  [
    'COMMUNITIES without the Transitive flag (RFC 7606 §3(c))',
    Attr.Communities,
    attribute(0x80, 8, uint32(1)),
  ],
  ['ORIGINATOR_ID with the Transitive flag (RFC 7606 §3(c))', 9, attribute(0xc0, 9, uint32(1))],
  ['CLUSTER_LIST with the Transitive flag (RFC 7606 §3(c))', 10, attribute(0xc0, 10, uint32(1))],
  [
    'EXTENDED COMMUNITIES without the Transitive flag (RFC 7606 §3(c))',
    16,
    attribute(0x80, 16, Buffer.alloc(8)),
  ],
  ['LARGE_COMMUNITY without the Transitive flag (RFC 7606 §3(c))', 32, attribute(0x80, 32, Buffer.alloc(12))],
  ['ORIGIN empty (RFC 7606 §7.1)', Attr.Origin, attribute(WELL_KNOWN, 1, Buffer.alloc(0))],
  ['ORIGIN of two octets (RFC 7606 §7.1)', Attr.Origin, attribute(WELL_KNOWN, 1, bytes('0000'))],
  ['ORIGIN with the undefined value 3 (RFC 7606 §7.1)', Attr.Origin, origin(3)],
  [
    'AS_PATH that ends inside a segment header (RFC 7606 §7.2)',
    Attr.AsPath,
    attribute(WELL_KNOWN, 2, bytes('02')),
  ],
  ['AS_PATH segment overrun (RFC 7606 §7.2)', Attr.AsPath, attribute(WELL_KNOWN, 2, bytes('0202 0000fde9'))],
  [
    'AS_PATH segment underrun (RFC 7606 §7.2)',
    Attr.AsPath,
    attribute(WELL_KNOWN, 2, bytes('0201 0000fde9 0000fdea')),
  ],
  ['AS_PATH segment without ASes (RFC 7606 §7.2)', Attr.AsPath, attribute(WELL_KNOWN, 2, bytes('0200'))],
  ['AS_PATH segment type 0 (RFC 7606 §7.2)', Attr.AsPath, attribute(WELL_KNOWN, 2, bytes('0001 0000fde9'))],
  ['AS_PATH segment type 5 (RFC 7606 §7.2)', Attr.AsPath, attribute(WELL_KNOWN, 2, bytes('0501 0000fde9'))],
  [
    'AS_CONFED_SEQUENCE from outside a confederation (RFC 5065 §5)',
    2,
    attribute(WELL_KNOWN, 2, bytes('0301 0000fde9')),
  ],
  [
    'AS_CONFED_SET from outside a confederation (RFC 5065 §5)',
    2,
    attribute(WELL_KNOWN, 2, bytes('0401 0000fde9')),
  ],
  ['AS 0 in an AS_SEQUENCE (RFC 7607 §2)', Attr.AsPath, asPath([65001, 0])],
  ['AS 0 in an AS_SET (RFC 7607 §2)', Attr.AsPath, attribute(WELL_KNOWN, 2, bytes('0102 0000fde9 00000000'))],
  ['NEXT_HOP empty (RFC 7606 §7.3)', Attr.NextHop, attribute(WELL_KNOWN, 3, Buffer.alloc(0))],
  ['NEXT_HOP of three octets (RFC 7606 §7.3)', Attr.NextHop, attribute(WELL_KNOWN, 3, bytes('c00002'))],
  [
    'NEXT_HOP of sixteen octets (RFC 7606 §7.3)',
    Attr.NextHop,
    attribute(WELL_KNOWN, 3, Buffer.alloc(16, 0x20)),
  ],
  ['NEXT_HOP 0.0.0.0 (RFC 4271 §6.3)', Attr.NextHop, nextHop('0.0.0.0')],
  ['NEXT_HOP 224.0.0.5, a multicast address (RFC 4271 §6.3)', Attr.NextHop, nextHop('224.0.0.5')],
  ['NEXT_HOP 255.255.255.255 (RFC 4271 §6.3)', Attr.NextHop, nextHop('255.255.255.255')],
  ['MULTI_EXIT_DISC of three octets (RFC 7606 §7.4)', Attr.Med, attribute(OPTIONAL, 4, bytes('000001'))],
  ['MULTI_EXIT_DISC empty (RFC 7606 §7.4)', Attr.Med, attribute(OPTIONAL, 4, Buffer.alloc(0))],
  ['LOCAL_PREF of five octets (RFC 7606 §7.5)', Attr.LocalPref, attribute(WELL_KNOWN, 5, Buffer.alloc(5))],
  ['LOCAL_PREF empty (RFC 7606 §7.5)', Attr.LocalPref, attribute(WELL_KNOWN, 5, Buffer.alloc(0))],
  [
    'COMMUNITIES of six octets (RFC 7606 §7.8)',
    Attr.Communities,
    attribute(OPTIONAL_TRANSITIVE, 8, Buffer.alloc(6)),
  ],
  ['COMMUNITIES empty (RFC 7606 §7.8)', Attr.Communities, attribute(OPTIONAL_TRANSITIVE, 8, Buffer.alloc(0))],
  ['ORIGINATOR_ID of three octets (RFC 7606 §7.9)', 9, attribute(OPTIONAL, 9, Buffer.alloc(3))],
  ['CLUSTER_LIST of six octets (RFC 7606 §7.10)', 10, attribute(OPTIONAL, 10, Buffer.alloc(6))],
  ['CLUSTER_LIST empty (RFC 7606 §7.10)', 10, attribute(OPTIONAL, 10, Buffer.alloc(0))],
  [
    'EXTENDED COMMUNITIES of seven octets (RFC 7606 §7.14)',
    16,
    attribute(OPTIONAL_TRANSITIVE, 16, Buffer.alloc(7)),
  ],
  ['EXTENDED COMMUNITIES empty (RFC 7606 §7.14)', 16, attribute(OPTIONAL_TRANSITIVE, 16, Buffer.alloc(0))],
  [
    'LARGE_COMMUNITY of eleven octets (RFC 8092 §6)',
    32,
    attribute(OPTIONAL_TRANSITIVE, 32, Buffer.alloc(11)),
  ],
  ['ONLY_TO_CUSTOMER of three octets (RFC 9234 §5)', 35, attribute(OPTIONAL_TRANSITIVE, 35, Buffer.alloc(3))],
  ['ONLY_TO_CUSTOMER without the Transitive flag (RFC 7606 §3(c))', 35, attribute(OPTIONAL, 35, uint32(1))],
  ['LARGE_COMMUNITY empty (RFC 8092 §6)', 32, attribute(OPTIONAL_TRANSITIVE, 32, Buffer.alloc(0))],
];

describe('treated as withdrawn', () => {
  test.each(WITHDRAWN)('%s', (_name, code, value) => {
    const { fixture, sender, onlooker } = announced();
    const attributes = attributesWith(new Map([[code, value]]));
    const verdict = fixture.receive(sender, encodeUpdate({ attributes, nlri: NLRI }));
    expect(verdict).toMatchObject({ notification: null, treatedAsWithdraw: true, attributesDiscarded: 0 });
    expect(verdict.text).not.toBe('');
    expect(fixture.received(sender)).toEqual([]);
    expect(onlooker.output.prefixes).toEqual([]);
    expect(onlooker.output.withdrawals).toEqual(['10.1.0.0/16']);
    fixture.expectNothingLeft();
  });

  test('an attribute whose length exceeds the attributes (RFC 7606 §4)', () => {
    const { fixture, sender } = announced();
    const tooLong = bytes('c008ff 00000001');
    const attributes = [...attributesWith(new Map()), tooLong];
    const verdict = fixture.receive(sender, encodeUpdate({ attributes, nlri: NLRI }));
    expect(verdict).toMatchObject({ notification: null, treatedAsWithdraw: true });
    expect(fixture.received(sender)).toEqual([]);
    fixture.expectNothingLeft();
  });

  test.each([
    ['one octet', '40'],
    ['two octets', '4001'],
    ['three octets with the Extended Length flag', '500100'],
  ])('%s left where an attribute should begin (RFC 7606 §4)', (_name, left) => {
    const { fixture, sender } = announced();
    const attributes = [...attributesWith(new Map()), bytes(left)];
    const verdict = fixture.receive(sender, encodeUpdate({ attributes, nlri: NLRI }));
    expect(verdict).toMatchObject({ notification: null, treatedAsWithdraw: true });
    expect(fixture.received(sender)).toEqual([]);
    fixture.expectNothingLeft();
  });

  test('routes without any attributes (RFC 7606 §3(d))', () => {
    const { fixture, sender } = announced();
    const verdict = fixture.receive(sender, encodeUpdate({ nlri: NLRI }));
    expect(verdict).toMatchObject({ notification: null, treatedAsWithdraw: true });
    expect(fixture.received(sender)).toEqual([]);
  });

  test('IPv4 and IPv6 routes of one UPDATE together (RFC 7606 §2)', () => {
    const { fixture, sender } = announced({ families: ['ipv4', 'ipv6'] });
    const reach = mpReach('ipv6', '2001:db8::1', ['2001:db8::/32']);
    fixture.receive(sender, encodeUpdate({ attributes: attributesWith(new Map([[14, reach]])), nlri: NLRI }));
    expect(fixture.received(sender)).toHaveLength(3);
    const bad = attributesWith(
      new Map([
        [14, reach],
        [Attr.Origin, origin(3)],
      ]),
    );
    const verdict = fixture.receive(sender, encodeUpdate({ attributes: bad, nlri: NLRI }));
    expect(verdict).toMatchObject({ notification: null, treatedAsWithdraw: true });
    expect(fixture.received(sender)).toEqual([]);
    fixture.expectNothingLeft();
  });

  test('a next hop of MP_REACH_NLRI that is no host address', () => {
    const { fixture, sender } = announced({ families: ['ipv4', 'ipv6'] });
    for (const hop of ['::', 'ff02::1']) {
      const reach = mpReach('ipv6', hop, ['2001:db8::/32']);
      const attributes = attributesWith(
        new Map([
          [14, reach],
          [Attr.NextHop, null],
        ]),
      );
      const verdict = fixture.receive(sender, encodeUpdate({ attributes }));
      expect(verdict).toMatchObject({ notification: null, treatedAsWithdraw: true });
    }
    expect(fixture.received(sender)).toHaveLength(1);
  });
});

/** RFC 7606 §7.6, §7.7, RFC 7607 §2: the attribute alone goes. */
const DISCARDED: readonly Row[] = [
  ['ATOMIC_AGGREGATE of one octet (RFC 7606 §7.6)', ATOMIC_AGGREGATE, attribute(WELL_KNOWN, 6, bytes('00'))],
  [
    'AGGREGATOR of six octets on a four-octet session (RFC 7606 §7.7)',
    AGGREGATOR,
    attribute(0xc0, 7, Buffer.alloc(6, 1)),
  ],
  ['AGGREGATOR empty (RFC 7606 §7.7)', AGGREGATOR, attribute(0xc0, 7, Buffer.alloc(0))],
  ['AGGREGATOR with AS 0 (RFC 7607 §2)', AGGREGATOR, attribute(0xc0, 7, bytes('00000000 c0000201'))],
];

describe('discarded alone', () => {
  test.each(DISCARDED)('%s', (_name, code, value) => {
    const { fixture, sender, onlooker } = announced();
    const attributes = attributesWith(new Map([[code, value]]));
    const verdict = fixture.receive(sender, encodeUpdate({ attributes, nlri: NLRI }));
    expect(verdict).toMatchObject({ notification: null, treatedAsWithdraw: false, attributesDiscarded: 1 });
    expect(verdict.text).not.toBe('');
    expect(fixture.received(sender).map(({ prefix }) => prefix)).toEqual(PREFIXES);
    for (const prefix of PREFIXES) expect(onlooker.output.route(prefix).attributes.has(code)).toBe(false);
    fixture.expectNothingLeft();
  });
});

test('NEXT_HOP 240.0.0.1 is good: clouds number nodes from there', () => {
  const { fixture, sender, onlooker } = announced();
  const attributes = attributesWith(new Map([[Attr.NextHop, nextHop('240.0.0.1')]]));
  expect(fixture.receive(sender, encodeUpdate({ attributes, nlri: NLRI })).text).toBe('');
  expect(onlooker.output.route('10.2.0.0/16').nextHop).toBe('240.0.0.1');
});

describe('from an external peer', () => {
  test.each([
    ['LOCAL_PREF (RFC 7606 §7.5)', localPref(4_000_000_000)],
    ['LOCAL_PREF of one octet (RFC 7606 §7.5)', attribute(WELL_KNOWN, 5, bytes('01'))],
    ['ORIGINATOR_ID (RFC 7606 §7.9)', originatorId('192.0.2.9')],
    ['ORIGINATOR_ID of five octets (RFC 7606 §7.9)', attribute(OPTIONAL, 9, Buffer.alloc(5))],
    ['CLUSTER_LIST (RFC 7606 §7.10)', attribute(OPTIONAL, 10, bytes('c00002fa c00002fb'))],
    ['CLUSTER_LIST with our own cluster (RFC 7606 §7.10)', attribute(OPTIONAL, 10, bytes('01010101'))],
    ['CLUSTER_LIST of three octets (RFC 7606 §7.10)', attribute(OPTIONAL, 10, Buffer.alloc(3))],
  ])('%s is ignored', (_name, value) => {
    const { fixture, sender } = announced(EXTERNAL);
    const attributes = attributesWith(new Map([[Attr.LocalPref, null]]));
    const verdict = fixture.receive(sender, encodeUpdate({ attributes: [...attributes, value], nlri: NLRI }));
    expect(verdict).toMatchObject({ notification: null, treatedAsWithdraw: false });
    expect(fixture.received(sender)).toHaveLength(2);
    for (const route of fixture.received(sender)) {
      expect(route).toMatchObject({ best: true, localPref: null, originatorId: null, clusterList: [] });
    }
    fixture.expectNothingLeft();
  });
});

describe('repeated attributes', () => {
  test.each([
    ['ORIGIN', origin(2)],
    ['AS_PATH', asPath([65009])],
    ['MULTI_EXIT_DISC', med(7)],
    ['COMMUNITIES', communities([7])],
    ['ORIGIN with a wrong length', attribute(WELL_KNOWN, 1, Buffer.alloc(0))],
    ['ORIGIN with wrong flags', attribute(0xc0, 1, bytes('00'))],
    ['an unrecognised one', attribute(OPTIONAL_TRANSITIVE, 99, bytes('02'))],
  ])('of %s only the first counts (RFC 7606 §3(g))', (_name, second) => {
    const { fixture, sender, onlooker } = announced();
    const first = new Map([
      [Attr.Med, med(5)],
      [Attr.Communities, communities([5])],
      [99, attribute(OPTIONAL_TRANSITIVE, 99, bytes('01'))],
    ]);
    const verdict = fixture.receive(
      sender,
      encodeUpdate({ attributes: [...attributesWith(first), second], nlri: NLRI }),
    );
    expect(verdict).toMatchObject({ notification: null, treatedAsWithdraw: false });
    const sent = onlooker.output.route('10.2.0.0/16');
    expect(sent).toMatchObject({ origin: 'igp', asPath: PATH, med: 5, communities: ['0:5'] });
    expect(sent.attributes.get(99)?.value).toEqual(bytes('01'));
    fixture.expectNothingLeft();
  });
});

describe('attributes that we do not recognise', () => {
  test('an optional transitive one is passed on byte for byte, with Partial (RFC 4271 §5)', () => {
    const { fixture, sender, onlooker } = announced();
    const value = Buffer.from(Array.from({ length: 300 }, (_, i) => i & 0xff));
    const external = fixture.up(3, { ...EXTERNAL, peerAsn: 65003 });
    const attributes = attributesWith(new Map([[99, attribute(OPTIONAL_TRANSITIVE, 99, value)]]));
    fixture.receive(sender, encodeUpdate({ attributes, nlri: NLRI }));
    for (const { output } of [onlooker, external]) {
      const sent = output.route('10.1.0.0/16').attributes.get(99);
      expect(sent?.flags).toBe(OPTIONAL_TRANSITIVE | Flag.Partial | Flag.Extended);
      expect(sent?.value).toEqual(value);
    }
    fixture.expectNothingLeft();
  });

  test('Partial stays set where it was (RFC 4271 §5)', () => {
    const { fixture, sender, onlooker } = announced();
    const partial = attribute(OPTIONAL_TRANSITIVE | Flag.Partial, 99, bytes('aa'));
    fixture.receive(
      sender,
      encodeUpdate({ attributes: attributesWith(new Map([[99, partial]])), nlri: NLRI }),
    );
    expect(onlooker.output.route('10.1.0.0/16').attributes.get(99)?.flags).toBe(0xe0);
  });

  test('an optional non-transitive one is dropped (RFC 4271 §5)', () => {
    const { fixture, sender, onlooker } = announced();
    const attributes = attributesWith(new Map([[99, attribute(OPTIONAL, 99, bytes('aa'))]]));
    expect(fixture.receive(sender, encodeUpdate({ attributes, nlri: NLRI })).text).toBe('');
    expect(onlooker.output.route('10.1.0.0/16').attributes.has(99)).toBe(false);
  });

  test.each([WELL_KNOWN, 0])(
    'one with flags %i claims to be well-known: 3/2 that quotes it (RFC 4271 §6.3)',
    (flags) => {
      const { fixture, sender } = announced();
      const unknown = attribute(flags, 99, bytes('aabb'));
      const attributes = attributesWith(new Map([[99, unknown]]));
      const { notification } = fixture.receive(sender, encodeUpdate({ attributes, nlri: NLRI }));
      expect(notification).toMatchObject({ code: 3, subcode: 2 });
      expect(Buffer.from(notification!.data)).toEqual(unknown);
    },
  );
});

describe('flags that receivers must ignore', () => {
  test('the four low bits (RFC 4271 §4.3)', () => {
    const { fixture, sender, onlooker } = announced();
    const attributes = attributesWith(
      new Map([[Attr.Origin, attribute(0x4f & ~Flag.Extended, 1, bytes('02'))]]),
    );
    expect(fixture.receive(sender, encodeUpdate({ attributes, nlri: NLRI })).text).toBe('');
    expect(onlooker.output.route('10.1.0.0/16').attributes.get(Attr.Origin)?.flags).toBe(0x40);
  });

  test('Partial on attributes that cannot be partial is not passed on (RFC 4271 §4.3)', () => {
    const { fixture, sender, onlooker } = announced();
    const changes = new Map([
      [Attr.Origin, attribute(WELL_KNOWN | Flag.Partial, 1, bytes('02'))],
      [Attr.Med, attribute(OPTIONAL | Flag.Partial, 4, uint32(9))],
      [Attr.Communities, attribute(OPTIONAL_TRANSITIVE | Flag.Partial, 8, uint32(9))],
    ]);
    fixture.receive(sender, encodeUpdate({ attributes: attributesWith(changes), nlri: NLRI }));
    const { attributes } = onlooker.output.route('10.1.0.0/16');
    expect([Attr.Origin, Attr.Med, Attr.Communities].map((code) => attributes.get(code)?.flags)).toEqual([
      0x40, 0x80, 0xe0,
    ]);
  });
});

test('LARGE_COMMUNITY values that occur twice are kept once, in order (RFC 8092 §3)', () => {
  const { fixture, sender, onlooker } = announced();
  const one = Buffer.concat([uint32(1), uint32(2), uint32(3)]);
  const two = Buffer.concat([uint32(4_000_000_000), uint32(2), uint32(3)]);
  const large = attribute(OPTIONAL_TRANSITIVE, LARGE_COMMUNITIES, Buffer.concat([two, one, two, one, one]));
  fixture.receive(sender, encodeUpdate({ attributes: attributesWith(new Map([[32, large]])), nlri: NLRI }));
  expect(onlooker.output.route('10.1.0.0/16').largeCommunities).toEqual(['4000000000:2:3', '1:2:3']);
});

test('extended communities pass between internal peers unchanged (RFC 4360 §6)', () => {
  const { fixture, sender, onlooker } = announced();
  const value = bytes('4002fbf400000001 0002fbf400000002');
  const extended = attribute(OPTIONAL_TRANSITIVE, EXTENDED_COMMUNITIES, value);
  fixture.receive(
    sender,
    encodeUpdate({ attributes: attributesWith(new Map([[16, extended]])), nlri: NLRI }),
  );
  expect(onlooker.output.route('10.1.0.0/16').attributes.get(16)?.value).toEqual(value);
});
