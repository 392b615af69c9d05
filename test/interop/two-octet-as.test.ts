/**
 * Speakers of before four-octet AS numbers (RFC 6793): they know us as AS_TRANS, and our AS number gets through them
 * in AS4_PATH. Two of ours with large AS numbers have one of them between them.
 */
import { BIRD } from '../harness/daemons/bird.ts';
import type { Daemon, DaemonKind } from '../harness/daemons/daemon.ts';
import { EXABGP } from '../harness/daemons/exabgp.ts';
import { pollUntil } from '../harness/deadline.ts';
import { ManulDaemon, type ShownRoute } from '../harness/manul/manul-daemon.ts';
import { bgpPeerYaml, nodeYaml } from '../harness/manul/resources.ts';
import type { NetworkNamespace } from '../harness/process/network-namespace.ts';
import { describeWith } from '../support/requirements.ts';
import { blocksFile, DAEMON_NETWORKS, MANUL_BLOCKS } from './exchange.ts';
import { PAIR_START_MS, PAIR_TEST_MS } from './pair.ts';
import { BGP_PORT, makeNetwork, manulAsNeighbor, placeOf } from './topology.ts';

const AS_TRANS = 23456;
const OLD_ASN = 64601;
const OURS = [
  { node: 'm1', asn: 4_200_000_001, place: placeOf(1) },
  { node: 'm3', asn: 4_200_000_003, place: placeOf(3) },
] as const;
const OLD = placeOf(2);
/** ExaBGP passes nothing on. */
const KINDS: readonly DaemonKind[] = [BIRD, EXABGP];

describe.each(KINDS)('$name without four-octet AS numbers', (kind) => {
  describeWith({ root: true, commands: kind.commands }, 'between two of ours with large ones', () => {
    let network: NetworkNamespace;
    let old: Daemon;
    const manuls: ManulDaemon[] = [];

    beforeAll(async () => {
      network = makeNetwork(3);
      for (const { node, asn, place } of OURS) {
        const manul = await ManulDaemon.start({
          node,
          namespace: network,
          files: {
            'node.yaml': nodeYaml({
              node,
              asn,
              port: BGP_PORT,
              ipv4Address: place.address,
              ipv6Address: place.ipv6Address,
            }),
            'peer.yaml': bgpPeerYaml('old', OLD.address, BGP_PORT, OLD_ASN),
            ...(node === 'm1' ? { 'blocks.yaml': blocksFile([MANUL_BLOCKS[0]!], node) } : {}),
          },
        });
        manuls.push(manul);
      }
      old = await kind.start({
        namespace: network,
        ...OLD,
        port: BGP_PORT,
        asn: OLD_ASN,
        routerId: OLD.address,
        networks: [DAEMON_NETWORKS[0]!],
        neighbors: OURS.map(({ place }) =>
          manulAsNeighbor({ address: place.address, asn: AS_TRANS, families: ['ipv4'], twoOctetAs: true }),
        ),
        exportsAll: true,
      });
    }, PAIR_START_MS);

    afterAll(async () => {
      await old?.stop();
      for (const manul of manuls) await manul.stop();
      network?.remove();
    }, PAIR_START_MS);

    const routeOn = (manul: ManulDaemon, prefix: string): Promise<ShownRoute> =>
      pollUntil(async () => (await manul.routes(prefix)).find(({ best }) => best), `manul has ${prefix}`, {
        deadlineMs: 60_000,
      });

    test(
      'sessions come up without the capability, and routes of both go both ways',
      async () => {
        for (const manul of manuls) {
          await manul.untilPeer(OLD.address, ({ state }) => state === 'Established', 'Established', 60_000);
          const { received } = (await manul.peer('old')).capabilities;
          expect(received.map(({ code }) => code)).not.toContain(65);
          expect((await routeOn(manul, DAEMON_NETWORKS[0]!)).asPath).toEqual([OLD_ASN]);
        }
        await pollUntil(
          async () => (await old.routes('ipv4')).find(({ prefix }) => prefix === MANUL_BLOCKS[0]),
          `${kind.name} has ${MANUL_BLOCKS[0]}`,
          { deadlineMs: 60_000 },
        );
      },
      PAIR_TEST_MS,
    );

    if (kind.name === 'exabgp') return;
    test(
      'a large AS number gets through in AS4_PATH (RFC 6793 §4.2.3)',
      async () => {
        const { asPath } = await routeOn(manuls[1]!, MANUL_BLOCKS[0]!);
        expect(asPath).toEqual([OLD_ASN, OURS[0].asn]);
      },
      PAIR_TEST_MS,
    );
  });
});
