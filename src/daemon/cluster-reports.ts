/**
 * What the daemon tells the cluster that it runs in: invalid resources and, by the agent, what the node is and that
 * its routes are there. All of it is tried again when it fails, and nothing waits for it.
 */
import { networkInterfaces } from 'node:os';
import type { Logger } from '@manul/bgp';
import type { DatastoreSnapshot } from '@manul/config';
import { type ApiClient, type HostAddress, NodeWriter, ProblemReporter } from '@manul/config/cluster';
import type { Agent } from '@manul/felix-like';

export interface ClusterReportsOptions {
  readonly client: ApiClient;
  readonly node: string;
  /** Null: this process has none, and writes nothing about the node. */
  readonly agent: Agent | null;
  /** How long a peer that does not come, or a route that cannot be written, keeps pods from a node that has started. */
  readonly waitForRoutesMs: number;
  readonly logger: Logger;
}

const CHECK_MS = 1000;

export class ClusterReports {
  readonly #agent: Agent | null;
  readonly #waitForRoutesMs: number;
  readonly #problems: ProblemReporter;
  readonly #nodeWriter: NodeWriter | null;
  #timer: NodeJS.Timeout | undefined;
  #readySince: number | null = null;

  constructor({ client, node, agent, waitForRoutesMs, logger }: ClusterReportsOptions) {
    const onFailure = (what: string, reason: string): void =>
      logger.warn('cannot write to the API server, trying again', { what, reason });
    const onWritten = (what: string): void => logger.info('written to the API server', { what });
    this.#agent = agent;
    this.#waitForRoutesMs = waitForRoutesMs;
    this.#problems = new ProblemReporter({ client, node, onFailure });
    this.#nodeWriter =
      agent === null ? null : new NodeWriter({ client, node, hostAddresses, onWritten, onFailure });
    if (agent !== null) this.#timer = setInterval(() => this.#checkRoutes(), CHECK_MS);
  }

  onSnapshot({ inSync, problems, resources }: DatastoreSnapshot): void {
    this.#problems.onProblems(problems);
    if (inSync) this.#nodeWriter?.onResources(resources);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([this.#problems.close(), this.#nodeWriter?.close()]);
  }

  /** Once: what fails later is for status and metrics, not for evicting pods. */
  #checkRoutes(): void {
    const status = this.#agent?.status();
    if (status === undefined || !status.ready) return;
    this.#readySince ??= performance.now();
    const hasAll = status.learntInSync && status.inSync;
    if (!hasAll && performance.now() - this.#readySince < this.#waitForRoutesMs) return;
    clearInterval(this.#timer);
    this.#nodeWriter?.onNetworkAvailable();
  }
}

/** Of all interfaces of this machine, as the kernel says. */
function hostAddresses(): HostAddress[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).flatMap(({ address, cidr }) =>
      cidr === null ? [] : [{ address, prefixLength: Number(cidr.slice(cidr.indexOf('/') + 1)) }],
    ),
  );
}
