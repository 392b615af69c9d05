/** A new configuration changes exactly what it says. */
import type {
  DynamicNeighborConfig,
  PeerConfig,
  SpeakerConfig,
} from '../../../bgp/speaker/speaker-config.ts';
import { TestPeer } from '../../harness/bgp/test-peer.ts';
import { LOCAL, peerConfig, rangeConfig, SpeakerUnderTest, speakerConfig } from './speaker-under-test.ts';

let subject: SpeakerUnderTest;

afterEach(() => subject.close());

const A: PeerConfig = peerConfig({ name: 'a', address: '127.0.0.2' });
const B: PeerConfig = peerConfig({ name: 'b', address: '127.0.0.3' });
const CLIENTS: DynamicNeighborConfig = rangeConfig();

async function dial(localAddress: string): Promise<TestPeer> {
  const routerId = `10.${localAddress.slice(4)}`;
  const peer = TestPeer.dial(subject.target, { asn: 64512, routerId, localAddress });
  return peer.established();
}

/** Sessions a, b and a client are up. */
async function startAll(): Promise<{ a: TestPeer; b: TestPeer; client: TestPeer }> {
  subject = await SpeakerUnderTest.start({ peers: [A, B], dynamic: [CLIENTS] });
  const [a, b, client] = await Promise.all(['127.0.0.2', '127.0.0.3', '127.0.1.1'].map(dial));
  await subject.until(() => subject.rib.sessions.size === 3 || null, 'three sessions');
  return { a: a!, b: b!, client: client! };
}

function apply(changes: Partial<SpeakerConfig>): void {
  const listen = [{ address: LOCAL, port: 0 }];
  subject.speaker.apply(speakerConfig({ listen, peers: [A, B], dynamic: [CLIENTS], ...changes }));
}

const flaps = () => Object.fromEntries(subject.speaker.peers().map(({ name, flaps }) => [name, flaps]));

describe('a configuration that changes nothing', () => {
  test('touches nothing', async () => {
    await startAll();
    apply({ peers: [{ ...A }, { ...B, families: [...B.families] }] });
    expect(flaps()).toEqual({ a: 0, b: 0, 'clients/127.0.1.1': 0 });
    expect([...subject.rib.sessions.values()].map(({ updatedTimes }) => updatedTimes)).toEqual([0, 0, 0]);
    expect(subject.rib.identities).toHaveLength(1);
  });
});

describe('wire parameters of one peer', () => {
  test('reset that peer with Cease 6/6, and no other', async () => {
    const { a, b, client } = await startAll();
    apply({ peers: [{ ...A, holdTimeSec: 30, keepaliveSec: 10 }, B] });
    expect(await a.notified()).toMatchObject({ code: 6, subcode: 6 });
    expect([b.isEstablished, client.isEstablished]).toEqual([true, true]);
    const again = await dial('127.0.0.2');
    expect(again.open!.holdTimeSec).toBe(30);
    expect(flaps()).toEqual({ a: 1, b: 0, 'clients/127.0.1.1': 0 });
  });
});

describe('policies, reflection and names', () => {
  test('reach the RIB without a reset', async () => {
    await startAll();
    const exportPolicy = { name: 'nothing', terms: [], otherwise: 'reject' } as const;
    apply({ peers: [{ ...A, exportPolicy, routeReflectorClient: true, name: 'renamed' }, B] });
    const { session, updatedTimes } = subject.rib.session('renamed')!;
    expect(session).toMatchObject({ exportPolicy, routeReflectorClient: true, peerAddress: '127.0.0.2' });
    expect(updatedTimes).toBe(1);
    expect(flaps()).toEqual({ renamed: 0, b: 0, 'clients/127.0.1.1': 0 });
  });

  test('of a range reach its clients without a reset', async () => {
    await startAll();
    apply({ dynamic: [{ ...CLIENTS, routeReflectorClient: true, maxPrefixes: 5 }] });
    expect(subject.rib.session('clients/127.0.1.1')!.session).toMatchObject({
      routeReflectorClient: true,
      maxPrefixes: 5,
    });
    expect(flaps()['clients/127.0.1.1']).toBe(0);
  });

  test('a limit of prefixes that the peer exceeds already ends its session with Cease 6/1 (RFC 4486 §4)', async () => {
    const { a, b } = await startAll();
    subject.rib.counts = { received: { ipv6: 7 }, accepted: {}, advertised: {} };
    apply({ peers: [{ ...A, maxPrefixes: 7 }, B] });
    apply({ peers: [{ ...A, maxPrefixes: 6 }, B] });
    expect(await a.notified()).toMatchObject({
      code: 6,
      subcode: 1,
      data: Buffer.from([0, 2, 1, 0, 0, 0, 6]),
    });
    expect(b.isEstablished).toBe(true);
    expect(flaps()).toEqual({ a: 1, b: 0, 'clients/127.0.1.1': 0 });
  });

  test('two peers that swap names keep their sessions', async () => {
    await startAll();
    apply({
      peers: [
        { ...A, name: 'b' },
        { ...B, name: 'a' },
      ],
    });
    expect(subject.rib.session('b')!.session.peerAddress).toBe('127.0.0.2');
    expect(flaps()).toMatchObject({ a: 0, b: 0 });
  });
});

describe('a peer that is configured no more', () => {
  test('gets Cease 6/3 and is gone', async () => {
    const { a, b } = await startAll();
    apply({ peers: [B] });
    expect(await a.notified()).toMatchObject({ code: 6, subcode: 3 });
    expect(b.isEstablished).toBe(true);
    expect(Object.keys(flaps())).toEqual(['b', 'clients/127.0.1.1']);
    await subject.until(() => subject.rib.log.includes('down a') || null, 'session a gone');
  });
});

describe('a peer that is held from now on', () => {
  test('is stopped, and starts again when the reason is gone', async () => {
    const { a } = await startAll();
    apply({ peers: [{ ...A, held: 'Secret bgp is missing' }, B] });
    expect(await a.notified()).toMatchObject({ code: 6, subcode: 6 });
    expect(subject.speaker.peer('a')).toMatchObject({ state: 'Idle', held: 'Secret bgp is missing' });
    apply({});
    expect(subject.speaker.peer('a')).toMatchObject({ state: 'Active', held: null });
    await dial('127.0.0.2');
  });
});

describe('ranges', () => {
  test('a new range lets its clients in, the others stay', async () => {
    const { client } = await startAll();
    apply({ dynamic: [CLIENTS, rangeConfig({ name: 'more', listenRanges: ['127.0.2.0/24'] })] });
    await dial('127.0.2.1');
    await subject.state('more/127.0.2.1', 'Established');
    expect(client.isEstablished).toBe(true);
  });

  test('a range that goes takes its clients with it: Cease 6/3', async () => {
    const { client } = await startAll();
    apply({ dynamic: [] });
    expect(await client.notified()).toMatchObject({ code: 6, subcode: 3 });
  });

  test('a client that falls into another range with the same wire parameters keeps its session', async () => {
    const { client } = await startAll();
    apply({ dynamic: [CLIENTS, rangeConfig({ name: 'one', listenRanges: ['127.0.1.1/32'] })] });
    expect(subject.speaker.peer('one/127.0.1.1')).toMatchObject({
      state: 'Established',
      neighbor: 'one',
      flaps: 0,
    });
    expect(client.isEstablished).toBe(true);
    expect(subject.rib.session()!.session).toBeDefined();
  });

  test('a client whose AS the range accepts no more is reset', async () => {
    const { client } = await startAll();
    apply({ dynamic: [{ ...CLIENTS, asNumbers: [{ first: 65000, last: 65000 }] }] });
    expect(await client.notified()).toMatchObject({ code: 6, subcode: 6 });
  });

  test('a client that is configured as a peer with another hold time now comes back as that peer', async () => {
    const { client } = await startAll();
    apply({ peers: [A, B, peerConfig({ name: 'tor', address: '127.0.1.1', holdTimeSec: 30 })] });
    expect(await client.notified()).toMatchObject({ code: 6, subcode: 6 });
    await dial('127.0.1.1');
    await subject.state('tor', 'Established');
    expect(Object.keys(flaps())).toEqual(['a', 'b', 'tor']);
  });
});

describe('the speaker itself', () => {
  test('another router ID resets every session; another cluster ID none', async () => {
    const { a, client } = await startAll();
    apply({ clusterId: '10.0.0.1' });
    expect(subject.rib.identities.at(-1)).toEqual({
      asn: 64512,
      routerId: '10.0.0.1',
      clusterId: '10.0.0.1',
    });
    expect(flaps()).toEqual({ a: 0, b: 0, 'clients/127.0.1.1': 0 });
    apply({ clusterId: '10.0.0.1', routerId: '10.0.0.77' });
    expect(await a.notified()).toMatchObject({ code: 6, subcode: 6 });
    expect(await client.notified()).toMatchObject({ code: 6, subcode: 6 });
  });

  test('the originated set goes to the RIB; the agent’s takes its place until it is taken back', async () => {
    const own = [{ prefix: '10.1.0.0/24', localPref: 100, communities: [] }];
    const agents = [{ prefix: '10.2.0.0/24', localPref: 200, communities: ['1:2'] }];
    subject = await SpeakerUnderTest.start({ originated: own });
    expect(subject.rib.originated).toEqual(own);
    subject.speaker.setOriginated(agents);
    apply({ originated: [] });
    expect(subject.rib.originated).toEqual(agents);
    subject.speaker.setOriginated(null);
    expect(subject.rib.originated).toEqual([]);
  });

  test('another port moves the listener and leaves the sessions', async () => {
    const { a } = await startAll();
    const before = subject.port;
    subject.events.length = 0;
    subject.speaker.apply(
      speakerConfig({
        listen: [
          { address: '127.0.0.1', port: 0 },
          { address: '127.0.0.4', port: 0 },
        ],
        peers: [A, B],
        dynamic: [CLIENTS],
      }),
    );
    const { address, port } = await subject.event('listening');
    expect(address).toBe('127.0.0.4');
    const client = TestPeer.dial(
      { address, port },
      { asn: 64512, routerId: '10.0.1.9', localAddress: '127.0.1.9' },
    );
    await client.established();
    expect(before).not.toBe(0);
    expect(a.isEstablished).toBe(true);
  });
});
