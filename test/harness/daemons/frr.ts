/** FRR's bgpd alone (no zebra, no kernel), driven by `vtysh`. */
import type { Family } from '../bgp/prefix-text.ts';
import { pollUntil } from '../deadline.ts';
import { ChildDaemon } from '../process/child-daemon.ts';
import type { NetworkNamespace } from '../process/network-namespace.ts';
import { outputOf } from '../process/run-command.ts';
import { TempFolder } from '../process/temp-folder.ts';
import {
  type Daemon,
  type DaemonConfig,
  type DaemonKind,
  type DaemonRoute,
  localAddresses,
  localAddressFor,
  ofFamily,
} from './daemon.ts';
import { FRR_BGPD, systemCommand } from './system-command.ts';

/** What we read of `show bgp … json` (one route) and of `show bgp … PREFIX json` (one path). */
interface FrrTable {
  readonly routes: Readonly<
    Record<string, readonly { readonly pathFrom?: string; readonly peerId?: string }[]>
  >;
}
interface FrrPath {
  readonly locPrf?: number;
  readonly originatorId?: string;
  readonly clusterList?: { readonly list: readonly string[] };
  readonly nexthops: readonly { readonly ip: string }[];
  readonly sourced?: boolean;
}

export class Frr implements Daemon {
  readonly name = 'frr';
  #child: ChildDaemon;
  readonly #folder: TempFolder;
  readonly #launch: () => Promise<ChildDaemon>;
  readonly #asn: number;
  #networks: readonly string[];

  private constructor(
    child: ChildDaemon,
    launch: () => Promise<ChildDaemon>,
    folder: TempFolder,
    asn: number,
    networks: readonly string[],
  ) {
    this.#child = child;
    this.#launch = launch;
    this.#folder = folder;
    this.#asn = asn;
    this.#networks = networks;
  }

  static async start(text: string, listen: FrrListen, networks: readonly string[] = []): Promise<Frr> {
    const folder = new TempFolder('frr');
    const args = [
      ...['--skip_runas', '--no_kernel', '--no_zebra', '--bgp_port', `${listen.port}`],
      ...listen.addresses.flatMap((address) => ['--listenon', address]),
      ...['--config_file', folder.write('bgpd.conf', text), '--pid_file', folder.file('pid')],
      ...['--vty_socket', folder.path, '--vty_addr', '127.0.0.1', '--vty_port', '0'],
      ...['--log', 'stdout', '--log-level', 'info'],
    ];
    const launch = (): Promise<ChildDaemon> =>
      ChildDaemon.start('frr', FRR_BGPD, args, { namespace: listen.namespace });
    const frr = new Frr(await launch(), launch, folder, listen.asn, networks);
    await frr.#ready();
    return frr;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What `vtysh` prints for the commands, in order. */
  command(...commands: readonly string[]): Promise<string> {
    const args = commands.flatMap((command) => ['-c', command]);
    return outputOf(systemCommand('vtysh'), ['--vty_socket', this.#folder.path, ...args]);
  }

  async routes(family: Family): Promise<readonly DaemonRoute[]> {
    const table = JSON.parse(await this.command(`show bgp ${family} unicast json`)) as FrrTable;
    const routes: DaemonRoute[] = [];
    for (const prefix of Object.keys(table.routes)) {
      const shown = await this.command(`show bgp ${family} unicast ${prefix} json`);
      const { paths = [] } = JSON.parse(shown) as { readonly paths?: readonly FrrPath[] };
      routes.push(...paths.filter((path) => path.sourced !== true).map((path) => toRoute(prefix, path)));
    }
    return routes;
  }

  describeRoute(prefix: string): Promise<string> {
    return this.command(`show bgp ipv4 unicast ${prefix}`);
  }

  async isEstablished(neighbor: string): Promise<boolean> {
    const shown = JSON.parse(await this.command(`show bgp neighbors ${neighbor} json`)) as Record<
      string,
      { readonly bgpState?: string }
    >;
    return shown[neighbor]?.bgpState === 'Established';
  }

  async setNetworks(networks: readonly string[]): Promise<void> {
    const commands = (['ipv4', 'ipv6'] as const).flatMap((family) => [
      `address-family ${family} unicast`,
      ...ofFamily(this.#networks, family)
        .filter((network) => !networks.includes(network))
        .map((network) => `no network ${network}`),
      ...ofFamily(networks, family).map((network) => `network ${network}`),
      'exit-address-family',
    ]);
    await this.command('configure terminal', `router bgp ${this.#asn}`, ...commands);
    this.#networks = networks;
  }

  async setPassword(neighbor: string, password: string): Promise<void> {
    const change = `neighbor ${neighbor} password ${password}`;
    await this.command('configure terminal', `router bgp ${this.#asn}`, change);
  }

  async resetSession(neighbor: string): Promise<void> {
    await this.command(`clear bgp ${neighbor}`);
  }

  async requestRefresh(neighbor: string): Promise<void> {
    await this.command(`clear bgp ${neighbor} soft in`);
  }

  async shutDown(neighbor: string, text: string): Promise<void> {
    const router = `router bgp ${this.#asn}`;
    await this.command('configure terminal', router, `neighbor ${neighbor} shutdown message ${text}`);
  }

  describe(neighbor: string): Promise<string> {
    return this.command(`show bgp neighbors ${neighbor}`);
  }

  async crash(): Promise<void> {
    this.#child.signal('SIGKILL');
    await this.#child.exited();
    this.#child = await this.#launch();
    await this.#ready();
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
        return (await this.command('show running-config')).includes('router bgp') || null;
      },
      'frr answers vtysh',
      { intervalMs: 50 },
    );
  }
}

export interface FrrListen {
  readonly namespace: NetworkNamespace | null;
  readonly addresses: readonly string[];
  readonly port: number;
  readonly asn: number;
}

function toRoute(prefix: string, path: FrrPath): DaemonRoute {
  return {
    prefix,
    nextHop: path.nexthops[0]?.ip ?? '',
    localPref: path.locPrf ?? null,
    originatorId: path.originatorId ?? null,
    clusterList: path.clusterList?.list ?? [],
  };
}

function frrFamily(config: DaemonConfig, family: Family): string {
  const neighbors = config.neighbors
    .filter((neighbor) => neighbor.families.includes(family))
    .flatMap(({ address, maxPrefixes, isClient }) => [
      `  neighbor ${address} activate`,
      ...(isClient === true ? [`  neighbor ${address} route-reflector-client`] : []),
      ...(maxPrefixes === undefined ? [] : [`  neighbor ${address} maximum-prefix ${maxPrefixes}`]),
      ...(family === 'ipv6' ? [`  neighbor ${address} route-map HOP out`] : []),
    ]);
  const networks = ofFamily(config.networks, family).map((network) => `  network ${network}`);
  return [` address-family ${family} unicast`, ...neighbors, ...networks, ' exit-address-family'].join('\n');
}

function frrConfig(config: DaemonConfig): string {
  const neighbors = config.neighbors.flatMap((neighbor) => [
    ` neighbor ${neighbor.address} remote-as ${neighbor.asn}`,
    ` neighbor ${neighbor.address} port ${neighbor.port}`,
    ` neighbor ${neighbor.address} update-source ${localAddressFor(config, neighbor)}`,
    ` neighbor ${neighbor.address} ${neighbor.multihop === true ? 'ebgp-multihop' : 'disable-connected-check'}`,
    ` neighbor ${neighbor.address} timers ${Math.floor(neighbor.holdTimeSec / 3)} ${neighbor.holdTimeSec}`,
    ` neighbor ${neighbor.address} timers connect 1`,
    ...(neighbor.passive ? [` neighbor ${neighbor.address} passive`] : []),
    ...(neighbor.password === undefined
      ? []
      : [` neighbor ${neighbor.address} password ${neighbor.password}`]),
    ...(neighbor.ttlSecurity ? [` neighbor ${neighbor.address} ttl-security hops 1`] : []),
    ...(neighbor.role === undefined ? [] : [` neighbor ${neighbor.address} local-role ${neighbor.role}`]),
    // No capability at all is how FRR is made to speak like that.
    ...(neighbor.twoOctetAs === true ? [` neighbor ${neighbor.address} dont-capability-negotiate`] : []),
    ...(neighbor.extendedNextHop === true
      ? [` neighbor ${neighbor.address} capability extended-nexthop`]
      : []),
  ]);
  return `frr defaults datacenter
hostname frr
router bgp ${config.asn}
 bgp router-id ${config.routerId}
${config.clusterId === undefined ? '' : ` bgp cluster-id ${config.clusterId}\n`} no bgp default ipv4-unicast
 no bgp network import-check
 no bgp ebgp-requires-policy
 bgp allow-martian-nexthop
${config.gracefulRestart === true ? ' bgp graceful-restart\n bgp graceful-restart preserve-fw-state\n' : ''}${neighbors.join('\n')}
${frrFamily(config, 'ipv4')}
${frrFamily(config, 'ipv6')}
route-map HOP permit 10
 set ipv6 next-hop global ${config.ipv6Address}
`;
}

export const FRR: DaemonKind = {
  name: 'frr',
  commands: [FRR_BGPD, 'vtysh'],
  needsRoot: false,
  sendsShutdownText: true,
  start: (config) =>
    Frr.start(frrConfig(config), { ...config, addresses: localAddresses(config) }, config.networks),
};
