import { clusterList, communities, originatorId } from '../../harness/bgp/attributes.ts';
import { announcement, encodeUpdate, KEEPALIVE } from '../../harness/bgp/encode.ts';
import type { Family } from '../../harness/bgp/prefix-text.ts';
import { encodeAnnouncements, encodeWithdrawals } from './encode-routes.ts';
import { Ledger } from './ledger.ts';
import { foldCluster, routeKey } from './route-key.ts';
import { RouteReader } from './route-reader.ts';
import { wordOf } from './session-address.ts';

const PREFIXES = 2000;
const OWN_ID = '10.1.0.9';

function reader(): RouteReader {
  return new RouteReader(new Ledger(PREFIXES), wordOf(OWN_ID), () => {});
}

function feed(to: RouteReader, bytes: Buffer, pieceBytes = bytes.length): void {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = Buffer.from(bytes.subarray(at, at + pieceBytes));
    to.consume(new DataView(piece.buffer, piece.byteOffset, piece.byteLength), piece.length);
  }
}

/** Prefix numbers that the reader holds. */
const held = ({ ledger }: RouteReader): number[] =>
  [...ledger.held.keys()].filter((i) => ledger.held[i] !== 0);

describe.each<[Family, string]>([
  ['ipv4', '172.20.0.1'],
  ['ipv6', 'fd99::1'],
])('reading %s', (family, nextHop) => {
  const sets = [
    { set: 7, localPref: 100, first: 0, count: 10 },
    { set: 8, localPref: 100, first: 10, count: 1990 },
  ];
  const announced = Buffer.concat(encodeAnnouncements({ family, nextHop }, sets));
  const expected = new Ledger(PREFIXES);
  for (const { set, first, count } of sets) {
    for (let i = first; i < first + count; i++) expected.set(i, routeKey(wordOf(nextHop), 0, 0, set));
  }

  test.each([1, 2, 3, 18, 19, 20, 100, 4095, 1_000_000])(
    'is the same in pieces of %i octets',
    (pieceBytes) => {
      const one = reader();
      feed(one, announced, pieceBytes);
      expect(one.faults).toBe(0);
      expect(one.ledger.matches(expected)).toBe(true);
      expect(one.ledger.equals(expected)).toBe(true);
    },
  );

  test('withdrawals empty the ledger, number and checksum included', () => {
    const one = reader();
    feed(one, announced);
    feed(one, Buffer.concat(encodeWithdrawals(family, 0, PREFIXES)));
    expect(one.ledger).toMatchObject({ count: 0, sum: 0 });
    expect(one.ledger.equals(new Ledger(PREFIXES))).toBe(true);
  });

  test('an announcement that is repeated with another set replaces the route', () => {
    const one = reader();
    feed(one, announced);
    feed(one, Buffer.concat(encodeAnnouncements({ family, nextHop }, [{ ...sets[0]!, set: 9 }])));
    expect(one.ledger.count).toBe(PREFIXES);
    expect(one.ledger.matches(expected)).toBe(false);
  });
});

describe('what makes up a route', () => {
  const route = (extra: readonly Buffer[]): Buffer =>
    announcement(['1.0.5.0/24'], { nextHop: '172.20.0.1', extra: [communities([3]), ...extra] });
  const keyOf = (extra: readonly Buffer[]): number => {
    const one = reader();
    feed(one, route(extra));
    return one.ledger.held[5]!;
  };

  test('next hop, ORIGINATOR_ID, CLUSTER_LIST and set', () => {
    const clusters = foldCluster(foldCluster(0, wordOf('10.0.0.7')), wordOf('10.0.0.8'));
    expect(keyOf([originatorId('10.1.0.1'), clusterList(['10.0.0.7', '10.0.0.8'])])).toBe(
      routeKey(wordOf('172.20.0.1'), wordOf('10.1.0.1'), clusters, 3),
    );
  });

  test('each of them makes a difference', () => {
    const keys = [
      keyOf([]),
      keyOf([originatorId('10.1.0.1')]),
      keyOf([originatorId('10.1.0.2')]),
      keyOf([originatorId('10.1.0.1'), clusterList(['10.0.0.7'])]),
      keyOf([originatorId('10.1.0.1'), clusterList(['10.0.0.7', '10.0.0.8'])]),
      keyOf([originatorId('10.1.0.1'), clusterList(['10.0.0.8', '10.0.0.7'])]),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('a route that comes back to its originator is none (RFC 4456 §8)', () => {
    const one = reader();
    feed(one, route([originatorId(OWN_ID)]));
    expect(held(one)).toEqual([]);
  });

  test('stamped sets are reported', () => {
    const one = reader();
    const stamps: number[] = [];
    one.stampsFrom = 1000;
    one.onStamp = (stamp) => stamps.push(stamp);
    const sets = [999, 1000, 1001].map((set, i) => ({ set, localPref: 100, first: i, count: 1 }));
    feed(one, Buffer.concat(encodeAnnouncements({ family: 'ipv4', nextHop: '172.20.0.1' }, sets)));
    expect(stamps).toEqual([1000, 1001]);
  });
});

describe('faults', () => {
  test.each([
    ['a prefix outside the scenario', announcement(['9.0.0.0/24'], { nextHop: '172.20.0.1' })],
    ['a prefix of another length', announcement(['1.0.0.0/23'], { nextHop: '172.20.0.1' })],
    ['an attribute length beyond the message', encodeUpdate({ attributesLength: 500 })],
    ['a length below the header', Buffer.concat([KEEPALIVE.subarray(0, 16), Buffer.from([0, 18, 4])])],
  ])('%s is counted', (_what, bytes) => {
    const one = reader();
    feed(one, bytes);
    expect(one.faults).toBe(1);
    expect(held(one)).toEqual([]);
  });

  test('other messages are handed over, not counted', () => {
    const types: number[] = [];
    const one = new RouteReader(new Ledger(1), 0, (type) => types.push(type));
    feed(one, Buffer.concat([KEEPALIVE, KEEPALIVE]), 25);
    expect(types).toEqual([4, 4]);
    expect(one.faults).toBe(0);
  });
});
