/** `manul drain` and `undrain` as the peers of a reflector see them (RFC 8326). */
import { attributeValues } from '../harness/bgp/attribute-values.ts';
import type { TestPeer } from '../harness/bgp/test-peer.ts';
import { dynamicNeighborYaml } from '../harness/manul/resources.ts';
import { type Reflector, startReflector } from './support/reflector.ts';

jest.setTimeout(60_000);

const NETWORK = '127.52.0';
const A = `${NETWORK}.11`;
const B = `${NETWORK}.12`;
const ROUTER = '127.52.65.1';
const ROUTE = '10.52.1.0/24';
/** GRACEFUL_SHUTDOWN, 0xFFFF0000. */
const LEAVING = '65535:0';

const ROUTERS = dynamicNeighborYaml({
  name: 'routers',
  listenRanges: ['127.52.65.0/24'],
  routeReflectorClient: false,
  spec: ['asNumbers: ["65052"]', 'requirePolicy: false'],
});

interface ShownDrain {
  readonly state: string;
  readonly since: string | null;
  readonly withdrawAt: string | null;
}

describe('manul drain', () => {
  let reflector: Reflector;
  let a: TestPeer;
  let b: TestPeer;
  let router: TestPeer;

  beforeAll(async () => {
    reflector = await startReflector({
      address: `${NETWORK}.1`,
      listenRanges: [`${NETWORK}.0/24`],
      files: { 'routers.yaml': ROUTERS },
    });
    a = await reflector.dial(A).established();
    b = await reflector.dial(B).established();
    router = await reflector.dial(ROUTER, { asn: 65_052 }).established();
    a.announce([ROUTE], { nextHop: A, localPref: 200 });
    await Promise.all([b.route(ROUTE), router.route(ROUTE)]);
  });

  afterAll(async () => {
    await Promise.all([a, b, router].map((peer) => peer?.close()));
    await reflector?.daemon.stop();
  });

  const drainOf = async (): Promise<ShownDrain> =>
    (await reflector.daemon.read<{ readonly drain: ShownDrain }>('status')).drain;

  const isLeaving = (peer: TestPeer): true | null => {
    const route = peer.routes.get(ROUTE);
    return route !== undefined && attributeValues(route.attributes).communities.includes(LEAVING)
      ? true
      : null;
  };

  test('nobody drains at first', async () => {
    expect(await drainOf()).toEqual({ state: 'none', since: null, withdrawAt: null });
  });

  test('peers are asked to prefer other paths, then lose the routes, and sessions stay', async () => {
    const command = reflector.daemon.read<ShownDrain>('drain', '--grace', '3s');
    await router.until(isLeaving, 'GRACEFUL_SHUTDOWN');
    await b.until(
      ({ routes }) => attributeValues(routes.get(ROUTE)!.attributes).localPref === 0 || null,
      'LOCAL_PREF 0',
    );
    const going = await drainOf();
    expect(going).toMatchObject({ state: 'graceful', withdrawAt: expect.any(String) });
    expect(Date.parse(going.withdrawAt!) - Date.parse(going.since!)).toBeLessThanOrEqual(3100);
    await Promise.all([b.noRoute(ROUTE), router.noRoute(ROUTE)]);
    expect(await command).toEqual({ state: 'withdrawn', since: expect.any(String), withdrawAt: null });
    expect((await reflector.daemon.run('status')).stdout).toContain('nothing is announced since');
    expect([a, b, router].map(({ isEstablished }) => isEstablished)).toEqual([true, true, true]);
  });

  test('who comes meanwhile gets nothing but End-of-RIB', async () => {
    const late = await reflector.dial(`${NETWORK}.13`).established();
    await late.until(({ endOfRib }) => endOfRib.size === 2 || null, 'both End-of-RIBs');
    expect(late.routes.size).toBe(0);
    await late.close();
  });

  test('undrain: everything is announced again, as before', async () => {
    expect(await reflector.daemon.read<ShownDrain>('undrain')).toMatchObject({
      state: 'none',
      withdrawAt: null,
    });
    expect(attributeValues((await b.route(ROUTE)).attributes)).toMatchObject({
      localPref: 200,
      communities: [],
    });
    await router.route(ROUTE);
    expect(isLeaving(router)).toBeNull();
  });

  test('undrain during the grace period ends the waiting command with an error', async () => {
    const command = reflector.daemon.run('drain', '--grace', '1h');
    await router.until(isLeaving, 'GRACEFUL_SHUTDOWN');
    await reflector.daemon.run('undrain');
    expect(await command).toMatchObject({
      status: 1,
      stderr: 'manul: the drain was ended before routes were withdrawn\n',
    });
    await router.until((peer) => (isLeaving(peer) ? null : true), 'no GRACEFUL_SHUTDOWN');
  });

  test('--grace 0 withdraws at once; other nonsense is wrong usage', async () => {
    const { status, stderr } = await reflector.daemon.run('drain', '--grace', 'soon');
    expect([status, stderr]).toEqual([2, 'manul: --grace: "soon" is no duration up to 24h, such as 30s\n']);
    await reflector.daemon.run('drain', '--grace', '0');
    await Promise.all([b.noRoute(ROUTE), router.noRoute(ROUTE)]);
    expect((await drainOf()).state).toBe('withdrawn');
  });
});
