/** Sessions without four-octet AS numbers: what is received, and what is sent (RFC 6793 §4.2, §6). */
import type { RibSession } from '../../../bgp/rib/rib-port.ts';
import { segmentValues } from '../../harness/bgp/attribute-values.ts';
import { asPath, attribute, Flag, localPref, nextHop, origin } from '../../harness/bgp/attributes.ts';
import { encodeUpdate } from '../../harness/bgp/encode.ts';
import { encodePrefix } from '../../harness/bgp/prefix-text.ts';
import { RibFixture } from '../routing/rib-fixture.ts';

const TWO_OCTET: Partial<RibSession> = { peerAsn: 65001, routeReflectorClient: false, fourOctetAs: false };
const AS_TRANS = 23456;
const BIG = 4200000001;
const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

type Segment = number | readonly number[];

/** Segments of AS_PATH or AS4_PATH; numbers that follow one another form a sequence. */
function segments(path: readonly Segment[], asBytes: 2 | 4): Buffer {
  const parts: Buffer[] = [];
  const write = (type: number, asns: readonly number[]) => {
    const part = Buffer.alloc(2 + asBytes * asns.length, 0);
    part.set([type, asns.length]);
    for (const [i, asn] of asns.entries()) part.writeUIntBE(asn, 2 + asBytes * i, asBytes);
    parts.push(part);
  };
  let run: number[] = [];
  for (const one of [...path, null]) {
    if (typeof one === 'number') {
      run.push(one);
      continue;
    }
    if (run.length > 0) write(2, run);
    run = [];
    if (one !== null) write(1, one);
  }
  return Buffer.concat(parts);
}

const path2 = (...path: Segment[]) => attribute(Flag.Transitive, 2, segments(path, 2));
const path4 = (...path: Segment[]) => attribute(0xc0, 17, segments(path, 4));
const aggregator2 = (asn: number) =>
  attribute(0xc0, 7, Buffer.concat([segments([asn], 2).subarray(2), bytes('c0000201')]));
const aggregator4 = (asn: number) =>
  attribute(0xc0, 18, Buffer.concat([segments([asn], 4).subarray(2), bytes('c0000202')]));

interface Row {
  readonly name: string;
  readonly attributes: readonly Buffer[];
  readonly asPath: readonly Segment[];
  readonly discarded?: number;
  /** AGGREGATOR that is kept, as hexadecimal digits. */
  readonly aggregator?: string;
}

const RECEIVED: readonly Row[] = [
  { name: 'no AS4_PATH: AS_TRANS stays', attributes: [path2(65001, AS_TRANS)], asPath: [65001, AS_TRANS] },
  {
    name: 'AS4_PATH as long as AS_PATH replaces it (§4.2.3)',
    attributes: [path2(65001, AS_TRANS, 65002), path4(65001, BIG, 65002)],
    asPath: [65001, BIG, 65002],
  },
  {
    name: 'a shorter AS4_PATH follows the leading ASes of AS_PATH (§4.2.3)',
    attributes: [path2(65001, 65002, AS_TRANS, 65003), path4(BIG, 65003)],
    asPath: [65001, 65002, BIG, 65003],
  },
  {
    name: 'a longer AS4_PATH is ignored (§4.2.3)',
    attributes: [path2(65001, AS_TRANS), path4(65001, 65002, BIG)],
    asPath: [65001, AS_TRANS],
  },
  {
    name: 'an AS_SET counts as one AS (§4.2.3)',
    attributes: [path2(65001, AS_TRANS, [65002, AS_TRANS]), path4(BIG, [65002, BIG + 1])],
    asPath: [65001, BIG, [65002, BIG + 1]],
  },
  {
    name: 'a leading AS_SET is taken whole (§4.2.3)',
    attributes: [path2([65001, 65009], AS_TRANS), path4(BIG)],
    asPath: [[65001, 65009], BIG],
  },
  {
    name: 'AS4_PATH of another beginning wins over AS_PATH where both have an AS (§4.2.3)',
    attributes: [path2(65001, 65002), path4(65009)],
    asPath: [65001, 65009],
  },
  {
    name: 'AGGREGATOR with AS_TRANS is replaced by AS4_AGGREGATOR (§4.2.3)',
    attributes: [path2(65001, AS_TRANS), aggregator2(AS_TRANS), path4(65001, BIG), aggregator4(BIG)],
    asPath: [65001, BIG],
    aggregator: 'fa56ea01c0000202',
  },
  {
    name: 'AGGREGATOR with a real AS beside AS4_AGGREGATOR: both AS4 attributes are ignored (§4.2.3)',
    attributes: [path2(65001, AS_TRANS), aggregator2(65001), path4(65001, BIG), aggregator4(BIG)],
    asPath: [65001, AS_TRANS],
    aggregator: '0000fde9c0000201',
  },
  {
    name: 'AGGREGATOR with a real AS and no AS4_AGGREGATOR: AS4_PATH counts (§4.2.3)',
    attributes: [path2(65001, AS_TRANS), aggregator2(65001), path4(65001, BIG)],
    asPath: [65001, BIG],
    aggregator: '0000fde9c0000201',
  },
  {
    name: 'AGGREGATOR with AS_TRANS alone stays',
    attributes: [path2(65001), aggregator2(AS_TRANS)],
    asPath: [65001],
    aggregator: '00005ba0c0000201',
  },
  {
    name: 'AS4_AGGREGATOR without AGGREGATOR is ignored',
    attributes: [path2(65001, AS_TRANS), path4(65001, BIG), aggregator4(BIG)],
    asPath: [65001, BIG],
  },
  {
    name: 'AS4_AGGREGATOR of seven octets is discarded (§6)',
    attributes: [path2(65001), aggregator2(AS_TRANS), attribute(0xc0, 18, Buffer.alloc(7, 1))],
    asPath: [65001],
    discarded: 1,
    aggregator: '00005ba0c0000201',
  },
  {
    name: 'AS4_AGGREGATOR with AS 0 is discarded (RFC 7607 §2)',
    attributes: [path2(65001), aggregator2(AS_TRANS), aggregator4(0)],
    asPath: [65001],
    discarded: 1,
    aggregator: '00005ba0c0000201',
  },
  {
    name: 'AGGREGATOR with AS 0 is discarded (RFC 7607 §2)',
    attributes: [path2(65001), aggregator2(0)],
    asPath: [65001],
    discarded: 1,
  },
  {
    name: 'AGGREGATOR of eight octets is discarded (RFC 7606 §7.7)',
    attributes: [path2(65001), attribute(0xc0, 7, Buffer.alloc(8, 1))],
    asPath: [65001],
    discarded: 1,
  },
  ...[
    ['empty', ''],
    ['of five octets', '0201fa56ea'],
    ['with an overrun', '0202fa56ea01'],
    ['with an underrun', '0201fa56ea0100'],
    ['with an empty segment', '0200'],
    ['with an undefined segment type', '0901fa56ea01'],
    ['with AS 0 (RFC 7607 §2)', '020100000000'],
  ].map(([what, hex]) => ({
    name: `AS4_PATH ${what} is discarded (§6)`,
    attributes: [path2(65001, AS_TRANS), attribute(0xc0, 17, bytes(hex!))],
    asPath: [65001, AS_TRANS],
    discarded: 1,
  })),
  {
    name: 'confederation segments of AS4_PATH are left out (§6)',
    attributes: [path2(65001, AS_TRANS), attribute(0xc0, 17, bytes('0301fa56ea09 0202 0000fde9 fa56ea01'))],
    asPath: [65001, BIG],
  },
];

const REST = [nextHop('192.0.2.1')];
const NLRI = encodePrefix('10.1.0.0/16');

describe('received from a peer with two-octet AS numbers (RFC 6793)', () => {
  test.each(RECEIVED)('$name', (row) => {
    const fixture = new RibFixture();
    const sender = fixture.up(1, TWO_OCTET);
    const onlooker = fixture.up(2);
    const attributes = [origin(0), ...row.attributes, ...REST];
    const verdict = fixture.receive(sender, encodeUpdate({ attributes, nlri: NLRI }));
    expect(verdict).toMatchObject({
      notification: null,
      treatedAsWithdraw: false,
      attributesDiscarded: row.discarded ?? 0,
    });
    expect(fixture.received(sender)).toMatchObject([{ asPath: row.asPath }]);
    const sent = onlooker.output.route('10.1.0.0/16');
    expect(sent.asPath).toEqual(row.asPath);
    expect(sent.attributes.get(7)?.value.toString('hex')).toBe(row.aggregator);
    expect([17, 18].filter((code) => sent.attributes.has(code))).toEqual([]);
    fixture.expectNothingLeft();
  });

  test('AS4_PATH and AS4_AGGREGATOR from a peer with four-octet AS numbers are dropped (§4.1)', () => {
    const fixture = new RibFixture();
    const sender = fixture.up(1);
    const onlooker = fixture.up(2);
    const attributes = [origin(0), asPath([65001]), ...REST, localPref(100), path4(65009), aggregator4(BIG)];
    expect(fixture.receive(sender, encodeUpdate({ attributes, nlri: NLRI })).text).toBe('');
    const sent = onlooker.output.route('10.1.0.0/16');
    expect(sent.asPath).toEqual([65001]);
    expect([7, 17, 18].filter((code) => sent.attributes.has(code))).toEqual([]);
  });

  test.each([
    ['a malformed AS_PATH', path2(65001, 0)],
    ['an AS_PATH of four-octet numbers', attribute(Flag.Transitive, 2, segments([65001], 4))],
  ])('%s: treated as withdrawn (RFC 7606 §7.2)', (_name, bad) => {
    const fixture = new RibFixture();
    const sender = fixture.up(1, TWO_OCTET);
    const verdict = fixture.receive(
      sender,
      encodeUpdate({ attributes: [origin(0), bad, ...REST], nlri: NLRI }),
    );
    expect(verdict).toMatchObject({ notification: null, treatedAsWithdraw: true });
  });

  test('an AS_PATH that no attribute could hold once widened is treated as withdrawn', () => {
    const fixture = new RibFixture();
    const sender = fixture.up(1, { ...TWO_OCTET, maxMessageBytes: 65535 });
    const path = segments(
      Array.from({ length: 100 }, () => Array.from({ length: 255 }, () => 65001)),
      2,
    );
    const attributes = [origin(0), attribute(Flag.Transitive, 2, path), ...REST];
    const verdict = fixture.receive(sender, encodeUpdate({ attributes, nlri: NLRI }));
    expect(verdict).toMatchObject({ notification: null, treatedAsWithdraw: true });
    expect(fixture.received(sender)).toEqual([]);
    fixture.expectNothingLeft();
  });
});

describe('sent to a peer with two-octet AS numbers (RFC 6793 §4.2.2)', () => {
  const sendFor = (path: readonly Segment[], aggregator: Buffer[], to: Partial<RibSession>) => {
    const fixture = new RibFixture();
    const sender = fixture.up(1);
    const receiver = fixture.up(2, { fourOctetAs: false, ...to });
    const attributes = [origin(0), attribute(Flag.Transitive, 2, segments(path, 4)), ...REST, localPref(100)];
    fixture.receive(sender, encodeUpdate({ attributes: [...attributes, ...aggregator], nlri: NLRI }));
    const sent = receiver.output.route('10.1.0.0/16');
    const as4Path = sent.attributes.get(17);
    return {
      asPath: sent.asPath,
      as4Path: as4Path === undefined ? null : segmentValues(as4Path.value, 4),
      aggregators: [7, 18].map((code) => sent.attributes.get(code)?.value.toString('hex') ?? null),
      flags: [17, 18].flatMap((code) => sent.attributes.get(code)?.flags ?? []),
    };
  };
  const external = { peerAsn: 65001, routeReflectorClient: false };

  test('a path that fits has no AS4_PATH', () => {
    expect(sendFor([65002, 65003], [], external)).toMatchObject({
      asPath: [64512, 65002, 65003],
      as4Path: null,
    });
  });

  test('a path that does not fit has AS_TRANS, and all of it in AS4_PATH, our own AS included', () => {
    expect(sendFor([65002, BIG, [BIG + 1, 65003]], [], external)).toEqual({
      asPath: [64512, 65002, AS_TRANS, [AS_TRANS, 65003]],
      as4Path: [64512, 65002, BIG, [BIG + 1, 65003]],
      aggregators: [null, null],
      flags: [0xc0],
    });
  });

  test('to an internal peer nothing is prepended', () => {
    expect(sendFor([BIG], [], {})).toMatchObject({ asPath: [AS_TRANS], as4Path: [BIG] });
  });

  test('our own AS number may be the one that does not fit', () => {
    const to = { localAsn: BIG, peerAsn: 65001, routeReflectorClient: false };
    expect(sendFor([65002], [], to)).toMatchObject({ asPath: [AS_TRANS, 65002], as4Path: [BIG, 65002] });
  });

  test('AGGREGATOR that fits is narrowed, without AS4_AGGREGATOR', () => {
    const aggregator = attribute(0xc0, 7, bytes('0000fde9 c0000201'));
    expect(sendFor([], [aggregator], external).aggregators).toEqual(['fde9c0000201', null]);
  });

  test('AGGREGATOR that does not fit has AS_TRANS, and is whole in AS4_AGGREGATOR', () => {
    const aggregator = attribute(0xc0, 7, bytes('fa56ea01 c0000201'));
    expect(sendFor([], [aggregator], external)).toMatchObject({
      aggregators: ['5ba0c0000201', 'fa56ea01c0000201'],
      as4Path: null,
    });
  });
});
