/** The speaker as a whole: listening, best routes for the agent, closing. */
import { createServer, type Server } from 'node:net';
import type { Family } from '../../../bgp/net/index.ts';
import type { BestRouteListener } from '../../../bgp/speaker/speaker-api.ts';
import type { BestRouteChange } from '../../../bgp/speaker/speaker-status.ts';
import { dialDeaf } from '../../harness/bgp/deaf-client.ts';
import { endOfRib } from '../../harness/bgp/encode.ts';
import { TestPeer } from '../../harness/bgp/test-peer.ts';
import { APPLIED } from './fake-rib.ts';
import { LOCAL, peerConfig, rangeConfig, SpeakerUnderTest, speakerConfig } from './speaker-under-test.ts';

let subject: SpeakerUnderTest;

afterEach(() => subject.close());

const client = (localAddress = '127.0.1.1') =>
  TestPeer.dial(subject.target, { asn: 64512, routerId: '10.0.0.2', localAddress });

describe('listening', () => {
  test('an address in use is reported once, and tried again until it is free', async () => {
    const squatter: Server = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, LOCAL, resolve));
    const { port } = squatter.address() as { port: number };
    subject = await SpeakerUnderTest.start({});
    subject.events.length = 0;
    subject.speaker.apply(speakerConfig({ listen: [{ address: LOCAL, port }] }));
    expect(await subject.event('listenFailed')).toEqual({
      kind: 'listenFailed',
      address: LOCAL,
      port,
      reason: 'address already in use',
    });
    await new Promise((resolve) => squatter.close(resolve));
    await subject.event('listening', (event) => event.port === port);
    expect(subject.events.filter(({ kind }) => kind === 'listenFailed')).toHaveLength(1);
  });

  test('an address that is not ours is reported', async () => {
    subject = await SpeakerUnderTest.start({
      listen: [
        { address: LOCAL, port: 0 },
        { address: '192.0.2.1', port: 1790 },
      ],
    });
    expect(await subject.event('listenFailed')).toMatchObject({ reason: 'local address is not available' });
  });
});

describe('best routes', () => {
  class Recorder implements BestRouteListener {
    readonly log: string[] = [];
    onBestRoutes(changes: readonly BestRouteChange[]): void {
      this.log.push(...changes.map(({ prefix, nextHop }) => `${prefix} ${nextHop}`));
    }
    onEndOfRib(family: Family): void {
      this.log.push(`end ${family}`);
      subject.rib.onChange();
    }
  }
  const change: BestRouteChange = { family: 'ipv4', prefix: '10.1.0.0/24', nextHop: LOCAL, peer: 'peer' };

  test('End-of-RIB follows the peer’s, after everything was replayed', async () => {
    subject = await SpeakerUnderTest.start({ peers: [peerConfig()] });
    subject.rib.judge = () => ({ ...APPLIED, endOfRib: 'ipv4' });
    const recorder = new Recorder();
    subject.speaker.subscribeBestRoutes(recorder);
    const [sink] = subject.rib.sinks;
    sink!.onBestRoutes([change]);
    const peer = TestPeer.dial(subject.target, {
      asn: 64512,
      routerId: '10.0.0.2',
      localAddress: '127.0.0.2',
      families: ['ipv4'],
    });
    await peer.established();
    const session = await subject.until(() => subject.rib.session(), 'a session');
    peer.send(endOfRib('ipv4'));
    await subject.until(() => session.updates.length > 0 || null, 'End-of-RIB read');
    sink!.onReplayed('ipv6');
    await subject.until(() => recorder.log.includes('end ipv6') || null, 'end of ipv6');
    expect(recorder.log).toEqual(['10.1.0.0/24 127.0.0.1', 'end ipv6']);
    sink!.onReplayed('ipv4');
    await subject.until(() => recorder.log.includes('end ipv4') || null, 'end of ipv4');

    const late = new Recorder();
    subject.speaker.subscribeBestRoutes(late);
    const lateSink = [...subject.rib.sinks].at(-1)!;
    lateSink.onReplayed('ipv4');
    lateSink.onReplayed('ipv6');
    expect(late.log).toEqual(['end ipv4', 'end ipv6']);
  });

  test('a reflector without configured peers ends its initial routes soon', async () => {
    subject = await SpeakerUnderTest.start({ dynamic: [rangeConfig()] });
    const recorder = new Recorder();
    const unsubscribe = subject.speaker.subscribeBestRoutes(recorder);
    for (const sink of subject.rib.sinks)
      for (const family of ['ipv4', 'ipv6'] as const) sink.onReplayed(family);
    await subject.until(() => recorder.log.length === 2 || null, 'both families ended');
    unsubscribe();
    expect(subject.rib.sinks.size).toBe(0);
  });
});

describe('closing', () => {
  test('sends Cease 6/2 with the text to every peer, frees the port, and can be done twice', async () => {
    subject = await SpeakerUnderTest.start({ dynamic: [rangeConfig()] });
    const peers = await Promise.all([client('127.0.1.1').established(), client('127.0.1.2').established()]);
    await subject.close('node is drained');
    for (const peer of peers) {
      expect(peer.notification).toMatchObject({ code: 6, subcode: 2 });
      expect(peer.notification!.data.subarray(1).toString()).toBe('node is drained');
    }
    expect(subject.rib.sessions.size).toBe(0);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(subject.port, LOCAL, resolve);
    });
    await new Promise((resolve) => server.close(resolve));
    await subject.close();
    subject.speaker.apply(speakerConfig());
    expect(subject.speaker.peers().every(({ state }) => state === 'Idle')).toBe(true);
  });

  test('a peer that does not read does not hold it up for long', async () => {
    subject = await SpeakerUnderTest.start({ dynamic: [rangeConfig()] });
    const socket = dialDeaf(subject.target, '127.0.1.1');
    const { output } = await subject.until(() => subject.rib.session(), 'a session');
    for (let i = 0; i < 40; i++) output.write(Buffer.alloc(1_000_000, 0xff));
    const begun = performance.now();
    await subject.close();
    expect(performance.now() - begun).toBeLessThan(4_000);
    socket.destroy();
  });
});

describe('events', () => {
  test('tell the way of a session, and a listener that throws harms nobody', async () => {
    subject = await SpeakerUnderTest.start({ dynamic: [rangeConfig()] });
    subject.speaker.onEvent(() => {
      throw new Error('a bug of a listener');
    });
    const peer = client();
    await peer.established();
    await peer.shutdown();
    await subject.state('clients/127.0.1.1', 'Idle');
    const states = subject.events.flatMap((event) =>
      event.kind === 'peerState' ? [`${event.from} ${event.to}`] : [],
    );
    expect(states).toEqual([
      'Idle OpenSent',
      'OpenSent OpenConfirm',
      'OpenConfirm Established',
      'Established Idle',
    ]);
    expect(await subject.event('notification')).toMatchObject({
      peer: 'clients/127.0.1.1',
      error: { direction: 'received', code: 6, subcode: 2 },
    });
  });
});
