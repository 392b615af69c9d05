/** OpenBGPD, driven by its configuration file and `bgpctl`. It changes users, so it needs root. */
import { chmodSync, mkdirSync } from 'node:fs';
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
  withPassword,
} from './daemon.ts';
import { OPENBGPD as EXECUTABLE, systemCommand } from './system-command.ts';

/** Home of its user, into which its processes change their root. */
const CHROOT = '/run/openbgpd';

/** What we read of `bgpctl -j show rib detail`. */
interface OpenbgpdTable {
  readonly rib?: readonly {
    readonly prefix: string;
    readonly exit_nexthop: string;
    readonly localpref?: number;
    readonly attributes?: readonly {
      readonly originator?: string;
      readonly cluster_list?: readonly string[];
    }[];
    readonly neighbor: { readonly description?: string };
  }[];
}

export class Openbgpd implements Daemon {
  readonly name = 'openbgpd';
  readonly #child: ChildDaemon;
  readonly #folder: TempFolder;
  #config: DaemonConfig | null;

  private constructor(child: ChildDaemon, folder: TempFolder, config: DaemonConfig | null) {
    this.#child = child;
    this.#folder = folder;
    this.#config = config;
  }

  /** Starts with the given configuration text, to which the place of its control socket is added. */
  static async start(
    text: string,
    namespace: NetworkNamespace | null,
    config: DaemonConfig | null = null,
  ): Promise<Openbgpd> {
    mkdirSync(CHROOT, { recursive: true });
    const folder = new TempFolder('openbgpd');
    writeConfig(folder, text);
    const args = ['-d', '-f', folder.file('bgpd.conf')];
    const child = await ChildDaemon.start('openbgpd', EXECUTABLE, args, { namespace });
    const openbgpd = new Openbgpd(child, folder, config);
    await openbgpd.#ready();
    return openbgpd;
  }

  /** Of the parent; the session engine and the decision engine are its children. */
  get pid(): number {
    return this.#child.pid;
  }

  command(...words: readonly string[]): Promise<string> {
    return outputOf(systemCommand('bgpctl'), ['-s', this.#folder.file('ctl'), ...words]);
  }

  async routes(family: Family): Promise<readonly DaemonRoute[]> {
    const table = JSON.parse(await this.command('-j', 'show', 'rib', 'detail')) as OpenbgpdTable;
    return (table.rib ?? [])
      .filter((route) => route.neighbor.description !== 'LOCAL')
      .filter((route) => route.prefix.includes(':') === (family === 'ipv6'))
      .map((route) => ({
        prefix: route.prefix,
        nextHop: route.exit_nexthop,
        localPref: route.localpref ?? null,
        originatorId: route.attributes?.find((one) => one.originator !== undefined)?.originator ?? null,
        clusterList: route.attributes?.find((one) => one.cluster_list !== undefined)?.cluster_list ?? [],
      }));
  }

  describeRoute(prefix: string): Promise<string> {
    return this.command('show', 'rib', 'detail', prefix);
  }

  async isEstablished(neighbor: string): Promise<boolean> {
    const shown = JSON.parse(await this.command('-j', 'show', 'neighbor', neighbor)) as {
      readonly neighbors?: readonly { readonly state?: string }[];
    };
    return shown.neighbors?.[0]?.state === 'Established';
  }

  async setNetworks(networks: readonly string[]): Promise<void> {
    await this.#reload((config) => ({ ...config, networks }));
  }

  async setPassword(neighbor: string, password: string): Promise<void> {
    await this.#reload((config) => withPassword(config, neighbor, password));
  }

  async #reload(change: (config: DaemonConfig) => DaemonConfig): Promise<void> {
    if (this.#config === null) throw new Error('started from plain text');
    this.#config = change(this.#config);
    writeConfig(this.#folder, openbgpdConfig(this.#config));
    await this.command('reload');
  }

  async resetSession(neighbor: string): Promise<void> {
    await this.command('neighbor', neighbor, 'clear');
  }

  async requestRefresh(neighbor: string): Promise<void> {
    await this.command('neighbor', neighbor, 'refresh');
  }

  async shutDown(neighbor: string, text: string): Promise<void> {
    await this.command('neighbor', neighbor, 'down', text);
  }

  describe(neighbor: string): Promise<string> {
    return this.command('show', 'neighbor', neighbor);
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
        await this.command('show', 'summary');
        return this.log().includes('RDE reconfigured') || this.log().includes('SE reconfigured') || null;
      },
      'openbgpd answers bgpctl',
      { intervalMs: 50 },
    );
  }
}

/** It reads its configuration only when nobody else can write it. */
function writeConfig(folder: TempFolder, text: string): void {
  chmodSync(folder.write('bgpd.conf', `socket "${folder.file('ctl')}"\n${text}`), 0o600);
}

const FAMILY_NAMES = [
  ['ipv4', 'IPv4'],
  ['ipv6', 'IPv6'],
] as const;

function openbgpdConfig(config: DaemonConfig): string {
  const networks = config.networks.map((network) =>
    network.includes(':') ? `network ${network} set nexthop ${config.ipv6Address}` : `network ${network}`,
  );
  const neighbors = config.neighbors.map(
    (neighbor) => `neighbor ${neighbor.address} {
  remote-as ${neighbor.asn}
  local-address ${localAddressFor(config, neighbor)}
  port ${neighbor.port}
  holdtime ${neighbor.holdTimeSec}
  announce enhanced refresh yes
${neighbor.role === undefined ? '' : `  announce policy ${neighbor.role}\n`}${neighbor.twoOctetAs === true ? '  announce as-4byte no\n' : ''}${neighbor.isClient === true ? `  route-reflector ${config.clusterId}\n` : ''}${neighbor.addPath === true ? '  announce add-path recv yes\n' : ''}${neighbor.maxPrefixes === undefined ? '' : `  max-prefix ${neighbor.maxPrefixes}\n`}${neighbor.multihop === true ? '  multihop 8\n' : ''}\
${FAMILY_NAMES.map(([family, name]) => `  announce ${name} ${neighbor.families.includes(family) ? 'unicast' : 'none'}`).join('\n')}
${neighbor.password === undefined ? '' : `  tcp md5sig password "${neighbor.password}"\n`}${neighbor.ttlSecurity ? '  ttl-security yes\n' : ''}${neighbor.passive ? '  passive\n' : ''}}`,
  );
  return `AS ${config.asn}
router-id ${config.routerId}
fib-update no
${localAddresses(config)
  .map((address) => `listen on ${address} port ${config.port}`)
  .join('\n')}
${networks.join('\n')}
${neighbors.join('\n')}
allow from any
allow to any
`;
}

export const OPENBGPD: DaemonKind = {
  name: 'openbgpd',
  commands: [EXECUTABLE, 'bgpctl'],
  needsRoot: true,
  sendsShutdownText: true,
  start: (config) => Openbgpd.start(openbgpdConfig(config), config.namespace, config),
};
