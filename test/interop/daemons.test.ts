/** Manul and each daemon alone with each other: sessions whichever side dials, routes, withdrawals, resets. */
import { ALL_DAEMONS } from '../harness/daemons/all-daemons.ts';
import type { Daemon, NeighborConfig } from '../harness/daemons/daemon.ts';
import { ManulDaemon } from '../harness/manul/manul-daemon.ts';
import { bgpPeerYaml, dynamicNeighborYaml, nodeYaml } from '../harness/manul/resources.ts';
import type { NetworkNamespace } from '../harness/process/network-namespace.ts';
import { describeWith } from '../support/requirements.ts';
import { blocksFile, DAEMON_NETWORKS, type Exchange, exchangeTests, MANUL_BLOCKS } from './exchange.ts';
import { BGP_PORT, CLUSTER_ID, MANUL, MANUL_ASN, makeNetwork, manulAsNeighbor, placeOf } from './topology.ts';

const DAEMON = placeOf(2);
const DAEMON_ASN = 64601;
const START_MS = 120_000;

describe.each(ALL_DAEMONS)('$name', (kind) => {
  describeWith({ root: true, commands: kind.commands }, 'and Manul', () => {
    let network: NetworkNamespace | null = null;
    let manul: ManulDaemon | null = null;
    let daemon: Daemon | null = null;

    /** Starts both; `sessions` of the daemon with Manul, and the resource of Manul that fits them. */
    const start = async (
      asn: number,
      sessions: readonly NeighborConfig[],
      resource: string,
    ): Promise<void> => {
      network = makeNetwork(2);
      const node = {
        node: 'm1',
        asn: MANUL_ASN,
        port: BGP_PORT,
        ipv4Address: MANUL.address,
        clusterId: CLUSTER_ID,
      };
      manul = await ManulDaemon.start({
        node: 'm1',
        namespace: network,
        files: {
          'node.yaml': nodeYaml({ ...node, ipv6Address: MANUL.ipv6Address }),
          'neighbor.yaml': resource,
          'blocks.yaml': blocksFile(MANUL_BLOCKS),
        },
      });
      daemon = await kind.start({
        namespace: network,
        ...DAEMON,
        port: BGP_PORT,
        asn,
        routerId: DAEMON.address,
        networks: DAEMON_NETWORKS,
        neighbors: sessions,
      });
    };

    const stop = async (): Promise<void> => {
      await daemon?.stop();
      await manul?.stop();
      network?.remove();
    };

    const exchange = (sessions: Exchange['sessions']): Exchange => {
      if (manul === null || daemon === null) throw new Error('not started');
      return { manul, daemon, daemonPlace: DAEMON, sessions };
    };

    describe('Manul dials: external, one session for each family', () => {
      beforeAll(async () => {
        const passive = { passive: true };
        await start(
          DAEMON_ASN,
          [
            manulAsNeighbor({ ...passive, families: ['ipv4'] }),
            manulAsNeighbor({ ...passive, families: ['ipv6'], address: MANUL.ipv6Address }),
          ],
          [
            bgpPeerYaml('tor-v4', DAEMON.address, BGP_PORT, DAEMON_ASN),
            bgpPeerYaml('tor-v6', DAEMON.ipv6Address, BGP_PORT, DAEMON_ASN),
          ].join('---\n'),
        );
      }, START_MS);
      afterAll(stop, START_MS);

      exchangeTests(() =>
        exchange([
          { daemon: DAEMON.address, manul: MANUL.address },
          { daemon: DAEMON.ipv6Address, manul: MANUL.ipv6Address },
        ]),
      );
    });

    describe('the daemon dials: internal, both families on one session', () => {
      beforeAll(async () => {
        const range = { name: 'clients', listenRanges: ['10.66.0.0/24'], routeReflectorClient: true };
        await start(MANUL_ASN, [manulAsNeighbor({})], dynamicNeighborYaml(range));
      }, START_MS);
      afterAll(stop, START_MS);

      exchangeTests(() => exchange([{ daemon: DAEMON.address, manul: MANUL.address }]));
    });
  });
});
