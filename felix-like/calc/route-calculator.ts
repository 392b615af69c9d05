/**
 * What routes this node should have, from its configuration, the routes learnt by BGP and the state of its links.
 * A function of the present state and never of history; what a change touches is marked, and settled in slices.
 *
 * Of several claims to one prefix the first wins: a local workload whose interface is up, an own block
 * (blackhole, so that unused addresses of the block do not loop), a route learnt by BGP. Inside an own block only
 * learnt host routes count: those are addresses that another node borrowed.
 */
import { addressBits, type Family, formatPrefix, type Prefix, parsePrefix } from '@manul/bgp/net';
import type { AgentConfig, LearntRouteChange } from '../agent-api.ts';
import type { KernelRoute, RouteTarget } from '../routetable/route-key.ts';
import { LearntRoutes } from './learnt-routes.ts';
import { OwnClaims, type Problem, type WorkloadClaim } from './own-claims.ts';
import { type KernelFacts, type Resolution, Topology } from './topology.ts';

export type RouteReason = 'workload' | 'block' | 'learnt';

/** A route that is wanted and cannot be programmed now. */
export interface WaitingRoute {
  readonly reason: RouteReason;
  readonly nextHop: string | null;
  readonly interfaceName: string | null;
  readonly text: string;
}

export type CalculatorConfig = Pick<
  AgentConfig,
  'workloads' | 'blocks' | 'pools' | 'routeProtocol' | 'routePriority'
>;

/** Takes what has been settled: the route to `prefix`, or null for none. */
export type RouteSink = (prefix: string, route: KernelRoute | null) => void;

interface ResolvedNextHop {
  readonly resolution: Resolution;
  readonly target: RouteTarget | null;
}

const NEXT_HOP_LIMIT = 1024;
const NO_CONFIG: CalculatorConfig = {
  workloads: [],
  blocks: [],
  pools: [],
  routeProtocol: 0,
  routePriority: { ipv4: 0, ipv6: 0 },
};

export class RouteCalculator {
  readonly #table: number;
  readonly #onProblem: (problem: Problem) => void;
  readonly #learnt = new LearntRoutes();
  readonly #dirty = new Set<string>();
  readonly #waiting = new Map<string, WaitingRoute>();
  #config = NO_CONFIG;
  #own = new OwnClaims(NO_CONFIG);
  #topology = new Topology({ links: [], addresses: [] });
  #nextHops = new Map<string, ResolvedNextHop>();
  /** At so many known next hops those without routes are forgotten. */
  #nextHopLimit = NEXT_HOP_LIMIT;
  #blackhole = blackholeTarget(0);

  /**
   * @param table the kernel table that the routes are for
   * @param onProblem told of each next hop that cannot be resolved, when that is found
   */
  constructor(table: number, onProblem: (problem: Problem) => void) {
    this.#table = table;
    this.#onProblem = onProblem;
  }

  get learntCount(): number {
    return this.#learnt.size;
  }

  get blockCount(): number {
    return this.#own.blocks.size;
  }

  get problems(): readonly Problem[] {
    return this.#own.problems;
  }

  get isSettled(): boolean {
    return this.#dirty.size === 0;
  }

  /** Replaces the configuration. @returns true when every route changes: protocol or metrics are others now */
  setConfig(config: CalculatorConfig): boolean {
    const before = this.#own;
    const isRewrite =
      config.routeProtocol !== this.#config.routeProtocol ||
      config.routePriority.ipv4 !== this.#config.routePriority.ipv4 ||
      config.routePriority.ipv6 !== this.#config.routePriority.ipv6;
    this.#config = config;
    this.#own = new OwnClaims(config);
    for (const own of [before, this.#own]) {
      for (const prefix of own.workloads.keys()) this.#dirty.add(prefix);
      for (const prefix of own.blocks.keys()) this.#dirty.add(prefix);
    }
    if (isRewrite) {
      this.#blackhole = blackholeTarget(config.routeProtocol);
      this.#nextHops = new Map();
    }
    if (isRewrite || !hasSameKeys(before.blocks, this.#own.blocks)) this.#markLearnt(() => true);
    return isRewrite;
  }

  setFacts(facts: KernelFacts): void {
    this.#topology = new Topology(facts);
    for (const prefix of this.#own.workloads.keys()) this.#dirty.add(prefix);
    const changed = new Set<string>();
    const before = this.#nextHops;
    this.#nextHops = new Map();
    for (const [nextHop, { resolution }] of before) {
      const after = this.#topology.resolve(nextHop);
      const isSame = after.interfaceIndex === resolution.interfaceIndex && after.error === resolution.error;
      if (isSame) this.#nextHops.set(nextHop, before.get(nextHop)!);
      else changed.add(nextHop);
    }
    if (changed.size > 0) this.#markLearnt((nextHop) => changed.has(nextHop));
  }

  startLearnt(): void {
    this.#learnt.start();
  }

  changeLearnt(change: LearntRouteChange): void {
    if (this.#learnt.change(change)) this.#dirty.add(change.prefix);
  }

  completeLearnt(family: Family): void {
    for (const prefix of this.#learnt.complete(family)) this.#dirty.add(prefix);
  }

  isLearntComplete(family: Family): boolean {
    return this.#learnt.isComplete(family);
  }

  /** Settles up to `limit` prefixes. @returns true when there is more to settle */
  settle(limit: number, sink: RouteSink): boolean {
    let rest = limit;
    for (const prefix of this.#dirty) {
      if (rest-- === 0) return true;
      this.#dirty.delete(prefix);
      this.#waiting.delete(prefix);
      sink(prefix, this.#evaluate(prefix));
    }
    return false;
  }

  /** Why a settled prefix has its route, or would have it. */
  reasonOf(prefix: string): RouteReason | null {
    const waiting = this.#waiting.get(prefix);
    if (waiting !== undefined) return waiting.reason;
    if (this.#usableWorkload(prefix) !== null) return 'workload';
    if (this.#own.blocks.has(prefix) && !isHost(prefix)) return 'block';
    return this.#learnt.nextHop(prefix) === null ? null : 'learnt';
  }

  waiting(): ReadonlyMap<string, WaitingRoute> {
    return this.#waiting;
  }

  /** Prefixes that this node may announce, once they are in the kernel. */
  announcements(): readonly string[] {
    return this.#own.announcements;
  }

  interfaceName(index: number): string | null {
    return this.#topology.link(index)?.name ?? null;
  }

  #markLearnt(isTouched: (nextHop: string) => boolean): void {
    for (const prefix of this.#learnt.prefixes()) {
      if (isTouched(this.#learnt.nextHop(prefix)!)) this.#dirty.add(prefix);
    }
  }

  #evaluate(prefix: string): KernelRoute | null {
    const workload = this.#usableWorkload(prefix);
    if (workload !== null) return this.#route(prefix, this.#workloadTarget(workload.interfaceIndex));
    if (this.#own.blocks.has(prefix) && !isHost(prefix)) return this.#route(prefix, this.#blackhole);
    const nextHop = this.#learnt.nextHop(prefix);
    if (nextHop !== null) return this.#evaluateLearnt(prefix, nextHop);
    const claim = this.#own.workloads.get(prefix)?.[0];
    if (claim !== undefined)
      this.#wait(prefix, 'workload', null, claim.interfaceName, this.#linkProblem(claim));
    return null;
  }

  #evaluateLearnt(text: string, nextHop: string): KernelRoute | null {
    const prefix = parsePrefix(text);
    if (prefix === null || formatPrefix(prefix) !== text) {
      return this.#wait(text, 'learnt', nextHop, null, `${text} is not a canonical prefix`);
    }
    const block = this.#blockThatHides(prefix);
    if (block !== null)
      return this.#wait(text, 'learnt', nextHop, null, `lies in ${block}, a block of this node`);
    const { resolution, target } = this.#resolve(nextHop);
    if (target !== null) return this.#route(text, target);
    return this.#wait(text, 'learnt', nextHop, null, `next hop ${nextHop} ${resolution.error}`);
  }

  #blockThatHides(prefix: Prefix): string | null {
    return prefix.length === addressBits(prefix.family) ? null : this.#own.blockAround(prefix);
  }

  #resolve(nextHop: string): ResolvedNextHop {
    let known = this.#nextHops.get(nextHop);
    if (known === undefined) {
      if (this.#nextHops.size >= this.#nextHopLimit) this.#forgetUnusedNextHops();
      const resolution = this.#topology.resolve(nextHop);
      const { interfaceIndex } = resolution;
      known = {
        resolution,
        target: interfaceIndex === null ? null : this.#gatewayTarget(nextHop, interfaceIndex),
      };
      this.#nextHops.set(nextHop, known);
      if (resolution.error !== null)
        this.#onProblem({ object: `next hop ${nextHop}`, text: resolution.error });
    }
    return known;
  }

  #forgetUnusedNextHops(): void {
    const used = new Set<string>();
    for (const prefix of this.#learnt.prefixes()) used.add(this.#learnt.nextHop(prefix)!);
    for (const nextHop of this.#nextHops.keys()) if (!used.has(nextHop)) this.#nextHops.delete(nextHop);
    this.#nextHopLimit = Math.max(NEXT_HOP_LIMIT, this.#nextHops.size * 2);
  }

  /** Of several workloads with one address, the one whose interface was made last. */
  #usableWorkload(prefix: string): { readonly interfaceIndex: number } | null {
    let best: { readonly interfaceIndex: number } | null = null;
    for (const { interfaceName } of this.#own.workloads.get(prefix) ?? []) {
      const link = this.#topology.linkNamed(interfaceName);
      if (!link?.isUp || (best !== null && best.interfaceIndex > link.index)) continue;
      best = { interfaceIndex: link.index };
    }
    return best;
  }

  #linkProblem({ name, interfaceName }: WorkloadClaim): string {
    const state = this.#topology.linkNamed(interfaceName) === undefined ? 'does not exist' : 'is down';
    return `interface ${interfaceName} of workload ${name} ${state}`;
  }

  #wait(
    prefix: string,
    reason: RouteReason,
    nextHop: string | null,
    interfaceName: string | null,
    text: string,
  ): null {
    this.#waiting.set(prefix, { reason, nextHop, interfaceName, text });
    return null;
  }

  #route(prefix: string, target: RouteTarget): KernelRoute {
    const metric = this.#config.routePriority[prefix.includes(':') ? 'ipv6' : 'ipv4'];
    return { table: this.#table, prefix, metric, target };
  }

  #workloadTarget(interfaceIndex: number): RouteTarget {
    const nextHop = { gateway: null, interfaceIndex, onlink: false, weight: 1 };
    return { type: 'unicast', protocol: this.#config.routeProtocol, scope: 'link', nextHops: [nextHop] };
  }

  #gatewayTarget(gateway: string, interfaceIndex: number): RouteTarget {
    const nextHop = { gateway, interfaceIndex, onlink: false, weight: 1 };
    return { type: 'unicast', protocol: this.#config.routeProtocol, scope: 'universe', nextHops: [nextHop] };
  }
}

function blackholeTarget(protocol: number): RouteTarget {
  return { type: 'blackhole', protocol, scope: 'universe', nextHops: [] };
}

function isHost(prefix: string): boolean {
  return prefix.endsWith(prefix.includes(':') ? '/128' : '/32');
}

function hasSameKeys(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}
