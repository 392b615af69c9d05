/** Manul and one daemon in a private network, with whatever session a suite wants between them. */
import type { Family } from '../harness/bgp/prefix-text.ts';
import type { Daemon, DaemonKind, DaemonRoute, NeighborConfig } from '../harness/daemons/daemon.ts';
import { pollUntil } from '../harness/deadline.ts';
import { ManulDaemon, type ShownPeer, type ShownRoute } from '../harness/manul/manul-daemon.ts';
import { nodeYaml } from '../harness/manul/resources.ts';
import type { NetworkNamespace } from '../harness/process/network-namespace.ts';
import { blocksFile, DAEMON_NETWORKS, MANUL_BLOCKS } from './exchange.ts';
import { BGP_PORT, CLUSTER_ID, MANUL, MANUL_ASN, makeNetwork, manulAsNeighbor, placeOf } from './topology.ts';

export const DAEMON = placeOf(2);
export const PAIR_START_MS = 120_000;
export const PAIR_TEST_MS = 120_000;

/** GoBGP waits 5 s, and others their retry timers, before a session comes back. */
const PATIENCE = { deadlineMs: 60_000 };

export interface PairOptions {
  /** AS number of the daemon; default Manul's. */
  readonly asn?: number;
  readonly manulAsn?: number;
  /** Sessions as the daemon has them: what differs from one of both families to Manul's IPv4 address. */
  readonly sessions?: readonly Partial<NeighborConfig>[];
  /** What Manul has for them: DynamicNeighbor or BGPPeer documents. */
  readonly resource: string;
  readonly networks?: readonly string[];
  readonly blocks?: readonly string[];
}

export class Pair {
  readonly network: NetworkNamespace;
  readonly manul: ManulDaemon;
  readonly daemon: Daemon;

  private constructor(network: NetworkNamespace, manul: ManulDaemon, daemon: Daemon) {
    this.network = network;
    this.manul = manul;
    this.daemon = daemon;
  }

  static async start(kind: DaemonKind, options: PairOptions): Promise<Pair> {
    const network = makeNetwork(2);
    const manulAsn = options.manulAsn ?? MANUL_ASN;
    const manul = await ManulDaemon.start({
      node: 'm1',
      namespace: network,
      files: {
        'node.yaml': nodeYaml({
          node: 'm1',
          asn: manulAsn,
          port: BGP_PORT,
          ipv4Address: MANUL.address,
          ipv6Address: MANUL.ipv6Address,
          clusterId: CLUSTER_ID,
        }),
        'neighbor.yaml': options.resource,
        'blocks.yaml': blocksFile(options.blocks ?? MANUL_BLOCKS),
      },
    });
    const daemon = await kind.start({
      namespace: network,
      ...DAEMON,
      port: BGP_PORT,
      asn: options.asn ?? manulAsn,
      routerId: DAEMON.address,
      networks: options.networks ?? DAEMON_NETWORKS,
      neighbors: (options.sessions ?? [{}]).map((session) => manulAsNeighbor({ asn: manulAsn, ...session })),
    });
    return new Pair(network, manul, daemon);
  }

  async stop(): Promise<void> {
    await this.daemon.stop();
    await this.manul.stop();
    this.network.remove();
  }

  /** The session with the daemon at `address`, Established. */
  established(address: string = DAEMON.address): Promise<ShownPeer> {
    const isUp = (peer: ShownPeer): boolean => peer.state === 'Established';
    return this.manul.untilPeer(address, isUp, 'Established', PATIENCE.deadlineMs);
  }

  /** Manul's best route to `prefix`, as soon as it is there. */
  onManul(prefix: string): Promise<ShownRoute> {
    const ask = async () => (await this.manul.routes(prefix)).find((route) => route.best);
    return pollUntil(ask, `manul has ${prefix}`, PATIENCE);
  }

  /** The daemon's route to `prefix`, as soon as it is there. */
  onDaemon(prefix: string): Promise<DaemonRoute> {
    const family: Family = prefix.includes(':') ? 'ipv6' : 'ipv4';
    const ask = async () => (await this.daemon.routes(family)).find((route) => route.prefix === prefix);
    return pollUntil(ask, `${this.daemon.name} has ${prefix}`, PATIENCE);
  }

  /** What both announce at the start has arrived. */
  async exchanged(): Promise<void> {
    for (const prefix of DAEMON_NETWORKS) await this.onManul(prefix);
    for (const prefix of MANUL_BLOCKS) await this.onDaemon(prefix);
  }
}
