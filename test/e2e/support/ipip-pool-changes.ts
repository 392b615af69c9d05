/**
 * Inside user-mode Linux: the pool goes from one encapsulation to the next while the pod of the first node talks to the
 * others. Nodes hear of it as one file after the other is written; that they may do so seconds apart, the suite of the
 * host's kernel shows, for here the machine alone may take most of those.
 */
import { pollUntil } from '../../harness/deadline.ts';
import type { ManulDaemon } from '../../harness/manul/manul-daemon.ts';
import { type LabResources, labYaml } from '../../harness/network/lab-resources.ts';
import { ip, type LabNode, type NodeLab, routes } from '../../harness/network/node-lab.ts';
import { answers, PingSeries } from '../../harness/network/ping.ts';
import { type StreamOutcome, TcpStream } from '../../harness/network/tcp-stream.ts';

/** What that kernel has time for. */
const PING_MS = 10;
const MESSAGE_MS = 25;

/** Packets of one series that were sent, and those without an answer. */
export interface SeriesCount {
  readonly sent: number;
  readonly lost: number;
}

export interface PoolChanges {
  /** Pings to the pods of the other nodes, by what the pool had become when they ended. */
  readonly pings: Readonly<Record<string, readonly SeriesCount[]>>;
  /** A connection that was there all the time. */
  readonly stream: StreamOutcome;
}

/** What the pool is to become, and what is looked at when it has. */
export interface PoolStep {
  readonly title: string;
  readonly resources: LabResources;
  readonly andThen?: () => Promise<void>;
}

export async function changePool(
  lab: NodeLab,
  daemons: readonly ManulDaemon[],
  file: string,
  steps: readonly PoolStep[],
): Promise<PoolChanges> {
  const { nodes } = lab;
  const [n1, ...others] = nodes as [LabNode, ...LabNode[]];
  const from = n1.pod.namespace;
  for (const { pod } of others) await answers(from, pod.ipv4);
  const far = others.at(-1)!.pod;
  const stream = await TcpStream.start(from, far.namespace, far.ipv4, MESSAGE_MS);
  const pings: Record<string, readonly SeriesCount[]> = {};
  let wasPlain = false;
  for (const { title, resources, andThen } of steps) {
    const isPlain = Object.keys(resources).length === 0;
    teachRouter(lab, isPlain || wasPlain);
    wasPlain = isPlain;
    const series = await Promise.all(others.map(({ pod }) => PingSeries.start(from, pod.ipv4, PING_MS)));
    for (const daemon of daemons) daemon.writeFile(file, labYaml(nodes, resources));
    for (const node of nodes) await untilWays(node, nodes, resources);
    pings[title] = await Promise.all(series.map((each) => each.stop()));
    await andThen?.();
  }
  return { pings, stream: await stream.stop() };
}

/**
 * Without encapsulation the router between the subnets must know the pods, as a top-of-rack router does. Else it must
 * not: by the default route of the nodes it would deliver what has lost its tunnel.
 */
function teachRouter({ router, nodes }: NodeLab, knowsPods: boolean): void {
  for (const { ipv4, blocks } of nodes) {
    if (knowsPods) ip(router, `route replace ${blocks.ipv4} via ${ipv4}`);
    else ip(router, `route replace unreachable ${blocks.ipv4}`);
  }
}

/** Waits until a node has the routes to the blocks of all others that `resources` ask for. */
async function untilWays(node: LabNode, nodes: readonly LabNode[], resources: LabResources): Promise<void> {
  const wanted = nodes
    .filter((other) => other !== node)
    .map((other) => `${other.blocks.ipv4} ${wayTo(other, node, resources)}`);
  await pollUntil(
    async () => {
      const present = routes(node.namespace, 4, 'proto 80');
      return wanted.every((way) => present.some((line) => line.startsWith(way))) || null;
    },
    `${node.name} has ${wanted.join(', ')}`,
    { deadlineMs: 120_000, intervalMs: 250 },
  );
}

function wayTo(other: LabNode, node: LabNode, { ipipMode, vxlanMode }: LabResources): string {
  const isNear = other.subnet === node.subnet;
  const hasTunnel = (mode: string | undefined): boolean =>
    mode === 'Always' || (mode === 'CrossSubnet' && !isNear);
  if (hasTunnel(ipipMode)) return `via ${other.ipv4} dev tunl0`;
  if (hasTunnel(vxlanMode)) return `via ${other.tunnelAddresses.vxlan} dev vxlan.calico`;
  return `via ${isNear ? other.ipv4 : `10.0.${node.subnet}.254`} dev eth0`;
}
