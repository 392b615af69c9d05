/**
 * Every error of the IANA registry "BGP Error (Notification) Codes", sent by us and received from a peer: shown by
 * `manul peers NAME` with code, subcode and direction, and counted by the metrics.
 */

import { attribute, Flag, origin } from '../harness/bgp/attributes.ts';
import {
  capability,
  encodeNotification,
  encodeOpen,
  encodeUpdate,
  endOfRib,
  frame,
  KEEPALIVE,
  MessageType,
} from '../harness/bgp/encode.ts';
import type { TestPeer, TestPeerOptions } from '../harness/bgp/test-peer.ts';
import { pollUntil } from '../harness/deadline.ts';
import type { ShownPeerDetail } from '../harness/manul/manul-daemon.ts';
import { dynamicNeighborYaml } from '../harness/manul/resources.ts';
import { parseExposition, sampleOf } from './support/exposition.ts';
import { ASN, type Reflector, startReflector } from './support/reflector.ts';

jest.setTimeout(60_000);

/** Subcodes by code: RFC 4271 §4.5, 4486, 5492, 6608, 7313, 8538, 9234, 9384, 9687. */
const ASSIGNED: Readonly<Record<number, readonly number[]>> = {
  1: [0, 1, 2, 3],
  2: [0, 1, 2, 3, 4, 5, 6, 7, 11],
  3: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  4: [0],
  5: [0, 1, 2, 3],
  6: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  7: [0, 1],
  8: [0],
};
const ALL = Object.entries(ASSIGNED).flatMap(([code, subcodes]) =>
  subcodes.map((subcode) => [Number(code), subcode] as const),
);
/** What nobody has assigned, and a peer may send all the same. */
const UNASSIGNED = [
  [0, 0],
  [0, 7],
  [2, 200],
  [6, 42],
  [9, 1],
  [255, 255],
] as const;

const NETWORK = '127.62';
const OPEN_ENHANCED = [Buffer.from([70, 0])];

function open(fields: Partial<Parameters<typeof encodeOpen>[0]> = {}): Buffer {
  const families = [capability.multiprotocol('ipv4'), capability.multiprotocol('ipv6')];
  const capabilities = [...families, capability.fourOctetAs(ASN)];
  return encodeOpen({ asn: ASN, routerId: '10.62.0.1', holdTimeSec: 90, capabilities, ...fields });
}

const openWithParameters = (...parameters: readonly number[]): Buffer =>
  frame(MessageType.Open, Buffer.from([4, 0xfc, 0x00, 0, 90, 10, 62, 0, 1, ...parameters]));
const up = (...then: readonly Buffer[]): Buffer => Buffer.concat([open(), KEEPALIVE, ...then]);

let reflector: Reflector;
let lastHost = 10;

const rangeYaml = (name: string, third: number, ...spec: string[]): string =>
  dynamicNeighborYaml({
    name,
    listenRanges: [`${NETWORK}.${third}.0/24`],
    routeReflectorClient: name !== 'roles',
    spec,
  });

beforeAll(async () => {
  reflector = await startReflector({
    address: `${NETWORK}.0.1`,
    listenRanges: [`${NETWORK}.0.0/24`],
    files: {
      'quick.yaml': rangeYaml('quick', 1, 'holdTime: 3s'),
      'roles.yaml': rangeYaml('roles', 2, 'asNumbers: ["64999"]', 'role: provider', 'strictRole: true'),
      'few.yaml': rangeYaml('few', 3, 'maxPrefixes: 1'),
      'going.yaml': rangeYaml('going', 4),
      'changing.yaml': rangeYaml('changing', 5),
      'full.yaml': rangeYaml('full', 6, 'maxSessions: 1'),
    },
  });
});

afterAll(() => reflector?.daemon.stop());

/** A client from an address that nobody has used yet. */
function client(options: Partial<TestPeerOptions> = {}, third = 0): TestPeer {
  return reflector.dial(`${NETWORK}.${third}.${lastHost++}`, options);
}

/** A client that says these octets and nothing else. */
function saying(octets: Buffer): TestPeer {
  const peer = client({ open: null, keepalives: false });
  peer.send(octets);
  return peer;
}

async function established(third: number, options: Partial<TestPeerOptions> = {}): Promise<TestPeer> {
  const peer = await client(options, third).established();
  const { localAddress } = peer.options;
  await reflector.daemon.untilPeer(localAddress!, ({ state }) => state === 'Established', 'Established');
  return peer;
}

const NAMES = ['clients', 'quick', 'roles', 'few', 'going', 'changing', 'full'];
const nameOf = ({ options: { localAddress } }: TestPeer): string =>
  `${NAMES[Number(localAddress!.split('.')[2])]}/${localAddress}`;

async function shown(peer: TestPeer): Promise<ShownPeerDetail> {
  const path = `/api/v1/peers/${encodeURIComponent(nameOf(peer))}`;
  return JSON.parse(await reflector.daemon.httpGet(path)) as ShownPeerDetail;
}

type Counted = (peer: string, direction: string, code: number, subcode: number) => number;

/** What one scrape of the metrics says. */
async function counts(): Promise<Counted> {
  const metrics = parseExposition(await reflector.daemon.httpGet('/metrics'));
  return (peer, direction, code, subcode) => {
    const labels = `peer="${peer}",direction="${direction}",code="${code}",subcode="${subcode}"`;
    return sampleOf(metrics, `manul_bgp_notifications_total{${labels}}`);
  };
}

test('received: every assigned error, and some that nobody has assigned', async () => {
  const pairs = [...ALL, ...UNASSIGNED];
  const peers = pairs.map(([code, subcode]) => saying(up(encodeNotification(code, subcode))));
  await Promise.all(peers.map((peer) => peer.closed()));
  for (const [i, [code, subcode]] of pairs.entries()) {
    const peer = peers[i]!;
    const { lastError, lastReceived, lastSent } = await pollUntil(async () => {
      const detail = await shown(peer);
      return detail.lastReceived === null ? null : detail;
    }, `${code}/${subcode} shown`);
    expect(lastReceived).toMatchObject({ direction: 'received', code, subcode });
    expect([lastError, lastSent]).toEqual([lastReceived, null]);
  }
  const counted = await counts();
  for (const [i, [code, subcode]] of pairs.entries())
    expect(counted(nameOf(peers[i]!), 'received', code, subcode)).toBe(1);
  const { stdout } = await reflector.daemon.run('peers', nameOf(peers[0]!));
  expect(stdout).toMatch(/Last received: +received 1\/0/);
});

const UNKNOWN_WELL_KNOWN = attribute(Flag.Transitive, 99, Buffer.alloc(1));
const SHORT_UNREACH = attribute(Flag.Optional, 15, Buffer.alloc(2));

/** What makes us send each error: what a client says, or what else is done; or why none is ever sent. */
const CAUSES: Readonly<Record<string, Buffer | (() => Promise<TestPeer>) | string>> = {
  '1/0': 'every header error has a subcode',
  '1/1': Buffer.alloc(19),
  '1/2': frame(MessageType.Keepalive, Buffer.alloc(0), 18),
  '1/3': frame(9, Buffer.alloc(0)),
  '2/0': openWithParameters(200, 2, 6, 65, 4),
  '2/1': open({ version: 3 }),
  '2/2': open({ asn: 64998, capabilities: [capability.fourOctetAs(64998)] }),
  '2/3': open({ routerId: '0.0.0.0' }),
  '2/4': openWithParameters(3, 1, 1, 0),
  '2/5': 'deprecated (RFC 4271 §4.5)',
  '2/6': open({ holdTimeSec: 1 }),
  '2/7': open({ capabilities: [Buffer.from([1, 4, 0, 25, 0, 70]), capability.fourOctetAs(ASN)] }),
  '2/11': async () => client({ asn: 64999 }, 2),
  '3/0': 'every UPDATE error has a subcode',
  '3/1': up(encodeUpdate({ withdrawnLength: 500 })),
  '3/2': up(encodeUpdate({ attributes: [UNKNOWN_WELL_KNOWN] })),
  '3/3': 'treated as withdraw (RFC 7606 §3(d))',
  '3/4': 'treated as withdraw (RFC 7606 §3(c))',
  '3/5': 'treated as withdraw (RFC 7606 §7)',
  '3/6': 'treated as withdraw (RFC 7606 §7.1)',
  '3/7': 'deprecated (RFC 4271 §4.5)',
  '3/8': 'treated as withdraw (RFC 7606 §7.3)',
  '3/9': up(encodeUpdate({ attributes: [origin(0), SHORT_UNREACH] })),
  '3/10': up(encodeUpdate({ withdrawn: Buffer.from([255, 1]) })),
  '3/11': 'treated as withdraw (RFC 7606 §7.2)',
  '4/0': async () => established(1, { keepalives: false, open: Buffer.concat([open(), KEEPALIVE]) }),
  '5/0': 'every message has its subcode (RFC 6608), and no timer runs where it has no business',
  '5/1': endOfRib('ipv4'),
  '5/2': Buffer.concat([open(), endOfRib('ipv4')]),
  '5/3': up(open()),
  '6/0': 'every Cease has a subcode (RFC 4486)',
  '6/1': async () => {
    const peer = await established(3);
    peer.announce(['10.62.1.0/24', '10.62.2.0/24'], { nextHop: peer.options.localAddress! });
    return peer;
  },
  '6/2': async () => {
    const peer = await established(0);
    await reflector.daemon.run('peer', 'disable', nameOf(peer));
    return peer;
  },
  '6/3': async () => {
    const peer = await established(4);
    reflector.daemon.removeFile('going.yaml');
    return peer;
  },
  '6/4': async () => {
    const peer = await established(0);
    await reflector.daemon.run('peer', 'reset', nameOf(peer));
    return peer;
  },
  '6/5': async () => {
    const peer = await established(0);
    await reflector.daemon.run('peer', 'disable', nameOf(peer));
    await peer.notified();
    return reflector.dial(peer.options.localAddress!);
  },
  '6/6': async () => {
    const peer = await established(5);
    reflector.daemon.writeFile('changing.yaml', rangeYaml('changing', 5, 'holdTime: 30s'));
    return peer;
  },
  '6/7': async () => reflector.dial((await established(0)).options.localAddress!),
  '6/8': async () => {
    await established(6);
    return client({}, 6);
  },
  '6/9': 'graceful restart after a NOTIFICATION is not offered (RFC 8538)',
  '6/10': 'there is no BFD yet (RFC 9384)',
  '7/0': 'the one ROUTE-REFRESH error has a subcode',
  '7/1': async () => {
    const peer = await established(0, { capabilities: OPEN_ENHANCED });
    peer.send(frame(MessageType.RouteRefresh, Buffer.from([0, 1, 0, 1, 0])));
    return peer;
  },
  '8/0': 'takes eight minutes: bgp/speaker/timers',
};

test('sent: every assigned error has a cause here, or a reason why there is none', () => {
  expect(Object.keys(CAUSES)).toEqual(ALL.map(([code, subcode]) => `${code}/${subcode}`));
});

const SENT = ALL.filter(([code, subcode]) => typeof CAUSES[`${code}/${subcode}`] !== 'string');

test.each(SENT)('sent: %i/%i', async (code, subcode) => {
  const cause = CAUSES[`${code}/${subcode}`]!;
  const peer = Buffer.isBuffer(cause) ? saying(cause) : await (cause as () => Promise<TestPeer>)();
  expect(await peer.notified()).toMatchObject({ code, subcode });
  await peer.close();
  const isStranger = code === 6 && subcode === 8; // beyond the limit: it never became a peer
  if (!isStranger) expect((await shown(peer)).lastSent).toMatchObject({ direction: 'sent', code, subcode });
  const counted = await counts();
  expect(counted(isStranger ? '_others' : nameOf(peer), 'sent', code, subcode)).toBe(1);
});
