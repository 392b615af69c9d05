/** Graceful restart (RFC 4724) with BIRD and FRR: they keep Manul's routes over a restart of its, and Manul theirs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BIRD } from '../harness/daemons/bird.ts';
import type { Daemon } from '../harness/daemons/daemon.ts';
import { FRR } from '../harness/daemons/frr.ts';
import { pollUntil } from '../harness/deadline.ts';
import { ManulDaemon, type ShownRoute } from '../harness/manul/manul-daemon.ts';
import { bgpPeerYaml, nodeYaml } from '../harness/manul/resources.ts';
import type { NetworkNamespace } from '../harness/process/network-namespace.ts';
import { describeWith } from '../support/requirements.ts';
import { blocksFile, MANUL_BLOCKS } from './exchange.ts';
import { BGP_PORT, CLUSTER_ID, MANUL, MANUL_ASN, makeNetwork, manulAsNeighbor, placeOf } from './topology.ts';

jest.setTimeout(240_000);

const PATIENCE = { deadlineMs: 60_000, intervalMs: 200 };
const [BLOCK = ''] = MANUL_BLOCKS;
/** By then End-of-RIB has been acted on. */
const AFTER_MS = 1_500;
const FORGOTTEN = '10.63.0.0/24';
const KINDS = [BIRD, FRR];
const PLACES = KINDS.map((_, i) => placeOf(i + 2));
const networksOf = (i: number): string[] => [`10.61.${i}.0/24`, `10.62.${i}.0/24`];

describeWith(
  { root: true, commands: KINDS.flatMap(({ commands }) => commands) },
  'graceful restart with BIRD and FRR',
  () => {
    let network: NetworkNamespace;
    let manul: ManulDaemon;
    let daemons: Daemon[] = [];

    beforeAll(async () => {
      network = makeNetwork(1 + KINDS.length);
      manul = await ManulDaemon.start({
        node: 'm1',
        namespace: network,
        arguments: ['--graceful-restart', 'always'],
        files: {
          'node.yaml': nodeYaml({
            ...{ node: 'm1', asn: MANUL_ASN, port: BGP_PORT },
            ...{ ipv4Address: MANUL.address, ipv6Address: MANUL.ipv6Address, clusterId: CLUSTER_ID },
          }),
          'peers.yaml': PLACES.map(({ address }, i) =>
            bgpPeerYaml(KINDS[i]!.name, address, BGP_PORT, MANUL_ASN),
          ).join('---\n'),
          'blocks.yaml': blocksFile(MANUL_BLOCKS),
        },
      });
      daemons = await Promise.all(
        KINDS.map((kind, i) =>
          kind.start({
            ...{ namespace: network, ...PLACES[i]!, port: BGP_PORT, asn: MANUL_ASN },
            routerId: PLACES[i]!.address,
            networks: networksOf(i),
            neighbors: [manulAsNeighbor({})],
            gracefulRestart: true,
          }),
        ),
      );
    });

    afterAll(async () => {
      for (const daemon of daemons) await daemon.stop();
      await manul?.stop();
      network?.remove();
    });

    test.each(['SIGKILL', 'SIGTERM'] as const)('both keep the routes of Manul over %s', async (signal) => {
      await exchanged();
      const watches = daemons.map((daemon) => watch(() => hasBlock(daemon)));
      manul.signal(signal);
      await manul.exited();
      for (const daemon of daemons) {
        const isLost = async () => !(await daemon.isEstablished(MANUL.address)) || null;
        await pollUntil(isLost, `${daemon.name} has lost Manul`, PATIENCE);
      }
      await manul.startAgain();
      await exchanged();
      await sleep(AFTER_MS);
      for (const one of watches) expect(await one.stop()).toEqual({ seen: expect.any(Number), missed: 0 });
    });

    test.each(KINDS.map(({ name }, i) => [name, i] as const))(
      '%s crashes: Manul keeps its routes, and drops at End-of-RIB what does not come again',
      async (_name, i) => {
        await exchanged();
        const daemon = daemons[i]!;
        const networks = networksOf(i);
        await daemon.setNetworks([...networks, FORGOTTEN]);
        await pollUntil(async () => (await hasRoute(FORGOTTEN)) || null, FORGOTTEN, PATIENCE);
        const watches = networks.map((network) => watch(() => hasRoute(network)));
        await daemon.crash!();
        const isGone = async () => !(await hasRoute(FORGOTTEN)) || null;
        await pollUntil(isGone, `${FORGOTTEN} is gone`, PATIENCE);
        await exchanged();
        for (const one of watches) expect(await one.stop()).toEqual({ seen: expect.any(Number), missed: 0 });
      },
    );

    async function hasBlock(daemon: Daemon): Promise<boolean> {
      return (await daemon.routes('ipv4')).some(({ prefix }) => prefix === BLOCK);
    }

    async function hasRoute(prefix: string): Promise<boolean> {
      const path = `/api/v1/routes?prefix=${encodeURIComponent(prefix)}`;
      return (JSON.parse(await manul.controlGet(path)) as readonly ShownRoute[]).some(({ best }) => best);
    }

    async function exchanged(): Promise<void> {
      for (const [i, daemon] of daemons.entries()) {
        const isUp = ({ state }: { readonly state: string }): boolean => state === 'Established';
        await manul.untilPeer(PLACES[i]!.address, isUp, 'Established', PATIENCE.deadlineMs);
        for (const prefix of networksOf(i))
          await pollUntil(async () => (await hasRoute(prefix)) || null, prefix, PATIENCE);
        const isThere = async () => (await hasBlock(daemon)) || null;
        await pollUntil(isThere, `${daemon.name} has ${BLOCK}`, PATIENCE);
      }
    }
  },
);

/** Looks again and again whether something is there. */
function watch(isThere: () => Promise<boolean>): { stop(): Promise<{ seen: number; missed: number }> } {
  const count = { seen: 0, missed: 0 };
  let isOver = false;
  const looking = (async () => {
    while (!isOver) {
      if (await isThere().catch(() => true)) count.seen++;
      else count.missed++;
      await sleep(300);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await looking;
      return count;
    },
  };
}
