/**
 * A hierarchy of reflectors (RFC 4456 §7): two levels, on each two that stand for each other, and every reflector a
 * client of those of other clusters, so that each pair of sessions closes a loop:
 *
 *               manul top (1.0.0.1) ── bird (1.0.0.2)
 *                   each of them with each below
 *     frr ── manul low (both 2.0.0.1)     gobgp (3.0.0.1) ── openbgpd (3.0.0.2)
 *      └── exabgp ──┘                        └────── bird edge ──────┘
 *
 * GoBGP 3.10 shares no cluster: to an internal neighbor that is not its client it sends routes without ORIGINATOR_ID and
 * CLUSTER_LIST, and it keeps, and may prefer, those that went through its cluster, which it then sends to nobody.
 *
 * What must hold: routes reach everybody, nothing runs in circles (ORIGINATOR_ID and CLUSTER_LIST, §8), one reflector of
 * a level may go, and what is withdrawn goes everywhere.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { BIRD } from '../harness/daemons/bird.ts';
import type { Daemon, DaemonConfig, DaemonKind, NeighborConfig } from '../harness/daemons/daemon.ts';
import { EXABGP } from '../harness/daemons/exabgp.ts';
import { FRR } from '../harness/daemons/frr.ts';
import { GOBGP } from '../harness/daemons/gobgp.ts';
import { OPENBGPD } from '../harness/daemons/openbgpd.ts';
import { pollUntil } from '../harness/deadline.ts';
import { ManulDaemon } from '../harness/manul/manul-daemon.ts';
import { bgpPeerYaml, blocksYaml, dynamicNeighborYaml, nodeYaml } from '../harness/manul/resources.ts';
import type { NetworkNamespace } from '../harness/process/network-namespace.ts';
import { describeWith } from '../support/requirements.ts';
import { BGP_PORT, MANUL_ASN, makeNetwork, POOL, placeOf } from './topology.ts';

jest.setTimeout(180_000);

const PATIENCE = { deadlineMs: 60_000 };
const CLUSTERS = { top: '1.0.0.1', bird: '1.0.0.2', left: '2.0.0.1', gobgp: '3.0.0.1', openbgpd: '3.0.0.2' };
const PLACES = {
  top: placeOf(1),
  bird: placeOf(2),
  frr: placeOf(3),
  low: placeOf(4),
  gobgp: placeOf(5),
  openbgpd: placeOf(6),
  exabgp: placeOf(7),
  edge: placeOf(8),
};
type RouterName = keyof typeof PLACES;

/** What the two leaves announce, and a block of `low`, which lets only `top` know of it. */
const LEAF = { exabgp: '10.60.71.0/24', edge: '10.60.72.0/24' };
const OWN_BLOCK = '10.60.1.0/26';

interface ForeignReflector {
  readonly kind: DaemonKind;
  readonly name: 'bird' | 'frr' | 'gobgp' | 'openbgpd';
  readonly clusterId: string;
  /** A leaf whose network it reflects, and who sees that. */
  readonly leaf: keyof typeof LEAF;
  readonly seenBy: RouterName;
}

const REFLECTORS: readonly ForeignReflector[] = [
  { kind: BIRD, name: 'bird', clusterId: CLUSTERS.bird, leaf: 'edge', seenBy: 'low' },
  { kind: FRR, name: 'frr', clusterId: CLUSTERS.left, leaf: 'exabgp', seenBy: 'top' },
  { kind: GOBGP, name: 'gobgp', clusterId: CLUSTERS.gobgp, leaf: 'exabgp', seenBy: 'edge' },
  { kind: OPENBGPD, name: 'openbgpd', clusterId: CLUSTERS.openbgpd, leaf: 'exabgp', seenBy: 'edge' },
];
const neighbor = (name: RouterName, options: Partial<NeighborConfig> = {}): NeighborConfig => ({
  address: PLACES[name].address,
  port: BGP_PORT,
  asn: MANUL_ASN,
  families: ['ipv4'],
  passive: false,
  holdTimeSec: 30,
  ...options,
});
/** To a reflector of another cluster, or a leaf. */
const client = (name: RouterName, passive = false): NeighborConfig =>
  neighbor(name, { isClient: true, passive });

/** Whoever stands lower dials. */
const NEIGHBORS: Readonly<Record<ForeignReflector['name'] | 'exabgp' | 'edge', readonly NeighborConfig[]>> = {
  bird: [client('top'), ...(['frr', 'low', 'gobgp', 'openbgpd'] as const).map((name) => client(name, true))],
  frr: [client('top'), client('bird'), neighbor('low'), client('exabgp', true)],
  gobgp: [client('top'), client('bird'), client('openbgpd'), client('edge', true)],
  openbgpd: [client('top'), client('bird'), client('gobgp', true), client('edge', true)],
  exabgp: [neighbor('low'), neighbor('frr')],
  edge: [neighbor('gobgp'), neighbor('openbgpd')],
};

const clientsYaml = (range: string): string =>
  dynamicNeighborYaml({
    name: 'clients',
    listenRanges: [range],
    routeReflectorClient: true,
    spec: ['families: [ipv4]'],
  });
const nodeOf = (node: 'top' | 'low', clusterId: string): string =>
  nodeYaml({ node, asn: MANUL_ASN, port: BGP_PORT, ipv4Address: PLACES[node].address, clusterId });
const peerOf = (name: RouterName, filters: string): string =>
  bgpPeerYaml(name, PLACES[name].address, BGP_PORT, MANUL_ASN).replace(/\}\n$/, `, filters: [${filters}]}\n`);

/** `low` has BGPPeers upwards and beside: the sibling of its cluster is no client of it, being a Node of that cluster. */
const LOW_FILES = {
  'node.yaml': nodeOf('low', CLUSTERS.left),
  'peers.yaml': [
    `apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: frr}
spec: {bgp: {ipv4Address: ${PLACES.frr.address}/32, routeReflectorClusterID: ${CLUSTERS.left}}}
`,
    `apiVersion: projectcalico.org/v3
kind: BGPFilter
metadata: {name: hidden}
spec: {exportV4: [{cidr: ${OWN_BLOCK}, matchOperator: Equal, action: Reject}]}
`,
    peerOf('top', ''),
    peerOf('bird', 'hidden'),
    peerOf('frr', 'hidden'),
  ].join('---\n'),
  'leaf.yaml': clientsYaml(`${PLACES.exabgp.address}/32`),
  'blocks.yaml': blocksYaml('low', POOL, [OWN_BLOCK]),
};

const TOP_FILES = {
  'node.yaml': nodeOf('top', CLUSTERS.top),
  'clients.yaml': clientsYaml('10.66.0.0/24'),
};

interface Path {
  readonly prefix: string;
  readonly originatorId: string | null;
  readonly clusterList: readonly string[];
}

/** What is read of `manul explain -o json`. */
interface ExplainedPath {
  readonly peer: string;
  readonly steps: readonly { readonly outcome: string; readonly rule: string }[];
}

const commands = [...REFLECTORS.map(({ kind }) => kind), EXABGP].flatMap((kind) => kind.commands);

describeWith({ root: true, commands }, 'two levels of reflectors', () => {
  let network: NetworkNamespace;
  const manuls = new Map<RouterName, ManulDaemon>();
  const daemons = new Map<RouterName, Daemon>();

  beforeAll(async () => {
    network = makeNetwork(Object.keys(PLACES).length);
    const startManul = async (
      node: 'top' | 'low',
      files: Readonly<Record<string, string>>,
    ): Promise<void> => {
      manuls.set(node, await ManulDaemon.start({ node, namespace: network, files }));
    };
    const startDaemon = async (
      kind: DaemonKind,
      name: keyof typeof NEIGHBORS,
      options: Partial<DaemonConfig>,
    ): Promise<void> => {
      const daemon = await kind.start({
        namespace: network,
        ...PLACES[name],
        port: BGP_PORT,
        asn: MANUL_ASN,
        routerId: PLACES[name].address,
        networks: [],
        neighbors: NEIGHBORS[name],
        ...options,
      });
      daemons.set(name, daemon);
    };
    const all = async (...starting: readonly Promise<void>[]): Promise<void> => {
      for (const one of await Promise.allSettled(starting)) if (one.status === 'rejected') throw one.reason;
    };
    const reflect = (name: ForeignReflector['name']): Promise<void> => {
      const { kind, clusterId } = REFLECTORS.find((one) => one.name === name)!;
      return startDaemon(kind, name, { clusterId });
    };
    // Whoever is dialed is there before: GoBGP's second try comes after 20 s.
    await all(startManul('top', TOP_FILES), startManul('low', LOW_FILES), reflect('bird'));
    await all(reflect('frr'), reflect('openbgpd'));
    await all(
      reflect('gobgp'),
      startDaemon(EXABGP, 'exabgp', { networks: [LEAF.exabgp] }),
      startDaemon(BIRD, 'edge', { networks: [LEAF.edge] }),
    );
  });

  afterAll(async () => {
    await Promise.all([...daemons.values(), ...manuls.values()].map((one) => one.stop()));
    network?.remove();
  });

  const pathsOn = async (name: RouterName): Promise<readonly Path[]> =>
    manuls.has(name) ? await manuls.get(name)!.routes('--all') : await daemons.get(name)!.routes('ipv4');

  const names = (): RouterName[] => [...manuls.keys(), ...daemons.keys()];

  /** Resolves with the paths of `name`, once they are to all of `present` and to none of `absent`. */
  const untilOn = (
    name: RouterName,
    {
      present = [],
      absent = [],
    }: { readonly present?: readonly string[]; readonly absent?: readonly string[] },
  ): Promise<readonly Path[]> =>
    pollUntil(
      async () => {
        const paths = await pathsOn(name);
        const has = (prefix: string): boolean => paths.some((path) => path.prefix === prefix);
        return present.every(has) && !absent.some(has) ? paths : null;
      },
      `${name} has ${present.join(', ') || 'nothing'} and not ${absent.join(', ') || 'less'}`,
      PATIENCE,
    );

  /** All networks but its own: a leaf may be told of that by a reflector that leaves the check to it, and drops it. */
  const learnt = (name: RouterName): string[] =>
    [LEAF.exabgp, LEAF.edge, OWN_BLOCK].filter((network) => network !== LEAF[name as keyof typeof LEAF]);

  const rulesOn = async (name: 'top' | 'low', prefix: string): Promise<string[]> => {
    const { paths } = await manuls
      .get(name)!
      .read<{ readonly paths: readonly ExplainedPath[] }>('explain', prefix);
    return paths.flatMap(({ peer, steps }) =>
      steps.map(({ outcome, rule }) => `${peer} ${outcome}: ${rule}`),
    );
  };

  test('everybody learns everything, and no path names a cluster twice', async () => {
    for (const name of names()) {
      for (const { clusterList } of await untilOn(name, { present: learnt(name) })) {
        expect(new Set(clusterList).size).toBe(clusterList.length);
      }
    }
  });

  test.each(REFLECTORS)(
    '$name reflects with its cluster before those of others (RFC 4456 §8)',
    async ({ clusterId, leaf, seenBy }) => {
      await pollUntil(async () => {
        const paths = (await pathsOn(seenBy)).filter(({ prefix }) => prefix === LEAF[leaf]);
        const [path] = paths.filter(({ clusterList }) => clusterList[0] === clusterId);
        return path?.originatorId === PLACES[leaf].address || null;
      }, `${seenBy} has ${LEAF[leaf]} by cluster ${clusterId}`);
    },
  );

  test('a route of ours that comes back is stopped by its ORIGINATOR_ID', async () => {
    const stopped = 'frr rejected: ORIGINATOR_ID is ours (RFC 4456 §8)';
    await pollUntil(
      async () => (await rulesOn('low', OWN_BLOCK)).includes(stopped) || null,
      stopped,
      PATIENCE,
    );
  });

  test('a route that comes back to our cluster is stopped by its CLUSTER_LIST', async () => {
    const stopped = 'frr rejected: CLUSTER_LIST contains our cluster (RFC 4456 §8)';
    await pollUntil(
      async () => (await rulesOn('low', LEAF.exabgp)).includes(stopped) || null,
      stopped,
      PATIENCE,
    );
  });

  test('frr is told what went through its cluster by us, and drops it', async () => {
    const isLooped = ({ clusterList }: Path): boolean => clusterList.includes(CLUSTERS.left);
    const advertised = () => manuls.get('top')!.routes('--advertised', `clients/${PLACES.frr.address}`);
    await pollUntil(async () => (await advertised()).some(isLooped) || null, 'top sends it', PATIENCE);
    expect((await pathsOn('frr')).filter(isLooped)).toEqual([]);
  });

  test('what a leaf withdraws goes everywhere, and comes back when it is announced again', async () => {
    await daemons.get('edge')!.setNetworks([]);
    for (const name of names()) await untilOn(name, { absent: [LEAF.edge] });
    await daemons.get('edge')!.setNetworks([LEAF.edge]);
    for (const name of names()) await untilOn(name, { present: learnt(name) });
  });

  test('where a reflector of the upper level goes, the other one carries all between the leaves', async () => {
    await manuls.get('top')!.stop();
    manuls.delete('top');
    const noTop = async (name: RouterName): Promise<true | null> =>
      (await pathsOn(name)).every(({ clusterList }) => !clusterList.includes(CLUSTERS.top)) || null;
    for (const name of names()) {
      await pollUntil(() => noTop(name), `${name} has nothing by top`, PATIENCE);
      await untilOn(name, { present: learnt(name).filter((network) => network !== OWN_BLOCK) });
    }
  });

  describe('when all is withdrawn', () => {
    beforeAll(async () => {
      await daemons.get('exabgp')!.setNetworks([]);
      await daemons.get('edge')!.setNetworks([]);
    });

    const untilNothing = (name: RouterName) => untilOn(name, { absent: Object.values(LEAF) });

    test.each(REFLECTORS)('$name has nothing left', async ({ name }) => {
      await untilNothing(name);
    });

    test('neither have we, nor the leaves', async () => {
      for (const name of ['low', 'exabgp', 'edge'] as const) await untilNothing(name);
    });

    test('nobody says anything more', async () => {
      const updates = async (): Promise<string> => {
        const peers = await Promise.all(['bird', 'frr'].map((name) => manuls.get('low')!.peer(name)));
        return JSON.stringify(
          peers.map(({ messages, flaps }) => [messages.received.update, messages.sent.update, flaps]),
        );
      };
      await pollUntil(
        async () => {
          const before = await updates();
          await sleep(1_000);
          return (await updates()) === before || null;
        },
        'a second without an UPDATE',
        PATIENCE,
      );
    });
  });
});
