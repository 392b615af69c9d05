/**
 * Speakers of before four-octet AS numbers (RFC 6793): they know a large AS number as AS_TRANS, and the number itself
 * gets through them in AS4_PATH. Such a one stands between two of ours; behind the first is another with a large number.
 */
import { BIRD } from '../harness/daemons/bird.ts';
import type { Daemon } from '../harness/daemons/daemon.ts';
import { EXABGP } from '../harness/daemons/exabgp.ts';
import { FRR } from '../harness/daemons/frr.ts';
import { OPENBGPD } from '../harness/daemons/openbgpd.ts';
import { pollUntil } from '../harness/deadline.ts';
import { ManulDaemon, type ShownRoute } from '../harness/manul/manul-daemon.ts';
import { bgpPeerYaml, nodeYaml } from '../harness/manul/resources.ts';
import type { NetworkNamespace } from '../harness/process/network-namespace.ts';
import { describeWith } from '../support/requirements.ts';
import { blocksFile, DAEMON_NETWORKS, MANUL_BLOCKS } from './exchange.ts';
import { DAEMON, PAIR_START_MS, PAIR_TEST_MS, Pair } from './pair.ts';
import { BGP_PORT, MANUL_ASN, makeNetwork, manulAsNeighbor, placeOf } from './topology.ts';

const AS_TRANS = 23456;
const LARGE_ASN = 4_200_000_001;
const OLD_ASN = 64601;
const FOUR_OCTET_AS = 65;

describeWith({ root: true, commands: EXABGP.commands }, 'exabgp without four-octet AS numbers', () => {
  let pair: Pair;

  beforeAll(async () => {
    pair = await Pair.start(EXABGP, {
      asn: OLD_ASN,
      manulAsn: LARGE_ASN,
      resource: bgpPeerYaml('old', DAEMON.address, BGP_PORT, OLD_ASN),
      sessions: [{ asn: AS_TRANS, families: ['ipv4'], twoOctetAs: true }],
    });
  }, PAIR_START_MS);

  afterAll(() => pair?.stop(), PAIR_START_MS);

  test(
    'knows us as AS_TRANS, and routes go both ways',
    async () => {
      await pair.established();
      const { received } = (await pair.manul.peer('old')).capabilities;
      expect(received.map(({ code }) => code)).not.toContain(FOUR_OCTET_AS);
      expect((await pair.onManul(DAEMON_NETWORKS[0]!)).asPath).toEqual([OLD_ASN]);
      await pair.onDaemon(MANUL_BLOCKS[0]!);
    },
    PAIR_TEST_MS,
  );
});

/** Routes that came from a large AS, as far as the peer can see. */
const FROM_LARGE = `apiVersion: projectcalico.org/v3
kind: BGPFilter
metadata: {name: from-large}
spec: {exportV4: [{action: Accept, operations: [{prependASPath: {prefix: [${LARGE_ASN}]}}]}]}
---
${bgpPeerYaml('old', DAEMON.address, BGP_PORT, OLD_ASN).replace(/\}\n$/, ', filters: [from-large]}\n')}`;

/** They take no neighbor of AS_TRANS (FRR: a bad peer AS; OpenBGPD: a reserved number), so ours is a small one. */
describe.each([FRR, OPENBGPD])('$name', (kind) => {
  describeWith({ root: true, commands: kind.commands }, 'without four-octet AS numbers', () => {
    let pair: Pair;

    beforeAll(async () => {
      pair = await Pair.start(kind, {
        asn: OLD_ASN,
        resource: FROM_LARGE,
        sessions: [{ families: ['ipv4'], twoOctetAs: true }],
      });
    }, PAIR_START_MS);

    afterAll(() => pair?.stop(), PAIR_START_MS);

    test(
      'gets a large AS number as AS_TRANS with AS4_PATH beside it, and routes go both ways',
      async () => {
        await pair.established();
        const { received } = (await pair.manul.peer('old')).capabilities;
        expect(received.map(({ code }) => code)).not.toContain(FOUR_OCTET_AS);
        expect((await pair.onManul(DAEMON_NETWORKS[0]!)).asPath).toEqual([OLD_ASN]);
        await pair.onDaemon(MANUL_BLOCKS[0]!);
        // OpenBGPD puts AS_PATH together from the two attributes, FRR without capabilities does not.
        const large = kind === FRR ? AS_TRANS : LARGE_ASN;
        expect(await pair.daemon.describeRoute(MANUL_BLOCKS[0]!)).toContain(`${MANUL_ASN} ${large}`);
      },
      PAIR_TEST_MS,
    );
  });
});

describeWith({ root: true, commands: BIRD.commands }, 'bird without four-octet AS numbers', () => {
  const OLD = placeOf(2);
  const FAR = { node: 'far', asn: LARGE_ASN, place: placeOf(1) };
  const NEAR = { node: 'near', asn: 64512, place: placeOf(3) };
  const BEYOND = { node: 'beyond', asn: 64513, place: placeOf(4) };
  const old = { name: 'old', asn: OLD_ASN, place: OLD };
  const OURS = [
    { ...FAR, peers: [{ name: 'near', ...NEAR }] },
    { ...NEAR, peers: [{ name: 'far', ...FAR }, old] },
    { ...BEYOND, peers: [old] },
  ];
  let network: NetworkNamespace;
  let bird: Daemon;
  const manuls = new Map<string, ManulDaemon>();

  beforeAll(async () => {
    network = makeNetwork(4);
    for (const { node, asn, place, peers } of OURS) {
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
          'peers.yaml': peers
            .map((peer) => bgpPeerYaml(peer.name, peer.place.address, BGP_PORT, peer.asn))
            .join('---\n'),
          'blocks.yaml': blocksFile(node === 'far' ? MANUL_BLOCKS : [], node),
        },
      });
      manuls.set(node, manul);
    }
    bird = await BIRD.start({
      namespace: network,
      ...OLD,
      port: BGP_PORT,
      asn: OLD_ASN,
      routerId: OLD.address,
      networks: [DAEMON_NETWORKS[0]!],
      neighbors: [NEAR, BEYOND].map(({ asn, place }) =>
        manulAsNeighbor({ address: place.address, asn, families: ['ipv4'], twoOctetAs: true }),
      ),
      exportsAll: true,
    });
  }, PAIR_START_MS);

  afterAll(async () => {
    await bird?.stop();
    for (const manul of manuls.values()) await manul.stop();
    network?.remove();
  }, PAIR_START_MS);

  const routeOn = (node: string, prefix: string): Promise<ShownRoute> =>
    pollUntil(
      async () => (await manuls.get(node)!.routes(prefix)).find(({ best }) => best),
      `${node} has ${prefix}`,
      { deadlineMs: 60_000 },
    );

  test(
    'is told AS_TRANS in place of a large AS number, and sends the number on to the next (RFC 6793 §4.2.2, §4.2.3)',
    async () => {
      expect((await routeOn('near', MANUL_BLOCKS[0]!)).asPath).toEqual([LARGE_ASN]);
      const { asPath } = await routeOn('beyond', MANUL_BLOCKS[0]!);
      expect(asPath).toEqual([OLD_ASN, NEAR.asn, LARGE_ASN]);
      for (const node of ['near', 'beyond']) {
        const { received } = (await manuls.get(node)!.peer('old')).capabilities;
        expect(received.map(({ code }) => code)).not.toContain(FOUR_OCTET_AS);
      }
    },
    PAIR_TEST_MS,
  );

  test(
    'announces its own routes as ever',
    async () => {
      for (const node of ['near', 'beyond']) {
        expect((await routeOn(node, DAEMON_NETWORKS[0]!)).asPath).toEqual([OLD_ASN]);
      }
    },
    PAIR_TEST_MS,
  );
});
