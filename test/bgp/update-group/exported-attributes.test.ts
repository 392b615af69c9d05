/** What a route leaves with: next hop, AS_PATH, LOCAL_PREF, MED, communities (RFC 4271 §5.1, RFC 1997, RFC 2545, RFC 4360). */
import type { RibSession } from '../../../bgp/rib/rib-port.ts';
import {
  Attr,
  asPath,
  attribute,
  communities,
  Flag,
  localPref,
  med,
  nextHop,
  origin,
} from '../../harness/bgp/attributes.ts';
import { announcement, encodeUpdate } from '../../harness/bgp/encode.ts';
import { addressBytes, encodePrefix } from '../../harness/bgp/prefix-text.ts';
import { RibFixture } from '../routing/rib-fixture.ts';
import { OWN_AS, OWN_ID } from '../routing/rib-sessions.ts';

const external = (asn: number): Partial<RibSession> => ({ peerAsn: asn, routeReflectorClient: false });
const BOTH = { families: ['ipv4', 'ipv6'] } as const;
const OTHER_FAMILY = 'fd00::100';
const PREFIX = '10.1.0.0/16';
const PREFIX6 = '2001:db8:1::/48';
const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

type Source = 'local' | 'internal' | 'external';

/** Announces one route of each family and gives the next hops with which a session gets them. */
function nextHopsOf(source: Source, to: Partial<RibSession>): (string | undefined)[] {
  const fixture = new RibFixture();
  const receiver = fixture.up(2, { ...BOTH, ...to });
  if (source === 'local') {
    fixture.rib.setOriginated(
      [PREFIX, PREFIX6].map((prefix) => ({ prefix, localPref: 100, communities: [] })),
    );
    fixture.settle();
  } else {
    const from = fixture.up(1, { ...BOTH, ...(source === 'external' ? external(65001) : {}) });
    const path = source === 'external' ? [65001] : [];
    fixture.receive(
      from,
      announcement([PREFIX], { nextHop: '192.0.2.1', asPath: path }),
      announcement([PREFIX6], { nextHop: '2001:db8::1', asPath: path }),
    );
  }
  return [PREFIX, PREFIX6].map((prefix) => receiver.output.table.get(prefix)?.nextHop);
}

describe('NEXT_HOP (RFC 4271 §5.1.3)', () => {
  const theirs = ['192.0.2.1', '2001:db8::1'];
  const ours = [OWN_ID, OTHER_FAMILY];
  const toExternal = external(65002);
  test.each<[Source, string, Partial<RibSession>, string[]]>([
    ['internal', 'internal, auto', { nextHop: 'auto' }, theirs],
    ['internal', 'internal, keep', { nextHop: 'keep' }, theirs],
    ['internal', 'internal, self', { nextHop: 'self' }, ours],
    ['internal', 'external, auto', { ...toExternal, nextHop: 'auto' }, ours],
    ['internal', 'external, keep', { ...toExternal, nextHop: 'keep' }, theirs],
    ['internal', 'external, self', { ...toExternal, nextHop: 'self' }, ours],
    ['external', 'internal, auto', { nextHop: 'auto' }, theirs],
    ['external', 'internal, keep', { nextHop: 'keep' }, theirs],
    ['external', 'internal, self', { nextHop: 'self' }, ours],
    ['external', 'external, auto', { ...toExternal, nextHop: 'auto' }, ours],
    ['external', 'external, keep', { ...toExternal, nextHop: 'keep' }, theirs],
    ['local', 'internal, auto', { nextHop: 'auto' }, ours],
    ['local', 'internal, keep', { nextHop: 'keep' }, ours],
    ['local', 'external, keep', { ...toExternal, nextHop: 'keep' }, ours],
  ])('of an %s route to %s', (source, _name, to, expected) => {
    expect(nextHopsOf(source, to)).toEqual(expected);
  });

  test('over an IPv6 session our IPv4 address of the other family serves for IPv4 routes', () => {
    const to = { localAddress: 'fd00::1', localAddressOtherFamily: '10.0.0.9', peerAddress: 'fd00::2' };
    expect(nextHopsOf('local', to)).toEqual(['10.0.0.9', 'fd00::1']);
  });

  test('without an address of the family, routes that need it are not sent', () => {
    const to = { localAddressOtherFamily: null };
    expect(nextHopsOf('local', to)).toEqual([OWN_ID, undefined]);
    expect(nextHopsOf('internal', to)).toEqual(theirs);
    expect(nextHopsOf('internal', { ...to, nextHop: 'self' })).toEqual([OWN_ID, undefined]);
  });

  test('a link-local next hop goes no further than its link (RFC 2545 §3)', () => {
    const fixture = new RibFixture();
    const from = fixture.up(1, BOTH);
    const receiver = fixture.up(2, BOTH);
    const hops = Buffer.concat([addressBytes('2001:db8::1'), addressBytes('fe80::1')]);
    const value = Buffer.concat([bytes('000201 20'), hops, bytes('00'), encodePrefix(PREFIX6)]);
    const attributes = [attribute(Flag.Optional, Attr.MpReach, value), origin(0), asPath([]), localPref(100)];
    fixture.receive(from, encodeUpdate({ attributes }));
    const sent = receiver.output.route(PREFIX6);
    expect(sent.nextHop).toBe('2001:db8::1');
    expect(sent.attributes.get(Attr.MpReach)?.value[3]).toBe(16);
  });

  test.each<[string, Partial<RibSession>, string[]]>([
    ['self', { nextHop: 'self' }, ours],
    [
      'self with another address',
      { nextHop: 'self', localAddressOtherFamily: 'fd00::7' },
      [OWN_ID, 'fd00::7'],
    ],
  ])('a live session that changes to %s gets the routes anew', (_name, change, expected) => {
    const fixture = new RibFixture();
    const from = fixture.up(1, BOTH);
    const receiver = fixture.up(2, BOTH);
    const bystander = fixture.up(3, BOTH);
    fixture.receive(
      from,
      announcement([PREFIX], { nextHop: '192.0.2.1' }),
      announcement([PREFIX6], { nextHop: '2001:db8::1' }),
    );
    fixture.rib.updateSession(receiver.slot, { ...receiver.session, ...change });
    fixture.settle();
    const hops = (one: typeof receiver) =>
      [PREFIX, PREFIX6].map((prefix) => one.output.route(prefix).nextHop);
    expect(hops(receiver)).toEqual(expected);
    expect(hops(bystander)).toEqual(theirs);
    expect(receiver.output.withdrawals).toEqual([]);
    fixture.rib.updateSession(receiver.slot, receiver.session);
    fixture.settle();
    expect(hops(receiver)).toEqual(theirs);
    fixture.expectNothingLeft();
  });

  test('a live session that loses its address of a family loses the routes that need it', () => {
    const fixture = new RibFixture();
    const from = fixture.up(1, BOTH);
    const receiver = fixture.up(2, { ...BOTH, nextHop: 'self' });
    const sent = announcement([PREFIX6], { nextHop: '2001:db8::1' });
    fixture.receive(from, sent);
    expect(receiver.output.prefixes).toEqual([PREFIX6]);
    fixture.rib.updateSession(receiver.slot, { ...receiver.session, localAddressOtherFamily: null });
    fixture.settle();
    expect(receiver.output.prefixes).toEqual([]);
    fixture.expectNothingLeft();
  });
});

describe('AS_PATH to an external peer (RFC 4271 §5.1.2)', () => {
  const sequence = (count: number) => Array.from({ length: count }, (_, i) => 1000 + i);
  const pathAttribute = (...segments: readonly (readonly [number, readonly number[]])[]) => {
    const parts = segments.flatMap(([type, asns]) => [
      Buffer.from([type, asns.length]),
      ...asns.map((asn) => bytes(asn.toString(16).padStart(8, '0'))),
    ]);
    return attribute(Flag.Transitive, Attr.AsPath, Buffer.concat(parts));
  };
  const sentPath = (path: Buffer, to: Partial<RibSession>) => {
    const fixture = new RibFixture();
    const from = fixture.up(1);
    const receiver = fixture.up(2, to);
    const attributes = [origin(0), path, nextHop('192.0.2.1'), localPref(100)];
    fixture.receive(from, encodeUpdate({ attributes, nlri: encodePrefix(PREFIX) }));
    const sent = receiver.output.route(PREFIX);
    return { asPath: sent.asPath, bytes: sent.attributes.get(Attr.AsPath)!.value };
  };

  test('an empty path becomes one AS_SEQUENCE of our AS (§5.1.2 b 2)', () => {
    expect(sentPath(asPath([]), external(65002)).bytes).toEqual(bytes('0201 0000fc00'));
  });

  test('a path that begins with an AS_SEQUENCE gets our AS in it', () => {
    expect(sentPath(asPath([65001]), external(65002)).bytes).toEqual(bytes('0202 0000fc00 0000fde9'));
  });

  test('a path that begins with an AS_SET gets an AS_SEQUENCE in front', () => {
    const sent = sentPath(pathAttribute([1, [65001, 65003]]), external(65002));
    expect(sent.bytes).toEqual(bytes('0201 0000fc00 0102 0000fde9 0000fdeb'));
    expect(sent.asPath).toEqual([OWN_AS, [65001, 65003]]);
  });

  test('a full AS_SEQUENCE of 255 gets another in front', () => {
    const sent = sentPath(pathAttribute([2, sequence(255)]), external(65002));
    expect([...sent.bytes.subarray(0, 2)]).toEqual([2, 1]);
    expect([...sent.bytes.subarray(6, 8)]).toEqual([2, 255]);
    expect(sent.asPath).toEqual([OWN_AS, ...sequence(255)]);
  });

  test('an AS_SEQUENCE of 254 is filled up', () => {
    const sent = sentPath(pathAttribute([2, sequence(254)]), external(65002));
    expect([...sent.bytes.subarray(0, 2)]).toEqual([2, 255]);
    expect(sent.asPath).toHaveLength(255);
  });

  test('the AS that we show on the session is prepended, also to our own routes (RFC 7705 §3.1)', () => {
    expect(sentPath(asPath([65001]), { ...external(65002), localAsn: 64999 }).asPath).toEqual([64999, 65001]);
    const fixture = new RibFixture();
    const receiver = fixture.up(2, { ...external(65002), localAsn: 64999 });
    fixture.rib.setOriginated([{ prefix: PREFIX, localPref: 100, communities: [] }]);
    fixture.settle();
    expect(receiver.output.route(PREFIX)).toMatchObject({ asPath: [64999], origin: 'igp' });
  });

  test('to an internal peer the path is unchanged', () => {
    expect(sentPath(pathAttribute([1, [65001]], [2, [65003]]), {}).asPath).toEqual([[65001], 65003]);
  });
});

describe('LOCAL_PREF (RFC 4271 §5.1.5)', () => {
  const sentTo = (to: Partial<RibSession>, from: Partial<RibSession>, preference: number | null) => {
    const fixture = new RibFixture();
    const source = fixture.up(1, from);
    const receiver = fixture.up(2, to);
    fixture.receive(
      source,
      announcement([PREFIX], { nextHop: '192.0.2.1', localPref: preference, asPath: [65001] }),
    );
    return receiver.output.route(PREFIX).localPref;
  };

  test('goes to internal peers, 100 where the route came without', () => {
    expect(sentTo({}, {}, 250)).toBe(250);
    expect(sentTo({}, {}, null)).toBe(100);
    expect(sentTo({}, external(65001), null)).toBe(100);
  });

  test('does not go to external peers', () => {
    expect(sentTo(external(65002), {}, 250)).toBeNull();
  });

  test('of our own routes goes to internal peers only', () => {
    const fixture = new RibFixture();
    const internal = fixture.up(1);
    const outside = fixture.up(2, external(65002));
    fixture.rib.setOriginated([{ prefix: PREFIX, localPref: 2_147_482_623, communities: [] }]);
    fixture.settle();
    expect(internal.output.route(PREFIX).localPref).toBe(2_147_482_623);
    expect(outside.output.route(PREFIX).localPref).toBeNull();
  });
});

describe('MULTI_EXIT_DISC (RFC 4271 §5.1.4)', () => {
  test.each<[string, Partial<RibSession>, Partial<RibSession>, number | null]>([
    ['from an external peer goes to internal ones', external(65001), {}, 77],
    ['between internal peers is unchanged', {}, {}, 77],
    ['from an external peer does not go to another AS', external(65001), external(65002), null],
    ['from an internal peer does not go to another AS', {}, external(65002), null],
  ])('%s', (_name, from, to, expected) => {
    const fixture = new RibFixture();
    const source = fixture.up(1, from);
    const receiver = fixture.up(2, to);
    fixture.receive(
      source,
      announcement([PREFIX], { nextHop: '192.0.2.1', asPath: [65001], extra: [med(77)] }),
    );
    expect(receiver.output.route(PREFIX).med).toBe(expected);
  });
});

describe('communities', () => {
  const NO_EXPORT = 0xffffff01;
  const NO_ADVERTISE = 0xffffff02;
  const NO_EXPORT_SUBCONFED = 0xffffff03;
  test.each([
    ['NO_EXPORT', [NO_EXPORT], true, false],
    ['NO_ADVERTISE', [NO_ADVERTISE], false, false],
    ['NO_EXPORT_SUBCONFED', [NO_EXPORT_SUBCONFED], true, false],
    ['NO_EXPORT behind others', [1, 2, NO_EXPORT], true, false],
    ['others only', [0x00010002], true, true],
  ])('%s: to internal peers %s, external %s, %s (RFC 1997)', (_name, values, toInternal, toExternal) => {
    const fixture = new RibFixture();
    const source = fixture.up(1);
    const internal = fixture.up(2);
    const outside = fixture.up(3, external(65002));
    fixture.receive(source, announcement([PREFIX], { nextHop: '192.0.2.1', extra: [communities(values)] }));
    expect(internal.output.prefixes).toEqual(toInternal ? [PREFIX] : []);
    expect(outside.output.prefixes).toEqual(toExternal ? [PREFIX] : []);
    expect(fixture.routes()).toHaveLength(1);
    fixture.expectNothingLeft();
  });

  test('a route that gets NO_ADVERTISE is withdrawn from those who had it', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1);
    const receiver = fixture.up(2);
    fixture.receive(source, announcement([PREFIX], { nextHop: '192.0.2.1' }));
    fixture.receive(
      source,
      announcement([PREFIX], { nextHop: '192.0.2.1', extra: [communities([NO_ADVERTISE])] }),
    );
    expect(receiver.output.withdrawals).toEqual([PREFIX]);
  });

  test('of our own routes go to everybody, each once', () => {
    const fixture = new RibFixture();
    const internal = fixture.up(1);
    const outside = fixture.up(2, external(65002));
    const tags = ['64512:1', '1:2:3', '64512:1', '4294967295:0:1', '1:2:3'];
    fixture.rib.setOriginated([{ prefix: PREFIX, localPref: 100, communities: tags }]);
    fixture.settle();
    for (const { output } of [internal, outside]) {
      expect(output.route(PREFIX)).toMatchObject({
        communities: ['64512:1'],
        largeCommunities: ['1:2:3', '4294967295:0:1'],
      });
    }
    fixture.expectNothingLeft();
  });

  test('extended ones that are not transitive stay inside the AS (RFC 4360 §6)', () => {
    const value = bytes('4002fbf400000001 0002fbf400000002 430c000000000003');
    const send = (to: Partial<RibSession>, extended: Buffer) => {
      const fixture = new RibFixture();
      const source = fixture.up(1);
      const receiver = fixture.up(2, to);
      const extra = [attribute(0xc0, 16, extended)];
      fixture.receive(source, announcement([PREFIX], { nextHop: '192.0.2.1', extra }));
      return receiver.output.route(PREFIX).attributes.get(16)?.value.toString('hex');
    };
    expect(send({}, value)).toBe(value.toString('hex'));
    expect(send(external(65002), value)).toBe('0002fbf400000002');
    expect(send(external(65002), bytes('4002fbf400000001'))).toBeUndefined();
  });
});
