/**
 * Nodes with blocks of both families behind a reflector that has an IPv4 address only: one session each carries
 * both. The IPv6 addresses of the nodes do not exist on this machine, which must not hold up anything.
 */
import { pollUntil } from '../harness/deadline.ts';
import { affinityYaml, Cluster, nextHops, poolYaml, untilRoutes } from './support/cluster.ts';
import type { PeerStatus, StatusReport } from './support/shown.ts';

jest.setTimeout(60_000);

const NETWORK = '127.54.0';
const NODES = [1, 2].map((number) => ({
  name: `node-${number}`,
  address: `${NETWORK}.${10 + number}`,
  ipv6Address: `fd54::${number}`,
  blocks: [`10.254.${number}.0/26`, `fd54:1:${number}::/122`] as const,
}));

const PEERS = `apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: reflector}
spec: {nodeSelector: "!has(reflector)", peerSelector: has(reflector)}
`;

describe('both families on one session', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await Cluster.start({
      nodes: [
        { name: 'rr-1', address: `${NETWORK}.1`, clusterId: '244.0.0.1', labels: { reflector: 'yes' } },
        ...NODES,
      ],
      mesh: false,
      resources: () =>
        [
          PEERS,
          poolYaml('10.254.0.0/16'),
          poolYaml('fd54:1::/32'),
          ...NODES.flatMap(({ name, blocks }) => blocks.map((block) => affinityYaml(name, block))),
        ].join('---\n'),
    });
  });

  afterAll(() => cluster?.stop());

  test('each node has one session, and by it the blocks of the other with the right next hops', async () => {
    for (const { name } of NODES) {
      const [other] = NODES.filter((node) => node.name !== name);
      const [ipv4, ipv6] = other!.blocks;
      const daemon = cluster.daemon(name);
      const routes = await untilRoutes(daemon, (shown) => shown.length === 4, 'four blocks');
      expect(nextHops(routes)).toMatchObject({ [ipv4]: other!.address, [ipv6]: other!.ipv6Address });
      const peers = await daemon.read<readonly PeerStatus[]>('peers');
      expect(peers).toMatchObject([{ name: 'reflector', state: 'Established', families: ['ipv4', 'ipv6'] }]);
    }
  });

  test('an address that this machine does not have is reported, and nothing else suffers', async () => {
    const daemon = cluster.daemon('node-1');
    await pollUntil(async () => {
      const { lastErrors } = await daemon.read<StatusReport>('status');
      return lastErrors.some(({ text }) => text === 'local address is not available') || null;
    }, 'the error in manul status');
    await pollUntil(
      async () => daemon.log().includes('cannot listen, trying again') || null,
      'the log says it, too',
    );
  });
});
