/**
 * Sessions that pass from one kind of configuration to another, and what a change takes away from nodes of the cluster:
 * late, so that nodes which hear of the change one after the other lose no route.
 */
import type { SpeakerConfig } from '../../../bgp/speaker/speaker-config.ts';
import { TestPeer } from '../../harness/bgp/test-peer.ts';
import { FakeClock } from './fake-clock.ts';
import { LOCAL, peerConfig, rangeConfig, SpeakerUnderTest, speakerConfig } from './speaker-under-test.ts';

const NODE = '127.0.1.1';
const MESH = peerConfig({ name: 'mesh/n1', kind: 'mesh', address: NODE, families: ['ipv4'] });
const OTHER = peerConfig({ name: 'mesh/n2', kind: 'mesh', address: '127.0.0.2', families: ['ipv4'] });
const CLIENTS = rangeConfig({ routeReflectorClient: true });
const BOTH: Partial<SpeakerConfig> = { clusterNodes: [NODE, '127.0.0.2'] };

let subject: SpeakerUnderTest;
let clock: FakeClock;

afterEach(() => subject.close());

async function start(config: Partial<SpeakerConfig>): Promise<void> {
  clock = new FakeClock();
  subject = await SpeakerUnderTest.start({ ...BOTH, ...config }, { clock });
}

/** A session from the address, whose other end speaks IPv4 alone. */
async function dial(localAddress: string): Promise<TestPeer> {
  const routerId = `10.${localAddress.slice(4)}`;
  const peer = TestPeer.dial(subject.target, { asn: 64512, routerId, localAddress, families: ['ipv4'] });
  await peer.established();
  await subject.until(() => shown(localAddress)?.state === 'Established' || null, `${localAddress} is up`);
  return peer;
}

function apply(changes: Partial<SpeakerConfig>): void {
  subject.speaker.apply(speakerConfig({ listen: [{ address: LOCAL, port: 0 }], ...BOTH, ...changes }));
}

const shown = (address: string) => subject.speaker.peers().find((peer) => peer.address === address);
const isClient = (name: string) => subject.rib.session(name)?.session.routeReflectorClient;

describe('a session that both kinds of configuration would have made alike', () => {
  test('goes on when a peer of the mesh becomes the client of a range, though the range offers more', async () => {
    await start({ peers: [MESH] });
    const peer = await dial(NODE);
    apply({ dynamic: [CLIENTS] });
    expect(shown(NODE)).toMatchObject({
      name: `clients/${NODE}`,
      kind: 'dynamic',
      state: 'Established',
      flaps: 0,
    });
    expect(isClient(`clients/${NODE}`)).toBe(true);
    expect(subject.rib.log).toEqual(['up mesh/n1']);
    expect(peer.notification).toBeNull();
  });

  test('goes on when a client becomes a peer, which comes back by itself from then on', async () => {
    await start({ dynamic: [CLIENTS] });
    const peer = await dial(NODE);
    apply({ peers: [MESH], dynamic: [CLIENTS] });
    expect(shown(NODE)).toMatchObject({ name: 'mesh/n1', kind: 'mesh', state: 'Established', flaps: 0 });
    peer.close();
    await subject.until(() => shown(NODE)?.state === 'Idle' || null, 'the session is over');
    clock.advance(5_000);
    expect(shown(NODE)).toMatchObject({ name: 'mesh/n1', state: 'Active' });
  });

  test('ends where the outcome would be another: hold time, families', async () => {
    await start({ peers: [MESH, OTHER] });
    const [first, second] = [await dial(NODE), await dial('127.0.0.2')];
    const ranges = ['127.0.0.2/32'];
    apply({
      dynamic: [
        { ...CLIENTS, holdTimeSec: 30 },
        { ...CLIENTS, name: 'wide', listenRanges: ranges, addPath: true, families: ['ipv6'] },
      ],
    });
    for (const peer of [first, second]) expect(await peer.notified()).toMatchObject({ code: 6, subcode: 6 });
  });

  test('ends where the range has no room', async () => {
    await start({ peers: [{ ...MESH, address: '127.0.1.7' }], dynamic: [{ ...CLIENTS, maxSessions: 1 }] });
    const peer = await dial('127.0.1.7');
    await dial(NODE);
    apply({ dynamic: [{ ...CLIENTS, maxSessions: 1 }] });
    expect(await peer.notified()).toMatchObject({ code: 6, subcode: 3 });
  });
});

describe('a session with a node of the cluster that is configured no more', () => {
  test('stays for ten seconds, and until its routes have others in their place', async () => {
    await start({ peers: [MESH] });
    const peer = await dial(NODE);
    subject.rib.soleSources.add('mesh/n1');
    apply({});
    clock.advance(9_999);
    expect(shown(NODE)).toMatchObject({ name: 'mesh/n1', state: 'Established' });
    clock.advance(20_000);
    expect(shown(NODE)).toMatchObject({ state: 'Established' });
    subject.rib.soleSources.clear();
    clock.advance(500);
    expect(await peer.notified()).toMatchObject({ code: 6, subcode: 3 });
    expect(shown(NODE)).toBeUndefined();
  });

  test('stays while the look for others takes several slices, one a turn of the event loop', async () => {
    await start({ peers: [MESH] });
    const peer = await dial(NODE);
    subject.rib.lookSlices = 3;
    apply({});
    clock.advance(10_002);
    expect(shown(NODE)).toMatchObject({ name: 'mesh/n1', state: 'Established' });
    clock.advance(1);
    expect(await peer.notified()).toMatchObject({ code: 6, subcode: 3 });
  });

  test('is looked at from the beginning when it was wanted again amid a look, and then is to go after all', async () => {
    await start({ peers: [MESH] });
    const peer = await dial(NODE);
    subject.rib.lookSlices = 3;
    apply({});
    clock.advance(10_001);
    apply({ peers: [MESH] });
    clock.advance(60_000);
    apply({});
    clock.advance(10_002);
    expect(shown(NODE)).toMatchObject({ name: 'mesh/n1', state: 'Established' });
    clock.advance(1);
    expect(await peer.notified()).toMatchObject({ code: 6, subcode: 3 });
  });

  test('ends after a minute, whatever becomes of its routes', async () => {
    await start({ peers: [MESH] });
    const peer = await dial(NODE);
    subject.rib.soleSources.add('mesh/n1');
    apply({});
    clock.advance(59_000);
    expect(shown(NODE)).toMatchObject({ state: 'Established' });
    clock.advance(1_500);
    expect(await peer.notified()).toMatchObject({ code: 6, subcode: 3 });
  });

  test('stays beside the one that has its name now', async () => {
    await start({ peers: [MESH] });
    await dial(NODE);
    apply({ peers: [{ ...OTHER, name: MESH.name }] });
    await dial('127.0.0.2');
    expect(subject.speaker.peers().map(({ name, state }) => `${name} ${state}`)).toEqual([
      'mesh/n1 Established',
      `mesh/n1/${NODE} Established`,
    ]);
    clock.advance(10_500);
    expect(subject.speaker.peers().map(({ name }) => name)).toEqual(['mesh/n1']);
  });

  test('goes on as it was when the next change wants it again', async () => {
    await start({ peers: [MESH] });
    const peer = await dial(NODE);
    apply({});
    clock.advance(5_000);
    apply({ peers: [{ ...MESH, name: 'reflector' }] });
    clock.advance(65_000);
    expect(peer.notification).toBeNull();
    expect(shown(NODE)).toMatchObject({ name: 'reflector', state: 'Established', flaps: 0 });
  });

  test('ends at once when the node is gone as well', async () => {
    await start({ peers: [MESH] });
    const peer = await dial(NODE);
    apply({});
    apply({ clusterNodes: [] });
    expect(await peer.notified()).toMatchObject({ code: 6, subcode: 3 });
  });

  test('is not tried again when it ends by itself', async () => {
    await start({ peers: [MESH] });
    const peer = await dial(NODE);
    apply({});
    peer.close();
    await subject.until(() => shown(NODE) === undefined || null, 'the peer is gone');
  });

  test('stays also where it was the client of a range', async () => {
    await start({ dynamic: [CLIENTS] });
    const peer = await dial(NODE);
    apply({});
    clock.advance(9_000);
    expect(shown(NODE)).toMatchObject({ state: 'Established' });
    expect(isClient(`clients/${NODE}`)).toBe(true);
    clock.advance(1_500);
    expect(await peer.notified()).toMatchObject({ code: 6, subcode: 3 });
  });
});

describe('a client of ours that is one no more (RFC 4456 §6)', () => {
  test('gets reflected routes for ten seconds more, whatever is applied meanwhile', async () => {
    await start({ dynamic: [CLIENTS] });
    await dial(NODE);
    apply({ peers: [MESH] });
    expect(isClient('mesh/n1')).toBe(true);
    clock.advance(5_000);
    apply({ peers: [MESH] });
    clock.advance(4_500);
    expect(isClient('mesh/n1')).toBe(true);
    clock.advance(1_000);
    expect(isClient('mesh/n1')).toBe(false);
    expect(shown(NODE)).toMatchObject({ state: 'Established', flaps: 0 });
  });

  test('stays one when that is wanted again', async () => {
    await start({ dynamic: [CLIENTS] });
    await dial(NODE);
    apply({ peers: [MESH] });
    apply({ peers: [{ ...MESH, routeReflectorClient: true }] });
    clock.advance(60_000);
    expect(isClient('mesh/n1')).toBe(true);
  });

  test('is told at once where it is no node of the cluster', async () => {
    await start({ dynamic: [CLIENTS], clusterNodes: [] });
    await dial(NODE);
    apply({ dynamic: [{ ...CLIENTS, routeReflectorClient: false }], clusterNodes: [] });
    expect(isClient(`clients/${NODE}`)).toBe(false);
  });
});
