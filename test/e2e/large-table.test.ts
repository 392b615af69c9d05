/** 200,000 routes: listed in every format while a session with the shortest hold time goes on as if nothing were. */
import { get } from 'node:http';
import { dialDeaf } from '../harness/bgp/deaf-client.ts';
import { asPathOf } from '../harness/bgp/decode.ts';
import type { TestPeer } from '../harness/bgp/test-peer.ts';
import type { ManulDaemon } from '../harness/manul/manul-daemon.ts';
import { dynamicNeighborYaml } from '../harness/manul/resources.ts';
import { startClientNode } from './support/client-node.ts';
import { type Reflector, startReflector } from './support/reflector.ts';
import type { PeerStatus, RouteStatus } from './support/shown.ts';

jest.setTimeout(120_000);

const NETWORK = '127.52.0';
const FEEDER = `${NETWORK}.11`;
const BYSTANDER = `${NETWORK}.12`;
const DEAF = `${NETWORK}.13`;
const READER = `${NETWORK}.14`;
const ROUTES = 200_000;
const PER_UPDATE = 800;
/** The limit at which a client counts as slow, and the changes that are under way by then. */
const MAX_QUEUED_BYTES = 4 << 20;
/** All that is sent in these rounds is 15 MB; what changes again before it has left is owed once. */
const ROUNDS = 10;
const CHANGING = 40_000;
const PER_CHANGE = 2;

describe('a table of 200,000 routes', () => {
  let reflector: Reflector;
  let feeder: TestPeer;
  /** A client of its own process, whose session does not survive a pause of three seconds on either side. */
  let bystander: ManulDaemon;

  beforeAll(async () => {
    reflector = await startReflector({
      address: `${NETWORK}.1`,
      listenRanges: [`${NETWORK}.0/24`],
      files: {
        'fast.yaml': dynamicNeighborYaml({
          name: 'fast',
          listenRanges: [`${BYSTANDER}/32`],
          routeReflectorClient: true,
          holdTimeSec: 3,
        }),
      },
    });
    bystander = await startClientNode(reflector, { node: 'bystander', address: BYSTANDER, blocks: [] });
    feeder = await reflector.dial(FEEDER, { families: ['ipv4'] }).established();
    for (let first = 0; first < ROUTES; first += PER_UPDATE) {
      const prefixes = Array.from({ length: PER_UPDATE }, (_, i) => prefixOf(first + i));
      feeder.announce(prefixes, { nextHop: FEEDER, asPath: [65000 + ((first / PER_UPDATE) % 100)] });
    }
    await reflector.daemon.untilPeer(
      FEEDER,
      (peer) => peer.accepted.ipv4 === ROUTES,
      'with all routes',
      60_000,
    );
  });

  afterAll(async () => {
    await feeder?.close();
    await Promise.all([bystander?.stop(), reflector?.daemon.stop()]);
  });

  async function bystanderSession(): Promise<string> {
    const peers = JSON.parse(await reflector.daemon.httpGet('/api/v1/peers')) as readonly PeerStatus[];
    const { state, since, flaps } = peers.find(({ address }) => address === BYSTANDER)!;
    return `${state} since ${since}, ${flaps} flaps`;
  }

  /** Runs `work`, and looks whether the bystander's session has lived through it. */
  async function undisturbed<T>(work: () => Promise<T>): Promise<T> {
    const before = await bystanderSession();
    const result = await work();
    expect(await bystanderSession()).toBe(before);
    expect(before).toContain('Established');
    return result;
  }

  test('manul routes -o json prints every route once', async () => {
    const { status, stdout } = await undisturbed(() => reflector.daemon.run('routes', '-o', 'json'));
    expect(status).toBe(0);
    const routes = JSON.parse(stdout) as readonly RouteStatus[];
    expect(routes).toHaveLength(ROUTES);
    expect(new Set(routes.map(({ prefix }) => prefix)).size).toBe(ROUTES);
    expect(routes.find(({ prefix }) => prefix === prefixOf(123_456))).toMatchObject({
      nextHop: FEEDER,
      asPath: [65000 + (Math.floor(123_456 / PER_UPDATE) % 100)],
      best: true,
    });
  });

  test.each([
    ['table', /^\d/gm],
    ['yaml', /^- prefix: /gm],
  ])('manul routes -o %s prints every route, in seconds', async (format, line) => {
    const { status, stdout } = await undisturbed(() => reflector.daemon.run('routes', '-o', format));
    expect(status).toBe(0);
    expect(stdout.match(line)).toHaveLength(ROUTES);
  });

  test('the same as Adj-RIB-In, while others look at the page, the metrics and single routes', async () => {
    await undisturbed(async () => {
      const { daemon } = reflector;
      const [received, page, , one, longest] = await Promise.all([
        daemon.httpGet(`/api/v1/routes?received=${encodeURIComponent(`clients/${FEEDER}`)}`),
        daemon.httpGet('/?routes=1999'),
        daemon.httpGet('/metrics'),
        daemon.httpGet(`/api/v1/routes?prefix=${prefixOf(7)}`),
        daemon.httpGet('/api/v1/routes?longest=20.0.7.7'),
      ]);
      expect(received.split('\n')).toHaveLength(ROUTES + 3);
      expect(page.match(/<tr><td>/g)!.length).toBeGreaterThanOrEqual(100);
      expect(JSON.parse(one)).toEqual(JSON.parse(longest));
    });
  });

  test('a reader that stops reading holds up nobody, and costs no memory', async () => {
    await undisturbed(async () => {
      const { httpPort } = reflector.daemon;
      const stuck = get({ host: '127.0.0.1', port: httpPort, path: '/api/v1/routes' });
      stuck.on('error', () => {}); // it is cut off below
      await new Promise((resolve) => stuck.once('response', resolve)); // and nobody reads it
      feeder.withdraw([prefixOf(0)]);
      await reflector.daemon.untilPeer(FEEDER, (peer) => peer.accepted.ipv4 === ROUTES - 1, 'without one');
      stuck.destroy();
    });
    feeder.announce([prefixOf(0)], { nextHop: FEEDER });
  });

  test('a client that stops reading costs bounded memory, and another of its update group misses nothing', async () => {
    await undisturbed(async () => {
      const { daemon, address, port } = reflector;
      const reader = await reflector.dial(READER, { families: ['ipv4'] }).established();
      const deaf = dialDeaf({ address, port }, DEAF);
      await daemon.untilPeer(DEAF, ({ state }) => state === 'Established', 'Established');
      await reader.route(prefixOf(ROUTES - 1), 60_000);
      const changed = prefixOf(CHANGING - 1);
      for (let round = 1; round <= ROUNDS; round++) {
        for (let first = 0; first < CHANGING; first += PER_CHANGE) {
          const prefixes = Array.from({ length: PER_CHANGE }, (_, i) => prefixOf(first + i));
          feeder.announce(prefixes, { nextHop: FEEDER, asPath: [100_000 + first, round] });
        }
        const isThere = (): boolean => asPathOf(reader.routes.get(changed)!.attributes)[1] === round;
        await reader.until(() => isThere() || null, `round ${round}`, 60_000);
      }
      const { outputQueueBytes, state } = await daemon.peer(`clients/${DEAF}`);
      expect(state).toBe('Established');
      expect(outputQueueBytes).toBeGreaterThan(0);
      expect(outputQueueBytes).toBeLessThan(MAX_QUEUED_BYTES);
      deaf.destroy();
      await reader.close();
      await daemon.untilPeer(DEAF, (peer) => peer.state === 'Idle', 'Idle');
    });
  });

  test('all withdrawn at once: the table is empty, and the bystander has not noticed', async () => {
    await undisturbed(async () => {
      await feeder.close();
      await reflector.daemon.untilPeer(FEEDER, ({ state }) => state === 'Idle', 'Idle');
      const { stdout } = await reflector.daemon.run('routes', '-o', 'json');
      expect(stdout).toBe('[]\n');
    });
  });
});

function prefixOf(index: number): string {
  return `${20 + (index >> 16)}.${(index >> 8) & 0xff}.${index & 0xff}.0/24`;
}
