/** FRR as the top-of-rack router: zebra for the kernel, bgpd accepting the nodes by `bgp listen range`. */
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCommand, outputOf } from './command.ts';
import { DaemonProcess } from './daemon-process.ts';
import type { Namespace } from './namespace.ts';
import { OUTSIDE, RACK, RACK_SUBNET, ROUTER } from './rack-plan.ts';
import { leftoverFolder, makeFolder, type Stage, until } from './stage.ts';
import type { TopOfRack } from './top-of-rack.ts';

export interface FrrInstallation {
  readonly zebra: string;
  readonly bgpd: string;
  readonly vtysh: string;
  /** `8.4.4` */
  readonly version: string;
  /** FRR's own user, whom its daemons become. */
  readonly userId: number;
  readonly groupId: number;
}

/** Looked into before PATH: other routing daemons have a bgpd, too. */
const FRR_FOLDERS = ['/usr/lib/frr', '/usr/libexec/frr'];

const FRR_TEMPORARY = '/var/tmp/frr';

const BGPD_CONFIG = `frr defaults datacenter
hostname ${ROUTER.name}
router bgp ${ROUTER.asn}
 bgp router-id ${ROUTER.address}
 no bgp ebgp-requires-policy
 neighbor nodes peer-group
 neighbor nodes remote-as ${RACK.asn}
 bgp listen range ${RACK_SUBNET} peer-group nodes
 address-family ipv4 unicast
  network ${OUTSIDE.subnet}
 exit-address-family
`;

/** @returns what is missing, as text, when it cannot be used */
export async function findFrr(stage: Stage): Promise<FrrInstallation | string> {
  const [zebra, bgpd, vtysh] = ['zebra', 'bgpd', 'vtysh'].map((name) => findCommand(name, FRR_FOLDERS));
  if (!zebra || !bgpd || !vtysh) return 'FRR is not installed';
  const shown = await outputOf([bgpd, '--version'], stage.signal).catch(() => '');
  const version = /^bgpd version (\S+)/m.exec(shown)?.[1];
  if (version === undefined) return `FRR is not installed (${bgpd} is another)`;
  const ids = await Promise.all(
    ['-u', '-g'].map((flag) => outputOf(['id', flag, 'frr'], stage.signal).catch(() => '')),
  );
  if (ids.includes('')) return 'FRR is installed, but its user frr is missing';
  return { zebra, bgpd, vtysh, version, userId: Number(ids[0]), groupId: Number(ids[1]) };
}

export async function startFrr(stage: Stage, namespace: Namespace, frr: FrrInstallation): Promise<TopOfRack> {
  // FRR's daemons become its own user, who may not reach what is below a TMPDIR of root's.
  const folder = makeFolder(stage.cleanup, '/tmp', `manul-demo-${stage.runId}-frr-`);
  chownSync(folder, frr.userId, frr.groupId);
  const start = async (name: string, executable: string, config: string): Promise<void> => {
    const configPath = join(folder, `${name}.conf`);
    writeFileSync(configPath, config);
    const daemon = await DaemonProcess.start(stage, name, [
      ...namespace.command(
        executable,
        '--config_file',
        configPath,
        '--pid_file',
        join(folder, `${name}.pid`),
      ),
      ...['--socket', zebraSocket, '--vty_socket', folder, '--vty_port', '0', '--log', 'stdout'],
    ]);
    // What a daemon of FRR leaves when it is stopped before it listens to signals.
    stage.cleanup.add(leftoverFolder(join(FRR_TEMPORARY, `${name}.${daemon.pid}`)));
  };
  const zebraSocket = join(folder, 'zserv.api');
  const ask = (...commands: readonly string[]): Promise<string> =>
    outputOf([frr.vtysh, '--vty_socket', folder, ...commands.flatMap((text) => ['-c', text])], stage.signal);
  await start('zebra', frr.zebra, `hostname ${ROUTER.name}\n`);
  await until(stage, 'zebra answers', async () => {
    await ask('show ip route');
    return true;
  });
  await start('bgpd', frr.bgpd, BGPD_CONFIG);
  await until(stage, 'bgpd announces the network behind it', async () =>
    (await ask(`show bgp ipv4 unicast ${OUTSIDE.subnet}`)).includes('best') ? true : null,
  );
  const show = 'show bgp ipv4 unicast summary';
  return {
    title: `FRR ${frr.version}, bgpd with "bgp listen range ${RACK_SUBNET}"`,
    routeProtocol: 'bgp',
    showSessions: async () => {
      stage.screen.command(['vtysh', '--vty_socket', folder, '-c', show]);
      const lines = (await ask(show)).split('\n');
      const header = lines.findIndex((line) => line.startsWith('Neighbor'));
      const end = lines.indexOf('', header);
      stage.screen.print(lines.slice(header, end).join('\n'));
    },
  };
}
