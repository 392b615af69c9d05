/**
 * Manul and each daemon alone with each other: sessions whichever side dials, routes, withdrawals, resets. Every
 * daemon has a network and a Manul of its own, and all of them go through it at the same time.
 */
import { ALL_DAEMONS } from '../harness/daemons/all-daemons.ts';
import type { Daemon, DaemonKind, NeighborConfig } from '../harness/daemons/daemon.ts';
import { ManulDaemon } from '../harness/manul/manul-daemon.ts';
import { bgpPeerYaml, dynamicNeighborYaml, nodeYaml } from '../harness/manul/resources.ts';
import type { NetworkNamespace } from '../harness/process/network-namespace.ts';
import { describeWith } from '../support/requirements.ts';
import { blocksFile, DAEMON_NETWORKS, EXCHANGE_STEPS, type Exchange, MANUL_BLOCKS } from './exchange.ts';
import { Scenario, type Story } from './story.ts';
import { BGP_PORT, CLUSTER_ID, MANUL, MANUL_ASN, makeNetwork, manulAsNeighbor, placeOf } from './topology.ts';

jest.setTimeout(240_000);

const DAEMON = placeOf(2);
const DAEMON_ASN = 64601;

class Alone {
  readonly #kind: DaemonKind;
  #network: NetworkNamespace | null = null;
  #manul: ManulDaemon | null = null;
  #daemon: Daemon | null = null;

  constructor(kind: DaemonKind) {
    this.#kind = kind;
  }

  /** Starts both; `sessions` of the daemon with Manul, and the resource of Manul that fits them. */
  async start(asn: number, sessions: readonly NeighborConfig[], resource: string): Promise<void> {
    this.#network = makeNetwork(2);
    const node = {
      node: 'm1',
      asn: MANUL_ASN,
      port: BGP_PORT,
      ipv4Address: MANUL.address,
      clusterId: CLUSTER_ID,
    };
    this.#manul = await ManulDaemon.start({
      node: 'm1',
      namespace: this.#network,
      files: {
        'node.yaml': nodeYaml({ ...node, ipv6Address: MANUL.ipv6Address }),
        'neighbor.yaml': resource,
        'blocks.yaml': blocksFile(MANUL_BLOCKS),
      },
    });
    this.#daemon = await this.#kind.start({
      namespace: this.#network,
      ...DAEMON,
      port: BGP_PORT,
      asn,
      routerId: DAEMON.address,
      networks: DAEMON_NETWORKS,
      neighbors: sessions,
    });
  }

  async stop(): Promise<void> {
    await this.#daemon?.stop();
    await this.#manul?.stop();
    this.#network?.remove();
  }

  exchange(sessions: Exchange['sessions']): Exchange {
    if (this.#manul === null || this.#daemon === null) throw new Error('not started');
    return { manul: this.#manul, daemon: this.#daemon, daemonPlace: DAEMON, sessions };
  }
}

/** Adds the steps of every exchange to a story. */
function exchanging(story: Story, exchange: () => Exchange): Story {
  return EXCHANGE_STEPS.reduce((told, { name, run }) => told.step(name, () => run(exchange())), story);
}

const dialed = new Scenario(
  ALL_DAEMONS,
  (kind) => new Alone(kind),
  (alone, story) => {
    const sessions = [
      manulAsNeighbor({ passive: true, families: ['ipv4'] }),
      manulAsNeighbor({ passive: true, families: ['ipv6'], address: MANUL.ipv6Address }),
    ];
    const peers = [
      bgpPeerYaml('tor-v4', DAEMON.address, BGP_PORT, DAEMON_ASN),
      bgpPeerYaml('tor-v6', DAEMON.ipv6Address, BGP_PORT, DAEMON_ASN),
    ].join('---\n');
    story.step('start', () => alone.start(DAEMON_ASN, sessions, peers));
    return exchanging(story, () =>
      alone.exchange([
        { daemon: DAEMON.address, manul: MANUL.address },
        { daemon: DAEMON.ipv6Address, manul: MANUL.ipv6Address },
      ]),
    );
  },
);

const dials = new Scenario(
  ALL_DAEMONS,
  (kind) => new Alone(kind),
  (alone, story) => {
    const range = { name: 'clients', listenRanges: ['10.66.0.0/24'], routeReflectorClient: true };
    story.step('start', () => alone.start(MANUL_ASN, [manulAsNeighbor({})], dynamicNeighborYaml(range)));
    return exchanging(story, () => alone.exchange([{ daemon: DAEMON.address, manul: MANUL.address }]));
  },
);

describe.each(ALL_DAEMONS)('$name', (kind) => {
  describeWith({ root: true, commands: kind.commands }, 'and Manul', () => {
    describe('Manul dials: external, one session for each family', () => {
      afterAll(() => dialed.end(kind));
      for (const { name } of EXCHANGE_STEPS) test(name, () => dialed.done(kind, name));
    });
  });
});

describe.each(ALL_DAEMONS)('$name', (kind) => {
  describeWith({ root: true, commands: kind.commands }, 'and Manul', () => {
    describe('the daemon dials: internal, both families on one session', () => {
      afterAll(() => dials.end(kind));
      for (const { name } of EXCHANGE_STEPS) test(name, () => dials.done(kind, name));
    });
  });
});
