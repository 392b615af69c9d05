/**
 * All daemons at once as clients of our reflector: each sees what the others announce, with the next hop unchanged
 * and the ORIGINATOR_ID and CLUSTER_LIST of RFC 4456 §8, as its own command line prints them.
 */
import type { Family } from '../harness/bgp/prefix-text.ts';
import { ALL_DAEMONS } from '../harness/daemons/all-daemons.ts';
import type { Daemon, DaemonRoute } from '../harness/daemons/daemon.ts';
import { pollUntil } from '../harness/deadline.ts';
import { ManulDaemon } from '../harness/manul/manul-daemon.ts';
import { dynamicNeighborYaml, nodeYaml } from '../harness/manul/resources.ts';
import type { NetworkNamespace } from '../harness/process/network-namespace.ts';
import { describeWith } from '../support/requirements.ts';
import { BGP_PORT, CLUSTER_ID, MANUL, MANUL_ASN, makeNetwork, manulAsNeighbor, placeOf } from './topology.ts';

const TEST_MS = 180_000;
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

/** The daemons with their place, and the network of each family that they announce. */
const CLIENTS = ALL_DAEMONS.map((kind, i) => ({
  kind,
  place: placeOf(i + 2),
  networks: { ipv4: `10.62.${i + 2}.0/24`, ipv6: `fd62:${i + 2}::/64` },
}));
const PAIRS = CLIENTS.flatMap((to) =>
  CLIENTS.filter((from) => from !== to).map((from) => ({ to: to.kind.name, from: from.kind.name })),
);
const clientNamed = (name: string) => CLIENTS.find((client) => client.kind.name === name)!;

const commands = ALL_DAEMONS.flatMap((kind) => kind.commands);

describeWith({ root: true, commands }, 'daemons as clients of our reflector', () => {
  let network: NetworkNamespace;
  let manul: ManulDaemon;
  const daemons = new Map<string, Daemon>();

  beforeAll(async () => {
    network = makeNetwork(CLIENTS.length + 1);
    manul = await ManulDaemon.start({
      node: 'rr-1',
      namespace: network,
      files: {
        'node.yaml': nodeYaml({
          node: 'rr-1',
          asn: MANUL_ASN,
          port: BGP_PORT,
          ipv4Address: MANUL.address,
          ipv6Address: MANUL.ipv6Address,
          clusterId: CLUSTER_ID,
        }),
        'clients.yaml': dynamicNeighborYaml({
          name: 'clients',
          listenRanges: ['10.66.0.0/24'],
          routeReflectorClient: true,
        }),
      },
    });
    for (const { kind, place, networks } of CLIENTS) {
      const daemon = await kind.start({
        namespace: network,
        ...place,
        port: BGP_PORT,
        asn: MANUL_ASN,
        routerId: place.address,
        networks: Object.values(networks),
        neighbors: [manulAsNeighbor({})],
      });
      daemons.set(kind.name, daemon);
    }
  }, TEST_MS);

  afterAll(async () => {
    for (const daemon of daemons.values()) await daemon.stop();
    await manul?.stop();
    network?.remove();
  }, TEST_MS);

  const routeOn = (name: string, family: Family, prefix: string): Promise<DaemonRoute> =>
    pollUntil(
      async () => (await daemons.get(name)!.routes(family)).find((route) => route.prefix === prefix),
      `${name} has ${prefix}`,
      { deadlineMs: 60_000 },
    );

  test.each(PAIRS)(
    '$to sees the routes of $from',
    async ({ to, from }) => {
      const { place, networks } = clientNamed(from);
      for (const family of FAMILIES) {
        expect(await routeOn(to, family, networks[family])).toEqual({
          prefix: networks[family],
          nextHop: family === 'ipv4' ? place.address : place.ipv6Address,
          localPref: 100,
          originatorId: place.address,
          clusterList: [CLUSTER_ID],
        });
      }
    },
    TEST_MS,
  );

  test(
    'what one daemon withdraws goes from all others',
    async () => {
      const [first, ...others] = CLIENTS;
      await daemons.get(first!.kind.name)!.setNetworks([]);
      for (const { kind } of others) {
        for (const family of FAMILIES) {
          await pollUntil(async () => {
            const routes = await daemons.get(kind.name)!.routes(family);
            return routes.every((route) => route.prefix !== first!.networks[family]) || null;
          }, `${kind.name} dropped ${first!.networks[family]}`);
        }
      }
    },
    TEST_MS,
  );
});
