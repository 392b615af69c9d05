/** Peers with an address: dialed or waited for, tried again, reset, held. */
import { capability, encodeOpen, KEEPALIVE } from '../../harness/bgp/encode.ts';
import { TestListener } from '../../harness/bgp/test-listener.ts';
import { TestPeer, type TestPeerOptions } from '../../harness/bgp/test-peer.ts';
import { LOCAL, peerConfig, SpeakerUnderTest, speakerConfig } from './speaker-under-test.ts';

const PEER = '127.0.0.2';

let subject: SpeakerUnderTest;
let listener: TestListener | null = null;

afterEach(async () => {
  await subject.close();
  await listener?.close();
  listener = null;
});

const identity = (routerId = '10.0.0.2', options: Partial<TestPeerOptions> = {}): TestPeerOptions => ({
  asn: 64512,
  routerId,
  localAddress: PEER,
  ...options,
});

async function listenAsPeer(options: TestPeerOptions = identity()): Promise<number> {
  listener = await TestListener.listen(PEER, 0, options);
  return listener.port;
}

describe('an active peer', () => {
  test('is dialed from our own address, and the session comes up', async () => {
    const port = await listenAsPeer();
    subject = await SpeakerUnderTest.start({
      peers: [peerConfig({ passive: false, port, localAddress: '127.0.0.5' })],
    });
    const peer = await listener!.accepted();
    await peer.established();
    expect(await subject.state('peer', 'Established')).toMatchObject({
      kind: 'configured',
      address: PEER,
      port,
      localAddress: '127.0.0.5',
      asn: 64512,
      routerId: '10.0.0.2',
      passive: false,
      neighbor: null,
      lastError: null,
    });
    expect(peer.open).toMatchObject({ version: 4, asn: 64512, holdTimeSec: 90, routerId: '10.0.0.1' });
  });

  test('that refuses is tried again, and says why in the meantime', async () => {
    const port = await listenAsPeer();
    await listener!.close();
    subject = await SpeakerUnderTest.start({ peers: [peerConfig({ passive: false, port })] });
    const waiting = await subject.state('peer', 'Active');
    expect(waiting.lastError).toMatchObject({ code: 0, subcode: 0, text: 'connection refused' });
    listener = await TestListener.listen(PEER, port, identity());
    await subject.state('peer', 'Established');
  });

  test('that goes is dialed again, and a refused dial does not hide why the session ended', async () => {
    const port = await listenAsPeer();
    subject = await SpeakerUnderTest.start({ peers: [peerConfig({ passive: false, port })] });
    const peer = await listener!.accepted();
    await peer.established();
    await peer.shutdown();
    await subject.state('peer', 'Idle');
    await listener!.close();
    await subject.event('peerState', ({ reason }) => reason === 'connection refused');
    expect(subject.speaker.peer('peer')!.lastError).toMatchObject({
      direction: 'received',
      code: 6,
      subcode: 2,
    });
    listener = await TestListener.listen(PEER, port, identity());
    await subject.state('peer', 'Established');
    expect(subject.speaker.peer('peer')!.flaps).toBe(1);
  });

  test('with a wrong AS gets 2/2, and is left in peace for a while', async () => {
    const port = await listenAsPeer(identity('10.0.0.2', { asn: 65000 }));
    subject = await SpeakerUnderTest.start({ peers: [peerConfig({ passive: false, port })] });
    const peer = await listener!.accepted();
    expect(await peer.notified()).toMatchObject({ code: 2, subcode: 2 });
    const { lastError } = await subject.state('peer', 'Idle');
    expect(lastError).toMatchObject({ direction: 'sent', code: 2, subcode: 2 });
  });
});

describe('a passive peer', () => {
  test('is waited for in Active and never dialed', async () => {
    const port = await listenAsPeer();
    subject = await SpeakerUnderTest.start({ peers: [peerConfig({ port })] });
    expect(subject.speaker.peer('peer')).toMatchObject({ state: 'Active', passive: true });
    const peer = TestPeer.dial(subject.target, identity());
    await peer.established();
    expect(await subject.state('peer', 'Established')).toMatchObject({ port });
    await peer.close();
    await subject.event('peerState', ({ from }) => from === 'Established');
    await TestPeer.dial(subject.target, identity()).established();
    expect(listener!.peers).toEqual([]);
  });

  test('is let in at once even after an error', async () => {
    subject = await SpeakerUnderTest.start({ peers: [peerConfig()] });
    const wrong = TestPeer.dial(subject.target, identity('10.0.0.2', { asn: 65000 }));
    await wrong.notified();
    await TestPeer.dial(subject.target, identity()).established();
    await subject.state('peer', 'Established');
  });
});

describe('peers that share an address', () => {
  test('are told apart by our own end of the connection', async () => {
    const one = peerConfig({ name: 'one', localAddress: '127.0.0.8' });
    const two = peerConfig({ name: 'two', localAddress: '127.0.0.9' });
    subject = await SpeakerUnderTest.start({ listen: [{ address: '0.0.0.0', port: 0 }], peers: [one, two] });
    await TestPeer.dial({ address: '127.0.0.9', port: subject.port }, identity()).established();
    await subject.state('two', 'Established');
    expect(subject.speaker.peer('one')!.state).toBe('Active');
    const stranger = TestPeer.dial({ address: '127.0.0.7', port: subject.port }, identity());
    await stranger.closed();
    expect(stranger.messages).toEqual([]);
  });
});

describe('both sides dial at once (RFC 4271 §6.8)', () => {
  test.each([
    ['higher', 'dialed', '10.0.0.0'],
    ['lower', 'accepted', '10.0.0.9'],
  ])('our identifier is %s: the connection that we %s lives', async (_order, survivor, routerId) => {
    const silent = identity(routerId, { open: null, keepalives: false });
    const port = await listenAsPeer(silent);
    subject = await SpeakerUnderTest.start({ peers: [peerConfig({ passive: false, port })] });
    const dialed = await listener!.accepted();
    const accepted = TestPeer.dial(subject.target, silent);
    await Promise.all([dialed.until((p) => p.open, 'OPEN'), accepted.until((p) => p.open, 'OPEN')]);
    // Both connections are in OpenSent: now the two OPENs of the peer come, on one after the other.
    const capabilities = [capability.multiprotocol('ipv4'), capability.fourOctetAs(64512)];
    const open = encodeOpen({ asn: 64512, routerId, holdTimeSec: 90, capabilities });
    dialed.send(open);
    accepted.send(open);
    const [winner, loser] = survivor === 'dialed' ? [dialed, accepted] : [accepted, dialed];
    expect(await loser.notified()).toMatchObject({ code: 6, subcode: 7 });
    winner.send(KEEPALIVE);
    await subject.state('peer', 'Established');
    expect(subject.rib.log).toEqual(['up peer']);
    expect(winner.isEstablished).toBe(true);
    expect(subject.speaker.peer('peer')).toMatchObject({
      lastError: null,
      lastSent: { code: 6, subcode: 7 },
    });
  });
});

describe('a reset', () => {
  test('sends Cease 6/4 with the text, and the session comes back', async () => {
    const port = await listenAsPeer();
    subject = await SpeakerUnderTest.start({ peers: [peerConfig({ passive: false, port })] });
    const peer = await listener!.accepted();
    await subject.state('peer', 'Established');
    expect(subject.speaker.resetPeer('peer', 'new filters')).toBe('done');
    const { code, subcode, data } = await peer.notified();
    expect([code, subcode, data.subarray(1).toString()]).toEqual([6, 4, 'new filters']);
    await (await listener!.accepted(1)).established();
    expect(await subject.state('peer', 'Established')).toMatchObject({
      flaps: 1,
      lastError: { direction: 'sent', code: 6, subcode: 4, text: 'new filters' },
    });
  });

  test('of a peer that does not exist says so', async () => {
    subject = await SpeakerUnderTest.start({});
    expect(subject.speaker.resetPeer('nobody')).toBe('noSuchPeer');
    expect(subject.speaker.disablePeer('nobody')).toBe('noSuchPeer');
    expect(subject.speaker.enablePeer('nobody')).toBe('noSuchPeer');
  });
});

describe('a disabled peer', () => {
  test('is told why with Cease 6/2 (RFC 9003), is refused with 6/5 (RFC 4486), and is dialed again once enabled', async () => {
    const port = await listenAsPeer();
    subject = await SpeakerUnderTest.start({ peers: [peerConfig({ passive: false, port })] });
    const peer = await listener!.accepted();
    await subject.state('peer', 'Established');
    expect(subject.speaker.disablePeer('peer', 'moved to rack 7')).toBe('done');
    const { code, subcode, data } = await peer.notified();
    expect([code, subcode, data.subarray(1).toString()]).toEqual([6, 2, 'moved to rack 7']);
    expect(subject.speaker.peer('peer')).toMatchObject({ state: 'Idle', held: 'disabled by command' });
    expect(subject.speaker.softResetPeer('peer', 'out')).toBe('notEstablished');
    subject.speaker.resetPeer('peer');
    expect(await TestPeer.dial(subject.target, identity()).notified()).toMatchObject({ code: 6, subcode: 5 });
    expect(await subject.event('refused')).toMatchObject({
      address: PEER,
      peer: 'peer',
      reason: 'disabled',
      notification: { code: 6, subcode: 5 },
    });
    expect(subject.speaker.peer('peer')).toMatchObject({
      lastSent: { direction: 'sent', code: 6, subcode: 5 },
      lastError: { direction: 'sent', code: 6, subcode: 2 },
    });
    expect(listener!.peers).toHaveLength(1);
    expect(subject.speaker.enablePeer('peer')).toBe('done');
    await (await listener!.accepted(1)).established();
    expect(await subject.state('peer', 'Established')).toMatchObject({ held: null });
  });

  test('stays disabled when its configuration changes', async () => {
    const port = await listenAsPeer();
    const listen = [{ address: LOCAL, port: 0 }];
    subject = await SpeakerUnderTest.start({ listen, peers: [peerConfig({ passive: false, port })] });
    await subject.state('peer', 'Established');
    subject.speaker.disablePeer('peer');
    const changed = peerConfig({ passive: false, port, holdTimeSec: 30 });
    subject.speaker.apply(speakerConfig({ listen, peers: [changed] }));
    expect(subject.speaker.peer('peer')).toMatchObject({ state: 'Idle', held: 'disabled by command' });
    expect(await TestPeer.dial(subject.target, identity()).notified()).toMatchObject({ code: 6, subcode: 5 });
  });
});

describe('a peer that was refused', () => {
  test('is tried again as soon as its configuration changes, whatever the back-off', async () => {
    const port = await listenAsPeer();
    subject = await SpeakerUnderTest.start({ peers: [peerConfig({ passive: false, port, asn: 64999 })] });
    expect(await (await listener!.accepted()).notified()).toMatchObject({ code: 2, subcode: 2 });
    await subject.state('peer', 'Idle');
    const changedAt = performance.now();
    subject.speaker.apply(
      speakerConfig({
        listen: [{ address: LOCAL, port: 0 }],
        peers: [peerConfig({ passive: false, port })],
      }),
    );
    await (await listener!.accepted(1)).established();
    expect(performance.now() - changedAt).toBeLessThan(2_500); // the back-off is 5 s
  });
});

describe('a held peer', () => {
  test('stays in Idle with the reason, is not dialed, and is refused without a message', async () => {
    const port = await listenAsPeer();
    subject = await SpeakerUnderTest.start({
      peers: [peerConfig({ passive: false, port, held: 'Secret bgp is missing' })],
    });
    expect(subject.speaker.peer('peer')).toMatchObject({ state: 'Idle', held: 'Secret bgp is missing' });
    const peer = TestPeer.dial(subject.target, identity());
    await peer.closed();
    expect(peer.messages).toEqual([]);
    expect(await subject.event('refused')).toMatchObject({ address: PEER, reason: 'held' });
    expect(listener!.peers).toEqual([]);
  });
});
