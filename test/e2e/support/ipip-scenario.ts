/**
 * Runs inside user-mode Linux, whose kernel has IPIP: three nodes with our daemons, pools over IPIP. Prints one JSON
 * object with what was seen; what it means, the suite outside says.
 */
import { execFileSync } from 'node:child_process';
import { pollUntil } from '../../harness/deadline.ts';
import { MANUL, ManulDaemon } from '../../harness/manul/manul-daemon.ts';
import { askEcho, startEcho } from '../../harness/network/echo-calls.ts';
import { labYaml } from '../../harness/network/lab-resources.ts';
import { ip, type LabNode, NodeLab, routes } from '../../harness/network/node-lab.ts';
import { answers } from '../../harness/network/ping.ts';
import { outputOf } from '../../harness/process/run-command.ts';
import { changePool, type PoolChanges } from './ipip-pool-changes.ts';

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
  /** What else was reached over IPIP: pod to node, node to pod, a host beyond the router to a pod. */
  readonly ways: readonly string[];
  /** Whom the third node or its pod saw over TCP and UDP, by who called whom. */
  readonly sources: Readonly<Record<string, readonly string[]>>;
  /** `manul cleanup` on a node whose daemon ended: what it says, and what is left. */
  readonly cleanup: {
    readonly items: readonly string[];
    readonly routes: readonly string[];
    readonly addresses: readonly string[];
  };
  /** Seconds until each was back. */
  readonly repairs: Readonly<Record<string, number>>;
  /** What pods that talked lost while the pool went from one encapsulation to the next. */
  readonly changes: PoolChanges;
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
  // Octet 29 of a packet in a packet is the protocol of the inner one.
  const filter = `(ip proto 4 and ip[29] = 1 and host ${to.ipv4}) or (icmp and host ${to.pod.ipv4})`;
  const words = ['90', 'tcpdump', '-ni', 'n1', '-c', '1', filter];
  const seen = outputOf('timeout', words, { namespace: lab.router, deadlineMs: 120_000 });
  const pings = setInterval(() => void answers(lab.node('n1').pod.namespace, to.pod.ipv4), 1000);
  const line = await seen;
  clearInterval(pings);
  return line.trim();
}

async function otherWays(lab: NodeLab): Promise<Pick<IpipReport, 'ways' | 'sources'>> {
  const [n1, , n3] = lab.nodes as [LabNode, LabNode, LabNode];
  const ways: string[] = [];
  await answers(n1.pod.namespace, n3.ipv4);
  ways.push('pod to node');
  await answers(n1.namespace, n3.pod.ipv4);
  ways.push('node to pod');
  ip(lab.router, `route replace ${n3.blocks.ipv4} via ${n3.ipv4}`);
  await answers(lab.outside, n3.pod.ipv4);
  ways.push('outside to pod');
  const { namespace } = n3.pod;
  const echoes = await Promise.all(
    [namespace, n3.namespace].map((each) => startEcho(each, PATIENCE.deadlineMs)),
  );
  const sources = {
    'pod to pod': await askEcho(n1.pod.namespace, [n3.pod.ipv4]),
    'pod to node': await askEcho(n1.pod.namespace, [n3.ipv4]),
    'node to pod': await askEcho(n1.namespace, [n3.pod.ipv4]),
    'outside to pod': await askEcho(lab.outside, [n3.pod.ipv4]),
  };
  await Promise.all(echoes.map((echo) => echo.stop()));
  return { ways, sources };
}

/** Beside what is ours, the device has an address and a route of somebody else's. */
async function cleanUp({ namespace }: LabNode, daemon: ManulDaemon): Promise<IpipReport['cleanup']> {
  daemon.signal('SIGTERM');
  await daemon.exited();
  ip(namespace, 'addr add 192.0.2.7/24 dev tunl0');
  ip(namespace, 'route add 198.51.100.0/24 via 10.0.1.1 dev tunl0 onlink proto static');
  const folders = ['--cni-bin-dir', '--cni-conf-dir', '--state-dir'].flatMap((flag) => [flag, '/tmp/none']);
  const words = ['cleanup', '-o', 'json', '--control', daemon.controlPath, ...folders];
  const items = JSON.parse(await outputOf(MANUL, words, { namespace, ...PATIENCE })) as {
    readonly kind: string;
    readonly object: string;
    readonly error: string | null;
  }[];
  return {
    items: items.map(({ kind, object, error }) => `${kind} ${object}${error === null ? '' : `: ${error}`}`),
    routes: [...routes(namespace, 4, 'proto 80'), ...routes(namespace, 4, 'proto static')],
    addresses: ip(namespace, '-br -4 addr show dev tunl0').trim().split(/\s+/).slice(2),
  };
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
  const daemons = await Promise.all(
    nodes.map(({ name, namespace }) =>
      ManulDaemon.start({ node: name, files, roles: 'speaker,agent', namespace }),
    ),
  );
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
  const { ways, sources } = await otherWays(lab);
  const made = device(n1);
  const repaired = await repairs(n1);
  const status = (await daemons[0]!.run('status')).stdout;
  let cross: readonly string[] = [];
  let addressesAfter: readonly string[] = [];
  const changes = await changePool(lab, daemons, FILE, [
    { title: 'Never', resources: {} },
    {
      title: 'CrossSubnet',
      resources: { ipipMode: 'CrossSubnet' },
      andThen: async () => {
        cross = ourRoutes(n1);
        for (const node of [n2, n3]) {
          await answers(n1.pod.namespace, node.pod.ipv4);
          answered.CrossSubnet.push(node.name);
          packets[`CrossSubnet ${node.name}`] = await capture(lab, node);
        }
      },
    },
    {
      title: 'VXLAN',
      resources: { vxlanMode: 'Always' },
      andThen: async () => {
        await pollUntil(async () => device(n1).addresses.length === 0 || null, 'tunl0 is cleared', PATIENCE);
        addressesAfter = device(n1).addresses;
      },
    },
    { title: 'Always again', resources: { ipipMode: 'Always' } },
  ]);
  await pollUntil(
    async () => !ip(n2.namespace, '-br link').includes('vxlan') || null,
    'VXLAN is gone',
    PATIENCE,
  );
  const cleanup = await cleanUp(n2, daemons[1]!);
  for (const daemon of daemons) await daemon.stop();
  return {
    routes: { Always: always, CrossSubnet: cross },
    device: made,
    packets,
    answered,
    ways,
    sources,
    cleanup,
    repairs: repaired,
    changes,
    addressesAfter,
    status,
  };
}

console.log(`REPORT ${JSON.stringify(await main())}`);
process.exit(0);
