/** FRR's bgpd alone (no zebra, no kernel), driven by `vtysh`. */
import type { Family } from '../bgp/prefix-text.ts';
import { pollUntil } from '../deadline.ts';
import { ChildDaemon } from '../process/child-daemon.ts';
import type { NetworkNamespace } from '../process/network-namespace.ts';
import { outputOf } from '../process/run-command.ts';
import { TempFolder } from '../process/temp-folder.ts';
import { type Daemon, type DaemonConfig, type DaemonKind, type DaemonRoute, ofFamily } from './daemon.ts';
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
  readonly #child: ChildDaemon;
  readonly #folder: TempFolder;
  readonly #asn: number;
  #networks: readonly string[];

  private constructor(child: ChildDaemon, folder: TempFolder, asn: number, networks: readonly string[]) {
    this.#child = child;
    this.#folder = folder;
    this.#asn = asn;
    this.#networks = networks;
  }

  static async start(text: string, listen: FrrListen, networks: readonly string[] = []): Promise<Frr> {
    const folder = new TempFolder('frr');
    const child = await ChildDaemon.start('frr', FRR_BGPD, [
      ...[
        '--skip_runas',
        '--no_kernel',
        '--no_zebra',
        '--listenon',
        listen.address,
        '--bgp_port',
        `${listen.port}`,
      ],
      ...['--config_file', folder.write('bgpd.conf', text), '--pid_file', folder.file('pid')],
      ...['--vty_socket', folder.path, '--vty_addr', listen.address, '--vty_port', '0'],
      ...['--log', 'stdout', '--log-level', 'info'],
    ]);
    const frr = new Frr(child, folder, listen.asn, networks);
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

  async resetSession(neighbor: string): Promise<void> {
    await this.command(`clear bgp ${neighbor}`);
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
        return (await this.command('show bgp summary')).includes('router identifier') || null;
      },
      'frr answers vtysh',
      { intervalMs: 50 },
    );
  }
}

export interface FrrListen {
  readonly namespace: NetworkNamespace | null;
  readonly address: string;
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

function frrConfig(config: DaemonConfig): string {
  const neighbors = config.neighbors.flatMap((neighbor) => [
    ` neighbor ${neighbor.address} remote-as ${neighbor.asn}`,
    ` neighbor ${neighbor.address} port ${neighbor.port}`,
    ` neighbor ${neighbor.address} update-source ${config.address}`,
    ` neighbor ${neighbor.address} timers ${Math.floor(neighbor.holdTimeSec / 3)} ${neighbor.holdTimeSec}`,
    ` neighbor ${neighbor.address} timers connect 1`,
    ...(neighbor.passive ? [` neighbor ${neighbor.address} passive`] : []),
  ]);
  return `frr defaults datacenter
hostname frr
router bgp ${config.asn}
 bgp router-id ${config.routerId}
 no bgp network import-check
 no bgp ebgp-requires-policy
 bgp allow-martian-nexthop
${neighbors.join('\n')}
 address-family ipv4 unicast
${ofFamily(config.networks, 'ipv4')
  .map((network) => `  network ${network}\n`)
  .join('')} exit-address-family
 address-family ipv6 unicast
${config.neighbors.map(({ address }) => `  neighbor ${address} activate\n  neighbor ${address} route-map HOP out\n`).join('')}
${ofFamily(config.networks, 'ipv6')
  .map((network) => `  network ${network}\n`)
  .join('')} exit-address-family
route-map HOP permit 10
 set ipv6 next-hop global ${config.ipv6NextHop}
`;
}

export const FRR: DaemonKind = {
  name: 'frr',
  commands: [FRR_BGPD, 'vtysh'],
  needsRoot: false,
  start: (config) => Frr.start(frrConfig(config), config, config.networks),
};
