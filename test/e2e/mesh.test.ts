/** Four speakers in Calico's node-to-node mesh, each a process of its own, on the same resources. */

import { pollUntil } from '../harness/deadline.ts';
import { affinityYaml, Cluster, nextHops, poolYaml, untilRoutes } from './support/cluster.ts';
import { parseExposition, sampleOf } from './support/exposition.ts';
import type { PeerStatus, RouteStatus } from './support/shown.ts';

jest.setTimeout(120_000);

const NETWORK = '127.46.0';
const NODES = [1, 2, 3, 4].map((number) => ({
  name: `node-${number}`,
  address: `${NETWORK}.${number}`,
  block: `10.246.${number}.0/26`,
}));

/** Prefix by prefix the next hop at this node; its own block has none. */
function seenBy(name: string, gone: readonly string[] = []): Readonly<Record<string, string>> {
  const entries = NODES.filter((node) => !gone.includes(node.name)).map(
    (node) => [node.block, node.name === name ? expect.any(String) : node.address] as const,
  );
  return Object.fromEntries(entries);
}

describe('a mesh of four speakers', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await Cluster.start({
      nodes: NODES,
      mesh: true,
      resources: () =>
        [poolYaml('10.246.0.0/16'), ...NODES.map(({ name, block }) => affinityYaml(name, block))].join(
          '---\n',
        ),
    });
  });

  afterAll(() => cluster?.stop());

  async function untilSeen(name: string, gone: readonly string[] = []): Promise<void> {
    const wanted = NODES.length - gone.length;
    const routes = await untilRoutes(
      cluster.daemon(name),
      (shown) => shown.length === wanted,
      `${name} sees ${wanted} blocks`,
    );
    expect(nextHops(routes)).toEqual(seenBy(name, gone));
  }

  test('every pair has one session, and every node the blocks of all others by their own address', async () => {
    for (const { name } of NODES) {
      await untilSeen(name);
      const peers = await cluster.daemon(name).read<readonly PeerStatus[]>('peers');
      const others = NODES.filter((node) => node.name !== name).map((node) => `mesh/${node.name}`);
      expect(peers.map((peer) => `${peer.name} ${peer.kind} ${peer.state}`).sort()).toEqual(
        others.map((other) => `${other} mesh Established`),
      );
    }
  });

  test('what was learnt in the mesh is not passed on in it', async () => {
    for (const { name, block } of NODES.slice(1)) {
      const words = ['routes', '--advertised', 'mesh/node-1'];
      const routes = await cluster.daemon(name).read<readonly RouteStatus[]>(...words);
      expect(routes.map(({ prefix }) => prefix)).toEqual([block]);
    }
  });

  test('Established mesh peers have no series of their own', async () => {
    const metrics = parseExposition(await cluster.daemon('node-1').httpGet('/metrics'));
    expect(metrics.get('manul_bgp_peer_state')?.samples.size ?? 0).toBe(0);
    expect(sampleOf(metrics, 'manul_bgp_peers{state="Established",kind="mesh"}')).toBe(3);
  });

  test('a node that is killed is gone for all others at once, and returns', async () => {
    cluster.daemon('node-3').signal('SIGKILL');
    for (const { name } of NODES.filter((node) => node.name !== 'node-3')) await untilSeen(name, ['node-3']);
    await cluster.daemon('node-3').startAgain();
    for (const { name } of NODES) await untilSeen(name);
    await pollUntil(async () => {
      const peers = await cluster.daemon('node-1').read<readonly PeerStatus[]>('peers');
      return peers.every(({ state }) => state === 'Established') || null;
    }, 'all sessions of node-1 are Established');
  });

  test('a node that is shut down says so: 6/2 at all others', async () => {
    cluster.daemon('node-4').signal('SIGTERM');
    expect(await cluster.daemon('node-4').exited()).toBe(0);
    for (const name of ['node-1', 'node-2', 'node-3']) {
      await untilSeen(name, ['node-4']);
      const shown = await cluster.daemon(name).untilPeer(`${NETWORK}.4`, () => true, '');
      expect(shown.lastError).toMatchObject({ direction: 'received', code: 6, subcode: 2 });
    }
  });
});
