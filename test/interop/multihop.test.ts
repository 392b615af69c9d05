/** An external peer behind a router: the session, and routes both ways, over two hops (RFC 4271 §5.1.3, multihop). */
import { ALL_DAEMONS } from '../harness/daemons/all-daemons.ts';
import type { Daemon } from '../harness/daemons/daemon.ts';
import { pollUntil } from '../harness/deadline.ts';
import { ManulDaemon } from '../harness/manul/manul-daemon.ts';
import { bgpPeerYaml, nodeYaml } from '../harness/manul/resources.ts';
import { NetworkNamespace } from '../harness/process/network-namespace.ts';
import { outputOf } from '../harness/process/run-command.ts';
import { describeWith } from '../support/requirements.ts';
import { blocksFile, DAEMON_NETWORKS, MANUL_BLOCKS } from './exchange.ts';
import { BGP_PORT, MANUL, MANUL_ASN, manulAsNeighbor, placeOf } from './topology.ts';

const DAEMON = placeOf(2);
const DAEMON_ASN = 64601;
const PATIENCE = { deadlineMs: 60_000 };

jest.setTimeout(180_000);

/** Two hosts with a router between them, which alone is their neighbor. */
async function routedNetworks(): Promise<readonly [NetworkNamespace, NetworkNamespace, NetworkNamespace]> {
  const near = new NetworkNamespace('near', [`${MANUL.address}/32`]);
  const router = new NetworkNamespace('router', []);
  const far = new NetworkNamespace('far', [`${DAEMON.address}/32`]);
  near.connect(router, 'left', 'fe80::1', 'fe80::2');
  far.connect(router, 'right', 'fe80::1', 'fe80::2');
  const ip = (namespace: NetworkNamespace, ...words: string[]) => outputOf('ip', words, { namespace });
  await outputOf('sysctl', ['-qw', 'net.ipv4.ip_forward=1'], { namespace: router });
  await ip(
    near,
    'route',
    'add',
    `${DAEMON.address}/32`,
    'via',
    'inet6',
    'fe80::2',
    'dev',
    'left',
    'src',
    MANUL.address,
  );
  await ip(
    far,
    'route',
    'add',
    `${MANUL.address}/32`,
    'via',
    'inet6',
    'fe80::2',
    'dev',
    'right',
    'src',
    DAEMON.address,
  );
  await ip(router, 'route', 'add', `${MANUL.address}/32`, 'via', 'inet6', 'fe80::1', 'dev', 'left');
  await ip(router, 'route', 'add', `${DAEMON.address}/32`, 'via', 'inet6', 'fe80::1', 'dev', 'right');
  return [near, router, far];
}

describe.each(ALL_DAEMONS)('$name', (kind) => {
  describeWith({ root: true, commands: [...kind.commands, 'sysctl'] }, 'two hops away', () => {
    let networks: readonly NetworkNamespace[] = [];
    let manul: ManulDaemon;
    let daemon: Daemon;

    beforeAll(async () => {
      const [near, router, far] = await routedNetworks();
      networks = [near, router, far];
      manul = await ManulDaemon.start({
        node: 'm1',
        namespace: near,
        files: {
          'node.yaml': nodeYaml({ node: 'm1', asn: MANUL_ASN, port: BGP_PORT, ipv4Address: MANUL.address }),
          'peer.yaml': bgpPeerYaml('far', DAEMON.address, BGP_PORT, DAEMON_ASN),
          'blocks.yaml': blocksFile(MANUL_BLOCKS),
        },
      });
      daemon = await kind.start({
        namespace: far,
        ...DAEMON,
        port: BGP_PORT,
        asn: DAEMON_ASN,
        routerId: DAEMON.address,
        networks: [DAEMON_NETWORKS[0]!],
        neighbors: [manulAsNeighbor({ families: ['ipv4'], multihop: true })],
      });
    });

    afterAll(async () => {
      await daemon?.stop();
      await manul?.stop();
      for (const network of networks) network.remove();
    });

    test('the session comes up and routes go both ways', async () => {
      const onManul = await pollUntil(
        async () => (await manul.routes(DAEMON_NETWORKS[0]!)).find(({ best }) => best),
        `manul has ${DAEMON_NETWORKS[0]}`,
        PATIENCE,
      );
      expect(onManul).toMatchObject({ nextHop: DAEMON.address, asPath: [DAEMON_ASN] });
      const shown = await pollUntil(
        async () => (await daemon.routes('ipv4')).find(({ prefix }) => prefix === MANUL_BLOCKS[0]),
        `${kind.name} has ${MANUL_BLOCKS[0]}`,
        PATIENCE,
      );
      expect(shown.nextHop).toBe(MANUL.address);
    });
  });
});
