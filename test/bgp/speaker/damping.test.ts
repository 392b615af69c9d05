/** Peers that are left alone for a while, on a clock that the test moves: limits of prefixes, repeated disagreements. */
import { cease, updateError } from '../../../bgp/packet/notification.ts';
import type { PeerConfig } from '../../../bgp/speaker/speaker-config.ts';
import { encodeNotification, encodeUpdate } from '../../harness/bgp/encode.ts';
import { TestListener } from '../../harness/bgp/test-listener.ts';
import { TestPeer, type TestPeerOptions } from '../../harness/bgp/test-peer.ts';
import { FakeClock } from './fake-clock.ts';
import { APPLIED } from './fake-rib.ts';
import { peerConfig, rangeConfig, SpeakerUnderTest } from './speaker-under-test.ts';

const PEER = '127.0.0.2';
const identity: TestPeerOptions = { asn: 64512, routerId: '10.0.0.2', localAddress: PEER };

let clock: FakeClock;
let subject: SpeakerUnderTest;
let listener: TestListener | null = null;

beforeEach(() => {
  clock = new FakeClock();
});

afterEach(async () => {
  await subject.close();
  await listener?.close();
  listener = null;
});

const overLimit = () => ({ ...APPLIED, notification: cease.maximumPrefixes(1, 1, 9) });

/** A configured peer that we dial, whose limit of prefixes is exceeded by any UPDATE. */
async function start(changes: Partial<PeerConfig>, options: TestPeerOptions = identity): Promise<TestPeer> {
  listener = await TestListener.listen(PEER, 0, options);
  const peers = [peerConfig({ passive: false, port: listener.port, maxPrefixes: 9, ...changes })];
  subject = await SpeakerUnderTest.start({ peers }, { clock });
  subject.rib.judge = overLimit;
  return listener.accepted();
}

async function exceedLimit(peer: TestPeer): Promise<void> {
  await peer.established();
  await subject.state('peer', 'Established');
  peer.send(encodeUpdate({}));
  expect(await peer.notified()).toMatchObject({ code: 6, subcode: 1 });
  await subject.state('peer', 'Idle');
}

describe('a configured peer that exceeded its limit of prefixes', () => {
  test('stays away for its restart time, also when it dials, and is dialed then', async () => {
    await exceedLimit(await start({ maxPrefixesRestartSec: 600 }));
    clock.advance(599_000);
    expect(await TestPeer.dial(subject.target, identity).notified()).toMatchObject({ code: 6, subcode: 5 });
    expect(await subject.event('refused')).toMatchObject({ address: PEER, reason: 'damped' });
    expect(listener!.peers).toHaveLength(1);
    clock.advance(1_000);
    await (await listener!.accepted(1)).established();
  });

  test('stays away for five minutes where nothing else is said', async () => {
    await exceedLimit(await start({}));
    clock.advance(299_999);
    expect(subject.speaker.peer('peer')!.state).toBe('Idle');
    clock.advance(1);
    await (await listener!.accepted(1)).established();
  });

  test('stays away for good without a restart time, until it is reset', async () => {
    await exceedLimit(await start({ maxPrefixesRestartSec: null }));
    clock.advance(1_000_000_000);
    expect(await TestPeer.dial(subject.target, identity).notified()).toMatchObject({ code: 6, subcode: 5 });
    expect(subject.speaker.resetPeer('peer')).toBe('done');
    await (await listener!.accepted(1)).established();
  });

  test('is told of, with the limit, and before that when it comes near', async () => {
    const warnings: unknown[] = [];
    const logger = {
      debug: () => undefined,
      info: () => undefined,
      warn: (message: string, fields?: object) => warnings.push([message, fields]),
      error: () => undefined,
    };
    listener = await TestListener.listen(PEER, 0, identity);
    const peers = [
      peerConfig({ passive: false, port: listener.port, maxPrefixes: 10, maxPrefixesWarningPercent: 80 }),
    ];
    subject = await SpeakerUnderTest.start({ peers }, { clock, logger });
    subject.rib.counts = { received: { ipv4: 8 }, accepted: {}, advertised: {} };
    subject.rib.judge = () => ({ ...APPLIED, nearLimit: 'ipv4' });
    const peer = await listener.accepted();
    await peer.established();
    await subject.state('peer', 'Established');
    peer.send(encodeUpdate({}));
    const session = await subject.until(() => subject.rib.session(), 'a session');
    await subject.until(() => session.updates.length === 1 || null, 'an UPDATE');
    expect(warnings).toEqual([
      ['limit of prefixes is near', { peer: 'peer', reason: '8 of at most 10 ipv4 prefixes' }],
    ]);
    expect(subject.speaker.peer('peer')).toMatchObject({
      maxPrefixes: 10,
      maxPrefixesWarning: 8,
      nearLimit: ['ipv4'],
    });
    subject.rib.judge = overLimit;
    peer.send(encodeUpdate({}));
    const { lastError } = await subject.state('peer', 'Idle');
    expect(lastError!.text).toBe('Cease: Maximum Number of Prefixes Reached: ipv4, at most 9');
  });
});

test('a client of a listen range that exceeded its limit may come back at once', async () => {
  subject = await SpeakerUnderTest.start({ dynamic: [rangeConfig({ maxPrefixes: 9 })] }, { clock });
  subject.rib.judge = overLimit;
  const client = { ...identity, localAddress: '127.0.1.1' };
  for (let round = 0; round < 5; round++) {
    const peer = await TestPeer.dial(subject.target, client).established();
    await subject.state('clients/127.0.1.1', 'Established');
    peer.send(encodeUpdate({}));
    expect(await peer.notified()).toMatchObject({ code: 6, subcode: 1 });
    await subject.state('clients/127.0.1.1', 'Idle');
  }
});

test('a session that ends for the same fault again and again is refused in Idle (RFC 4271 §8.1, DampPeerOscillations)', async () => {
  subject = await SpeakerUnderTest.start({ peers: [peerConfig()] }, { clock });
  const notification = updateError.malformedAttributeList();
  subject.rib.judge = () => ({ ...APPLIED, notification });
  const fail = async (): Promise<void> => {
    const peer = await TestPeer.dial(subject.target, identity).established();
    await subject.state('peer', 'Established');
    peer.send(encodeUpdate({}));
    expect(await peer.notified()).toMatchObject({ code: 3, subcode: 1 });
    await subject.state('peer', 'Idle');
  };
  for (let round = 0; round < 3; round++) await fail();
  expect(await TestPeer.dial(subject.target, identity).notified()).toMatchObject({ code: 6, subcode: 5 });
  clock.advance(20_000);
  await fail();
});

test('a peer that refuses the capabilities parameter gets an OPEN without, and one with it after that (RFC 5492 §3)', async () => {
  const first = await start({}, { ...identity, open: null, keepalives: false });
  await first.until(() => first.open, 'our OPEN');
  expect(first.open!.capabilities.size).toBeGreaterThan(0);
  first.send(encodeNotification(2, 4));
  await subject.state('peer', 'Idle');
  clock.advance(5_000);
  const second = await listener!.accepted(1);
  await second.until(() => second.open, 'our second OPEN');
  expect(second.open!.capabilities.size).toBe(0);
  expect(subject.speaker.peer('peer')!.capabilities.sent).toEqual([]);
  second.send(encodeNotification(2, 4));
  await subject.state('peer', 'Idle');
  clock.advance(10_000);
  const third = await listener!.accepted(2);
  await third.until(() => third.open, 'our third OPEN');
  expect(third.open!.capabilities.size).toBeGreaterThan(0);
});

describe('a single-hop external peer (RFC 4271 §5.1.3)', () => {
  const external = { passive: false, asn: 65000, multihop: false };

  test('that is on no subnet of ours is not dialed, and the reason is shown', async () => {
    const peers = [peerConfig({ ...external, address: '203.0.113.77' })];
    subject = await SpeakerUnderTest.start({ peers }, { clock });
    const { lastError } = await subject.state('peer', 'Active');
    expect(lastError!.text).toBe(
      '203.0.113.77 is on no subnet of this node, and the session is for one hop only',
    );
  });

  test('that is on one comes up', async () => {
    await (await start(external, { ...identity, asn: 65000 })).established();
    await subject.state('peer', 'Established');
  });
});
