/** ExaBGP, driven by `exabgpcli` over its named pipes. It keeps received routes, but selects and forwards none. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
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
  type NeighborConfig,
  ofFamily,
} from './daemon.ts';
import { systemCommand } from './system-command.ts';

/** Not the packaged name: those pipes may exist. */
const PIPE_NAME = 'manul-test';

export class Exabgp implements Daemon {
  readonly name = 'exabgp';
  readonly #child: ChildDaemon;
  readonly #folder: TempFolder;
  readonly #config: DaemonConfig;
  #networks: readonly string[];

  private constructor(child: ChildDaemon, folder: TempFolder, config: DaemonConfig) {
    this.#child = child;
    this.#folder = folder;
    this.#config = config;
    this.#networks = config.networks;
  }

  static async start(config: DaemonConfig): Promise<Exabgp> {
    const folder = new TempFolder('exabgp');
    mkdirSync(folder.file('run'));
    for (const end of ['in', 'out'])
      execFileSync('mkfifo', ['-m', '600', folder.file(`run/${PIPE_NAME}.${end}`)]);
    const args = ['--root', folder.path, folder.write('exabgp.conf', exabgpConfig(config))];
    const env = {
      ...environment(),
      'exabgp.daemon.drop': 'false',
      'exabgp.tcp.bind': localAddresses(config).join(' '),
      'exabgp.tcp.port': `${config.port}`,
    };
    const { namespace } = config;
    const child = await ChildDaemon.start('exabgp', systemCommand('exabgp'), args, { env, namespace });
    const exabgp = new Exabgp(child, folder, config);
    // A question that comes before it listens goes unanswered until its deadline.
    const isAnswering = async () => {
      child.assertRunning();
      return (await exabgp.command('version')).includes('exabgp') || null;
    };
    await pollUntil(isAnswering, 'exabgp answers its command line', { deadlineMs: 60_000 });
    return exabgp;
  }

  get pid(): number {
    return this.#child.pid;
  }

  command(...words: readonly string[]): Promise<string> {
    const args = ['--root', this.#folder.path, ...words];
    return outputOf(systemCommand('exabgpcli'), args, { env: environment(), deadlineMs: 10_000 });
  }

  async routes(family: Family): Promise<readonly DaemonRoute[]> {
    const lines = (await this.command('show', 'adj-rib', 'in', 'extensive')).split('\n');
    return lines.flatMap((line) => {
      const announced = new RegExp(
        ` ${family} unicast (\\S+)(?: path-information \\S+)? next-hop (\\S+)`,
      ).exec(line);
      return announced === null ? [] : [toRoute(announced[1]!, announced[2]!, line)];
    });
  }

  async describeRoute(prefix: string): Promise<string> {
    const lines = (await this.command('show', 'adj-rib', 'in', 'extensive')).split('\n');
    return lines.filter((line) => line.includes(` ${prefix} `)).join('\n');
  }

  async isEstablished(neighbor: string): Promise<boolean> {
    const shown = await this.command('show', 'neighbor', 'summary');
    return shown
      .split('\n')
      .some((line) => line.startsWith(`${neighbor} `) && line.includes(' established '));
  }

  async setNetworks(networks: readonly string[]): Promise<void> {
    const change = async (verb: string, network: string): Promise<void> => {
      await this.command(verb, 'route', network, 'next-hop', hopOf(this.#config, network));
    };
    for (const network of this.#networks) if (!networks.includes(network)) await change('withdraw', network);
    for (const network of networks) if (!this.#networks.includes(network)) await change('announce', network);
    this.#networks = networks;
  }

  async resetSession(neighbor: string): Promise<void> {
    await this.command('neighbor', neighbor, 'teardown', '4');
  }

  async requestRefresh(neighbor: string): Promise<void> {
    for (const family of ['ipv4', 'ipv6']) {
      await this.command('neighbor', neighbor, 'announce', 'route-refresh', family, 'unicast');
    }
  }

  async shutDown(): Promise<void> {
    throw new Error('ExaBGP sends no shutdown communication');
  }

  describe(neighbor: string): Promise<string> {
    return this.command('show', 'neighbor', neighbor, 'extensive');
  }

  log(): string {
    return this.#child.output;
  }

  async stop(): Promise<void> {
    await this.#child.stop();
    this.#folder.remove();
  }
}

const environment = (): NodeJS.ProcessEnv => ({ ...process.env, 'exabgp.api.pipename': PIPE_NAME });

const hopOf = (config: DaemonConfig, network: string): string =>
  network.includes(':') ? config.ipv6Address : config.address;

const hopFor = (config: DaemonConfig, neighbor: NeighborConfig, network: string): string =>
  neighbor.extendedNextHop === true ? config.ipv6Address : hopOf(config, network);

function toRoute(prefix: string, nextHop: string, line: string): DaemonRoute {
  const word = (name: string): string | null => new RegExp(` ${name} (\\S+)`).exec(line)?.[1] ?? null;
  const localPref = word('local-preference');
  return {
    prefix,
    nextHop,
    localPref: localPref === null ? null : Number(localPref),
    originatorId: word('originator-id'),
    clusterList: / cluster-list \[ ?([^\]]*?) ?\]/.exec(line)?.[1]?.split(' ') ?? [],
  };
}

/** Those that are not simply offered. */
const capabilities = (neighbor: NeighborConfig): string =>
  [
    ...(neighbor.twoOctetAs === true ? ['asn4 disable;'] : []),
    ...(neighbor.addPath === true ? ['add-path receive;'] : []),
    ...(neighbor.extendedNextHop === true ? ['nexthop enable;'] : []),
    ...(neighbor.routeRefresh === true ? ['route-refresh enable;'] : []),
  ].join(' ');

function exabgpConfig(config: DaemonConfig): string {
  const routes = (neighbor: NeighborConfig): string[] =>
    neighbor.families
      .flatMap((family) => ofFamily(config.networks, family))
      .map((network) => `route ${network} next-hop ${hopFor(config, neighbor, network)};`);
  return config.neighbors
    .map(
      (neighbor) => `neighbor ${neighbor.address} {
  router-id ${config.routerId};
  local-address ${localAddressFor(config, neighbor)};
  local-as ${config.asn};
  peer-as ${neighbor.asn};
  hold-time ${neighbor.holdTimeSec};
  ${neighbor.passive ? 'passive true;' : `connect ${neighbor.port};`}
  ${neighbor.password === undefined ? '' : `md5-password '${neighbor.password}'; md5-base64 false;`}
  capability { ${capabilities(neighbor)} }
  ${neighbor.multihop === true ? 'outgoing-ttl 8;' : ''}
  ${neighbor.ttlSecurity === true ? 'outgoing-ttl 255; incoming-ttl 255;' : ''}
  ${neighbor.extendedNextHop === true ? 'nexthop { ipv4 unicast ipv6; }' : ''}
  adj-rib-in true;
  family { ${neighbor.families.map((family) => `${family} unicast;`).join(' ')} }
  static { ${routes(neighbor).join(' ')} }
}
`,
    )
    .join('');
}

export const EXABGP: DaemonKind = {
  name: 'exabgp',
  commands: ['exabgp', 'exabgpcli', 'mkfifo'],
  needsRoot: false,
  sendsShutdownText: false,
  start: (config) => Exabgp.start(config),
};
