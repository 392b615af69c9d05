/**
 * Whatever well-formed attributes a route has, those who get it from us see the same values but where a rule says
 * otherwise. Written and read by the harness's own codec.
 */

import type { RibSession } from '../../../bgp/rib/rib-port.ts';
import { segmentValues } from '../../harness/bgp/attribute-values.ts';
import {
  attribute,
  clusterList,
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
import fc from '../../support/property.ts';
import { type FixtureSession, RibFixture } from '../routing/rib-fixture.ts';
import { CLUSTER_ID, OWN_AS } from '../routing/rib-sessions.ts';

const ORIGINS = ['igp', 'egp', 'incomplete'];
const AS_TRANS = 23456;
/** Neither ours nor AS_TRANS, of both widths. */
const asn = fc.oneof(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 70_000, max: 4_294_967_295 }));
const uint = fc.integer({ min: 0, max: 4_294_967_295 });
const quad = fc.integer({ min: 1, max: 223 }).map((octet) => `${octet}.2.3.4`);
const optional = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: null });

const segment = fc.record({ isSet: fc.boolean(), asns: fc.array(asn, { minLength: 1, maxLength: 6 }) });
/** Sequences as long as they can be, too. */
const path = fc.oneof(
  { weight: 9, arbitrary: fc.array(segment, { maxLength: 4 }) },
  { weight: 1, arbitrary: asn.map((one) => [{ isSet: false, asns: new Array<number>(255).fill(one) }]) },
);

const route = fc.record({
  isIpv6: fc.boolean(),
  origin: fc.nat(2),
  path,
  med: optional(uint),
  localPref: optional(uint),
  communities: fc.array(fc.integer({ min: 0x00010000, max: 0xffff0000 }), { maxLength: 5 }),
  large: fc.uniqueArray(fc.tuple(uint, uint, uint), { maxLength: 4, selector: String }),
  extended: fc.array(fc.uint8Array({ minLength: 8, maxLength: 8 }), { maxLength: 3 }),
  aggregator: optional(fc.tuple(asn, quad)),
  isAtomic: fc.boolean(),
  originatorId: optional(quad),
  clusters: fc.array(quad, { maxLength: 4 }),
  unknown: fc.uniqueArray(fc.tuple(fc.integer({ min: 40, max: 255 }), fc.uint8Array({ maxLength: 300 })), {
    maxLength: 3,
    selector: ([code]) => code,
  }),
});
type Route = typeof route extends fc.Arbitrary<infer T> ? T : never;

const PREFIX = { ipv4: '10.1.0.0/16', ipv6: '2001:db8:1::/48' } as const;
const prefixOf = (one: Route) => (one.isIpv6 ? PREFIX.ipv6 : PREFIX.ipv4);

function pathValue(segments: Route['path']): Buffer {
  return Buffer.concat(
    segments.flatMap(({ isSet, asns }) => [Buffer.from([isSet ? 1 : 2, asns.length]), ...asns.map(uint32)]),
  );
}

function encode(one: Route): Buffer {
  const attributes = [
    origin(one.origin),
    attribute(Flag.Transitive, 2, pathValue(one.path)),
    ...(one.isIpv6 ? [] : [nextHop('192.0.2.1')]),
    ...(one.med === null ? [] : [med(one.med)]),
    ...(one.localPref === null ? [] : [localPref(one.localPref)]),
    ...(one.isAtomic ? [attribute(Flag.Transitive, 6, Buffer.alloc(0))] : []),
    ...(one.aggregator === null ? [] : [attribute(0xc0, 7, aggregatorValue(one))]),
    ...(one.communities.length === 0 ? [] : [communities(one.communities)]),
    ...(one.originatorId === null ? [] : [originatorId(one.originatorId)]),
    ...(one.clusters.length === 0 ? [] : [clusterList(one.clusters)]),
    ...(one.isIpv6 ? [mpReach('ipv6', '2001:db8::1', [PREFIX.ipv6])] : []),
    ...(one.extended.length === 0 ? [] : [attribute(0xc0, 16, Buffer.concat(one.extended))]),
    ...(one.large.length === 0 ? [] : [attribute(0xc0, 32, Buffer.concat(one.large.flat().map(uint32)))]),
    ...one.unknown.map(([code, value]) => attribute(0xc0, code, Buffer.from(value))),
  ];
  return encodeUpdate({ attributes, nlri: one.isIpv6 ? Buffer.alloc(0) : encodePrefix(PREFIX.ipv4) });
}

function aggregatorValue({ aggregator }: Route): Buffer {
  return Buffer.concat([
    uint32(aggregator![0]),
    ...aggregator![1].split('.').map((octet) => Buffer.from([Number(octet)])),
  ]);
}

const BOTH: Partial<RibSession> = { families: ['ipv4', 'ipv6'] };

/** An AS_SET is an array. */
type Path = readonly (number | readonly number[])[];

function expected(one: Route, to: 'internal' | 'external') {
  const asPath: Path = one.path.flatMap<number | number[]>(({ isSet, asns }) => (isSet ? [asns] : asns));
  const isInternal = to === 'internal';
  return {
    origin: ORIGINS[one.origin],
    asPath: (isInternal ? asPath : [OWN_AS, ...asPath]) as Path,
    med: isInternal ? one.med : null,
    localPref: isInternal ? (one.localPref ?? 100) : null,
    communities: one.communities.map((value) => `${value >>> 16}:${value & 0xffff}`),
    largeCommunities: one.large.map((parts) => parts.join(':')),
    originatorId: isInternal ? (one.originatorId ?? '10.0.0.1') : null,
    clusterList: isInternal ? [CLUSTER_ID, ...one.clusters] : [],
  };
}

/** What passes through untouched, as hexadecimal digits by type code. */
function expectedOthers(one: Route, to: 'internal' | 'external') {
  const extended = one.extended.filter((value) => to === 'internal' || (value[0]! & 0x40) === 0);
  return Object.fromEntries([
    ...(one.isAtomic ? [[6, '40 ']] : []),
    ...(one.aggregator === null ? [] : [[7, `c0 ${aggregatorValue(one).toString('hex')}`]]),
    ...(extended.length === 0 ? [] : [[16, `c0 ${Buffer.concat(extended).toString('hex')}`]]),
    ...one.unknown.map(([code, value]) => [code, `e0 ${Buffer.from(value).toString('hex')}`]),
  ]) as Record<string, string>;
}

function othersOf({ output }: FixtureSession, prefix: string): Record<string, string> {
  const known = [1, 2, 3, 4, 5, 8, 9, 10, 14, 17, 18, 32];
  return Object.fromEntries(
    [...output.route(prefix).attributes]
      .filter(([code]) => !known.includes(code))
      .map(([code, { flags, value }]) => [code, `${(flags & 0xe0).toString(16)} ${value.toString('hex')}`]),
  );
}

test('internal and external peers see the values of the route', () => {
  fc.assert(
    fc.property(route, (one) => {
      const fixture = new RibFixture();
      const source = fixture.up(1, BOTH);
      const receivers = {
        internal: fixture.up(2, BOTH),
        external: fixture.up(3, { ...BOTH, peerAsn: 65001, routeReflectorClient: false }),
      };
      const verdict = fixture.receive(source, encode(one));
      expect(verdict.text).toBe('');
      for (const to of ['internal', 'external'] as const) {
        expect(receivers[to].output.route(prefixOf(one))).toMatchObject(expected(one, to));
        expect(othersOf(receivers[to], prefixOf(one))).toEqual(expectedOthers(one, to));
      }
      fixture.expectNothingLeft();
    }),
    { numRuns: 300 },
  );
});

test('a two-octet session sees AS_TRANS, and the numbers in AS4_PATH; whoever gets it from there sees all', () => {
  fc.assert(
    fc.property(route, (one) => {
      const fixture = new RibFixture();
      const source = fixture.up(1, BOTH);
      const narrow = fixture.up(2, { ...BOTH, fourOctetAs: false });
      fixture.receive(source, encode(one));
      const prefix = prefixOf(one);
      const sent = narrow.output.route(prefix);
      const { asPath } = expected(one, 'internal');
      const narrowed = (value: number) => (value > 0xffff ? AS_TRANS : value);
      expect(sent.asPath).toEqual(
        asPath.map((part) => (typeof part === 'number' ? narrowed(part) : part.map(narrowed))),
      );
      const isBig = asPath.some((part) => [part].flat().some((value) => value > 0xffff));
      const as4Path = sent.attributes.get(17);
      expect(as4Path === undefined ? null : segmentValues(as4Path.value, 4)).toEqual(isBig ? asPath : null);

      const far = new RibFixture('9.9.9.9');
      const between = far.up(2, { ...BOTH, fourOctetAs: false });
      const end = far.up(3, BOTH);
      const raw = [...sent.attributes].map(([code, { flags, value }]) =>
        attribute(flags & ~Flag.Extended, code, value),
      );
      const nlri = one.isIpv6 ? Buffer.alloc(0) : encodePrefix(PREFIX.ipv4);
      expect(far.receive(between, encodeUpdate({ attributes: raw, nlri })).text).toBe('');
      expect(end.output.route(prefix).asPath).toEqual(asPath);
      expect(othersOf(end, prefix)).toEqual(expectedOthers(one, 'internal'));
    }),
    { numRuns: 200 },
  );
});
