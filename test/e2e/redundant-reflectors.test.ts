/**
 * Calico's way to route reflectors: two nodes with a label and a cluster ID, and BGPPeers by selector. Each node
 * has a session with both, and loses nothing when one of them dies.
 */
import { isDeepStrictEqual } from 'node:util';
import { affinityYaml, Cluster, nextHops, poolYaml, untilRoutes } from './support/cluster.ts';
import { DaemonEvents } from './support/daemon-events.ts';
import type { PeerStatus, RouteStatus } from './support/shown.ts';

jest.setTimeout(120_000);

const NETWORK = '127.47.0';
const REFLECTOR_LABELS = { 'route-reflector': 'true' };

const REFLECTORS = [1, 2].map((number) => ({
  name: `rr-${number}`,
  address: `${NETWORK}.${number}`,
  labels: REFLECTOR_LABELS,
}));
const NODES = [11, 12].map((number) => ({
  name: `node-${number}`,
  address: `${NETWORK}.${number}`,
  block: `10.247.${number}.0/26`,
}));

const PEERS = `apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: nodes-to-reflectors}
spec: {nodeSelector: "!has(route-reflector)", peerSelector: has(route-reflector)}
---
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: between-reflectors}
spec: {nodeSelector: has(route-reflector), peerSelector: has(route-reflector)}
`;

/**
 * With one cluster ID the reflectors refuse what the other has reflected (RFC 4456 §7). With different ones each has
 * two paths to a block, and with ADD-PATH passes on both.
 */
const CLUSTERS = [
  {
    ids: 'one cluster ID for both',
    clusterIds: ['244.0.0.1', '244.0.0.1'],
    clusterLists: ['244.0.0.1', '244.0.0.1'],
    afterLoss: ['244.0.0.1'],
  },
  {
    ids: 'a cluster ID each',
    clusterIds: ['244.0.0.1', '244.0.0.2'],
    clusterLists: ['244.0.0.1', '244.0.0.1 244.0.0.2', '244.0.0.2', '244.0.0.2 244.0.0.1'],
    afterLoss: ['244.0.0.2'],
  },
] as const;

describe.each(CLUSTERS)('two reflectors, $ids', ({ clusterIds, clusterLists, afterLoss }) => {
  let cluster: Cluster;
  const [first, second] = NODES as [(typeof NODES)[0], (typeof NODES)[0]];

  beforeAll(async () => {
    cluster = await Cluster.start({
      nodes: [...REFLECTORS.map((node, index) => ({ ...node, clusterId: clusterIds[index]! })), ...NODES],
      mesh: false,
      resources: () =>
        [PEERS, poolYaml('10.247.0.0/16'), ...NODES.map(({ name, block }) => affinityYaml(name, block))].join(
          '---\n',
        ),
    });
  });

  afterAll(() => cluster?.stop());

  /** The paths to the block that the node has, as soon as they have these CLUSTER_LISTs. */
  async function paths(
    node: string,
    block: string,
    lists: readonly string[],
  ): Promise<readonly RouteStatus[]> {
    const listsOf = (routes: readonly RouteStatus[]): string[] =>
      routes.map(({ clusterList }) => clusterList.join(' ')).sort();
    return untilRoutes(
      cluster.daemon(node),
      (routes) => isDeepStrictEqual(listsOf(routes), lists),
      `paths of ${node} to ${block} with CLUSTER_LISTs ${lists.join(', ')}`,
      block,
      '--all',
    );
  }

  async function sessions(node: string): Promise<readonly string[]> {
    const peers = await cluster.daemon(node).read<readonly PeerStatus[]>('peers');
    return peers
      .map(({ name, state, routeReflectorClient }) => `${name} ${state} ${routeReflectorClient}`)
      .sort();
  }

  test('each node has sessions with both reflectors and with nobody else', async () => {
    for (const { name } of NODES) {
      await paths(name, name === first.name ? second.block : first.block, clusterLists);
      expect(await sessions(name)).toEqual([
        'nodes-to-reflectors/rr-1 Established false',
        'nodes-to-reflectors/rr-2 Established false',
      ]);
    }
    expect(await sessions('rr-1')).toEqual([
      `between-reflectors Established ${clusterIds[0] !== clusterIds[1]}`, // Calico: of another cluster, a client
      'nodes-to-reflectors/node-11 Established true',
      'nodes-to-reflectors/node-12 Established true',
    ]);
  });

  test('both pass on the block with next hop unchanged and the ORIGINATOR_ID of its node', async () => {
    const found = await paths(first.name, second.block, clusterLists);
    expect(new Set(found.map(({ peer }) => peer))).toEqual(
      new Set(['nodes-to-reflectors/rr-1', 'nodes-to-reflectors/rr-2']),
    );
    for (const route of found) {
      const nearest = clusterIds[route.peer.endsWith('rr-1') ? 0 : 1];
      expect(route).toMatchObject({ nextHop: second.address, originatorId: second.address, asPath: [] });
      expect(route.clusterList[0]).toBe(nearest);
    }
    const best = found.filter((route) => route.best);
    expect(best.map(({ clusterList }) => clusterList.length)).toEqual([1]); // RFC 4456 §9
  });

  test('a reflector that dies takes no route with it, and comes back', async () => {
    const watcher = await DaemonEvents.open(cluster.daemon(first.name).httpPort);
    cluster.daemon('rr-1').signal('SIGKILL');
    const left = await paths(first.name, second.block, afterLoss);
    expect(left).toMatchObject([{ peer: 'nodes-to-reflectors/rr-2', nextHop: second.address, best: true }]);
    expect(watcher.events.filter(({ kind, nextHop }) => kind === 'route' && nextHop === null)).toEqual([]);
    watcher.close();

    await cluster.daemon('rr-1').startAgain();
    await paths(first.name, second.block, clusterLists);
    const routes = await cluster.daemon('rr-1').read<readonly RouteStatus[]>('routes');
    expect(nextHops(routes)).toEqual(Object.fromEntries(NODES.map(({ block, address }) => [block, address])));
  });
});
