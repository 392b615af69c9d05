/** What an agent writes about its own node: the annotations that nobody has written, and that its network is available. */
import type { ResourceSet } from '../../schema/resource-set.ts';
import type { ApiClient, RawObject } from './api-client.ts';
import type { BackOffOptions } from './back-off.ts';
import { type HostAddress, missingAnnotations } from './node-annotations.ts';
import { RepeatedTask } from './repeated-task.ts';

export interface NodeWriterOptions {
  readonly client: ApiClient;
  readonly node: string;
  readonly hostAddresses: () => readonly HostAddress[];
  readonly onWritten: (what: string) => void;
  readonly onFailure: (what: string, reason: string) => void;
  readonly backOff?: BackOffOptions;
}

const BACK_OFF: BackOffOptions = { firstMs: 1000, maxMs: 60_000, random: Math.random };
const CONDITION = 'NetworkUnavailable';
const REASON = 'ManulIsUp';

interface Condition {
  readonly type: string;
  readonly status: string;
}

export class NodeWriter {
  readonly #options: NodeWriterOptions;
  readonly #annotations: RepeatedTask;
  readonly #condition: RepeatedTask;
  #resources: ResourceSet | null = null;
  /** What the annotations were last computed from. */
  #print = '';

  constructor(options: NodeWriterOptions) {
    this.#options = options;
    const backOff = options.backOff ?? BACK_OFF;
    this.#annotations = new RepeatedTask({
      run: (signal) => this.#annotate(signal),
      backOff,
      onFailure: (reason) => options.onFailure(`annotations of Node ${options.node}`, reason),
    });
    this.#condition = new RepeatedTask({
      run: (signal) => this.#clearCondition(signal),
      backOff,
      onFailure: (reason) => options.onFailure(`condition ${CONDITION} of Node ${options.node}`, reason),
    });
  }

  /** The datastore is in sync, and holds this now. */
  onResources(resources: ResourceSet): void {
    this.#resources = resources;
    const own = resources.coreNodes.get(this.#options.node);
    const pools = [...resources.ipPools.values()].map(({ spec }) => [
      spec.ipipMode,
      spec.vxlanMode,
      spec.cidr,
    ]);
    const print = JSON.stringify([own?.metadata.annotations, own?.spec, pools, this.#hasBlocks(resources)]);
    if (print === this.#print || own === undefined) return;
    this.#print = print;
    this.#annotations.request();
  }

  /** Routes are in the kernel: pods may be scheduled here. */
  onNetworkAvailable(): void {
    this.#condition.request();
  }

  async close(): Promise<void> {
    await Promise.all([this.#annotations.close(), this.#condition.close()]);
  }

  #hasBlocks({ blockAffinities }: ResourceSet): boolean {
    return [...blockAffinities.values()].some(({ spec }) => spec.node === this.#options.node);
  }

  async #annotate(signal: AbortSignal): Promise<void> {
    const resources = this.#resources;
    if (resources === null) return;
    const node = await this.#read(signal);
    const annotations = missingAnnotations({
      node,
      hostAddresses: this.#options.hostAddresses(),
      pools: resources.ipPools.values(),
      hasBlocks: this.#hasBlocks(resources),
    });
    const names = Object.keys(annotations);
    if (names.length === 0) return;
    const { resourceVersion } = node['metadata'] as { resourceVersion: string };
    // refused when somebody else has written meanwhile: then it is looked at again
    const change = { metadata: { resourceVersion, annotations } };
    await this.#options.client.patch(this.#path, change, 'merge', signal);
    const list = names.map((name) => `${name}=${annotations[name]}`).join(', ');
    this.#options.onWritten(`annotations of Node ${this.#options.node}: ${list}`);
  }

  async #clearCondition(signal: AbortSignal): Promise<void> {
    const node = await this.#read(signal);
    const { conditions = [] } = (node['status'] ?? {}) as { conditions?: readonly Condition[] };
    if (conditions.find(({ type }) => type === CONDITION)?.status === 'False') return;
    const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const condition = {
      type: CONDITION,
      status: 'False',
      reason: REASON,
      message: 'The routes of this node are in the kernel',
      lastHeartbeatTime: now,
      lastTransitionTime: now,
    };
    const change = { status: { conditions: [condition] } };
    await this.#options.client.patch(`${this.#path}/status`, change, 'strategic-merge', signal);
    this.#options.onWritten(`condition ${CONDITION} of Node ${this.#options.node}: False (${REASON})`);
  }

  async #read(signal: AbortSignal): Promise<RawObject> {
    return (await this.#options.client.get(this.#path, signal)) as RawObject;
  }

  get #path(): string {
    return `/api/v1/nodes/${this.#options.node}`;
  }
}
