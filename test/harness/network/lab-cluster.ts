/** A lab whose nodes run our daemon, each with the same resources. */
import { pollUntil } from '../deadline.ts';
import { ManulDaemon } from '../manul/manul-daemon.ts';
import type { ChildDaemon } from '../process/child-daemon.ts';
import type { NetworkNamespace } from '../process/network-namespace.ts';
import { startEcho } from './echo-calls.ts';
import { type LabResources, labYaml } from './lab-resources.ts';
import { type LabNode, NodeLab } from './node-lab.ts';

const FILE = 'cluster.yaml';
/** The machine may have much else to do. */
const DEADLINE_MS = 120_000;

/** What tests read of `manul status -o json`. */
export interface ShownStatus {
  readonly kernel: { readonly inSync: boolean; readonly learntInSync: boolean } | null;
  readonly sessions: { readonly Established: number } | null;
}

export class LabCluster {
  readonly lab: NodeLab;
  readonly daemons: ReadonlyMap<string, ManulDaemon>;
  readonly #echoes: ChildDaemon[] = [];

  private constructor(lab: NodeLab, daemons: ReadonlyMap<string, ManulDaemon>) {
    this.lab = lab;
    this.daemons = daemons;
  }

  /** Resolves when every node has its sessions, and its kernel is as wanted. */
  static async start(
    subnets: readonly number[],
    resources: LabResources,
    words: readonly string[] = [],
  ): Promise<LabCluster> {
    const lab = new NodeLab({ subnets });
    const files = { [FILE]: labYaml(lab.nodes, resources) };
    // Together: one that starts long before the others dials them again later and later.
    const started = await Promise.allSettled(
      lab.nodes.map(({ name, namespace }) =>
        ManulDaemon.start({ node: name, files, roles: 'speaker,agent', namespace, arguments: words }),
      ),
    );
    const daemons = started.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const cluster = new LabCluster(lab, new Map(daemons.map((daemon) => [daemon.node, daemon])));
    try {
      for (const outcome of started) if (outcome.status === 'rejected') throw outcome.reason;
      await cluster.allInSync();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  daemon(name: string): ManulDaemon {
    const daemon = this.daemons.get(name);
    if (daemon === undefined) throw new Error(`no daemon ${name}`);
    return daemon;
  }

  /**
   * Gives nodes other resources.
   * @param nodes those that the resources speak of; default: all
   * @param names those that get them; default: all
   */
  apply(
    resources: LabResources,
    nodes: readonly LabNode[] = this.lab.nodes,
    names: Iterable<string> = this.daemons.keys(),
  ): void {
    for (const name of names) this.daemon(name).writeFile(FILE, labYaml(nodes, resources));
  }

  /** Waits until a node knows everybody's routes and has them in its kernel. */
  async inSync(name: string): Promise<void> {
    const sessions = (this.daemons.size - 1) * 2;
    await pollUntil(
      async () => {
        // Not by the command: a process for each look is much where three nodes are asked on a busy machine.
        const status = JSON.parse(await this.daemon(name).controlGet('/api/v1/status')) as ShownStatus;
        const { kernel } = status;
        return (kernel?.inSync && kernel.learntInSync && status.sessions?.Established === sessions) || null;
      },
      `${name} is in sync`,
      { deadlineMs: DEADLINE_MS },
    );
  }

  async allInSync(): Promise<void> {
    await Promise.all([...this.daemons.keys()].map((name) => this.inSync(name)));
  }

  /** Starts a server in a namespace that tells clients their source address; it ends with the cluster. */
  async echo(namespace: NetworkNamespace): Promise<void> {
    this.#echoes.push(await startEcho(namespace));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#echoes, ...this.daemons.values()].map((child) => child.stop()));
    this.lab.remove();
  }
}
