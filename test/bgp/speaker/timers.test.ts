/** Keepalive and hold timers of live sessions, on a clock that the test moves. */
import { readFileSync } from 'node:fs';
import { dialDeaf } from '../../harness/bgp/deaf-client.ts';
import { KEEPALIVE } from '../../harness/bgp/encode.ts';
import { TestPeer, type TestPeerOptions } from '../../harness/bgp/test-peer.ts';
import { pollUntil } from '../../harness/deadline.ts';
import { FakeClock } from './fake-clock.ts';
import { rangeConfig, SpeakerUnderTest } from './speaker-under-test.ts';

const ADDRESS = '127.0.1.1';
const NAME = `clients/${ADDRESS}`;

let clock: FakeClock;
let subject: SpeakerUnderTest;

beforeEach(async () => {
  clock = new FakeClock();
  subject = await SpeakerUnderTest.start({ dynamic: [rangeConfig()] }, { clock });
});

afterEach(() => subject.close());

async function establish(options: Partial<TestPeerOptions> = {}): Promise<TestPeer> {
  const peer = TestPeer.dial(subject.target, {
    asn: 64512,
    routerId: '10.0.0.2',
    localAddress: ADDRESS,
    ...options,
  });
  await peer.established();
  await subject.state(NAME, 'Established');
  return peer;
}

const keepalives = (peer: TestPeer) => peer.messages.filter(({ type }) => type === 4).length;

test('a KEEPALIVE goes out every keepalive interval', async () => {
  const peer = await establish();
  for (const sent of [2, 3, 4]) {
    clock.advance(29_999);
    expect(subject.speaker.peer(NAME)!.messages.sent.keepalive).toBe(sent - 1);
    clock.advance(1);
    peer.send(KEEPALIVE);
    await peer.until(() => keepalives(peer) === sent || null, `${sent} KEEPALIVEs`);
    await pollUntil(
      async () => subject.speaker.peer(NAME)!.messages.received.keepalive === sent || null,
      `${sent} KEEPALIVEs received`,
      { intervalMs: 5 },
    );
  }
});

test('KEEPALIVEs of a hold time of 3 s are a second apart, whatever the jitter (RFC 4271 §4.4)', async () => {
  await subject.close();
  subject = await SpeakerUnderTest.start({ dynamic: [rangeConfig()] }, { clock, random: () => 0 });
  await establish({ holdTimeSec: 3 });
  const sent = () => subject.speaker.peer(NAME)!.messages.sent.keepalive;
  const before = sent();
  clock.advance(999);
  expect(sent()).toBe(before);
  clock.advance(1);
  expect(sent()).toBe(before + 1);
});

test('a silent peer is dropped with 4/0 when the hold time ends, and not before', async () => {
  const peer = await establish({ holdTimeSec: 9 });
  expect(subject.speaker.peer(NAME)).toMatchObject({ holdTimeSeconds: 9, keepaliveSeconds: 3 });
  clock.advance(8_999);
  expect(subject.speaker.peer(NAME)!.state).toBe('Established');
  clock.advance(1);
  expect(await peer.notified()).toMatchObject({ code: 4, subcode: 0 });
  const { lastError } = await subject.state(NAME, 'Idle');
  expect(lastError).toMatchObject({ direction: 'sent', code: 4, subcode: 0, text: 'Hold Timer Expired' });
  expect(subject.rib.log).toEqual([`up ${NAME}`, `down ${NAME}`]);
});

test('with hold time 0 neither side expects anything', async () => {
  const peer = await establish({ holdTimeSec: 0 });
  clock.advance(10_000_000);
  expect(subject.speaker.peer(NAME)).toMatchObject({
    state: 'Established',
    holdTimeSeconds: 0,
    keepaliveSeconds: 0,
  });
  expect(keepalives(peer)).toBe(1);
});

test('with hold time 0 the kernel probes whether the peer is still there, else it does not', async () => {
  const port = (number: number) => number.toString(16).toUpperCase().padStart(4, '0');
  /** `kind:when` of our end in /proc/net/tcp: the timer of the kernel, and hundredths of a second to its end. */
  const timer = (): string => {
    const ends = [`:${port(subject.port)} `, `:${port(subject.speaker.peer(NAME)!.port)} 01 `];
    const lines = readFileSync('/proc/net/tcp', 'latin1').split('\n');
    const line = lines.find((text) => ends.every((end) => text.includes(end)))!;
    return line.trim().split(/\s+/)[5]!;
  };
  const isAcknowledged = async () => !timer().startsWith('01:') || null;
  const other = await establish({ holdTimeSec: 90 });
  await pollUntil(isAcknowledged, 'everything acknowledged', { intervalMs: 5 });
  expect(timer()).toMatch(/^00:/);
  await other.close();
  await subject.state(NAME, 'Idle');
  await establish({ holdTimeSec: 0 });
  await pollUntil(isAcknowledged, 'everything acknowledged', { intervalMs: 5 });
  expect(timer()).toMatch(/^02:/);
  expect(Number.parseInt(timer().slice(3), 16)).toBeLessThanOrEqual(6_000);
});

test('a peer that lives but takes nothing is dropped after eight minutes (RFC 9687)', async () => {
  const socket = dialDeaf(subject.target, ADDRESS);
  const { output } = await subject.until(() => subject.rib.session(), 'a session in the RIB');
  for (let i = 0; i < 20; i++) output.write(Buffer.alloc(1_000_000, 0xff));
  for (let interval = 1; interval <= 16; interval++) {
    const { keepalive } = subject.speaker.peer(NAME)!.messages.received;
    socket.write(KEEPALIVE);
    await pollUntil(
      async () => subject.speaker.peer(NAME)!.messages.received.keepalive > keepalive || null,
      'KEEPALIVE received',
      { intervalMs: 5 },
    );
    clock.advance(30_000);
    expect(subject.speaker.peer(NAME)!.state).toBe('Established');
  }
  clock.advance(30_000);
  const { lastError } = await subject.state(NAME, 'Idle');
  expect(lastError).toMatchObject({
    direction: 'sent',
    code: 8,
    subcode: 0,
    text: 'Send Hold Timer Expired',
  });
  clock.advance(1_000);
  socket.destroy();
});

test('with hold time 0, too, a peer that takes nothing is dropped after eight minutes (RFC 9687)', async () => {
  const socket = dialDeaf(subject.target, ADDRESS, 0);
  const { output } = await subject.until(() => subject.rib.session(), 'a session in the RIB');
  for (let i = 0; i < 20; i++) output.write(Buffer.alloc(1_000_000, 0xff));
  for (let look = 1; look <= 16; look++) clock.advance(30_000);
  expect(subject.speaker.peer(NAME)).toMatchObject({ state: 'Established', holdTimeSeconds: 0 });
  clock.advance(30_000);
  const { lastError } = await subject.state(NAME, 'Idle');
  expect(lastError).toMatchObject({ direction: 'sent', code: 8, subcode: 0 });
  clock.advance(1_000);
  socket.destroy();
});

test('a client that connects and stays silent is dropped with 4/0 after one minute', async () => {
  const peer = TestPeer.dial(subject.target, {
    asn: 1,
    routerId: '10.0.0.2',
    localAddress: ADDRESS,
    open: null,
  });
  await subject.state(NAME, 'OpenSent');
  clock.advance(59_999);
  expect(subject.speaker.peer(NAME)!.state).toBe('OpenSent');
  clock.advance(1);
  expect(await peer.notified()).toMatchObject({ code: 4, subcode: 0 });
});

test('a client that went is shown for at least a minute, then forgotten', async () => {
  const peer = await establish();
  await peer.shutdown();
  await subject.state(NAME, 'Idle');
  clock.advance(60_000);
  expect(subject.speaker.peers()).toMatchObject([
    { name: NAME, state: 'Idle', lastError: { code: 6, subcode: 2 } },
  ]);
  clock.advance(60_000);
  expect(subject.speaker.peers()).toEqual([]);
});

test('a client that came back is not forgotten', async () => {
  const peer = await establish();
  await peer.shutdown();
  await subject.state(NAME, 'Idle');
  clock.advance(60_000);
  await establish();
  clock.advance(60_000);
  expect(subject.speaker.peers()).toMatchObject([{ name: NAME, flaps: 1 }]);
});

test('uptime and since follow the clock', async () => {
  await establish({ holdTimeSec: 0 });
  const { since } = subject.speaker.peer(NAME)!;
  clock.advance(12_345);
  expect(subject.speaker.peer(NAME)).toMatchObject({ since, uptimeSeconds: 12 });
});

test('closing the speaker leaves no timer behind', async () => {
  await establish();
  await subject.close();
  expect(clock.timers).toBe(0);
});
