/** The node agent: puts calculator, route table and apply loop together behind the surface of `agent-api.ts`. */
import type { Family } from '@manul/bgp/net';
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
} from './agent-api.ts';
import { areSameWays, MAX_FOLLOWED, NextHopRoutes } from './calc/next-hop-routes.ts';
import { RouteCalculator } from './calc/route-calculator.ts';
import { DEFAULT_RP_FILTER_KEY, globalSysctls, workloadSysctls } from './calc/sysctls.ts';
import { planTunnels } from './calc/tunnel-plan.ts';
import { ApplyLoop } from './dataplane/apply-loop.ts';
import { type Clock, systemClock } from './dataplane/clock.ts';
import { ErrorLog } from './dataplane/error-log.ts';
import { ForwardingCheck } from './dataplane/forwarding-check.ts';
import { LinkState } from './dataplane/link-state.ts';
import type { Logger } from './dataplane/logger.ts';
import { OriginatedSet } from './dataplane/originated-set.ts';
import { OverlaySetup } from './dataplane/overlay-setup.ts';
import { PoolSwitch } from './dataplane/pool-switch.ts';
import { RoutedWait } from './dataplane/routed-wait.ts';
import { listDifferences, listKernelRoutes } from './dataplane/status-view.ts';
import { SysctlManager } from './dataplane/sysctl-manager.ts';
import { HostSetup } from './host-setup.ts';
import type { CommandPort } from './kernel/command-port.ts';
import type { KernelPort } from './kernel/kernel-port.ts';
import { deriveMtu } from './mtu/derive-mtu.ts';
import { Ownership } from './routetable/ownership.ts';
import { familyOfPrefix, MAIN_TABLE } from './routetable/route-key.ts';
import { RouteTable } from './routetable/route-table.ts';

export interface AgentParts {
  /** Opened, and closed, by the agent. */
  readonly kernel: KernelPort;
  readonly commands: CommandPort;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/**
 * Starts an agent: it opens the kernel and watches, and writes from the first `apply` on. A kernel that cannot be
 * opened (no permission) is logged, shown in the status and tried again.
 */
export function createAgent(parts: AgentParts): Agent {
  return new NodeAgent(parts);
}

const NOTHING_OWNED = new Ownership({ protocols: [], pools: [], isWorkloadInterface: () => false });

class NodeAgent implements Agent {
  readonly #errors: ErrorLog;
  readonly #calculator: RouteCalculator;
  readonly #table: RouteTable;
  readonly #overlay: OverlaySetup;
  readonly #sysctls: SysctlManager;
  readonly #loop: ApplyLoop;
  readonly #host: HostSetup;
  readonly #forwarding: ForwardingCheck;
  readonly #links = new LinkState();
  readonly #originated = new OriginatedSet();
  readonly #routedWait: RoutedWait;
  readonly #ways = new NextHopRoutes();
  #nextHopRoutes: readonly NextHopRoute[] | null = null;
  readonly #nextHopListeners = new Set<(routes: readonly NextHopRoute[] | null) => void>();
  readonly #poolSwitch: PoolSwitch;
  #resources: AgentConfig | null = null;
  /** `#resources` as it is in force now. */
  #inForce: AgentConfig | null = null;
  #attached: readonly Workload[] = [];
  readonly #writeListeners = new Set<(event: KernelWriteEvent) => void>();
  readonly #appliedListeners = new Set<(seconds: number) => void>();

  constructor({ kernel, commands, logger, clock = systemClock }: AgentParts) {
    this.#errors = new ErrorLog(clock, logger);
    this.#forwarding = new ForwardingCheck(
      logger,
      (address) => this.#calculator.topology.linkWith(address)?.name ?? null,
    );
    const onWrite = (event: KernelWriteEvent): void => notify(this.#writeListeners, event);
    this.#host = new HostSetup({ commands, clock, logger, errors: this.#errors, onWrite });
    this.#calculator = new RouteCalculator((problem) => this.#errors.add(problem), randomSeed());
    this.#table = new RouteTable(MAIN_TABLE, NOTHING_OWNED, () => clock.now(), randomSeed());
    this.#routedWait = new RoutedWait(clock, (prefix) =>
      this.#table.view.inPlace(prefix, this.#metric(prefix)),
    );
    const plan = { global: globalSysctls, workload: workloadSysctls, rpFilterKey: DEFAULT_RP_FILTER_KEY };
    this.#sysctls = new SysctlManager({ plan, clock, errors: this.#errors, forwarding: this.#forwarding });
    this.#overlay = new OverlaySetup({
      clock,
      errors: this.#errors,
      links: this.#links,
      plan: (config, present) => planTunnels(config, this.#calculator.topology, deriveMtu(config, present)),
      onWrite,
    });
    this.#poolSwitch = new PoolSwitch(clock, () => this.#switchPools());
    this.#loop = new ApplyLoop({
      kernel,
      clock,
      logger,
      calculator: this.#calculator,
      table: this.#table,
      links: this.#links,
      ways: this.#ways,
      followsWays: () => this.#nextHopListeners.size > 0,
      onWays: () => this.#updateNextHopRoutes(),
      overlay: this.#overlay,
      sysctls: this.#sysctls,
      forwarding: this.#forwarding,
      errors: this.#errors,
      onWrite,
      onProgress: () => this.#onProgress(),
      onApplied: (seconds) => notify(this.#appliedListeners, seconds),
      onLinks: (links) => this.#host.setLinks(links),
      onNftablesChange: () => this.#host.onNftablesChange(),
    });
  }

  apply(config: AgentConfig): void {
    this.#resources = config;
    this.#switchPools();
  }

  config(): AgentConfig | null {
    return this.#resources;
  }

  setAttachedWorkloads(workloads: readonly Workload[]): void {
    this.#attached = workloads;
    this.#takeConfig();
  }

  workloadMtu(): number | null {
    return this.#resources && deriveMtu(this.#resources, this.#links.links()).workload;
  }

  whenRouted(prefixes: readonly string[], interfaceIndex: number, timeoutMs: number): Promise<boolean> {
    return this.#routedWait.wait(prefixes, interfaceIndex, timeoutMs);
  }

  onLearntStart(): void {
    this.#loop.startLearnt();
  }

  onLearntRoutes(changes: readonly LearntRouteChange[]): void {
    this.#loop.pushLearnt(changes);
  }

  onLearntColumns(columns: LearntColumns): void {
    this.#loop.pushLearntColumns(columns);
  }

  onLearntEndOfRib(family: Family): void {
    this.#loop.endLearnt(family);
  }

  originated(): readonly string[] {
    return this.#originated.list();
  }

  onOriginated(listener: (prefixes: readonly string[]) => void): () => void {
    return this.#originated.listen(listener);
  }

  nextHopRoutes(): readonly NextHopRoute[] | null {
    return this.#nextHopRoutes;
  }

  onNextHopRoutes(listener: (routes: readonly NextHopRoute[] | null) => void): () => void {
    const stop = subscribe(this.#nextHopListeners, listener);
    this.#loop.followWays();
    return stop;
  }

  status(): AgentStatus {
    const calculator = this.#calculator;
    const table = this.#table;
    const { config } = this.#loop;
    return {
      node: config?.node ?? '',
      ready: this.#loop.isReady,
      inSync: this.#isInSync,
      desired: table.desiredCount,
      actual: table.actualCount,
      differences: listDifferences({ calculator, table }),
      workloads: config?.workloads.length ?? 0,
      blocks: calculator.blockCount,
      learnt: calculator.learntCount,
      learntInSync: calculator.isLearntComplete('ipv4') && calculator.isLearntComplete('ipv6'),
      refused: {
        kernel: Number(config !== null && !this.#loop.isOpen),
        route: table.refusedCount,
        ...this.#overlay.refused,
        sysctl: this.#sysctls.refusedCount,
        nftables: Number(this.#host.isRefused),
      },
      devices: this.#overlay.status(),
      ...this.#host.status(),
      forwarding: this.#forwarding.status,
      lastErrors: this.#errors.list(),
    };
  }

  kernelRoutes(): readonly KernelRouteStatus[] {
    const { config } = this.#loop;
    return listKernelRoutes(
      { calculator: this.#calculator, table: this.#table },
      { protocol: config?.routeProtocol ?? 0, metric: (prefix) => this.#metric(prefix) },
    );
  }

  onKernelWrite(listener: (event: KernelWriteEvent) => void): () => void {
    return subscribe(this.#writeListeners, listener);
  }

  onApplied(listener: (seconds: number) => void): () => void {
    return subscribe(this.#appliedListeners, listener);
  }

  async close(): Promise<void> {
    this.#poolSwitch.close();
    await Promise.all([this.#loop.close(), this.#host.close()]);
  }

  #switchPools(): void {
    if (this.#resources === null) return;
    this.#inForce = this.#poolSwitch.take(this.#resources);
    this.#host.setConfig(this.#inForce);
    this.#takeConfig();
  }

  #takeConfig(): void {
    if (this.#inForce !== null) this.#loop.setConfig(withAttached(this.#inForce, this.#attached));
  }

  #onProgress(): void {
    this.#updateOriginated();
    this.#routedWait.look();
  }

  get #isInSync(): boolean {
    if (!this.#loop.isReady || !this.#loop.isSettled || this.#poolSwitch.isWaiting) return false;
    const { isInSync } = this.#table;
    return isInSync && this.#overlay.isInSync && this.#sysctls.refusedCount === 0 && this.#host.isSettled;
  }

  #updateOriginated(): void {
    const calculator = this.#calculator;
    this.#originated.update(calculator.announcements(), (prefix) => {
      if (calculator.isUnwrittenBlock(prefix)) return 'present';
      const reason = calculator.reasonOf(prefix);
      if (reason !== 'workload' && reason !== 'block') return 'none';
      return this.#table.view.state(prefix, this.#metric(prefix));
    });
  }

  #updateNextHopRoutes(): void {
    const { config } = this.#loop;
    if (config === null) return;
    const [links, addresses] = [this.#links.links(), this.#links.addresses()];
    const { workloads, gatewayRoutes } = config;
    const routes = this.#ways.list({ links, addresses, workloads, gatewayRoutes });
    if (routes === null && this.#nextHopRoutes !== null) {
      const text = `others have more than ${MAX_FOLLOWED} routes in the kernel: all next hops count as reachable`;
      this.#errors.add({ object: 'next hops', text });
    }
    if (areSameWays(routes, this.#nextHopRoutes)) return;
    this.#nextHopRoutes = routes;
    notify(this.#nextHopListeners, routes);
  }

  #metric(prefix: string): number {
    return this.#loop.config?.routePriority[familyOfPrefix(prefix)] ?? 0;
  }
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

function withAttached(config: AgentConfig, attached: readonly Workload[]): AgentConfig {
  if (attached.length === 0) return config;
  const byName = new Map(config.workloads.map((workload) => [workload.interfaceName, workload]));
  const merged = attached.map((workload): Workload => {
    const foreignSources = byName.get(workload.interfaceName)?.foreignSources;
    byName.delete(workload.interfaceName);
    return foreignSources === undefined ? workload : { ...workload, foreignSources };
  });
  return { ...config, workloads: [...byName.values(), ...merged] };
}

function subscribe<Event>(
  listeners: Set<(event: Event) => void>,
  listener: (event: Event) => void,
): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

function notify<Event>(listeners: ReadonlySet<(event: Event) => void>, event: Event): void {
  for (const listener of [...listeners]) listener(event);
}
