/** BIRD 2, driven by its configuration file and `birdc`. */
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
  localAddressFor,
  type NeighborConfig,
  ofFamily,
  withPassword,
} from './daemon.ts';
import { systemCommand } from './system-command.ts';

export class Bird implements Daemon {
  readonly name = 'bird';
  #child: ChildDaemon;
  readonly #folder: TempFolder;
  readonly #restart: () => Promise<ChildDaemon>;
  #config: DaemonConfig | null;

  private constructor(
    child: ChildDaemon,
    folder: TempFolder,
    config: DaemonConfig | null,
    restart: () => Promise<ChildDaemon>,
  ) {
    this.#child = child;
    this.#folder = folder;
    this.#config = config;
    this.#restart = restart;
  }

  /** Starts with the given configuration text; `config` is what it came from, where more than reading is wanted. */
  static async start(
    text: string,
    config: DaemonConfig | null = null,
    namespace: NetworkNamespace | null = config?.namespace ?? null,
  ): Promise<Bird> {
    const folder = new TempFolder('bird');
    const args = [
      '-f',
      '-c',
      folder.write('bird.conf', text),
      '-s',
      folder.file('ctl'),
      '-P',
      folder.file('pid'),
    ];
    const launch = (...more: readonly string[]): Promise<ChildDaemon> => {
      folder.write('bird.conf', text);
      return ChildDaemon.start('bird', systemCommand('bird'), [...args, ...more], { namespace });
    };
    const bird = new Bird(await launch(), folder, config, () => launch('-R'));
    await bird.#ready();
    return bird;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What `birdc` prints, without its greeting. */
  async command(...words: readonly string[]): Promise<string> {
    const printed = await outputOf(systemCommand('birdc'), ['-s', this.#folder.file('ctl'), ...words]);
    return printed.replace(/^BIRD .* ready\.\n/, '');
  }

  async routes(family: Family): Promise<readonly DaemonRoute[]> {
    return parseRoutes(
      await this.command('show', 'route', 'all', 'table', family === 'ipv4' ? 'master4' : 'master6'),
    );
  }

  describeRoute(prefix: string): Promise<string> {
    return this.command('show', 'route', 'all', 'for', prefix);
  }

  async isEstablished(neighbor: string): Promise<boolean> {
    return /\bup\b.*\bEstablished\b/.test(await this.command('show', 'protocols', protocolName(neighbor)));
  }

  async setNetworks(networks: readonly string[]): Promise<void> {
    await this.#configure((config) => ({ ...config, networks }));
  }

  async setPassword(neighbor: string, password: string): Promise<void> {
    await this.#configure((config) => withPassword(config, neighbor, password));
  }

  async #configure(change: (config: DaemonConfig) => DaemonConfig): Promise<void> {
    if (this.#config === null) throw new Error('started from plain text');
    this.#config = change(this.#config);
    this.#folder.write('bird.conf', birdConfig(this.#config));
    const answer = await this.command('configure');
    if (!/Reconfigured|Reconfiguration in progress/.test(answer))
      throw new Error(`birdc configure: ${answer}`);
  }

  async resetSession(neighbor: string): Promise<void> {
    await this.command('restart', protocolName(neighbor));
  }

  async requestRefresh(neighbor: string): Promise<void> {
    await this.command('reload', 'in', protocolName(neighbor));
  }

  async shutDown(neighbor: string, text: string): Promise<void> {
    await this.command('disable', protocolName(neighbor), `"${text}"`);
  }

  describe(neighbor: string): Promise<string> {
    return this.command('show', 'protocols', 'all', protocolName(neighbor));
  }

  async crash(): Promise<void> {
    this.#child.signal('SIGKILL');
    await this.#child.exited();
    this.#child = await this.#restart();
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
        return (await this.command('show', 'status')).includes('Daemon is up and running') || null;
      },
      'bird answers birdc',
      { intervalMs: 20 },
    );
  }
}

const protocolName = (neighbor: string): string => `n_${neighbor.replaceAll(/[.:%]/g, '_')}`;

const reflectionOf = ({ clusterId }: DaemonConfig, { isClient }: NeighborConfig): string =>
  clusterId === undefined ? '' : `${isClient === true ? 'rr client; ' : ''}rr cluster id ${clusterId};`;

/** Link-local neighbors are on the link; others may be anywhere, or must prove that they are not. */
function reachOf({ address, ttlSecurity }: NeighborConfig): string {
  if (address.includes('%')) return 'direct;';
  return `strict bind yes; ${ttlSecurity === true ? 'multihop 1; ttl security yes;' : 'multihop;'}`;
}

function birdConfig(config: DaemonConfig): string {
  const statics = (['ipv4', 'ipv6'] as const).map((family) => {
    const routes = ofFamily(config.networks, family).map((network) => `route ${network} blackhole;`);
    return `protocol static networks_${family} { ${family}; ${routes.join(' ')} }`;
  });
  const channel = (family: Family, neighbor: NeighborConfig): string => {
    const hop =
      family === 'ipv6' && !neighbor.address.includes(':') ? ` next hop address ${config.ipv6Address};` : '';
    const extended = neighbor.extendedNextHop === true && family === 'ipv4' ? ' extended next hop on;' : '';
    const paths = neighbor.addPath === true ? ' add paths rx;' : '';
    const limit =
      neighbor.maxPrefixes === undefined ? '' : ` receive limit ${neighbor.maxPrefixes} action disable;`;
    return `  ${family} { import all;${paths}${limit} export ${config.exportsAll === true || config.clusterId !== undefined ? 'all' : 'where source = RTS_STATIC'};${hop}${extended} };`;
  };
  const neighbors = config.neighbors.map(
    (neighbor) => `protocol bgp ${protocolName(neighbor.address)} {
  local ${neighbor.address.includes('%') ? '' : localAddressFor(config, neighbor)} port ${config.port} as ${config.asn};
  neighbor ${neighbor.address} port ${neighbor.port} as ${neighbor.asn};
  ${reachOf(neighbor)} ${reflectionOf(config, neighbor)} ${neighbor.role === undefined ? '' : `local role ${neighbor.role};`} ${neighbor.password === undefined ? '' : `password "${neighbor.password}";`} ${neighbor.passive ? 'passive yes;' : ''}
  ${config.gracefulRestart === true ? 'graceful restart on;' : ''}
  enable extended messages yes; enable as4 ${neighbor.twoOctetAs === true ? 'no' : 'yes'};
  hold time ${neighbor.holdTimeSec}; connect delay time 1; connect retry time 1; error wait time 1, 2;
${neighbor.families.map((family) => channel(family, neighbor)).join('\n')}
}`,
  );
  return [
    `log stderr all;\nrouter id ${config.routerId};\nprotocol device {}`,
    ...statics,
    ...neighbors,
    '',
  ].join('\n');
}

/** Reads `show route all`: a line per path, then its attributes indented. */
function parseRoutes(text: string): DaemonRoute[] {
  const routes: DaemonRoute[] = [];
  let prefix = '';
  for (const path of text.split(/\n(?=\S)|\n(?=\s+\S+\s+\[)/)) {
    const named = /^(\S+\/\d+)/.exec(path);
    if (named !== null) prefix = named[1]!;
    if (!path.includes('Type: BGP')) continue;
    const value = (name: string): string | null =>
      new RegExp(`BGP\\.${name}: (.*)`).exec(path)?.[1]?.trim() ?? null;
    routes.push({
      prefix,
      // A lone link-local one is shown behind an unspecified one.
      nextHop: value('next_hop')?.replace(/^:: /, '').split(' ')[0] ?? '',
      localPref: Number(value('local_pref') ?? Number.NaN),
      originatorId: value('originator_id'),
      clusterList: value('cluster_list')?.split(' ') ?? [],
    });
  }
  return routes;
}

export const BIRD: DaemonKind = {
  name: 'bird',
  commands: ['bird', 'birdc'],
  needsRoot: false,
  sendsShutdownText: true,
  start: (config) => Bird.start(birdConfig(config), config),
};
