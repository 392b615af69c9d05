/**
 * FRR with zebra, which knows the interfaces and writes routes: as a top-of-rack router that accepts whoever dials from a
 * range, or with whatever configuration of bgpd.
 */
import { pollUntil } from '../deadline.ts';
import { ChildDaemon } from '../process/child-daemon.ts';
import type { NetworkNamespace } from '../process/network-namespace.ts';
import { outputOf } from '../process/run-command.ts';
import { TempFolder } from '../process/temp-folder.ts';
import { FRR_BGPD, systemCommand } from './system-command.ts';

export interface FrrRouterConfig {
  readonly asn: number;
  readonly routerId: string;
  readonly clients: { readonly range: string; readonly asn: number };
  /** What it announces. */
  readonly network: string;
}

export const FRR_ROUTER_COMMANDS = [FRR_BGPD, 'zebra', 'vtysh'];

export class FrrRouter {
  readonly #zebra: ChildDaemon;
  readonly #bgpd: ChildDaemon;
  readonly #folder: TempFolder;

  private constructor(zebra: ChildDaemon, bgpd: ChildDaemon, folder: TempFolder) {
    this.#zebra = zebra;
    this.#bgpd = bgpd;
    this.#folder = folder;
  }

  /** @param config text of bgpd, or what makes a top-of-rack router */
  static async start(namespace: NetworkNamespace, config: FrrRouterConfig | string): Promise<FrrRouter> {
    const folder = new TempFolder('frr-router');
    // its daemons become a user of their own
    await outputOf('chown', ['frr:frr', folder.path]);
    const start = (name: string, program: string, text: string): Promise<ChildDaemon> =>
      ChildDaemon.start(
        name,
        program,
        [
          ...['--config_file', folder.write(`${name}.conf`, text)],
          ...['--pid_file', folder.file(`${name}.pid`), '--socket', folder.file('zebra.api')],
          ...['--vty_socket', folder.path, '--vty_port', '0', '--log', 'stdout'],
        ],
        { namespace },
      );
    const zebra = await start('zebra', systemCommand('zebra'), 'hostname tor\n');
    await pollUntil(() => {
      zebra.assertRunning();
      return outputOf(systemCommand('vtysh'), ['--vty_socket', folder.path, '-c', 'show ip route']);
    }, 'zebra answers vtysh');
    const bgpd = await start('bgpd', FRR_BGPD, typeof config === 'string' ? config : torText(config));
    return new FrrRouter(zebra, bgpd, folder);
  }

  /** What `vtysh` prints. */
  command(command: string): Promise<string> {
    return outputOf(systemCommand('vtysh'), ['--vty_socket', this.#folder.path, '-c', command]);
  }

  /** Addresses of the clients whose sessions are established. */
  async clients(): Promise<string[]> {
    const shown = JSON.parse(await this.command('show bgp ipv4 unicast summary json')) as {
      readonly peers?: Readonly<Record<string, { readonly state: string }>>;
    };
    const peers = Object.entries(shown.peers ?? {});
    return peers.flatMap(([address, { state }]) => (state === 'Established' ? [address] : [])).sort();
  }

  async stop(): Promise<void> {
    await this.#bgpd.stop();
    await this.#zebra.stop();
    this.#folder.remove();
  }
}

/** Without ADD-PATH towards it: of several stale paths of a neighbor FRR 8.4 forgets only one at End-of-RIB. */
const torText = ({ asn, routerId, clients, network }: FrrRouterConfig): string => `frr defaults datacenter
hostname tor
router bgp ${asn}
 bgp router-id ${routerId}
 no bgp ebgp-requires-policy
 neighbor nodes peer-group
 neighbor nodes remote-as ${clients.asn}
 bgp listen range ${clients.range} peer-group nodes
 address-family ipv4 unicast
  network ${network}
  neighbor nodes disable-addpath-rx
 exit-address-family
`;
