/**
 * Runs inside user-mode Linux, whose kernel has IPIP: three nodes with our daemons, pools over IPIP. Prints one JSON
 * object with what was seen; what it means, the suite outside says.
 */
import { execFileSync } from 'node:child_process';
import { pollUntil } from '../../harness/deadline.ts';
import { ManulDaemon } from '../../harness/manul/manul-daemon.ts';
import { labYaml } from '../../harness/network/lab-resources.ts';
import { ip, type LabNode, NodeLab, routes } from '../../harness/network/node-lab.ts';
import { answers } from '../../harness/network/ping.ts';
import { outputOf } from '../../harness/process/run-command.ts';

/** Everything is many times slower in here. */
const PATIENCE = { deadlineMs: 240_000 };
const FILE = 'cluster.yaml';

export interface IpipReport {
  /** Routes of the first node by mode, without `proto 80 metric 1024`. */
  readonly routes: Readonly<Record<'Always' | 'CrossSubnet', readonly string[]>>;
  /** `tunl0` of the first node: flags, MTU, addresses. */
  readonly device: { readonly isUp: boolean; readonly mtu: number; readonly addresses: readonly string[] };
  /** What the router saw of pings from the first pod, by mode and node. */
  readonly packets: Readonly<Record<string, string>>;
  /** Pods that answered the first one, by mode. */
  readonly answered: Readonly<Record<'Always' | 'CrossSubnet', readonly string[]>>;
  /** Seconds until each was back. */
  readonly repairs: Readonly<Record<string, number>>;
  /** The device once no pool asks for it. */
  readonly addressesAfter: readonly string[];
  readonly status: string;
}

interface ShownLink {
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number }[];
}

function device(node: LabNode): IpipReport['device'] {
  const [link] = JSON.parse(ip(node.namespace, '-j -4 addr show dev tunl0')) as ShownLink[];
  // A device without IPv4 addresses is shown without itself.
  const [any] = JSON.parse(ip(node.namespace, '-j link show dev tunl0')) as ShownLink[];
  const addresses = (link?.addr_info ?? []).map(({ local, prefixlen }) => `${local}/${prefixlen}`);
  return { isUp: any!.flags.includes('UP'), mtu: any!.mtu, addresses };
}

function ourRoutes(node: LabNode): string[] {
  return routes(node.namespace, 4, 'proto 80').map((line) => line.replace(' metric 1024', ''));
}

async function untilRoutes(
  node: LabNode,
  what: string,
  isThere: (lines: readonly string[]) => boolean,
): Promise<string[]> {
  return await pollUntil(async () => (isThere(ourRoutes(node)) ? ourRoutes(node) : null), what, PATIENCE);
}

/** What the router sees on the wire of the first node while its pod pings that of `to`. */
async function capture(lab: NodeLab, to: LabNode): Promise<string> {
  const filter = `ip proto 4 and host ${to.ipv4} or host ${to.pod.ipv4}`;
  const words = ['90', 'tcpdump', '-ni', 'n1', '-c', '1', filter];
  const seen = outputOf('timeout', words, { namespace: lab.router, deadlineMs: 120_000 });
  const pings = setInterval(() => void answers(lab.node('n1').pod.namespace, to.pod.ipv4), 1000);
  const line = await seen;
  clearInterval(pings);
  return line.trim();
}

async function repairs(n1: LabNode): Promise<Record<string, number>> {
  const before = ourRoutes(n1).sort().join('\n');
  const wanted = JSON.stringify(device(n1));
  const seconds: Record<string, number> = {};
  for (const command of [
    'route del 10.65.2.0/26 metric 1024',
    'addr del 10.65.1.1/32 dev tunl0',
    'addr add 10.65.1.44/32 dev tunl0',
    'link set tunl0 mtu 1300',
    'link set tunl0 down',
  ]) {
    const startedAt = performance.now();
    ip(n1.namespace, command);
    await pollUntil(
      async () =>
        (ourRoutes(n1).sort().join('\n') === before && JSON.stringify(device(n1)) === wanted) || null,
      command,
      { ...PATIENCE, intervalMs: 20 },
    );
    seconds[command] = (performance.now() - startedAt) / 1000;
  }
  return seconds;
}

async function main(): Promise<IpipReport> {
  for (const name of ['ipip', 'veth', 'bridge']) execFileSync(process.env['MODPROBE'] ?? 'modprobe', [name]);
  const lab = new NodeLab({ subnets: [1, 1, 2] });
  const { nodes } = lab;
  const [n1, n2, n3] = nodes as [LabNode, LabNode, LabNode];
  const files = { [FILE]: labYaml(nodes, { ipipMode: 'Always' }) };
  const daemons: ManulDaemon[] = [];
  for (const { name, namespace } of nodes) {
    daemons.push(await ManulDaemon.start({ node: name, files, roles: 'speaker,agent', namespace }));
  }
  const hasRemote = (via: string) => (lines: readonly string[]) => lines.includes(via);
  for (const node of nodes)
    await untilRoutes(node, `tunnels of ${node.name}`, (lines) => lines.join().includes('tunl0'));
  const packets: Record<string, string> = {};
  const always = await untilRoutes(n1, 'routes', hasRemote('10.65.3.0/26 via 10.0.2.3 dev tunl0 onlink'));
  const answered = { Always: [] as string[], CrossSubnet: [] as string[] };
  for (const node of [n2, n3]) {
    await answers(n1.pod.namespace, node.pod.ipv4);
    answered.Always.push(node.name);
    packets[`Always ${node.name}`] = await capture(lab, node);
  }
  const made = device(n1);
  const repaired = await repairs(n1);
  const status = (await daemons[0]!.run('status')).stdout;
  for (const daemon of daemons) daemon.writeFile(FILE, labYaml(nodes, { ipipMode: 'CrossSubnet' }));
  const cross = await untilRoutes(n1, 'direct', hasRemote('10.65.2.0/26 via 10.0.1.2 dev eth0 onlink'));
  await untilRoutes(n2, 'direct', hasRemote('10.65.1.0/26 via 10.0.1.1 dev eth0 onlink'));
  for (const node of [n2, n3]) {
    await answers(n1.pod.namespace, node.pod.ipv4);
    answered.CrossSubnet.push(node.name);
    packets[`CrossSubnet ${node.name}`] = await capture(lab, node);
  }
  for (const daemon of daemons) daemon.writeFile(FILE, labYaml(nodes, { vxlanMode: 'Always' }));
  await untilRoutes(n1, 'VXLAN', (lines) => lines.some((line) => line.includes('dev vxlan.calico')));
  await pollUntil(async () => device(n1).addresses.length === 0 || null, 'tunl0 is cleared', PATIENCE);
  const addressesAfter = device(n1).addresses;
  for (const daemon of daemons) await daemon.stop();
  return {
    routes: { Always: always, CrossSubnet: cross },
    device: made,
    packets,
    answered,
    repairs: repaired,
    addressesAfter,
    status,
  };
}

console.log(`REPORT ${JSON.stringify(await main())}`);
process.exit(0);
