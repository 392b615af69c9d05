/**
 * Speakers that stop, die and come back: the others drop their routes when the hold time ends and not before, or
 * at once where the connection tells them; and everything returns.
 */

import { KEEPALIVE } from '../harness/bgp/encode.ts';
import { pollUntil } from '../harness/deadline.ts';
import type { ManulDaemon } from '../harness/manul/manul-daemon.ts';
import { startClientNode } from './support/client-node.ts';
import { DaemonEvents, type ShownEvent } from './support/daemon-events.ts';
import { type Reflector, startReflector } from './support/reflector.ts';

jest.setTimeout(120_000);

const NETWORK = '127.43.0';
const HOLD_MS = 5_000;
/** A third of the hold time, in whole seconds. */
const KEEPALIVE_MS = 1_000;
/** Timers are late rather than early, but a KEEPALIVE may have been due just when its sender stopped. */
const TOLERANCE_MS = 500;

const A = { node: 'node-a', address: `${NETWORK}.11`, blocks: ['10.244.1.0/26', '10.244.1.64/26'] };
const B = { node: 'node-b', address: `${NETWORK}.12`, blocks: ['10.244.2.0/26'] };

const isGone = (prefix: string) => (event: ShownEvent) =>
  event.kind === 'route' && event.prefix === prefix && event.nextHop === null;
const isBack = (prefix: string, nextHop: string) => (event: ShownEvent) =>
  event.kind === 'route' && event.prefix === prefix && event.nextHop === nextHop;

describe('a reflector and two nodes', () => {
  let reflector: Reflector;
  let nodeA: ManulDaemon;
  let nodeB: ManulDaemon;
  /** What the reflector and node B see. */
  let watchers: DaemonEvents[] = [];

  beforeAll(async () => {
    reflector = await startReflector({
      address: `${NETWORK}.1`,
      listenRanges: [`${NETWORK}.0/24`],
      holdTimeSec: HOLD_MS / 1000,
    });
    nodeA = await startClientNode(reflector, A);
    nodeB = await startClientNode(reflector, B);
    await untilRoutes(nodeB, A.blocks, A.address);
    await untilRoutes(nodeA, B.blocks, B.address);
  });

  afterAll(async () => {
    for (const watcher of watchers) watcher.close();
    await Promise.all([nodeA?.stop(), nodeB?.stop(), reflector?.daemon.stop()]);
  });

  /** Follows the events of the reflector and of node B from now on. */
  async function watch(): Promise<void> {
    for (const watcher of watchers) watcher.close();
    watchers = await Promise.all(
      [reflector.daemon, nodeB].map((daemon) => DaemonEvents.open(daemon.httpPort)),
    );
  }

  /** When each of the two saw the event, in milliseconds after `start`. */
  function sightings(
    matches: (event: ShownEvent) => boolean,
    what: string,
    start: number,
  ): Promise<number[]> {
    return Promise.all(
      watchers.map(async (watcher) => {
        const event = await watcher.until(matches, what, { deadlineMs: 60_000 });
        return Date.parse(event.at) - start;
      }),
    );
  }

  test('SIGSTOP of a node: its routes stay until the hold time ends, then they go; SIGCONT brings them back', async () => {
    await watch();
    const start = Date.now();
    nodeA.signal('SIGSTOP');
    for (const block of A.blocks) {
      for (const afterMs of await sightings(isGone(block), `${block} is gone`, start)) {
        expect(afterMs).toBeGreaterThan(HOLD_MS - KEEPALIVE_MS - TOLERANCE_MS);
        expect(afterMs).toBeLessThan(HOLD_MS + 10 * TOLERANCE_MS);
      }
    }
    const shown = await reflector.daemon.untilPeer(A.address, ({ state }) => state === 'Idle', 'Idle');
    expect(shown).toMatchObject({ lastError: { direction: 'sent', code: 4, subcode: 0 }, flaps: 1 });
    expect(await reflector.daemon.untilPeer(B.address, () => true, '')).toMatchObject({
      state: 'Established',
      flaps: 0,
    });

    nodeA.signal('SIGCONT');
    for (const block of A.blocks) await sightings(isBack(block, A.address), `${block} is back`, start);
    await untilRoutes(nodeA, B.blocks, B.address);
  });

  test('a node that is stopped for less than the hold time loses nothing', async () => {
    await watch();
    const since = await reflector.daemon.untilPeer(A.address, () => true, '');
    nodeA.signal('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, HOLD_MS / 2)); // the passing of time is what is tested
    nodeA.signal('SIGCONT');
    const keepalives = async (): Promise<number> =>
      (await reflector.daemon.peer(`clients/${A.address}`)).messages.received.keepalive;
    const before = await keepalives();
    await pollUntil(async () => (await keepalives()) > before + 1 || null, 'KEEPALIVEs again');
    expect(await reflector.daemon.untilPeer(A.address, () => true, '')).toMatchObject({
      state: 'Established',
      flaps: since.flaps,
    });
    expect(watchers.flatMap(({ events }) => events.filter(({ kind }) => kind === 'route'))).toEqual([]);
  });

  test('a silent client is held exactly as long as its hold time, counted from its last message', async () => {
    await watch();
    const silent = reflector.dial(`${NETWORK}.20`, { holdTimeSec: 3, keepalives: false });
    await silent.until((peer) => peer.open, 'an OPEN');
    silent.send(KEEPALIVE);
    await silent.established();
    silent.announce(['10.43.0.0/24'], { nextHop: `${NETWORK}.20` });
    await sightings(isBack('10.43.0.0/24', `${NETWORK}.20`), 'the route is there', 0);
    const last = Date.now();
    silent.send(KEEPALIVE);
    for (const afterMs of await sightings(isGone('10.43.0.0/24'), 'the route is gone', last)) {
      expect(afterMs).toBeGreaterThanOrEqual(3_000 - 1); // both clocks are rounded to milliseconds
      expect(afterMs).toBeLessThan(3_000 + 10 * TOLERANCE_MS);
    }
    expect(await silent.notified()).toMatchObject({ code: 4, subcode: 0 });
  });

  test('kill -9 of a node: its routes are gone at once, and return with it', async () => {
    await watch();
    const start = Date.now();
    nodeA.signal('SIGKILL');
    for (const block of A.blocks) {
      for (const afterMs of await sightings(isGone(block), `${block} is gone`, start)) {
        expect(afterMs).toBeLessThan(HOLD_MS / 2); // expected: some milliseconds
      }
    }
    await nodeA.startAgain();
    for (const block of A.blocks) await sightings(isBack(block, A.address), `${block} is back`, start);
    await untilRoutes(nodeA, B.blocks, B.address);
  });

  test('kill -9 of the reflector: the nodes drop what they learnt, and everything returns with it', async () => {
    await watch();
    reflector.daemon.signal('SIGKILL');
    await watchers[1]!.until(isGone(A.blocks[0]!), 'the routes of the other node are gone');
    await reflector.daemon.startAgain();
    await untilRoutes(nodeA, B.blocks, B.address);
    await untilRoutes(nodeB, A.blocks, A.address);
    expect((await reflector.daemon.peers()).map(({ state }) => state)).toEqual([
      'Established',
      'Established',
    ]);
  });
});

/** Waits until the daemon has these routes with this next hop, as best ones. */
async function untilRoutes(daemon: ManulDaemon, prefixes: readonly string[], nextHop: string): Promise<void> {
  await pollUntil(
    async () => {
      const routes = await daemon.routes();
      return prefixes.every((prefix) =>
        routes.some((route) => route.prefix === prefix && route.nextHop === nextHop && route.best),
      )
        ? true
        : null;
    },
    `routes to ${prefixes.join(', ')} by ${nextHop}`,
    { deadlineMs: 60_000 },
  );
}
