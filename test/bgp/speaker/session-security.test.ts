/** TCP MD5 (RFC 2385) and TTL security (RFC 5082), between two speakers on loopback: the kernel does the work. */
import { connect, type Socket } from 'node:net';
import type { DynamicNeighborConfig, PeerConfig } from '../../../bgp/speaker/speaker-config.ts';
import { peerConfig, rangeConfig, SpeakerUnderTest } from './speaker-under-test.ts';

jest.setTimeout(60_000);

let server: SpeakerUnderTest;
let client: SpeakerUnderTest | null = null;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await client?.close();
  client = null;
  await server.close();
});

const IPV4 = { own: '127.0.0.1', client: '127.0.1.1', range: '127.0.1.0/24' };
const IPV6 = { own: '::1', client: '::1', range: '::1/128' };
type Place = typeof IPV4;

async function serve(place: Place, changes: Partial<DynamicNeighborConfig>): Promise<void> {
  server = await SpeakerUnderTest.start(serverConfig(place, changes));
}

function serverConfig(place: Place, changes: Partial<DynamicNeighborConfig>) {
  const dynamic = [rangeConfig({ listenRanges: [place.range], ...changes })];
  return { listen: [{ address: place.own, port: 0 }], dynamic };
}

const clientPeer = (place: Place, changes: Partial<PeerConfig>): PeerConfig =>
  peerConfig({
    name: 'server',
    address: place.own,
    port: server.port,
    localAddress: place.client,
    passive: false,
    ...changes,
  });

async function dial(place: Place, changes: Partial<PeerConfig>): Promise<void> {
  client = await SpeakerUnderTest.start({
    routerId: '10.0.0.2',
    listen: [{ address: '127.0.3.1', port: 0 }],
    peers: [clientPeer(place, changes)],
  });
}

const bothUp = (place: Place): Promise<unknown> =>
  Promise.all([
    client!.state('server', 'Established'),
    server.state(`clients/${place.client}`, 'Established'),
  ]);

describe.each([
  ['IPv4', IPV4],
  ['IPv6', IPV6],
])('TCP MD5 over %s', (_name, place) => {
  test('a session comes up where both ends have the key: of a peer here, of a range there', async () => {
    await serve(place, { password: 'Zwei Wörter' });
    await dial(place, { password: 'Zwei Wörter' });
    await bothUp(place);
  });

  test('without the key a connection is not even answered', async () => {
    await serve(place, { password: 'secret' });
    const socket = connect({ host: place.own, port: server.port, localAddress: place.client });
    sockets.push(socket);
    const outcome = await Promise.race([
      new Promise((resolve) => socket.once('connect', () => resolve('connected'))),
      new Promise((resolve) => setTimeout(() => resolve('silence'), 1_500)),
    ]);
    expect(outcome).toBe('silence');
    expect(server.speaker.peers()).toEqual([]);
  });

  test('another key is answered by silence, and the likely cause says so', async () => {
    await serve(place, { password: 'secret' });
    await dial(place, { password: 'other' });
    const peer = await client!.until(
      () => client!.speaker.peer('server')?.lastAttempt && client!.speaker.peer('server'),
      'a failed attempt',
    );
    expect(peer).toMatchObject({
      lastError: { code: 0, text: 'connection timed out' },
      lastAttempt: { dialed: true },
    });
    expect(peer!.likelyCause).toMatch(/does not answer: it has no TCP MD5 key for us, or another one/);
    expect(peer!.connectionFailures).toMatchObject({ timeout: 1, refused: 0 });
    expect(server.speaker.peers()).toEqual([]);
  });

  test('the key of a living session changes without dropping it', async () => {
    await serve(place, { password: 'first' });
    await dial(place, { password: 'first' });
    await bothUp(place);
    server.speaker.apply({ ...server.config, ...serverConfig(place, { password: 'second' }) });
    client!.speaker.apply({ ...client!.config, peers: [clientPeer(place, { password: 'second' })] });
    // A refresh is a message each way: it arrives only if both sign with the same key.
    expect(client!.speaker.softResetPeer('server', 'in')).toBe('done');
    await server.until(
      () => server.speaker.peer(`clients/${place.client}`)?.messages.received.routeRefresh || null,
      'ROUTE-REFRESH under the new key',
    );
    expect(client!.speaker.peer('server')).toMatchObject({ state: 'Established', flaps: 0, lastError: null });
    expect(server.speaker.peer(`clients/${place.client}`)).toMatchObject({ state: 'Established', flaps: 0 });
    // The listening socket has the new key, too.
    client!.speaker.resetPeer('server');
    await client!.until(() => client!.speaker.peer('server')!.flaps === 1 || null, 'the reset');
    await bothUp(place);
  });

  test('a key that is taken away, or comes, leaves the session alone as long as both ends follow', async () => {
    await serve(place, { password: 'first' });
    await dial(place, { password: 'first' });
    await bothUp(place);
    for (const password of [null, 'again']) {
      server.speaker.apply({ ...server.config, ...serverConfig(place, { password }) });
      client!.speaker.apply({ ...client!.config, peers: [clientPeer(place, { password })] });
      const before = server.speaker.peer(`clients/${place.client}`)!.messages.received.routeRefresh;
      expect(client!.speaker.softResetPeer('server', 'in')).toBe('done');
      await server.until(
        () => server.speaker.peer(`clients/${place.client}`)!.messages.received.routeRefresh > before || null,
        'ROUTE-REFRESH',
      );
    }
    expect(client!.speaker.peer('server')).toMatchObject({ state: 'Established', flaps: 0 });
  });

  test('a Secret that vanishes ends the session: never without the key', async () => {
    await serve(place, { password: 'secret' });
    await dial(place, { password: 'secret' });
    await bothUp(place);
    const held = 'Secret bgp is missing';
    client!.speaker.apply({ ...client!.config, peers: [clientPeer(place, { password: null, held })] });
    expect(client!.speaker.peer('server')).toMatchObject({ state: 'Idle', held, likelyCause: null });
    await server.state(`clients/${place.client}`, 'Idle');
  });

  test('TTL security lets a neighbor on the same link in, whoever dials', async () => {
    await serve(place, { ttlSecurity: 1 });
    await dial(place, { ttlSecurity: 1 });
    await bothUp(place);
  });

  test('a connection that began with an ordinary TTL is refused', async () => {
    await serve(place, { ttlSecurity: 1 });
    const socket = connect({ host: place.own, port: server.port, localAddress: place.client });
    sockets.push(socket);
    expect(await server.event('refused')).toMatchObject({
      address: place.client,
      neighbor: 'clients',
      reason: 'ttl',
    });
    expect(server.speaker.peers()).toEqual([]);
  });
});

describe('a configured peer without a key inside a range with one', () => {
  test('is let in, while its neighbors are not', async () => {
    server = await SpeakerUnderTest.start({
      dynamic: [rangeConfig({ password: 'secret' })],
      peers: [peerConfig({ name: 'plain', address: '127.0.1.7' })],
    });
    const connected = (localAddress: string): Promise<string> => {
      const socket = connect({ host: '127.0.0.1', port: server.port, localAddress });
      sockets.push(socket);
      return Promise.race([
        new Promise<string>((resolve) => socket.once('connect', () => resolve('connected'))),
        new Promise<string>((resolve) => setTimeout(() => resolve('silence'), 1_500)),
      ]);
    };
    expect(
      await Promise.all([connected('127.0.1.6'), connected('127.0.1.7'), connected('127.0.1.8')]),
    ).toEqual(['silence', 'connected', 'silence']);
  });
});

describe('an interface', () => {
  test('is what the connection of a range must use, and what a peer is dialed by', async () => {
    await serve(IPV4, { interface: 'lo' });
    await dial(IPV4, { interface: 'lo' });
    await bothUp(IPV4);
  });

  test('that is not there is the likely cause, and nobody is dialed by another', async () => {
    await serve(IPV4, {});
    await dial(IPV4, { interface: 'nosuch0' });
    const peer = await client!.until(() => {
      const shown = client!.speaker.peer('server');
      return shown?.lastAttempt == null ? null : shown;
    }, 'a failed attempt');
    expect(peer.likelyCause).toBe('this node has no interface nosuch0');
    expect(server.speaker.peers()).toEqual([]);
  });

  test('that is not there lets no client of its range in', async () => {
    await serve(IPV4, { interface: 'nosuch0' });
    sockets.push(connect({ host: IPV4.own, port: server.port, localAddress: IPV4.client }));
    expect(await server.event('refused')).toMatchObject({ neighbor: 'clients', reason: 'unprotected' });
  });
});
