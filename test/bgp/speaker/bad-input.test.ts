/** What a hostile or broken peer gets, and that it costs nobody else anything. */
import {
  capability,
  encodeNotification,
  encodeOpen,
  encodeUpdate,
  frame,
  KEEPALIVE,
  MessageType,
  type OpenFields,
} from '../../harness/bgp/encode.ts';
import { TestPeer, type TestPeerOptions } from '../../harness/bgp/test-peer.ts';
import { rangeConfig, SpeakerUnderTest } from './speaker-under-test.ts';

const HEALTHY = '127.0.1.1';
const BAD = '127.0.1.2';

const GOOD_OPEN: OpenFields = {
  asn: 64512,
  routerId: '10.0.0.3',
  holdTimeSec: 90,
  capabilities: [capability.multiprotocol('ipv4'), capability.fourOctetAs(64512)],
};
const open = (changes: Partial<OpenFields> = {}) => encodeOpen({ ...GOOD_OPEN, ...changes });
const UPDATE = encodeUpdate({});

let subject: SpeakerUnderTest;
let healthy: TestPeer;

beforeAll(async () => {
  subject = await SpeakerUnderTest.start({ dynamic: [rangeConfig()] });
  const options = { asn: 64512, routerId: '10.0.0.2', localAddress: HEALTHY };
  healthy = await TestPeer.dial(subject.target, options).established();
});

afterAll(() => subject.close());

function dial(options: Partial<TestPeerOptions>): TestPeer {
  return TestPeer.dial(subject.target, {
    asn: 64512,
    routerId: '10.0.0.3',
    localAddress: BAD,
    keepalives: false,
    ...options,
  });
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

async function fate(peer: TestPeer): Promise<string> {
  const { code, subcode, data } = await peer.notified();
  await peer.closed();
  return `${code}/${subcode} ${hex(data)}`.trim();
}

/** Sent in place of OPEN. */
const FIRST_MESSAGES: readonly (readonly [string, Buffer, string, string])[] = [
  ['a wrong marker', Buffer.alloc(19), '1/1', 'Connection Not Synchronized'],
  ['length 18', frame(4, Buffer.alloc(0), 18), '1/2 0012', 'Bad Message Length: length 18'],
  ['length 4097', frame(2, Buffer.alloc(4078)), '1/2 1001', 'Bad Message Length: length 4097'],
  ['an unknown type', frame(9, Buffer.alloc(0)), '1/3 09', 'Bad Message Type: type 9'],
  ['version 3', open({ version: 3 }), '2/1 0004', 'Unsupported Version Number: version 4 is supported'],
  ['a wrong AS', open({ asn: 65000, capabilities: [] }), '2/2', 'Bad Peer AS: AS 65000 is not expected here'],
  ['a BGP Identifier of zero', open({ routerId: '0.0.0.0' }), '2/3', 'Bad BGP Identifier'],
  ['our own BGP Identifier', open({ routerId: '10.0.0.1' }), '2/3', 'our own BGP Identifier 10.0.0.1'],
  ['an unknown optional parameter', withParameter(1), '2/4', 'Unsupported Optional Parameter'],
  ['hold time 1', open({ holdTimeSec: 1 }), '2/6', 'Unacceptable Hold Time'],
  [
    'no family in common',
    open({ capabilities: [Buffer.from([1, 4, 0, 25, 0, 70])] }),
    '2/7 010400010001010400020001',
    'no address family in common',
  ],
  ['an UPDATE before OPEN', UPDATE, '5/1 02', 'Unexpected Message in OpenSent State: UPDATE'],
  ['a KEEPALIVE before OPEN', KEEPALIVE, '5/1 04', 'Unexpected Message in OpenSent State: KEEPALIVE'],
  ['a ROUTE-REFRESH before OPEN', frame(5, Buffer.from([0, 1, 0, 1])), '5/1 05', 'ROUTE-REFRESH'],
];

function withParameter(type: number): Buffer {
  const message = encodeOpen({ ...GOOD_OPEN, capabilities: [] });
  const body = Buffer.concat([message.subarray(19, 28), Buffer.from([3, type, 1, 0])]);
  return frame(MessageType.Open, body);
}

describe('a peer that begins wrongly', () => {
  test.each(FIRST_MESSAGES)('%s', async (_what, first, expected, text) => {
    expect(await fate(dial({ open: first }))).toBe(expected);
    const detail = await subject.state(`clients/${BAD}`, 'Idle');
    expect(detail.lastError).toMatchObject({ direction: 'sent' });
    expect(`${detail.lastError!.code}/${detail.lastError!.subcode}`).toBe(expected.split(' ')[0]);
    expect(detail.lastError!.text).toContain(text);
    expect(detail.lastSent).toEqual(detail.lastError);
  });

  test('every byte of a wrong OPEN may come alone', async () => {
    const peer = dial({ open: null });
    for (const octet of open({ holdTimeSec: 2 })) peer.send(Buffer.from([octet]));
    expect(await fate(peer)).toBe('2/6');
  });
});

describe('a peer that goes on wrongly', () => {
  test.each([
    ['an UPDATE', UPDATE, '5/2 02'],
    ['a second OPEN', open(), '5/2 01'],
    ['a ROUTE-REFRESH', frame(5, Buffer.from([0, 1, 0, 1])), '5/2 05'],
  ])('%s before KEEPALIVE', async (_what, message, expected) => {
    const peer = dial({ open: Buffer.concat([open(), message]) });
    expect(await fate(peer)).toBe(expected);
  });

  test.each([
    ['a second OPEN', open(), '5/3 01'],
    ['length 4097 without extended messages', frame(2, Buffer.alloc(4078)), '1/2 1001'],
    ['a KEEPALIVE with a body', frame(4, Buffer.alloc(1)), '1/2 0014'],
    ['a ROUTE-REFRESH of five octets', frame(5, Buffer.alloc(5)), `7/1 ${hex(frame(5, Buffer.alloc(5)))}`],
  ])('%s in Established', async (_what, message, expected) => {
    const peer = dial({ open: Buffer.concat([open(), KEEPALIVE, message]) });
    expect(await fate(peer)).toBe(expected);
  });
});

describe('afterwards', () => {
  test('the RIB has seen no UPDATE of any of them', () => {
    for (const { updates } of subject.rib.sessions.values()) expect(updates).toEqual([]);
  });

  test('every session that was up went down exactly once', () => {
    const name = `clients/${BAD}`;
    const ups = subject.rib.log.filter((line) => line === `up ${name}`).length;
    expect(ups).toBeGreaterThan(0);
    expect(subject.rib.log.filter((line) => line === `down ${name}`)).toHaveLength(ups);
  });

  test('the healthy session was not disturbed', () => {
    expect(healthy.isEstablished).toBe(true);
    expect(subject.speaker.peer(`clients/${HEALTHY}`)).toMatchObject({ state: 'Established', flaps: 0 });
  });

  test('the same client may come back at once', async () => {
    await dial({ keepalives: true }).established();
    await subject.state(`clients/${BAD}`, 'Established');
  });
});

describe('what a peer says at the end', () => {
  test('a shutdown communication is kept, with control characters escaped (RFC 9003)', async () => {
    const peer = dial({ localAddress: '127.0.1.3', keepalives: true });
    await peer.established();
    const text = Buffer.from('rack 7 \u001b[31mdown');
    peer.send(encodeNotification(6, 2, Buffer.concat([Buffer.from([text.length]), text])));
    const detail = await subject.state('clients/127.0.1.3', 'Idle');
    expect(detail.lastError).toMatchObject({
      direction: 'received',
      code: 6,
      subcode: 2,
      text: 'rack 7 \\x1b[31mdown',
    });
    expect(detail.lastReceived).toEqual(detail.lastError);
    expect(detail.flaps).toBe(1);
  });

  test('a NOTIFICATION right before the end of the connection is not lost', async () => {
    const peer = dial({ localAddress: '127.0.1.4', keepalives: true });
    await peer.established();
    await peer.shutdown();
    const detail = await subject.state('clients/127.0.1.4', 'Idle');
    expect(detail.lastError).toMatchObject({ direction: 'received', code: 6, subcode: 2 });
  });

  test('a connection that just ends drops the session at once, with code 0', async () => {
    const peer = dial({ localAddress: '127.0.1.5', keepalives: true });
    await peer.established();
    await peer.close();
    const detail = await subject.state('clients/127.0.1.5', 'Idle');
    expect(detail.lastError).toMatchObject({ direction: 'received', code: 0, subcode: 0 });
    expect(detail.lastError!.text).toMatch(/^connection (closed|reset) by peer$/);
    expect(detail.lastReceived).toBeNull();
  });
});
