/** GoBGP, driven by `gobgp` over its gRPC port. */
import type { Family } from '../bgp/prefix-text.ts';
import { pollUntil } from '../deadline.ts';
import { ChildDaemon } from '../process/child-daemon.ts';
import { outputOf } from '../process/run-command.ts';
import { TempFolder } from '../process/temp-folder.ts';
import {
  type Daemon,
  type DaemonConfig,
  type DaemonKind,
  type DaemonRoute,
  localAddresses,
  localAddressFor,
} from './daemon.ts';
import { systemCommand } from './system-command.ts';

/** What we read of `gobgp global rib -j`: by prefix, the paths with their attributes. */
type GobgpTable = Readonly<Record<string, readonly GobgpPath[]>>;
interface GobgpPath {
  readonly 'source-id'?: string;
  readonly attrs: readonly { readonly type: number; readonly nexthop?: string; readonly value?: unknown }[];
}

const ESTABLISHED = 6;
const API_PORT = 50051;

/** Where it runs, and the next hops of what `setNetworks` announces. */
export type GobgpPlace = Pick<DaemonConfig, 'namespace' | 'address' | 'ipv6Address'>;

export class Gobgp implements Daemon {
  readonly name = 'gobgp';
  readonly #child: ChildDaemon;
  readonly #folder: TempFolder;
  readonly #place: GobgpPlace;
  #networks: readonly string[] = [];

  private constructor(child: ChildDaemon, folder: TempFolder, place: GobgpPlace) {
    this.#child = child;
    this.#folder = folder;
    this.#place = place;
  }

  /** Starts with the given configuration (its JSON form). */
  static async start(config: unknown, place: GobgpPlace): Promise<Gobgp> {
    const folder = new TempFolder('gobgp');
    const args = [
      ...['-f', folder.write('gobgp.json', JSON.stringify(config)), '-t', 'json', '-p'],
      ...['--api-hosts', `${place.address}:${API_PORT}`, '--pprof-disable'],
    ];
    const { namespace } = place;
    const child = await ChildDaemon.start('gobgp', systemCommand('gobgpd'), args, { namespace });
    const gobgp = new Gobgp(child, folder, place);
    await gobgp.#ready();
    return gobgp;
  }

  get pid(): number {
    return this.#child.pid;
  }

  command(...words: readonly string[]): Promise<string> {
    const { address, namespace } = this.#place;
    return outputOf(systemCommand('gobgp'), ['-u', address, '-p', `${API_PORT}`, ...words], { namespace });
  }

  async routes(family: Family): Promise<readonly DaemonRoute[]> {
    const table = JSON.parse(await this.command('global', 'rib', '-a', family, '-j')) as GobgpTable;
    return Object.entries(table).flatMap(([prefix, paths]) =>
      paths.filter((path) => path['source-id'] !== undefined).map((path) => toRoute(prefix, path)),
    );
  }

  describeRoute(prefix: string): Promise<string> {
    return this.command('global', 'rib', prefix);
  }

  async isEstablished(neighbor: string): Promise<boolean> {
    const shown = JSON.parse(await this.command('neighbor', neighbor, '-j')) as {
      readonly state?: { readonly session_state?: number };
    };
    return shown.state?.session_state === ESTABLISHED;
  }

  async setNetworks(networks: readonly string[]): Promise<void> {
    const gone = this.#networks.filter((network) => !networks.includes(network));
    const added = networks.filter((network) => !this.#networks.includes(network));
    for (const network of gone) await this.command('global', 'rib', 'del', '-a', familyOf(network), network);
    for (const network of added) {
      const hop = familyOf(network) === 'ipv4' ? this.#place.address : this.#place.ipv6Address;
      await this.command('global', 'rib', 'add', '-a', familyOf(network), network, 'nexthop', hop);
    }
    this.#networks = networks;
  }

  async resetSession(neighbor: string): Promise<void> {
    // Its `reset` keeps the session down for 30 s, whatever is configured.
    await this.command('neighbor', neighbor, 'disable');
    await this.command('neighbor', neighbor, 'enable');
  }

  async requestRefresh(neighbor: string): Promise<void> {
    await this.command('neighbor', neighbor, 'softresetin');
  }

  async shutDown(neighbor: string, text: string): Promise<void> {
    await this.command('neighbor', neighbor, 'shutdown', '--reason', text);
  }

  describe(neighbor: string): Promise<string> {
    return this.command('neighbor', neighbor);
  }

  log(): string {
    return this.#child.output;
  }

  async stop(): Promise<void> {
    await this.#child.stop();
    this.#folder.remove();
  }

  async #ready(): Promise<void> {
    await pollUntil(
      async () => {
        this.#child.assertRunning();
        await this.command('global', 'rib', 'summary');
        return true;
      },
      'gobgp answers its command line',
      { intervalMs: 50 },
    );
  }
}

const familyOf = (network: string): Family => (network.includes(':') ? 'ipv6' : 'ipv4');

function toRoute(prefix: string, path: GobgpPath): DaemonRoute {
  const value = (type: number): unknown => path.attrs.find((attribute) => attribute.type === type)?.value;
  const hop = path.attrs.find((attribute) => attribute.nexthop !== undefined);
  return {
    prefix,
    nextHop: hop?.nexthop ?? '',
    localPref: (value(5) as number | undefined) ?? null,
    originatorId: (value(9) as string | undefined) ?? null,
    clusterList: (value(10) as readonly string[] | undefined) ?? [],
  };
}

/** The `afi-safis` of a neighbor. */
export const gobgpFamilies = (families: readonly Family[]): unknown =>
  families.map((family) => ({ config: { 'afi-safi-name': `${family}-unicast` } }));

function gobgpConfig(config: DaemonConfig): unknown {
  return {
    global: {
      config: {
        as: config.asn,
        'router-id': config.routerId,
        port: config.port,
        'local-address-list': localAddresses(config),
      },
    },
    neighbors: config.neighbors.map((neighbor) => ({
      config: {
        'neighbor-address': neighbor.address,
        'peer-as': neighbor.asn,
        ...(neighbor.password === undefined ? {} : { 'auth-password': neighbor.password }),
      },
      ...(neighbor.ttlSecurity ? { 'ttl-security': { config: { enabled: true, 'ttl-min': 255 } } } : {}),
      transport: {
        config: {
          'local-address': localAddressFor(config, neighbor),
          'remote-port': neighbor.port,
          'passive-mode': neighbor.passive,
        },
      },
      timers: {
        config: {
          'hold-time': neighbor.holdTimeSec,
          'keepalive-interval': neighbor.holdTimeSec / 3,
          'connect-retry': 1,
          'idle-hold-time-after-reset': 1,
        },
      },
      ...(neighbor.multihop === true
        ? { 'ebgp-multihop': { config: { enabled: true, 'multihop-ttl': 8 } } }
        : {}),
      ...(neighbor.isClient === true
        ? {
            'route-reflector': {
              config: { 'route-reflector-client': true, 'route-reflector-cluster-id': config.clusterId },
            },
          }
        : {}),
      'afi-safis': neighbor.families.map((family) => ({
        config: { 'afi-safi-name': `${family}-unicast` },
        ...(neighbor.addPath === true ? { 'add-paths': { config: { receive: true } } } : {}),
        ...(neighbor.maxPrefixes === undefined
          ? {}
          : { 'prefix-limit': { config: { 'max-prefixes': neighbor.maxPrefixes } } }),
      })),
    })),
  };
}

export const GOBGP: DaemonKind = {
  name: 'gobgp',
  commands: ['gobgpd', 'gobgp'],
  needsRoot: false,
  sendsShutdownText: true,
  start: async (config) => {
    const gobgp = await Gobgp.start(gobgpConfig(config), config);
    await gobgp.setNetworks(config.networks);
    return gobgp;
  },
};
