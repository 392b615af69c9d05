/** Clients of listen ranges: who is let in, as what, and how many. */
import { cease } from '../../../bgp/packet/notification.ts';
import { encodeNotification } from '../../../bgp/packet/notification-codec.ts';
import type { SpeakerConfig } from '../../../bgp/speaker/speaker-config.ts';
import { TestPeer, type TestPeerOptions } from '../../harness/bgp/test-peer.ts';
import { peerConfig, rangeConfig, SpeakerUnderTest } from './speaker-under-test.ts';

let subject: SpeakerUnderTest;

afterEach(() => subject.close());

async function start(config: Partial<SpeakerConfig>): Promise<void> {
  subject = await SpeakerUnderTest.start(config);
}

function dial(localAddress: string, options: Partial<TestPeerOptions> = {}): TestPeer {
  const routerId = `10.${localAddress.slice(4)}`;
  return TestPeer.dial(subject.target, { asn: 64512, routerId, localAddress, ...options });
}

describe('who is let in', () => {
  test('a connection from outside every range is closed without a message', async () => {
    await start({ dynamic: [rangeConfig()] });
    const peer = dial('127.0.9.9');
    await peer.closed();
    expect(peer.messages).toEqual([]);
    expect(await subject.event('refused')).toEqual({
      kind: 'refused',
      address: '127.0.9.9',
      peer: null,
      neighbor: null,
      reason: 'outside-ranges',
      notification: null,
    });
    expect(subject.speaker.peers()).toEqual([]);
  });

  test('of several ranges the longest decides', async () => {
    const wide = rangeConfig({ name: 'wide', listenRanges: ['127.0.0.0/8'] });
    await start({ dynamic: [wide, rangeConfig({ name: 'narrow', routeReflectorClient: true })] });
    await Promise.all([dial('127.0.1.1').established(), dial('127.0.2.1').established()]);
    const seen = subject.speaker
      .peers()
      .map(({ name, kind, routeReflectorClient }) => [name, kind, routeReflectorClient]);
    expect(seen.sort()).toEqual([
      ['narrow/127.0.1.1', 'dynamic', true],
      ['wide/127.0.2.1', 'dynamic', false],
    ]);
  });

  test('a configured peer beats any range', async () => {
    await start({ dynamic: [rangeConfig()], peers: [peerConfig({ name: 'tor', address: '127.0.1.7' })] });
    await dial('127.0.1.7').established();
    await subject.state('tor', 'Established');
    expect(subject.speaker.peers()).toHaveLength(1);
  });

  test('a range that is held refuses connections without a message', async () => {
    await start({ dynamic: [rangeConfig({ held: 'Secret bgp is missing' })] });
    const peer = dial('127.0.1.1');
    await peer.closed();
    expect(peer.messages).toEqual([]);
    expect(await subject.event('refused')).toMatchObject({ neighbor: 'clients', reason: 'held' });
  });

  test('AS numbers of the range are accepted, others get 2/2', async () => {
    await start({ dynamic: [rangeConfig({ asNumbers: [{ first: 65000, last: 65100 }] })] });
    await dial('127.0.1.1', { asn: 65050 }).established();
    expect(subject.speaker.peer('clients/127.0.1.1')).toMatchObject({ asn: 65050, localAsn: 64512 });
    expect(await dial('127.0.1.2', { asn: 65101 }).notified()).toMatchObject({ code: 2, subcode: 2 });
    expect(await dial('127.0.1.3', { asn: 64512 }).notified()).toMatchObject({ code: 2, subcode: 2 });
  });

  test('IPv6 clients come in over IPv6', async () => {
    await start({
      listen: [{ address: '::1', port: 0 }],
      dynamic: [rangeConfig({ listenRanges: ['::1/128'] })],
    });
    const target = { address: '::1', port: subject.port };
    const peer = TestPeer.dial(target, { asn: 64512, routerId: '10.0.0.9' });
    await peer.established();
    expect(subject.speaker.peers()).toMatchObject([{ name: 'clients/::1', localAddress: '::1' }]);
  });
});

describe('how many', () => {
  test('one beyond the limit gets Cease 6/8, and there is room again when one goes', async () => {
    await start({ dynamic: [rangeConfig({ maxSessions: 2 })] });
    const first = await dial('127.0.1.1').established();
    await dial('127.0.1.2').established();
    const third = dial('127.0.1.3');
    expect(await third.notified()).toMatchObject({ code: 6, subcode: 8 });
    await third.closed();
    expect(await subject.event('refused')).toEqual({
      kind: 'refused',
      address: '127.0.1.3',
      peer: null,
      neighbor: 'clients',
      reason: 'session-limit',
      notification: { code: 6, subcode: 8 },
    });
    await first.close();
    await subject.state('clients/127.0.1.1', 'Idle');
    await dial('127.0.1.3').established();
    expect(await dial('127.0.1.1').notified()).toMatchObject({ code: 6, subcode: 8 });
  });

  test('beyond the total of the speaker a client gets Cease 6/8; a configured peer is let in', async () => {
    subject = await SpeakerUnderTest.start(
      { dynamic: [rangeConfig()], peers: [peerConfig({ address: '127.0.2.1' })] },
      { limits: { maxSessions: 2, maxFileDescriptors: null } },
    );
    await dial('127.0.1.1').established();
    expect(await dial('127.0.1.2').notified()).toMatchObject({ code: 6, subcode: 8 });
    expect(await subject.event('refused')).toMatchObject({ neighbor: 'clients', reason: 'total-limit' });
    await dial('127.0.2.1').established();
  });

  test('the limit of one range does not count the clients of another', async () => {
    const other = rangeConfig({ name: 'other', listenRanges: ['127.0.2.0/24'] });
    await start({ dynamic: [rangeConfig({ maxSessions: 1 }), other] });
    await Promise.all([dial('127.0.2.1').established(), dial('127.0.2.2').established()]);
    await dial('127.0.1.1').established();
    expect(await dial('127.0.1.2').notified()).toMatchObject({ code: 6, subcode: 8 });
  });

  test('200 clients at once are all let in', async () => {
    await start({ dynamic: [rangeConfig({ maxSessions: 1000 })] });
    const peers = Array.from({ length: 200 }, (_, i) => dial(`127.0.1.${i + 1}`));
    await Promise.all(peers.map((peer) => peer.established()));
    await subject.until(() => subject.rib.sessions.size === 200 || null, '200 sessions');
    expect(new Set(subject.speaker.peers().map(({ state }) => state))).toEqual(new Set(['Established']));
  });
});

describe('a second connection of the same client', () => {
  test('is closed with Cease 6/7 while the session is up (RFC 4271 §6.8)', async () => {
    await start({ dynamic: [rangeConfig()] });
    const first = await dial('127.0.1.1').established();
    const second = dial('127.0.1.1');
    expect(await second.notified()).toMatchObject({ code: 6, subcode: 7 });
    expect(await subject.event('refused')).toMatchObject({ neighbor: 'clients', reason: 'duplicate' });
    expect(first.isEstablished).toBe(true);
    expect(subject.speaker.peer('clients/127.0.1.1')).toMatchObject({
      state: 'Established',
      lastError: null,
    });
    expect(subject.speaker.peer('clients/127.0.1.1')!.lastSent).toMatchObject({ code: 6, subcode: 7 });
  });

  test('takes over when the first has just died', async () => {
    await start({ dynamic: [rangeConfig()] });
    const first = await dial('127.0.1.1').established();
    void first.close();
    await dial('127.0.1.1').established();
    expect(subject.rib.log).toEqual([
      'up clients/127.0.1.1',
      'down clients/127.0.1.1',
      'up clients/127.0.1.1',
    ]);
    expect(subject.speaker.peer('clients/127.0.1.1')!.flaps).toBe(1);
  });

  test('replaces one that never got beyond OPEN', async () => {
    await start({ dynamic: [rangeConfig()] });
    const first = dial('127.0.1.1', { open: null });
    await subject.state('clients/127.0.1.1', 'OpenSent');
    await dial('127.0.1.1').established();
    await subject.state('clients/127.0.1.1', 'Established');
    expect(first.isEstablished).toBe(false);
  });
});

describe('our last words', () => {
  test('arrive although the client’s input was never read', async () => {
    await start({ dynamic: [rangeConfig({ maxSessions: 0 })] });
    const peer = dial('127.0.1.1', { open: Buffer.alloc(200_000, 0xff) });
    expect(await peer.notified()).toMatchObject({ code: 6, subcode: 8 });
    const bytes = encodeNotification(cease.outOfResources());
    expect(peer.messages).toEqual([{ type: 3, body: Buffer.from(bytes.subarray(19)) }]);
  });
});
