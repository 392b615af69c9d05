/** UPDATEs whose parts cannot be found, MP attributes, and UPDATEs without routes (RFC 4271 §6.3, RFC 7606 §3-§5, RFC 4760). */
import type { RibSession } from '../../../bgp/rib/rib-port.ts';
import {
  Attr,
  asPath,
  attribute,
  Flag,
  localPref,
  mpReach,
  mpUnreach,
  nextHop,
  origin,
} from '../../harness/bgp/attributes.ts';
import { encodeUpdate, endOfRib, frame, type UpdateParts, withdrawal } from '../../harness/bgp/encode.ts';
import { encodePrefix } from '../../harness/bgp/prefix-text.ts';
import { RibFixture } from '../routing/rib-fixture.ts';

const BOTH = ['ipv4', 'ipv6'] as const;
const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const common = [origin(0), asPath([65001]), localPref(100)];
const good = [origin(0), asPath([65001]), nextHop('192.0.2.1'), localPref(100)];
const mp = (code: number, hex: string) => attribute(Flag.Optional, code, bytes(hex));

/** A session with one route in each family, and an onlooker. */
function established(overrides: Partial<RibSession> = {}) {
  const fixture = new RibFixture();
  const sender = fixture.up(1, { families: BOTH, ...overrides });
  const onlooker = fixture.up(2, { families: BOTH });
  fixture.receive(
    sender,
    encodeUpdate({ attributes: good, nlri: encodePrefix('10.1.0.0/16') }),
    encodeUpdate({ attributes: [...common, mpReach('ipv6', '2001:db8::1', ['2001:db8:1::/48'])] }),
  );
  return { fixture, sender, onlooker };
}

const BEFORE = ['10.1.0.0/16', '2001:db8:1::/48'];

interface Reset {
  readonly name: string;
  readonly update: UpdateParts;
  readonly code: readonly [number, number];
  /** What the NOTIFICATION quotes. */
  readonly data?: Buffer;
}

const reach = {
  noFields: mp(14, '000201'),
  badHop: mp(14, '000201 08 20010db800000001 00 20 20010db8'),
  hopIpv4: mp(14, '000201 04 c0000201 00 20 20010db8'),
  hopOverrun: mp(14, '000201 ff 20010db8'),
  ipv4HopIpv6: mp(14, '000101 10 20010db8000000000000000000000001 00 100a02'),
  tooLong: mp(14, '000201 10 20010db8000000000000000000000001 00 81 20010db8000000000000000000000001ff'),
  cutOff: mp(14, '000201 10 20010db8000000000000000000000001 00 30 20010db8'),
  noReserved: mp(14, '000201 10 20010db8000000000000000000000001'),
};
const unreach = {
  noFields: mp(15, '0002'),
  tooLong: mp(15, '000201 ff'),
  cutOff: mp(15, '000201 30 20010db8'),
};

const RESETS: readonly Reset[] = [
  {
    name: 'Withdrawn Routes length beyond the message (RFC 4271 §6.3)',
    update: { withdrawn: encodePrefix('10.1.0.0/16'), withdrawnLength: 100 },
    code: [3, 1],
  },
  {
    name: 'Withdrawn Routes length that leaves no room for the attribute length (RFC 4271 §6.3)',
    update: { withdrawn: encodePrefix('10.1.0.0/16'), withdrawnLength: 5 },
    code: [3, 1],
  },
  {
    name: 'Total Path Attribute Length beyond the message (RFC 4271 §6.3)',
    update: { attributes: good, attributesLength: 1000 },
    code: [3, 1],
  },
  {
    name: 'IPv4 NLRI with a prefix length of 33 (RFC 4271 §6.3, RFC 7606 §5.3)',
    update: { attributes: good, nlri: bytes('21 0a01020304') },
    code: [3, 10],
  },
  {
    name: 'IPv4 NLRI cut off (RFC 4271 §6.3, RFC 7606 §5.3)',
    update: { attributes: good, nlri: bytes('180a01') },
    code: [3, 10],
  },
  {
    name: 'withdrawn IPv4 prefix of 33 bits (RFC 7606 §5.3)',
    update: { withdrawn: bytes('21 0a01020304') },
    code: [3, 10],
  },
  {
    name: 'withdrawn IPv4 prefix cut off (RFC 7606 §5.3)',
    update: { withdrawn: bytes('20 0a0102') },
    code: [3, 10],
  },
  {
    name: 'MP_REACH_NLRI twice (RFC 7606 §3(g))',
    update: {
      attributes: [...common, mpReach('ipv6', '2001:db8::1', []), mpReach('ipv6', '2001:db8::1', [])],
    },
    code: [3, 1],
  },
  {
    name: 'MP_UNREACH_NLRI twice (RFC 7606 §3(g))',
    update: { attributes: [mpUnreach('ipv6', []), mpUnreach('ipv4', [])] },
    code: [3, 1],
  },
  ...[reach.noFields, reach.hopOverrun, reach.noReserved].map((data) => ({
    name: `MP_REACH_NLRI of ${data.length - 3} octets, too short for its own fields (RFC 7606 §5.3, RFC 4760 §7)`,
    update: { attributes: [...common, data] },
    code: [3, 9] as const,
    data,
  })),
  ...[reach.badHop, reach.hopIpv4, reach.ipv4HopIpv6].map((data, i) => ({
    name: `MP_REACH_NLRI with a next hop of ${[8, 4, 16][i]} octets (RFC 7606 §7.11, RFC 4760 §7)`,
    update: { attributes: [...common, data] },
    code: [3, 9] as const,
    data,
  })),
  {
    name: 'MP_REACH_NLRI with a prefix of 129 bits (RFC 7606 §5.3, RFC 4760 §7)',
    update: { attributes: [...common, reach.tooLong] },
    code: [3, 9],
    data: reach.tooLong,
  },
  {
    name: 'MP_REACH_NLRI with a prefix cut off (RFC 7606 §5.3, RFC 4760 §7)',
    update: { attributes: [...common, reach.cutOff] },
    code: [3, 9],
    data: reach.cutOff,
  },
  {
    name: 'MP_UNREACH_NLRI of two octets (RFC 7606 §5.3, RFC 4760 §7)',
    update: { attributes: [unreach.noFields] },
    code: [3, 9],
    data: unreach.noFields,
  },
  {
    name: 'MP_UNREACH_NLRI with a prefix of 255 bits (RFC 7606 §5.3, RFC 4760 §7)',
    update: { attributes: [unreach.tooLong] },
    code: [3, 9],
    data: unreach.tooLong,
  },
  {
    name: 'MP_UNREACH_NLRI with a prefix cut off (RFC 7606 §5.3, RFC 4760 §7)',
    update: { attributes: [unreach.cutOff] },
    code: [3, 9],
    data: unreach.cutOff,
  },
  {
    name: 'MP_REACH_NLRI with the Transitive flag (RFC 7606 §5.3, RFC 4760 §7)',
    update: {
      attributes: [...common, attribute(0xc0, 14, bytes('000201 10 20010db8000000000000000000000001 00'))],
    },
    code: [3, 9],
  },
  {
    name: 'MP_UNREACH_NLRI without the Optional flag (RFC 7606 §5.3, RFC 4760 §7)',
    update: { attributes: [attribute(0x40, 15, bytes('000201 20 20010db8'))] },
    code: [3, 9],
  },
  {
    name: 'a malformed attribute in an UPDATE that announces nothing (RFC 7606 §5.2)',
    update: { attributes: [origin(3), asPath([])] },
    code: [3, 1],
  },
  {
    name: 'wrong flags in an UPDATE that withdraws only (RFC 7606 §5.2)',
    update: { attributes: [attribute(0xc0, 1, bytes('00')), mpUnreach('ipv6', ['2001:db8:1::/48'])] },
    code: [3, 1],
  },
  {
    name: 'an attribute length beyond the attributes in an UPDATE that announces nothing (RFC 7606 §4, §5.2)',
    update: { attributes: [origin(0), bytes('4002ff')] },
    code: [3, 1],
  },
  {
    name: 'an MP_REACH_NLRI without routes beside a malformed attribute (RFC 7606 §5.2)',
    update: { attributes: [origin(3), asPath([]), mpReach('ipv6', '2001:db8::1', [])] },
    code: [3, 1],
  },
];

describe('the session is reset', () => {
  test.each(RESETS)('$name', ({ update, code, data }) => {
    const { fixture, sender } = established();
    const { notification, text, treatedAsWithdraw } = fixture.receive(sender, encodeUpdate(update));
    expect([notification?.code, notification?.subcode]).toEqual(code);
    if (data !== undefined) expect(Buffer.from(notification!.data)).toEqual(data);
    expect(text).not.toBe('');
    expect(treatedAsWithdraw).toBe(false);
    fixture.expectNothingLeft();
  });

  test('ADD-PATH NLRI that ends inside a path identifier (RFC 7911 §3, RFC 7606 §5.3)', () => {
    const fixture = new RibFixture();
    const sender = fixture.up(1, { addPathReceive: ['ipv4'] });
    const verdict = fixture.receive(sender, encodeUpdate({ attributes: good, nlri: bytes('00000001') }));
    expect(verdict.notification).toMatchObject({ code: 3, subcode: 10 });
  });

  test('an attribute that is quoted is quoted whole, however long (RFC 4271 §6.3)', () => {
    const { fixture, sender } = established();
    const unknown = attribute(Flag.Transitive, 99, Buffer.alloc(60_000, 7));
    const { notification } = fixture.receive(sender, encodeUpdate({ attributes: [unknown] }));
    expect(notification).toMatchObject({ code: 3, subcode: 2 });
    expect(Buffer.from(notification!.data)).toEqual(unknown);
  });
});

describe('the session goes on', () => {
  test('an UPDATE of four octets is End-of-RIB of IPv4 (RFC 4724 §2)', () => {
    const { fixture, sender } = established();
    expect(fixture.receive(sender, endOfRib('ipv4'))).toMatchObject({ notification: null, endOfRib: 'ipv4' });
    expect(fixture.received(sender)).toHaveLength(2);
  });

  test.each(BOTH)('an empty MP_UNREACH_NLRI of %s alone is its End-of-RIB (RFC 4724 §2)', (family) => {
    const { fixture, sender } = established();
    const update = encodeUpdate({ attributes: [mpUnreach(family, [])] });
    expect(fixture.receive(sender, update).endOfRib).toBe(family);
  });

  test('an empty MP_UNREACH_NLRI beside anything else is no End-of-RIB (RFC 4724 §2)', () => {
    const { fixture, sender } = established();
    const eor = mpUnreach('ipv6', []);
    for (const update of [
      { attributes: [origin(0), eor] },
      { attributes: [eor], withdrawn: encodePrefix('10.9.0.0/16') },
      { attributes: [...good, eor], nlri: encodePrefix('10.9.0.0/16') },
    ]) {
      expect(fixture.receive(sender, encodeUpdate(update))).toMatchObject({
        notification: null,
        endOfRib: null,
      });
    }
  });

  test('End-of-RIB of a family that was not negotiated is ignored', () => {
    const { fixture, sender } = established({ families: ['ipv4'] });
    expect(fixture.receive(sender, endOfRib('ipv6'))).toMatchObject({ notification: null, endOfRib: null });
  });

  test('routes of a family that was not negotiated are ignored, however malformed (RFC 4760 §6)', () => {
    const { fixture, sender } = established({ families: ['ipv4'] });
    const routes = mpReach('ipv6', '2001:db8::1', ['2001:db8::/32']);
    const other = attribute(Flag.Optional, Attr.MpReach, bytes('001946 04 c0000201 00 ffffffffffff'));
    for (const attributes of [
      [...common, routes],
      [...common, other],
      [origin(3), asPath([]), routes],
    ]) {
      expect(fixture.receive(sender, encodeUpdate({ attributes })).notification).toBeNull();
    }
    expect(fixture.received(sender).map(({ prefix }) => prefix)).toEqual(['10.1.0.0/16']);
    fixture.expectNothingLeft();
  });

  test('IPv4 routes on a session without IPv4 are ignored', () => {
    const fixture = new RibFixture();
    const sender = fixture.up(1, { families: ['ipv6'] });
    const nlri = encodePrefix('10.1.0.0/16');
    expect(fixture.receive(sender, encodeUpdate({ attributes: good, nlri })).notification).toBeNull();
    expect(fixture.receive(sender, encodeUpdate({ withdrawn: nlri })).notification).toBeNull();
    const bad = [origin(3), asPath([]), nextHop('192.0.2.1')];
    expect(fixture.receive(sender, encodeUpdate({ attributes: bad, nlri })).notification).toBeNull();
    expect(fixture.received(sender)).toEqual([]);
  });

  test('a discarded attribute in an UPDATE that announces nothing does no harm (RFC 7606 §5.2)', () => {
    const { fixture, sender } = established();
    const atomic = attribute(Flag.Transitive, 6, bytes('00'));
    expect(fixture.receive(sender, encodeUpdate({ attributes: [atomic] })).notification).toBeNull();
    expect(fixture.received(sender).map(({ prefix }) => prefix)).toEqual(BEFORE);
  });

  test.each(['0.0.0.0', '224.0.0.5', '255.255.255.255'])(
    'NEXT_HOP %s in an UPDATE that announces nothing concerns no route (RFC 4271 §6.3)',
    (hop) => {
      const { fixture, sender } = established();
      const attributes = [origin(0), asPath([65001]), nextHop(hop), mpUnreach('ipv6', ['2001:db8:1::/48'])];
      const verdict = fixture.receive(sender, encodeUpdate({ attributes }));
      expect(verdict).toMatchObject({ notification: null, treatedAsWithdraw: false });
      expect(fixture.received(sender).map(({ prefix }) => prefix)).toEqual(['10.1.0.0/16']);
    },
  );

  test('NEXT_HOP beside MP_REACH_NLRI is ignored (RFC 4760 §3)', () => {
    const { fixture, sender, onlooker } = established();
    const attributes = [...good, mpReach('ipv6', '2001:db8::7', ['2001:db8:7::/48'])];
    expect(fixture.receive(sender, encodeUpdate({ attributes })).text).toBe('');
    expect(onlooker.output.route('2001:db8:7::/48').nextHop).toBe('2001:db8::7');
  });

  test('the Reserved octet of MP_REACH_NLRI is ignored (RFC 4760 §3)', () => {
    const { fixture, sender } = established();
    const value = mp(14, '000201 10 20010db8000000000000000000000001 ff 20 20010db8');
    expect(fixture.receive(sender, encodeUpdate({ attributes: [...common, value] })).text).toBe('');
    expect(fixture.received(sender).map(({ prefix }) => prefix)).toContain('2001:db8::/32');
  });

  test('a prefix both withdrawn and announced is announced (RFC 4271 §4.3)', () => {
    const { fixture, sender, onlooker } = established();
    const nlri = encodePrefix('10.1.0.0/16');
    fixture.receive(sender, encodeUpdate({ withdrawn: nlri, attributes: good, nlri }));
    expect(fixture.received(sender).map(({ prefix }) => prefix)).toEqual(BEFORE);
    expect(onlooker.output.prefixes).toEqual(BEFORE);
  });

  test('withdrawing what was never announced changes nothing', () => {
    const { fixture, sender, onlooker } = established();
    const before = onlooker.output.messageLengths.length;
    for (const prefix of ['10.2.0.0/16', '2001:db8:2::/48']) {
      expect(fixture.receive(sender, withdrawal([prefix])).text).toBe('');
    }
    expect(onlooker.output.messageLengths).toHaveLength(before);
    fixture.expectNothingLeft();
  });

  test('multicast and link-local prefixes are ignored, the others of the UPDATE are not (RFC 4271 §6.3)', () => {
    const { fixture, sender } = established();
    const nlri = Buffer.concat(['224.0.0.0/4', '239.1.0.0/16', '240.0.0.0/4', '0.0.0.0/0'].map(encodePrefix));
    const v6 = mpReach('ipv6', '2001:db8::1', ['ff00::/8', 'fe80::/10', 'fe80:1::/64', '::/0']);
    const update = encodeUpdate({ attributes: [...good, v6], nlri });
    expect(fixture.receive(sender, update)).toMatchObject({ notification: null, treatedAsWithdraw: false });
    expect(fixture.received(sender).map(({ prefix }) => prefix)).toEqual([
      '10.1.0.0/16',
      '240.0.0.0/4',
      '0.0.0.0/0',
      '2001:db8:1::/48',
      '::/0',
    ]);
    fixture.expectNothingLeft();
  });
});

test('a body shorter than its two length fields resets with 3/1', () => {
  const { fixture, sender } = established();
  for (const body of ['', '00', '0000', '000000']) {
    const verdict = fixture.receive(sender, frame(2, bytes(body)));
    expect(verdict.notification).toMatchObject({ code: 3, subcode: 1 });
  }
});
