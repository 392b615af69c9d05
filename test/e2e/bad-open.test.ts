/**
 * Bad input before Established, sent to a running reflector (RFC 4271 §6.1, §6.2, §6.6, RFC 6608): the
 * NOTIFICATION that comes back, what `manul peers` and `/metrics` say of it, and that nobody else notices.
 */
import { uint32 } from '../harness/bgp/attributes.ts';
import {
  capability,
  encodeNotification,
  encodeOpen,
  endOfRib,
  frame,
  KEEPALIVE,
  MessageType,
} from '../harness/bgp/encode.ts';
import type { TestPeer } from '../harness/bgp/test-peer.ts';
import { pollUntil } from '../harness/deadline.ts';
import type { ShownPeer } from '../harness/manul/manul-daemon.ts';
import { BadInputScene, errorText } from './support/bad-input.ts';
import { sampleOf } from './support/exposition.ts';
import { ASN } from './support/reflector.ts';

jest.setTimeout(60_000);

const NETWORK = '127.40.0';

interface Row {
  readonly what: string;
  readonly send: readonly Buffer[];
  readonly code: number;
  readonly subcode: number;
  /** Data field of the NOTIFICATION, hexadecimal; where it is left out, anything goes. */
  readonly data?: string;
}

const FAMILIES = [capability.multiprotocol('ipv4'), capability.multiprotocol('ipv6')];

function open(fields: Partial<Parameters<typeof encodeOpen>[0]> = {}): Buffer {
  const capabilities = [...FAMILIES, capability.fourOctetAs(ASN)];
  return encodeOpen({ asn: ASN, routerId: '10.40.0.1', holdTimeSec: 90, capabilities, ...fields });
}

/** An OPEN whose Optional Parameters field is given as it is, its length octet included. */
function openWithParameters(...parameters: readonly number[]): Buffer {
  return frame(MessageType.Open, Buffer.from([4, 0xfc, 0x00, 0, 90, 10, 40, 0, 1, ...parameters]));
}

function withoutMarker(message: Buffer): Buffer {
  const copy = Buffer.from(message);
  copy[7] = 0;
  return copy;
}

const UPDATE = endOfRib('ipv4');
const ROUTE_REFRESH = frame(MessageType.RouteRefresh, Buffer.from([0, 1, 0, 1]));

const HEADER_ERRORS: readonly Row[] = [
  { what: 'a wrong marker', send: [withoutMarker(open())], code: 1, subcode: 1, data: '' },
  { what: 'an HTTP request', send: [Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')], code: 1, subcode: 1 },
  {
    what: 'length 18',
    send: [frame(MessageType.Keepalive, Buffer.alloc(0), 18)],
    code: 1,
    subcode: 2,
    data: '0012',
  },
  {
    what: 'length 0',
    send: [frame(MessageType.Keepalive, Buffer.alloc(0), 0)],
    code: 1,
    subcode: 2,
    data: '0000',
  },
  {
    what: 'length 4097',
    send: [frame(MessageType.Update, Buffer.alloc(4078))],
    code: 1,
    subcode: 2,
    data: '1001',
  },
  {
    what: 'length 65535, of which only the header is sent',
    send: [frame(MessageType.Update, Buffer.alloc(0), 65535)],
    code: 1,
    subcode: 2,
    data: 'ffff',
  },
  {
    what: 'a KEEPALIVE of length 20',
    send: [frame(MessageType.Keepalive, Buffer.alloc(1))],
    code: 1,
    subcode: 2,
    data: '0014',
  },
  {
    what: 'an OPEN of length 28',
    send: [frame(MessageType.Open, Buffer.alloc(9))],
    code: 1,
    subcode: 2,
    data: '001c',
  },
  { what: 'type 0', send: [frame(0, Buffer.alloc(0))], code: 1, subcode: 3, data: '00' },
  { what: 'type 6', send: [frame(6, Buffer.alloc(0))], code: 1, subcode: 3, data: '06' },
];

const OPEN_ERRORS: readonly Row[] = [
  { what: 'version 3', send: [open({ version: 3 })], code: 2, subcode: 1, data: '0004' },
  { what: 'version 5', send: [open({ version: 5 })], code: 2, subcode: 1, data: '0004' },
  {
    what: 'another AS',
    send: [open({ asn: 64999, capabilities: [capability.fourOctetAs(64999)] })],
    code: 2,
    subcode: 2,
  },
  { what: 'AS 0', send: [open({ asn: 0, capabilities: [] })], code: 2, subcode: 2 },
  { what: 'BGP Identifier 0.0.0.0', send: [open({ routerId: '0.0.0.0' })], code: 2, subcode: 3 },
  { what: 'our own BGP Identifier', send: [open({ routerId: `${NETWORK}.1` })], code: 2, subcode: 3 },
  {
    what: 'an optional parameter that nobody knows',
    send: [openWithParameters(3, 1, 1, 0)],
    code: 2,
    subcode: 4,
  },
  { what: 'hold time 1', send: [open({ holdTimeSec: 1 })], code: 2, subcode: 6 },
  { what: 'hold time 2', send: [open({ holdTimeSec: 2 })], code: 2, subcode: 6 },
  {
    what: 'no family in common',
    send: [
      open({ capabilities: [Buffer.from([1, 4, 0, 25, 0, 70]), capability.fourOctetAs(ASN)] }), // L2VPN EVPN
    ],
    code: 2,
    subcode: 7,
    data: Buffer.concat(FAMILIES).toString('hex'),
  },
  {
    what: 'optional parameters that are longer than the message',
    send: [openWithParameters(200, 2, 6, 65, 4)],
    code: 2,
    subcode: 0,
  },
  {
    what: 'a capability that is longer than its parameter',
    send: [openWithParameters(8, 2, 6, 65, 40, ...uint32(ASN))],
    code: 2,
    subcode: 0,
  },
];

const OUT_OF_TURN: readonly Row[] = [
  { what: 'UPDATE instead of OPEN', send: [UPDATE], code: 5, subcode: 1, data: '02' },
  { what: 'KEEPALIVE instead of OPEN', send: [KEEPALIVE], code: 5, subcode: 1, data: '04' },
  { what: 'ROUTE-REFRESH instead of OPEN', send: [ROUTE_REFRESH], code: 5, subcode: 1, data: '05' },
  { what: 'UPDATE instead of the first KEEPALIVE', send: [open(), UPDATE], code: 5, subcode: 2, data: '02' },
  { what: 'a second OPEN', send: [open(), open()], code: 5, subcode: 2, data: '01' },
  { what: 'an OPEN in Established', send: [open(), KEEPALIVE, open()], code: 5, subcode: 3, data: '01' },
];

describe('bad input before Established', () => {
  let scene: BadInputScene;
  /** The error of each row, by the address that caused it. */
  const caused = new Map<string, string>();

  beforeAll(async () => {
    scene = await BadInputScene.open(NETWORK);
  });

  afterAll(() => scene?.close());

  afterEach(() => scene.expectBystanderUndisturbed());

  test.each([...HEADER_ERRORS, ...OPEN_ERRORS, ...OUT_OF_TURN])(
    '$what: NOTIFICATION $code/$subcode, then the connection is closed',
    async ({ send, code, subcode, data }) => {
      const client = scene.rawClient();
      client.send(Buffer.concat(send));
      const notification = await client.notified();
      await client.closed();
      expect(`${notification.code}/${notification.subcode}`).toBe(`${code}/${subcode}`);
      if (data !== undefined) expect(notification.data.toString('hex')).toBe(data);
      const address = client.options.localAddress!;
      caused.set(address, `sent ${code}/${subcode}`);
      expect(errorText((await scene.shown(address)).lastError)).toBe(`sent ${code}/${subcode}`);
    },
  );

  test('byte by byte the answer is the same', async () => {
    const client = scene.rawClient();
    for (const byte of open({ version: 9 })) client.send(Buffer.from([byte]));
    expect(await client.notified()).toMatchObject({ code: 2, subcode: 1 });
    caused.set(client.options.localAddress!, 'sent 2/1');
  });

  test.each([0, 3])('hold time %i is acceptable', async (holdTimeSec) => {
    const client = await scene.client({ holdTimeSec }).established();
    // The daemon is there when it has read the client's KEEPALIVE, which the client sent with its last step.
    await pollUntil(
      async () => (await scene.shown(client.options.localAddress!)).state === 'Established' || null,
      'the daemon is Established, too',
    );
    await client.shutdown();
    caused.set(client.options.localAddress!, 'received 6/2');
  });

  test('a NOTIFICATION is never answered, and is shown as received', async () => {
    const client = scene.rawClient();
    client.send(encodeNotification(2, 6));
    await client.closed();
    expect(client.notification).toBeNull();
    caused.set(client.options.localAddress!, 'received 2/6');
  });

  test('a client that closes without a word leaves its reason, but no NOTIFICATION', async () => {
    const client = scene.rawClient();
    await client.until((peer) => peer.open, 'an OPEN');
    await client.close();
    const address = client.options.localAddress!;
    await scene.reflector.daemon.untilPeer(address, (peer) => peer.lastError !== null, 'with an error');
    const { state, lastError } = await scene.shown(address);
    expect(state).toBe('Idle');
    expect(lastError).toMatchObject({ direction: 'received', code: 0, subcode: 0 });
    expect(lastError?.text).toMatch(/connection (closed|reset) by peer/);
    caused.set(address, 'received 0/0');
  });

  test('from outside every range: closed without a message, counted, and no peer is shown', async () => {
    const outside = '127.41.0.9';
    const client = scene.reflector.dial(outside);
    await client.closed();
    expect(client.messages).toEqual([]);
    const refused = 'manul_bgp_dynamic_refused_total{neighbor="",reason="outside-ranges"}';
    expect(sampleOf(await scene.metrics(), refused)).toBe(1);
    const peers = await scene.reflector.daemon.peers();
    expect(peers.map((peer) => peer.address)).not.toContain(outside);
  });

  test('manul peers and the metrics hold every one of these errors afterwards', async () => {
    const peers: readonly ShownPeer[] = await scene.reflector.daemon.peers();
    const errors = peers
      .filter((peer) => peer.name !== `clients/${NETWORK}.2`)
      .map((peer) => [peer.address, errorText(peer.lastError)]);
    expect(new Map(errors as [string, string][])).toEqual(caused);

    const metrics = await scene.metrics();
    for (const [address, error] of caused) {
      const [, direction, code, subcode] = /^(\w+) (\d+)\/(\d+)$/.exec(error)!;
      if (code === '0') continue;
      const labels = `peer="clients/${address}",direction="${direction}",code="${code}",subcode="${subcode}"`;
      expect(sampleOf(metrics, `manul_bgp_notifications_total{${labels}}`)).toBe(1);
    }
  });

  test('a client that was refused may come again at once, rightly this time', async () => {
    const localAddress = scene.newAddress();
    const bad = scene.reflector.dial(localAddress, { open: open({ holdTimeSec: 1 }) });
    await bad.notified();
    const good: TestPeer = await scene.reflector.dial(localAddress).established();
    expect((await good.route('10.250.0.0/24')).nextHop).toBe(`${NETWORK}.2`);
    await good.close();
  });
});
