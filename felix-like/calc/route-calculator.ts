/**
 * What routes this node should have, from its configuration, the routes learnt by BGP and the state of its links.
 * A function of the present state and never of history; what a change touches is marked, and settled in slices.
 *
 * Of several claims to one prefix the first wins: a local workload whose interface is up, an own block
 * (blackhole, so that unused addresses of the block do not loop), the gateway of a BGP neighbor, a route learnt by
 * BGP. Inside an own block only learnt host routes count: those are addresses that another node borrowed. Learnt
 * routes to service addresses are not programmed: kube-proxy translates those on every node.
 */
import { addressBits, type Family, formatPrefix, parsePrefix } from '@manul/bgp/net';
import type { AgentConfig, LearntRouteChange } from '../agent-api.ts';
import type { KernelRoute, RouteTarget } from '../routetable/route-key.ts';
import { type Claim, ClaimTable, type Obstacle } from './claim-table.ts';
import { NextHopCache } from './next-hop-cache.ts';
import { type ClaimsConfig, OwnClaims, type Problem, type WorkloadClaim } from './own-claims.ts';
import { Reachability } from './reachability.ts';
import { type KernelFacts, type LinkFact, Topology } from './topology.ts';

export type RouteReason = 'workload' | 'block' | 'neighbor' | 'learnt';

/** A route that is wanted and cannot be programmed now. */
export interface WaitingRoute {
  readonly reason: RouteReason;
  readonly nextHop: string | null;
  readonly interfaceName: string | null;
  readonly text: string;
}

export type CalculatorConfig = ClaimsConfig & Pick<AgentConfig, 'routeProtocol' | 'routePriority'>;

const SERVICE_ADDRESS: Obstacle = { text: null };

/** Takes what has been settled: the route to `prefix`, or null for none. */
export type RouteSink = (prefix: string, route: KernelRoute | null) => void;

const NO_CONFIG: CalculatorConfig = {
  workloads: [],
  blocks: [],
  pools: [],
  serviceRanges: [],
  gatewayRoutes: [],
  routeProtocol: 0,
  routePriority: { ipv4: 0, ipv6: 0 },
};

export class RouteCalculator {
  readonly #table: number;
  readonly #onProblem: (problem: Problem) => void;
  readonly #claims = new ClaimTable();
  readonly #waiting = new Map<string, WaitingRoute>();
  #config = NO_CONFIG;
  #own = new OwnClaims(NO_CONFIG);
  #topology = new Topology({ links: [], addresses: [] });
  #reachability = this.#newReachability();
  #nextHops = this.#newNextHops(0);
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
    return this.#claims.learntCount;
  }

  get blockCount(): number {
    return this.#own.blocks.size;
  }

  /** What is wrong with the configuration. */
  get problems(): readonly Problem[] {
    return this.#own.problems;
  }

  get isSettled(): boolean {
    return !this.#claims.hasDirty;
  }

  /** Replaces the configuration. @returns true when every route changes: protocol or metrics are others now */
  setConfig(config: CalculatorConfig): boolean {
    const before = this.#own;
    const isRewrite = !hasSameNumbers(config, this.#config);
    this.#config = config;
    this.#own = new OwnClaims(config);
    for (const { workloads, blocks, gateways } of [before, this.#own]) {
      for (const claims of [workloads, blocks, gateways]) {
        for (const prefix of claims.keys()) this.#claims.touch(prefix);
      }
    }
    if (isRewrite) {
      this.#blackhole = blackholeTarget(config.routeProtocol);
      this.#nextHops = this.#newNextHops(config.routeProtocol);
    }
    const areObstaclesSame =
      hasSameKeys(before.blocks, this.#own.blocks) && before.serviceRanges === this.#own.serviceRanges;
    if (isRewrite || !areObstaclesSame) this.#claims.touchLearnt(() => true, !areObstaclesSame);
    this.#reachNextHops();
    return isRewrite;
  }

  setFacts(facts: KernelFacts): void {
    this.#topology = new Topology(facts);
    for (const prefix of this.#own.workloads.keys()) this.#claims.touch(prefix);
    for (const prefix of this.#own.gateways.keys()) this.#claims.touch(prefix);
    this.#reachNextHops();
  }

  /** A stream of learnt routes begins. */
  startLearnt(): void {
    this.#claims.startStream();
  }

  changeLearnt(change: LearntRouteChange): void {
    this.#claims.change(change);
  }

  completeLearnt(family: Family): void {
    this.#claims.completeStream(family);
  }

  isLearntComplete(family: Family): boolean {
    return this.#claims.isComplete(family);
  }

  /** Settles up to `limit` prefixes. @returns true when there is more to settle */
  settle(limit: number, sink: RouteSink): boolean {
    for (let rest = limit; rest > 0; rest--) {
      const claim = this.#claims.takeDirty();
      if (claim === null) return false;
      if (this.#waiting.size > 0) this.#waiting.delete(claim.prefix);
      const route = this.#evaluate(claim);
      if (route === null) this.#claims.releaseUnclaimed(claim);
      sink(claim.prefix, route);
    }
    return this.#claims.hasDirty;
  }

  /** Why a settled prefix has its route, or would have it. */
  reasonOf(prefix: string): RouteReason | null {
    const waiting = this.#waiting.get(prefix);
    if (waiting !== undefined) return waiting.reason;
    if (this.#usableLink(prefix) !== null) return 'workload';
    if (this.#isBlackhole(prefix)) return 'block';
    if (this.#own.gateways.has(prefix)) return 'neighbor';
    return this.#claims.learntNextHop(prefix) === null ? null : 'learnt';
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

  #evaluate(claim: Claim): KernelRoute | null {
    const { prefix, learnt } = claim;
    const link = this.#usableLink(prefix);
    if (link !== null) return this.#route(prefix, workloadTarget(this.#config.routeProtocol, link.index));
    if (this.#isBlackhole(prefix)) return this.#route(prefix, this.#blackhole);
    const gateway = this.#own.gateways.get(prefix);
    if (gateway !== undefined) return this.#routeThrough(prefix, 'neighbor', gateway);
    if (learnt !== null) return this.#evaluateLearnt(claim, learnt.nextHop);
    const workload = this.#own.workloads.get(prefix)?.[0];
    if (workload !== undefined) {
      const { interfaceName } = workload;
      const text = this.#linkProblem(workload);
      this.#waiting.set(prefix, { reason: 'workload', nextHop: null, interfaceName, text });
    }
    return null;
  }

  #evaluateLearnt(claim: Claim, nextHop: string): KernelRoute | null {
    const { prefix } = claim;
    if (claim.obstacle === undefined) claim.obstacle = this.#obstacle(prefix);
    if (claim.obstacle === null) return this.#routeThrough(prefix, 'learnt', nextHop);
    const { text } = claim.obstacle;
    if (text !== null) this.#waiting.set(prefix, { reason: 'learnt', nextHop, interfaceName: null, text });
    return null;
  }

  #routeThrough(prefix: string, reason: RouteReason, nextHop: string): KernelRoute | null {
    const { target, error } = this.#nextHops.resolve(nextHop, this.#reachability, () =>
      this.#claims.nextHopsInUse(),
    );
    if (target !== null) return this.#route(prefix, target);
    this.#waiting.set(prefix, { reason, nextHop, interfaceName: null, text: `next hop ${nextHop} ${error}` });
    return null;
  }

  #obstacle(text: string): Obstacle | null {
    const prefix = parsePrefix(text);
    if (prefix === null || formatPrefix(prefix) !== text)
      return { text: `${text} is not a canonical prefix` };
    if (this.#own.isServiceAddress(prefix)) return SERVICE_ADDRESS;
    if (prefix.length === addressBits(prefix.family)) return null;
    const block = this.#own.blockAround(prefix);
    return block === null ? null : { text: `lies in ${block}, a block of this node` };
  }

  /** Links, workloads or gateways may have changed: routes whose next hops are elsewhere now are settled again. */
  #reachNextHops(): void {
    this.#reachability = this.#newReachability();
    const changed = this.#nextHops.onReachability(this.#reachability);
    if (changed.size > 0) this.#claims.touchLearnt((nextHop) => changed.has(nextHop), false);
  }

  /** Of several workloads with one address, the one whose interface was made last. */
  #usableLink(prefix: string): LinkFact | null {
    const claims = this.#own.workloads.size === 0 ? undefined : this.#own.workloads.get(prefix);
    let best: LinkFact | null = null;
    for (const { interfaceName } of claims ?? []) {
      const link = this.#topology.linkNamed(interfaceName);
      if (link?.isUp && (best === null || best.index < link.index)) best = link;
    }
    return best;
  }

  #linkProblem({ name, interfaceName }: WorkloadClaim): string {
    const state = this.#topology.linkNamed(interfaceName) === undefined ? 'does not exist' : 'is down';
    return `interface ${interfaceName} of workload ${name} ${state}`;
  }

  /** A block of one address is held by its workload alone. */
  #isBlackhole(prefix: string): boolean {
    return this.#own.blocks.size > 0 && this.#own.blocks.has(prefix) && !isHost(prefix);
  }

  #route(prefix: string, target: RouteTarget): KernelRoute {
    const metric = this.#config.routePriority[prefix.includes(':') ? 'ipv6' : 'ipv4'];
    return { table: this.#table, prefix, metric, target };
  }

  #newReachability(): Reachability {
    return new Reachability({
      topology: this.#topology,
      gateways: this.#own.gateways,
      workloadInterface: (prefix) => this.#usableLink(prefix)?.index ?? null,
    });
  }

  #newNextHops(protocol: number): NextHopCache {
    return new NextHopCache(protocol, (nextHop, text) => {
      this.#onProblem({ object: `next hop ${nextHop}`, text });
    });
  }
}

function blackholeTarget(protocol: number): RouteTarget {
  return { type: 'blackhole', protocol, scope: 'universe', nextHops: [] };
}

function workloadTarget(protocol: number, interfaceIndex: number): RouteTarget {
  const nextHop = { gateway: null, interfaceIndex, onlink: false, weight: 1 };
  return { type: 'unicast', protocol, scope: 'link', nextHops: [nextHop] };
}

function isHost(prefix: string): boolean {
  return prefix.endsWith(prefix.includes(':') ? '/128' : '/32');
}

/** True when no number that every route carries is another one. */
function hasSameNumbers(a: CalculatorConfig, b: CalculatorConfig): boolean {
  return (
    a.routeProtocol === b.routeProtocol &&
    a.routePriority.ipv4 === b.routePriority.ipv4 &&
    a.routePriority.ipv6 === b.routePriority.ipv6
  );
}

function hasSameKeys(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}
