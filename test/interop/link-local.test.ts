/**
 * A session over a link that has nothing but link-local addresses: both families, next hops on the link (RFC 2545,
 * RFC 8950). FRR needs its zebra for such neighbors, and the others have no way to name an interface.
 */
import { BIRD } from '../harness/daemons/bird.ts';
import type { Daemon } from '../harness/daemons/daemon.ts';
import { pollUntil } from '../harness/deadline.ts';
import { ManulDaemon } from '../harness/manul/manul-daemon.ts';
import { dynamicNeighborYaml } from '../harness/manul/resources.ts';
import { NetworkNamespace } from '../harness/process/network-namespace.ts';
import { describeWith } from '../support/requirements.ts';
import { blocksFile, DAEMON_NETWORKS, MANUL_BLOCKS } from './exchange.ts';
import { DAEMON, PAIR_START_MS, PAIR_TEST_MS } from './pair.ts';
import { BGP_PORT, MANUL, MANUL_ASN, manulAsNeighbor } from './topology.ts';

const LINK = 'wire0';
const OURS = 'fe80::a';
const THEIRS = 'fe80::b';
const PATIENCE = { deadlineMs: 60_000 };

const NODE = `apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: {name: default}
spec: {asNumber: ${MANUL_ASN}, listenPort: ${BGP_PORT}, nodeToNodeMeshEnabled: false}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: m1}
spec: {bgp: {ipv4Address: ${MANUL.address}/32}}
`;
const PEER = `apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: rack}
spec: {peerIP: "${THEIRS}%${LINK}", asNumber: ${MANUL_ASN}}
`;
const RANGE = dynamicNeighborYaml({ name: 'rack', listenRanges: ['fe80::/64'], routeReflectorClient: false });

describeWith({ root: true, commands: BIRD.commands }, 'bird and Manul over a link without addresses', () => {
  describe.each([
    { who: 'Manul dials', resource: PEER, name: 'rack', passive: true },
    { who: 'bird dials', resource: RANGE, name: `rack/${THEIRS}%${LINK}`, passive: false },
  ])('$who', ({ resource, name, passive }) => {
    const spaces: NetworkNamespace[] = [];
    let manul: ManulDaemon;
    let bird: Daemon;

    beforeAll(async () => {
      const [near, far] = [MANUL, DAEMON].map(
        ({ address }) => new NetworkNamespace('link', [`${address}/32`]),
      ) as [NetworkNamespace, NetworkNamespace];
      spaces.push(near, far);
      near.connect(far, LINK, OURS, THEIRS);
      manul = await ManulDaemon.start({
        node: 'm1',
        namespace: near,
        files: { 'node.yaml': NODE, 'neighbor.yaml': resource, 'blocks.yaml': blocksFile(MANUL_BLOCKS) },
      });
      bird = await BIRD.start({
        namespace: far,
        ...DAEMON,
        port: BGP_PORT,
        asn: MANUL_ASN,
        routerId: DAEMON.address,
        networks: DAEMON_NETWORKS,
        neighbors: [manulAsNeighbor({ address: `${OURS}%${LINK}`, passive, extendedNextHop: true })],
      });
    }, PAIR_START_MS);

    afterAll(async () => {
      await bird?.stop();
      await manul?.stop();
      for (const space of spaces.splice(0)) space.remove();
    }, PAIR_START_MS);

    test(
      'the session comes up, with the interface in its address',
      async () => {
        const isUp = ({ state }: { readonly state: string }): boolean => state === 'Established';
        const peer = await manul.untilPeer(`${THEIRS}%${LINK}`, isUp, 'Established', PATIENCE.deadlineMs);
        expect(peer.name).toBe(name);
        expect(await bird.isEstablished(`${OURS}%${LINK}`)).toBe(true);
      },
      PAIR_TEST_MS,
    );

    test(
      'routes of both families arrive with next hops on the link',
      async () => {
        for (const prefix of DAEMON_NETWORKS) {
          const route = await pollUntil(
            async () => (await manul.routes(prefix)).find(({ best }) => best),
            `manul has ${prefix}`,
            PATIENCE,
          );
          expect(route.nextHop).toBe(`${THEIRS}%${LINK}`);
        }
        for (const prefix of MANUL_BLOCKS) {
          const route = await pollUntil(
            async () =>
              (await bird.routes(prefix.includes(':') ? 'ipv6' : 'ipv4')).find(
                (one) => one.prefix === prefix,
              ),
            `bird has ${prefix}`,
            PATIENCE,
          );
          expect(route.nextHop).toBe(OURS);
        }
      },
      PAIR_TEST_MS,
    );
  });
});
