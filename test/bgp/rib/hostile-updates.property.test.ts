/**
 * No octets from a peer throw, make the counters disagree, leave anything behind, or reach another session in a
 * form that its decoder does not accept: mutated UPDATEs of other implementations, and random octets.
 */

import type { RibSession } from '../../../bgp/rib/rib-port.ts';
import { frame } from '../../harness/bgp/encode.ts';
import fc from '../../support/property.ts';
import { fromHex } from '../../vectors/session-messages.ts';
import { UPDATE_VECTORS } from '../../vectors/update-messages.ts';
import { type FixtureSession, RibFixture } from '../routing/rib-fixture.ts';
import { receive } from '../routing/rib-sessions.ts';

const FAMILIES = ['ipv4', 'ipv6'] as const;
const SOURCE_ASN = 64500;

/** Kinds of session from which the octets come. */
const SOURCES: readonly Partial<RibSession>[] = [
  { peerAsn: SOURCE_ASN, localAsn: SOURCE_ASN },
  { peerAsn: SOURCE_ASN, localAsn: 64999 },
  { peerAsn: SOURCE_ASN, localAsn: 64999, fourOctetAs: false },
  { peerAsn: SOURCE_ASN, localAsn: SOURCE_ASN, fourOctetAs: false },
  { peerAsn: SOURCE_ASN, localAsn: SOURCE_ASN, addPathReceive: FAMILIES },
  { peerAsn: SOURCE_ASN, localAsn: SOURCE_ASN, families: ['ipv4'] },
  { peerAsn: SOURCE_ASN, localAsn: SOURCE_ASN, maxPrefixes: 3, prefixWarning: 2 },
  {
    peerAsn: SOURCE_ASN,
    localAsn: SOURCE_ASN,
    extendedNextHop: true,
    localAddress: 'fe80::100',
    link: { zone: 'eth0', globalAddress: null },
  },
];

/** 10.1.2.0/24 with an IPv6, a link-local, and 10.1.3.0/24 with an unspecified and a link-local next hop (RFC 8950). */
const EXTENDED_BODIES = [
  '0000002a800e190001011020010db800000000000000000000000100180a01024001010040020040050400000064',
  '0000002a800e1900010110fe80000000000000000000000000000100180a01024001010040020040050400000064',
  '0000003a800e290001012000000000000000000000000000000000fe80000000000000000000000000000100180a01034001010040020040050400000064',
];
const BODIES = [...UPDATE_VECTORS.map(({ body }) => body), ...EXTENDED_BODIES].map((body) =>
  Buffer.from(fromHex(body)),
);

type Mutation =
  | { readonly kind: 'set'; readonly at: number; readonly octet: number }
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'cut'; readonly at: number; readonly count: number }
  | { readonly kind: 'insert'; readonly at: number; readonly octets: Uint8Array }
  | { readonly kind: 'repeat'; readonly at: number; readonly count: number };

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), at: fc.nat(), octet: fc.nat(255) }),
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), count: fc.integer({ min: 1, max: 8 }) }),
  fc.record({
    kind: fc.constant('insert' as const),
    at: fc.nat(),
    octets: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  }),
  fc.record({ kind: fc.constant('repeat' as const), at: fc.nat(), count: fc.integer({ min: 1, max: 16 }) }),
);

function mutate(body: Buffer, one: Mutation): Buffer {
  if (body.length === 0) return body;
  const at = one.at % body.length;
  const copy = Buffer.from(body);
  switch (one.kind) {
    case 'set':
      copy[at] = one.octet;
      return copy;
    case 'flip':
      copy[at] = copy[at]! ^ (1 << one.bit);
      return copy;
    case 'cut':
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + one.count)]);
    case 'insert':
      return Buffer.concat([copy.subarray(0, at), one.octets, copy.subarray(at)]);
    case 'repeat':
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at, at + one.count), copy.subarray(at)]);
  }
}

/** Makes the two length fields fit what is there, so that most mutations reach the attributes and the NLRI. */
function repairLengths(body: Buffer): Buffer {
  if (body.length < 4) return body;
  const withdrawn = Math.min(body.readUInt16BE(0), body.length - 4);
  const copy = Buffer.from(body);
  copy.writeUInt16BE(withdrawn, 0);
  const attributes = Math.min(copy.readUInt16BE(2 + withdrawn), body.length - 4 - withdrawn);
  copy.writeUInt16BE(attributes, 2 + withdrawn);
  return copy;
}

const mutated = fc
  .tuple(fc.constantFrom(...BODIES), fc.array(mutation, { maxLength: 4 }), fc.boolean())
  .map(([body, mutations, isRepaired]) => {
    const changed = mutations.reduce(mutate, body);
    return isRepaired ? repairLengths(changed) : changed;
  });

/** Attributes of any kind with any value, framed well. */
const wellFramed = fc
  .record({
    attributes: fc.array(
      fc.tuple(
        fc.constantFrom(0x40, 0x80, 0xc0, 0xe0, 0x50, 0x00),
        fc.oneof(fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 32, 99), fc.nat(255)),
        fc.uint8Array({ maxLength: 40 }),
      ),
      { maxLength: 8 },
    ),
    nlri: fc.constantFrom('', '180a0102', '080a 10ac10 00', '20c0000201'),
    withdrawn: fc.constantFrom('', '180a0102'),
  })
  .map(({ attributes, nlri, withdrawn }) => {
    const field = Buffer.concat(
      attributes.map(([flags, code, value]) =>
        (flags & 0x10) === 0
          ? Buffer.from([flags, code, value.length, ...value])
          : Buffer.from([flags, code, 0, value.length, ...value]),
      ),
    );
    const gone = Buffer.from(fromHex(withdrawn));
    return Buffer.concat([
      uint16(gone.length),
      gone,
      uint16(field.length),
      field,
      Buffer.from(fromHex(nlri)),
    ]);
  });

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

const body = fc.oneof(
  { weight: 5, arbitrary: mutated },
  { weight: 3, arbitrary: wellFramed },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((octets) => Buffer.from(octets)) },
);

/** One session of each kind, and onlookers of each kind that decode what they are sent. */
function world() {
  const fixture = new RibFixture();
  const sources = SOURCES.map((overrides, i) => ({ number: i + 1, overrides }));
  const onlookers = [
    fixture.up(20, { families: FAMILIES }),
    fixture.up(21, { families: FAMILIES, addPathSend: FAMILIES, routeReflectorClient: false }),
    fixture.up(22, { families: FAMILIES, fourOctetAs: false, peerAsn: 65001, routeReflectorClient: false }),
    fixture.up(23, { families: FAMILIES, peerAsn: 65002, routeReflectorClient: false, nextHop: 'self' }),
    fixture.up(24, { families: FAMILIES, extendedNextHop: true }),
    fixture.up(25, {
      families: FAMILIES,
      extendedNextHop: true,
      peerAsn: 65003,
      routeReflectorClient: false,
      localAddress: '2001:db8::100',
      localAddressOtherFamily: null,
    }),
  ];
  return { fixture, sources, onlookers };
}

function up(fixture: RibFixture, number: number, overrides: Partial<RibSession>): FixtureSession {
  return fixture.up(number, { families: FAMILIES, ...overrides });
}

/** What the counters say equals what can be listed. */
function expectCountersToAgree(fixture: RibFixture, sessions: readonly FixtureSession[]): void {
  const listed = fixture.routes({ all: true });
  const total = { ipv4: 0, ipv6: 0 };
  for (const one of sessions) {
    const counts = fixture.rib.sessionCounts(one.slot);
    const received = fixture.received(one);
    for (const family of one.session.families) {
      const ofFamily = received.filter((route) => route.family === family);
      const name = one.session.name;
      expect(counts.received[family]).toBe(ofFamily.length);
      total[family] += ofFamily.length;
      expect(counts.accepted[family]).toBe(
        listed.filter((route) => route.peer === name && route.family === family).length,
      );
      const sent = [...one.output.table.keys()].filter((key) => key.includes(':') === (family === 'ipv6'));
      expect(counts.advertised[family]).toBe(sent.length);
      expect(fixture.routes({ advertised: name, family })).toHaveLength(sent.length);
    }
  }
  const summary = fixture.rib.summary();
  expect(summary.paths).toEqual(total);
  const best = fixture.routes();
  expect(summary.prefixes).toEqual({
    ipv4: best.filter(({ family }) => family === 'ipv4').length,
    ipv6: best.filter(({ family }) => family === 'ipv6').length,
  });
}

test('octets of any kind from sessions of any kind', () => {
  const step = fc.record({ source: fc.nat(SOURCES.length - 1), body, settles: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
      const { fixture, sources, onlookers } = world();
      const live = new Map<number, FixtureSession>();
      for (const one of steps) {
        const { number, overrides } = sources[one.source]!;
        const session = live.get(number) ?? up(fixture, number, overrides);
        live.set(number, session);
        const verdict = receive(fixture.rib, session.slot, frame(2, one.body));
        if (one.settles) fixture.settle();
        const isNoteworthy = verdict.treatedAsWithdraw || verdict.attributesDiscarded > 0;
        if (isNoteworthy || verdict.notification !== null) expect(verdict.text).not.toBe('');
        if (verdict.notification === null) continue;
        expect([3, 6]).toContain(verdict.notification.code);
        fixture.down(session); // as the session driver does
        live.delete(number);
      }
      fixture.settle();
      expectCountersToAgree(fixture, [...live.values(), ...onlookers]);
      fixture.expectNothingLeft();
    }),
    { numRuns: 400 },
  );
});

test('every single octet of every captured UPDATE set to 0, 1, 127, 128 and 255', () => {
  const { fixture, sources } = world();
  let count = 0;
  for (const vector of UPDATE_VECTORS) {
    const kind = sources.find(
      ({ overrides }) =>
        (overrides.localAsn === SOURCE_ASN) === vector.session.isInternal &&
        (overrides.fourOctetAs ?? true) === vector.session.fourOctetAs &&
        (overrides.addPathReceive !== undefined) === vector.session.addPath,
    )!;
    const original = Buffer.from(fromHex(vector.body));
    let session = up(fixture, kind.number, kind.overrides);
    for (let at = 0; at < original.length; at++) {
      for (const octet of [0, 1, 127, 128, 255]) {
        const changed = Buffer.from(original);
        changed[at] = octet;
        count++;
        if (fixture.receive(session, frame(2, changed)).notification === null) continue;
        fixture.down(session);
        session = up(fixture, kind.number, kind.overrides);
      }
    }
    fixture.down(session);
  }
  expect(count).toBeGreaterThan(10_000);
  fixture.expectNothingLeft();
});
