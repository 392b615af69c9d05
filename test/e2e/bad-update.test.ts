/**
 * Bad UPDATEs from Established clients of a running reflector: treat-as-withdraw or attribute discard where
 * RFC 7606 says so, a NOTIFICATION where nothing less will do; and nobody else notices.
 */
import {
  Attr,
  asPath,
  attribute,
  communities,
  Flag,
  localPref,
  mpReach,
  nextHop,
  origin,
} from '../harness/bgp/attributes.ts';
import { announcement, encodeUpdate, frame, MessageType } from '../harness/bgp/encode.ts';
import { encodePrefix } from '../harness/bgp/prefix-text.ts';
import type { TestPeer } from '../harness/bgp/test-peer.ts';
import { BadInputScene, errorText } from './support/bad-input.ts';
import { sampleOf } from './support/exposition.ts';

jest.setTimeout(60_000);

const NETWORK = '127.42.0';
const HOP = '192.0.2.1';
/** Announced well first; then again, with the error of the row. */
const PREFIX = '10.42.1.0/24';
/** Never part of an error: it must survive treat-as-withdraw. */
const OTHER_PREFIX = '10.42.2.0/24';
const NLRI = encodePrefix(PREFIX);
const MANDATORY = [origin(0), asPath([]), nextHop(HOP), localPref(100)];

const WELL_KNOWN = Flag.Transitive;
const OPTIONAL = Flag.Optional;
const OPTIONAL_TRANSITIVE = Flag.Optional | Flag.Transitive;

const value = (length: number): Buffer => Buffer.alloc(length, 1);

/** The attributes of a good route, with that of the same type replaced, or `changed` added. */
function withAttribute(changed: Buffer): Buffer {
  const attributes = MANDATORY.map((one) => (one[1] === changed[1] ? changed : one));
  if (!attributes.includes(changed)) attributes.push(changed);
  return encodeUpdate({ attributes, nlri: NLRI });
}

const TREATED_AS_WITHDRAW: readonly (readonly [string, Buffer])[] = [
  ['ORIGIN of two octets', withAttribute(attribute(WELL_KNOWN, Attr.Origin, value(2)))],
  ['ORIGIN with an unknown value', withAttribute(origin(3))],
  ['ORIGIN with the flags of an optional attribute', withAttribute(attribute(OPTIONAL, 1, value(1)))],
  ['ORIGIN missing', encodeUpdate({ attributes: MANDATORY.slice(1), nlri: NLRI })],
  ['no attributes at all', encodeUpdate({ nlri: NLRI })],
  ['AS_PATH cut off inside a segment', withAttribute(attribute(WELL_KNOWN, 2, Buffer.from([2, 2, 0, 0])))],
  ['AS_PATH with an unknown segment type', withAttribute(attribute(WELL_KNOWN, 2, Buffer.from([9, 0])))],
  ['AS_PATH with an empty segment', withAttribute(attribute(WELL_KNOWN, 2, Buffer.from([2, 0])))],
  ['NEXT_HOP of three octets', withAttribute(attribute(WELL_KNOWN, Attr.NextHop, value(3)))],
  ['NEXT_HOP of five octets', withAttribute(attribute(WELL_KNOWN, Attr.NextHop, value(5)))],
  ['NEXT_HOP missing', encodeUpdate({ attributes: [origin(0), asPath([]), localPref(100)], nlri: NLRI })],
  ['MULTI_EXIT_DISC of three octets', withAttribute(attribute(OPTIONAL, Attr.Med, value(3)))],
  ['LOCAL_PREF of five octets', withAttribute(attribute(WELL_KNOWN, Attr.LocalPref, value(5)))],
  ['COMMUNITIES of five octets', withAttribute(attribute(OPTIONAL_TRANSITIVE, Attr.Communities, value(5)))],
  ['COMMUNITIES of no octets', withAttribute(attribute(OPTIONAL_TRANSITIVE, Attr.Communities, value(0)))],
  ['ORIGINATOR_ID of three octets', withAttribute(attribute(OPTIONAL, Attr.OriginatorId, value(3)))],
  ['CLUSTER_LIST of six octets', withAttribute(attribute(OPTIONAL, Attr.ClusterList, value(6)))],
  ['extended communities of seven octets', withAttribute(attribute(OPTIONAL_TRANSITIVE, 16, value(7)))],
  ['large communities of 13 octets', withAttribute(attribute(OPTIONAL_TRANSITIVE, 32, value(13)))],
  [
    'a last attribute that is longer than the message',
    encodeUpdate({ attributes: [...MANDATORY, Buffer.from([OPTIONAL, 4, 200, 0, 0])], nlri: NLRI }),
  ],
  [
    'an extended length of 65535 octets',
    encodeUpdate({ attributes: [...MANDATORY, Buffer.from([0x90, 4, 0xff, 0xff, 0])], nlri: NLRI }),
  ],
  [
    'attributes that end inside an attribute header',
    encodeUpdate({ attributes: [...MANDATORY, Buffer.from([OPTIONAL, 4])], nlri: NLRI }),
  ],
];

const DISCARDED: readonly (readonly [string, Buffer])[] = [
  ['ATOMIC_AGGREGATE of one octet', withAttribute(attribute(WELL_KNOWN, 6, value(1)))],
  ['AGGREGATOR of seven octets', withAttribute(attribute(OPTIONAL_TRANSITIVE, 7, value(7)))],
];

const UNKNOWN_WELL_KNOWN = attribute(WELL_KNOWN, 99, value(2));
const LONG_UNKNOWN_WELL_KNOWN = attribute(WELL_KNOWN | Flag.Extended, 99, value(4000));
const SHORT_REACH = attribute(OPTIONAL, Attr.MpReach, Buffer.from([0, 2, 1, 16, 1, 2, 3]));
const REACH_WITH_BAD_HOP = attribute(
  OPTIONAL,
  Attr.MpReach,
  Buffer.concat([Buffer.from([0, 2, 1, 5]), value(5), Buffer.from([0]), encodePrefix('2001:db8::/32')]),
);
const REACH_WITH_BAD_NLRI = attribute(
  OPTIONAL,
  Attr.MpReach,
  Buffer.concat([Buffer.from([0, 2, 1, 16]), value(16), Buffer.from([0, 129]), value(17)]),
);
const SHORT_UNREACH = attribute(OPTIONAL, Attr.MpUnreach, Buffer.from([0, 2]));

interface Reset {
  readonly what: string;
  readonly send: Buffer;
  readonly subcode: number;
  readonly data?: Buffer;
}

const RESETS: readonly Reset[] = [
  {
    what: 'a Withdrawn Routes length beyond the message',
    send: encodeUpdate({ withdrawnLength: 500 }),
    subcode: 1,
  },
  {
    what: 'a Total Path Attribute length beyond the message',
    send: encodeUpdate({ attributes: MANDATORY, attributesLength: 500 }),
    subcode: 1,
  },
  {
    what: 'a prefix length of 33',
    send: encodeUpdate({ attributes: MANDATORY, nlri: Buffer.from([33, 1, 2, 3, 4, 5]) }),
    subcode: 10,
  },
  {
    what: 'a prefix that is cut off',
    send: encodeUpdate({ attributes: MANDATORY, nlri: Buffer.from([24, 10]) }),
    subcode: 10,
  },
  {
    what: 'a withdrawn prefix length of 255',
    send: encodeUpdate({ withdrawn: Buffer.from([255, 1]) }),
    subcode: 10,
  },
  {
    what: 'an unknown well-known attribute',
    send: withAttribute(UNKNOWN_WELL_KNOWN),
    subcode: 2,
    data: UNKNOWN_WELL_KNOWN,
  },
  {
    what: 'an unknown well-known attribute that is nearly as long as a message may be',
    send: withAttribute(LONG_UNKNOWN_WELL_KNOWN),
    subcode: 2,
    data: LONG_UNKNOWN_WELL_KNOWN,
  },
  {
    what: 'MP_REACH_NLRI twice',
    send: encodeUpdate({
      attributes: [
        origin(0),
        asPath([]),
        localPref(100),
        ...['fd00:1::/48', 'fd00:2::/48'].map((one) => mpReach('ipv6', '2001:db8::1', [one])),
      ],
    }),
    subcode: 1,
  },
  {
    what: 'MP_REACH_NLRI that is shorter than its next hop',
    send: encodeUpdate({ attributes: [...MANDATORY, SHORT_REACH] }),
    subcode: 9,
    data: SHORT_REACH,
  },
  {
    what: 'MP_REACH_NLRI with a next hop of five octets',
    send: encodeUpdate({ attributes: [...MANDATORY, REACH_WITH_BAD_HOP] }),
    subcode: 9,
    data: REACH_WITH_BAD_HOP,
  },
  {
    what: 'MP_REACH_NLRI with a prefix length of 129',
    send: encodeUpdate({ attributes: [...MANDATORY, REACH_WITH_BAD_NLRI] }),
    subcode: 9,
    data: REACH_WITH_BAD_NLRI,
  },
  {
    what: 'MP_UNREACH_NLRI of two octets',
    send: encodeUpdate({ attributes: [SHORT_UNREACH] }),
    subcode: 9,
    data: SHORT_UNREACH,
  },
  {
    what: 'malformed attributes without any route to withdraw (RFC 7606 §5.2)',
    send: encodeUpdate({ attributes: [origin(7)] }),
    subcode: 1,
  },
];

describe('bad UPDATEs', () => {
  let scene: BadInputScene;
  let client: TestPeer;

  beforeAll(async () => {
    scene = await BadInputScene.open(NETWORK);
  });

  afterAll(() => scene?.close());

  /** A client of its own for each row, with two good routes that the bystander has. */
  beforeEach(async () => {
    client = await scene.client().established();
    client.announce([PREFIX, OTHER_PREFIX], { nextHop: HOP });
    await scene.bystander.route(PREFIX);
    await scene.bystander.route(OTHER_PREFIX);
  });

  afterEach(async () => {
    if (!client.isClosed) await client.close();
    await scene.bystander.noRoute(OTHER_PREFIX);
    await scene.expectBystanderUndisturbed();
  });

  test.each(TREATED_AS_WITHDRAW)('%s: treated as withdraw (RFC 7606)', async (_, update) => {
    client.send(update);
    await scene.bystander.noRoute(PREFIX);
    expect(scene.bystander.routes.has(OTHER_PREFIX)).toBe(true);
    const shown = await scene.shown(client.options.localAddress!);
    expect(shown).toMatchObject({ state: 'Established', treatedAsWithdraw: 1, received: { ipv4: 1 } });
    client.announce([PREFIX], { nextHop: HOP }); // and the session is as good as before
    await scene.bystander.route(PREFIX);
    expect(client.notification).toBeNull();
  });

  test.each(DISCARDED)('%s: only the attribute is dropped (RFC 7606)', async (_, update) => {
    client.send(update);
    client.announce(['10.42.3.0/24'], { nextHop: HOP });
    await scene.bystander.route('10.42.3.0/24');
    expect([...scene.bystander.routes.get(PREFIX)!.attributes.keys()]).not.toContain(update[7]);
    const shown = await scene.shown(client.options.localAddress!);
    expect(shown).toMatchObject({ state: 'Established', treatedAsWithdraw: 0, attributesDiscarded: 1 });
  });

  test('an attribute that occurs twice: the first counts (RFC 7606 §3(g))', async () => {
    const attributes = [...MANDATORY, communities([0xfc000001]), communities([0xfc000002])];
    client.send(encodeUpdate({ attributes, nlri: encodePrefix('10.42.3.0/24') }));
    const route = await scene.bystander.route('10.42.3.0/24');
    expect(route.attributes.get(Attr.Communities)?.value.toString('hex')).toBe('fc000001');
  });

  test.each(RESETS)('$what: NOTIFICATION 3/$subcode', async ({ send, subcode, data }) => {
    client.send(send);
    const notification = await client.notified();
    await client.closed();
    expect(`${notification.code}/${notification.subcode}`).toBe(`3/${subcode}`);
    expect(notification.data.toString('hex')).toBe((data ?? Buffer.alloc(0)).toString('hex'));
    await scene.bystander.noRoute(PREFIX);
    const address = client.options.localAddress!;
    const { state, flaps, lastError } = await scene.shown(address);
    expect([state, flaps, errorText(lastError)]).toEqual(['Idle', 1, `sent 3/${subcode}`]);
    const labels = `peer="clients/${address}",direction="sent",code="3",subcode="${subcode}"`;
    expect(sampleOf(await scene.metrics(), `manul_bgp_notifications_total{${labels}}`)).toBe(1);
  });

  test('malformed attributes of a family that was not negotiated concern nobody', async () => {
    const foreign = Buffer.concat([Buffer.from([0, 25, 70, 4]), value(4), Buffer.from([0, 1, 2, 3])]); // L2VPN EVPN
    client.send(encodeUpdate({ attributes: [origin(7), attribute(OPTIONAL, Attr.MpReach, foreign)] }));
    client.announce(['10.42.3.0/24'], { nextHop: HOP });
    await scene.bystander.route('10.42.3.0/24');
    expect(client).toMatchObject({ isEstablished: true, notification: null });
  });

  test('length 4097 in Established: NOTIFICATION 1/2', async () => {
    client.send(frame(MessageType.Update, Buffer.alloc(4078)));
    expect(await client.notified()).toMatchObject({ code: 1, subcode: 2, data: Buffer.from([0x10, 0x01]) });
    await client.closed();
  });

  test('whatever follows a fatal error on the same connection is not applied', async () => {
    const late = announcement(['10.42.4.0/24'], { nextHop: HOP });
    client.send(Buffer.concat([encodeUpdate({ withdrawnLength: 500 }), late]));
    await client.closed();
    await scene.bystander.noRoute(OTHER_PREFIX);
    expect(scene.bystander.routes.has('10.42.4.0/24')).toBe(false);
  });
});
