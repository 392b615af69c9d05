/**
 * Two nodes of a mesh in AS 64512, each with an eBGP session to the same top-of-rack router in AS 65001, a speaker
 * of its own that accepts them by range.
 */

import { ManulDaemon } from '../harness/manul/manul-daemon.ts';
import { dynamicNeighborYaml, nodeYaml } from '../harness/manul/resources.ts';
import { freePort } from '../harness/process/free-port.ts';
import { affinityYaml, Cluster, poolYaml, untilRoutes } from './support/cluster.ts';
import type { PeerStatus, RouteStatus } from './support/shown.ts';

jest.setTimeout(120_000);

const NETWORK = '127.49.0';
const TOR = '127.49.1.1';
const TOR_ASN = 65001;
const TOR_BLOCK = '192.168.49.0/26';
const NODES = [1, 2].map((number) => ({
  name: `node-${number}`,
  address: `${NETWORK}.${number}`,
  block: `10.249.${number}.0/26`,
}));

/** The second node takes back what its own AS has announced to the router. */
const peersYaml = (port: number): string =>
  NODES.map(
    ({ name }, index) => `apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: tor-of-${name}}
spec: {node: ${name}, peerIP: "${TOR}:${port}", asNumber: ${TOR_ASN}, numAllowedLocalASNumbers: ${index}}
`,
  ).join('---\n');

const torFiles = (port: number): Record<string, string> => ({
  'node.yaml': nodeYaml({ node: 'tor', asn: TOR_ASN, port, ipv4Address: TOR }),
  'block.yaml': [poolYaml('192.168.49.0/24'), affinityYaml('tor', TOR_BLOCK)].join('---\n'),
  'nodes.yaml': `${dynamicNeighborYaml({
    name: 'nodes',
    listenRanges: [`${NETWORK}.0/24`],
    routeReflectorClient: false,
    spec: ['asNumbers: ["64512"]', 'filters: [everything]'],
  })}---
apiVersion: projectcalico.org/v3
kind: BGPFilter
metadata: {name: everything}
spec: {importV4: [{action: Accept}], exportV4: [{action: Accept}]}
`,
});

describe('an eBGP BGPPeer', () => {
  let tor: ManulDaemon;
  let cluster: Cluster;
  const [first, second] = NODES as [(typeof NODES)[0], (typeof NODES)[0]];

  beforeAll(async () => {
    const port = await freePort(TOR);
    tor = await ManulDaemon.start({ node: 'tor', files: torFiles(port) });
    cluster = await Cluster.start({
      nodes: NODES,
      mesh: true,
      resources: () =>
        [
          peersYaml(port),
          poolYaml('10.249.0.0/16'),
          ...NODES.map(({ name, block }) => affinityYaml(name, block)),
        ].join('---\n'),
    });
  });

  afterAll(async () => {
    await Promise.all([tor?.stop(), cluster?.stop()]);
  });

  const has =
    (...prefixes: readonly string[]) =>
    (routes: readonly RouteStatus[]): boolean =>
      prefixes.every((prefix) => routes.some((route) => route.prefix === prefix));

  // Each node announces the other's block, too, as in Calico: which of the two paths is best is not asked here.
  test('the router gets each block from its own node, with the AS of the nodes in front and the node as next hop', async () => {
    const ofItsNode = (routes: readonly RouteStatus[], { block, address }: (typeof NODES)[0]) =>
      routes.find(({ prefix, peer }) => prefix === block && peer === `nodes/${address}`);
    const haveAll = (routes: readonly RouteStatus[]) => NODES.every((node) => ofItsNode(routes, node));
    const routes = await untilRoutes(tor, haveAll, 'each block from its own node', '--all');
    for (const node of NODES) {
      expect(ofItsNode(routes, node)).toMatchObject({
        asPath: [64512],
        nextHop: node.address,
        localPref: null,
      });
    }
  });

  test("the nodes get the router's block, with its AS in front and the router as next hop", async () => {
    for (const { name } of NODES) {
      const routes = await untilRoutes(cluster.daemon(name), has(TOR_BLOCK), 'the block of the router');
      expect(routes.find(({ prefix }) => prefix === TOR_BLOCK)).toMatchObject({
        asPath: [TOR_ASN],
        nextHop: TOR,
        peer: `tor-of-${name}`,
        best: true,
      });
    }
  });

  test('what comes back through the router is a loop, unless the BGPPeer allows our AS in the path', async () => {
    const isFromMesh = ({ peer }: RouteStatus): boolean => peer.startsWith('mesh/');
    // The router passes on the block of each node to the other.
    const received = await untilRoutes(
      cluster.daemon(first.name),
      has(second.block),
      'the block as the router passed it on',
      '--received',
      'tor-of-node-1',
    );
    expect(received.find(({ prefix }) => prefix === second.block)?.asPath).toEqual([TOR_ASN, 64512]);
    const usable = await untilRoutes(
      cluster.daemon(first.name),
      (routes) => routes.some(isFromMesh),
      'the path of the mesh',
      second.block,
    );
    expect(usable.map(({ peer }) => peer)).toEqual(['mesh/node-2']);
    // numAllowedLocalASNumbers: 1, and so the second node has a spare path; the mesh's is shorter.
    const both = await untilRoutes(
      cluster.daemon(second.name),
      (routes) => routes.length === 2,
      'two paths',
      first.block,
      '--all',
    );
    expect(both.filter(({ best }) => best).map(({ peer }) => peer)).toEqual(['mesh/node-1']);
    expect(both.find(({ best }) => !best)).toMatchObject({
      peer: 'tor-of-node-2',
      asPath: [TOR_ASN, 64512],
    });
  });

  test('sessions show both AS numbers, and none of them reflects', async () => {
    const [shown] = (await cluster.daemon(first.name).read<readonly PeerStatus[]>('peers')).filter(
      ({ kind }) => kind === 'configured',
    );
    expect(shown).toMatchObject({ asn: TOR_ASN, localAsn: 64512, routeReflectorClient: false });
  });

  test('the router goes: its block goes too, and the mesh does not notice', async () => {
    const before = await cluster.daemon(first.name).untilPeer(second.address, () => true, '');
    tor.signal('SIGTERM');
    await tor.exited();
    await untilRoutes(
      cluster.daemon(first.name),
      (routes) => !has(TOR_BLOCK)(routes),
      'no block of the router',
    );
    expect(await cluster.daemon(first.name).untilPeer(second.address, () => true, '')).toMatchObject({
      state: 'Established',
      flaps: before.flaps,
    });
  });
});
