/** An agent in memory. */
import { type Family, formatPrefix } from '@manul/bgp/net';
import type {
  Agent,
  AgentConfig,
  AgentStatus,
  KernelRouteStatus,
  KernelWriteEvent,
  LearntColumns,
  LearntRouteChange,
  NextHopRoute,
  Workload,
} from '@manul/felix-like';

export class FakeAgent implements Agent {
  ready = false;
  prefixes: readonly string[] = [];
  kernel: KernelRouteStatus[] = [];
  closed = false;
  ways: readonly NextHopRoute[] | null = null;
  readonly #nextHopListeners = new Set<(routes: readonly NextHopRoute[] | null) => void>();
  readonly applied: AgentConfig[] = [];
  attached: readonly Workload[] = [];
  /** What the role link delivered: `start`, `10.0.0.0/26 via 192.0.2.1`, `10.0.0.0/26 gone`, `end ipv4`. */
  readonly heard: string[] = [];
  /** Called after each entry of `heard`. */
  onHeard: () => void = () => {};
  readonly #originatedListeners = new Set<(prefixes: readonly string[]) => void>();
  readonly #writeListeners = new Set<(event: KernelWriteEvent) => void>();
  readonly #appliedListeners = new Set<(seconds: number) => void>();

  apply(config: AgentConfig): void {
    this.applied.push(config);
  }

  config(): AgentConfig | null {
    return this.applied.at(-1) ?? null;
  }

  setAttachedWorkloads(workloads: readonly Workload[]): void {
    this.attached = workloads;
  }

  workloadMtu(): number | null {
    return null;
  }

  async whenRouted(): Promise<boolean> {
    return true;
  }

  onLearntStart(): void {
    this.#hear('start');
  }

  onLearntRoutes(changes: readonly LearntRouteChange[]): void {
    for (const { prefix, nextHop } of changes) {
      this.#hear(nextHop === null ? `${prefix} gone` : `${prefix} via ${nextHop}`);
    }
  }

  onLearntColumns({ family, count, words, lengths, ways, nextHops }: LearntColumns): void {
    const perPrefix = family === 'ipv4' ? 1 : 4;
    for (let i = 0; i < count; i++) {
      const view = new DataView(new ArrayBuffer(perPrefix * 4));
      for (let w = 0; w < perPrefix; w++) view.setInt32(w * 4, words[i * perPrefix + w]!);
      const prefix = formatPrefix({ family, bytes: new Uint8Array(view.buffer), length: lengths[i]! });
      const way = nextHops[ways[i]!];
      this.#hear(way === undefined ? `${prefix} gone` : `${prefix} via ${way[0]}`);
    }
  }

  onLearntEndOfRib(family: Family): void {
    this.#hear(`end ${family}`);
  }

  originated(): readonly string[] {
    return this.prefixes;
  }

  onOriginated(listener: (prefixes: readonly string[]) => void): () => void {
    this.#originatedListeners.add(listener);
    return () => this.#originatedListeners.delete(listener);
  }

  nextHopRoutes(): readonly NextHopRoute[] | null {
    return this.ways;
  }

  onNextHopRoutes(listener: (routes: readonly NextHopRoute[] | null) => void): () => void {
    this.#nextHopListeners.add(listener);
    return () => this.#nextHopListeners.delete(listener);
  }

  /** Next hops are reached otherwise now. */
  reach(ways: readonly NextHopRoute[] | null): void {
    this.ways = ways;
    for (const listener of this.#nextHopListeners) listener(ways);
  }

  status(): AgentStatus {
    return {
      node: 'node-1',
      ready: this.ready,
      inSync: this.ready,
      desired: 3,
      actual: 2,
      differences: [{ prefix: '10.9.0.0/26', kind: 'missing', text: 'is missing' }],
      workloads: 1,
      blocks: 1,
      learnt: 1,
      learntInSync: true,
      mtu: {
        underlay: 1500,
        interfaceName: 'eth0',
        ipip: null,
        vxlan: { ipv4: null, ipv6: null },
        workload: 1500,
      },
      refused: { kernel: 0, route: 1, device: 0, neighbour: 0, sysctl: 2, nftables: 0 },
      devices: [],
      forwarding: { ipv4: true, ipv6: true, rpFilter: 'off', problems: [], gatewayInterface: null },
      nftables: { state: 'off', error: null, repairs: 0, counters: [], hostForward: [] },
      lastErrors: [{ at: '2026-01-01T00:00:00.000Z', object: '10.9.0.0/26', text: 'no such device' }],
    };
  }

  kernelRoutes(): readonly KernelRouteStatus[] {
    return this.kernel;
  }

  onKernelWrite(listener: (event: KernelWriteEvent) => void): () => void {
    this.#writeListeners.add(listener);
    return () => this.#writeListeners.delete(listener);
  }

  onApplied(listener: (seconds: number) => void): () => void {
    this.#appliedListeners.add(listener);
    return () => this.#appliedListeners.delete(listener);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** The kernel apply is done, and the announced set is this. */
  becomeReady(prefixes: readonly string[]): void {
    this.ready = true;
    this.announce(prefixes);
    for (const listener of this.#appliedListeners) listener(0.01);
  }

  announce(prefixes: readonly string[]): void {
    this.prefixes = prefixes;
    for (const listener of this.#originatedListeners) listener(prefixes);
  }

  write(event: KernelWriteEvent): void {
    for (const listener of this.#writeListeners) listener(event);
  }

  #hear(text: string): void {
    this.heard.push(text);
    this.onHeard();
  }
}
