/**
 * What routes this node should have, from its configuration, the routes learnt by BGP and the state of its links.
 * A function of the present state and never of history; what a change touches is marked, and settled in slices.
 *
 * Of several claims to one prefix the first wins: a local workload whose interface is up; an own block (blackhole,
 * so that unused addresses of the block do not loop); the end of a VXLAN; the gateway of a BGP neighbor; in an
 * encapsulating pool, the node that the resources name; a route learnt by BGP. Inside an own block only learnt host
 * routes count: those are addresses that another node borrowed. Learnt routes to service addresses are not
 * programmed: kube-proxy translates those on every node.
 */
import { addressBits, type Family, formatPrefix, parsePrefix } from '@manul/bgp/net';
import type { LearntRouteChange } from '../agent-api.ts';
import type { KernelRoute, RouteTarget } from '../routetable/route-key.ts';
import { type CalculatorConfig, hasSameNumbers, NO_CONFIG } from './calculator-config.ts';
import { type Claim, ClaimTable, type Obstacle, type Placement } from './claim-table.ts';
import { ForeignRoutes, LOOKED_UP_SOON } from './foreign-routes.ts';
import { NextHopCache, type ResolveHop } from './next-hop-cache.ts';
import { Overlay, remoteEnds } from './overlay.ts';
import { OwnClaims, type Problem, type WorkloadClaim } from './own-claims.ts';
import { type PoolClass, PoolTable } from './pool-table.ts';
import { Reachability } from './reachability.ts';
import { type RemoteClaim, RemoteClaims } from './remote-claims.ts';
import { type KernelFacts, type LinkFact, Topology } from './topology.ts';
import type { Encapsulation, Way } from './way.ts';

export type RouteReason = 'workload' | 'block' | 'vtep' | 'neighbor' | 'node' | 'learnt';

/** A route that is wanted and cannot be programmed now. */
export interface WaitingRoute {
  readonly reason: RouteReason;
  readonly nextHop: string | null;
  readonly interfaceName: string | null;
  readonly text: string;
}

/** Takes what has been settled: the route to `prefix`, or null for none. */
export type RouteSink = (prefix: string, route: KernelRoute | null) => void;

/** As it should be: nothing to tell. */
const NOT_OURS: Obstacle = { text: null };

export class RouteCalculator {
  readonly #table: number;
  readonly #onProblem: (problem: Problem) => void;
  readonly #claims = new ClaimTable();
  readonly #waiting = new Map<string, WaitingRoute>();
  readonly #placements = new Map<Encapsulation, Placement>();
  /** Routes of others, as far as next hops are reached by them; kept up to date by whoever reads the kernel. */
  readonly foreign = new ForeignRoutes();
  #config = NO_CONFIG;
  #own = new OwnClaims(NO_CONFIG);
  #remote = new RemoteClaims(NO_CONFIG);
  #ends = remoteEnds(NO_CONFIG);
  #pools = new PoolTable(NO_CONFIG);
  #topology = new Topology({ links: [], addresses: [] });
  #overlay = new Overlay(NO_CONFIG, this.#topology, this.#ends);
  #resolveHop = this.#newResolver();
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

  get topology(): Topology {
    return this.#topology;
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
    this.#setRemote(config);
    const pools = new PoolTable(config);
    const arePlacementsSame =
      hasSameKeys(before.blocks, this.#own.blocks) &&
      before.serviceRanges === this.#own.serviceRanges &&
      pools.signature === this.#pools.signature;
    this.#pools = pools;
    if (!arePlacementsSame) this.#claims.forgetPlacements();
    this.#reachNextHops();
    if (isRewrite || !arePlacementsSame) this.#touchAll();
    return isRewrite;
  }

  setFacts(facts: KernelFacts): void {
    this.#topology = new Topology(facts);
    for (const prefix of this.#own.workloads.keys()) this.#claims.touch(prefix);
    for (const prefix of this.#remote.vtepHosts()) this.#claims.touch(prefix);
    for (const prefix of this.#own.gateways.keys()) this.#claims.touch(prefix);
    this.#reachNextHops();
  }

  /** Next hops that nobody has any more need no routes of others. */
  pruneForeignRoutes(): void {
    const inUse = new Set<string>();
    for (const { nextHops } of this.#waysInUse()) for (const nextHop of nextHops) inUse.add(nextHop);
    this.foreign.retain((nextHop) => inUse.has(nextHop));
  }

  /** What `foreign` knows is another now. */
  onForeignRoutes(): void {
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
    if (this.#remote.vtepFamily(prefix) !== undefined) return 'vtep';
    if (this.#own.gateways.has(prefix)) return 'neighbor';
    if (this.#remoteClaim(prefix) !== null) return 'node';
    return this.#claims.learntWay(prefix) === null ? null : 'learnt';
  }

  waiting(): ReadonlyMap<string, WaitingRoute> {
    return this.#waiting;
  }

  /** Prefixes that this node may announce, once they are in the kernel. */
  announcements(): readonly string[] {
    return this.#own.announcements;
  }

  /** True for an own block that has no place in the kernel, because nobody asks for the routes of its pool. */
  isUnwrittenBlock(prefix: string): boolean {
    return this.#own.blocks.has(prefix) && !this.#classOf(prefix).isWritten;
  }

  interfaceName(index: number): string | null {
    return this.#topology.link(index)?.name ?? null;
  }

  #evaluate(claim: Claim): KernelRoute | null {
    const { prefix, learnt } = claim;
    const link = this.#usableLink(prefix);
    if (link !== null) return this.#route(prefix, linkTarget(this.#config.routeProtocol, link.index));
    if (this.#isBlackhole(prefix)) return this.#route(prefix, this.#blackhole);
    const vtepFamily = this.#remote.vtepFamily(prefix);
    if (vtepFamily !== undefined) return this.#routeToVtep(prefix, vtepFamily);
    const gateway = this.#own.gateways.get(prefix);
    if (gateway !== undefined) {
      const way = { nextHops: [gateway], key: gateway };
      return this.#routeThrough(prefix, 'neighbor', 'none', way);
    }
    const remote = this.#remoteClaim(prefix);
    if (remote !== null) return this.#evaluateRemote(prefix, remote);
    if (learnt !== null) return this.#evaluateLearnt(claim, learnt);
    const workload = this.#own.workloads.get(prefix)?.[0];
    if (workload !== undefined)
      this.#wait(prefix, 'workload', this.#linkProblem(workload), workload.interfaceName);
    return null;
  }

  #routeToVtep(prefix: string, family: Family): KernelRoute | null {
    const { hops, error } = this.#overlay.vxlanDevice(family);
    if (hops === null) return this.#wait(prefix, 'vtep', `end of a VXLAN: ${error}`);
    return this.#route(prefix, linkTarget(this.#config.routeProtocol, hops[0]!.interfaceIndex!));
  }

  #evaluateRemote(prefix: string, { node, way }: RemoteClaim): KernelRoute | null {
    if (way !== null) return this.#routeThrough(prefix, 'node', this.#classOf(prefix).encapsulation, way);
    const family = prefix.includes(':') ? 'IPv6' : 'IPv4';
    return this.#wait(prefix, 'node', `node ${node} has no ${family} address`);
  }

  #evaluateLearnt(claim: Claim, way: Way): KernelRoute | null {
    const { prefix } = claim;
    claim.placement ??= this.#place(prefix);
    const { encapsulation, obstacle } = claim.placement;
    if (obstacle === null) return this.#routeThrough(prefix, 'learnt', encapsulation, way);
    if (obstacle.text !== null) this.#wait(prefix, 'learnt', obstacle.text, null, way.nextHops[0]);
    return null;
  }

  #routeThrough(
    prefix: string,
    reason: RouteReason,
    encapsulation: Encapsulation,
    way: Way,
  ): KernelRoute | null {
    const { target, error } = this.#nextHops.resolve(encapsulation, way, this.#resolveHop, () =>
      this.#waysInUse(),
    );
    if (target !== null) return this.#route(prefix, target);
    return this.#wait(prefix, reason, error, null, way.nextHops[0]);
  }

  #wait(
    prefix: string,
    reason: RouteReason,
    text: string,
    interfaceName: string | null = null,
    nextHop: string | null = null,
  ): null {
    this.#waiting.set(prefix, { reason, nextHop, interfaceName, text });
    return null;
  }

  #place(text: string): Placement {
    const prefix = parsePrefix(text);
    if (prefix === null || formatPrefix(prefix) !== text)
      return obstructed(`${text} is not a canonical prefix`);
    if (this.#own.isServiceAddress(prefix)) return { encapsulation: 'none', obstacle: NOT_OURS };
    const { encapsulation, isWritten } = this.#pools.classOf(prefix);
    if (!isWritten) return { encapsulation, obstacle: NOT_OURS };
    const block = prefix.length === addressBits(prefix.family) ? null : this.#own.blockAround(prefix);
    if (block !== null) return obstructed(`lies in ${block}, a block of this node`);
    let placement = this.#placements.get(encapsulation);
    if (placement === undefined) {
      placement = { encapsulation, obstacle: null };
      this.#placements.set(encapsulation, placement);
    }
    return placement;
  }

  #classOf(text: string): PoolClass {
    return this.#pools.classOf(parsePrefix(text)!);
  }

  /** What the resources say of a prefix, where they decide: inside encapsulating pools whose routes are written. */
  #remoteClaim(prefix: string): RemoteClaim | null {
    const claim = this.#remote.size === 0 ? undefined : this.#remote.get(prefix);
    if (claim === undefined) return null;
    const { encapsulation, isWritten } = this.#classOf(prefix);
    return encapsulation !== 'none' && isWritten ? claim : null;
  }

  #setRemote(config: CalculatorConfig): void {
    const before = this.#remote;
    this.#remote = new RemoteClaims(config);
    this.#ends = remoteEnds(config);
    for (const prefix of before.differences(this.#remote)) this.#claims.touch(prefix);
  }

  /** Links, workloads or other nodes may have changed: routes whose next hops are elsewhere now are settled again. */
  #reachNextHops(): void {
    this.#overlay = new Overlay(this.#config, this.#topology, this.#ends);
    this.#resolveHop = this.#newResolver();
    const isChanged = this.#nextHops.refresh(this.#resolveHop);
    if (isChanged === null) return;
    this.#claims.touchLearnt(({ placement }, way) => isChanged(placement?.encapsulation ?? 'none', way));
    for (const prefix of this.#remote.through((way) => ENCAPSULATED.some((one) => isChanged(one, way)))) {
      this.#claims.touch(prefix);
    }
    for (const prefix of this.#own.gateways.keys()) this.#claims.touch(prefix);
  }

  #touchAll(): void {
    for (const prefix of this.#remote.vtepHosts()) this.#claims.touch(prefix);
    for (const prefix of this.#remote.through(() => true)) this.#claims.touch(prefix);
    this.#claims.touchLearnt(() => true);
  }

  *#waysInUse(): Generator<Way> {
    yield* this.#claims.waysInUse();
    yield* this.#remote.ways();
    for (const key of this.#own.gateways.values()) yield { nextHops: [key], key };
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
    if (this.#own.blocks.size === 0 || !this.#own.blocks.has(prefix) || isHost(prefix)) return false;
    return this.#classOf(prefix).isWritten;
  }

  #route(prefix: string, target: RouteTarget): KernelRoute {
    const metric = this.#config.routePriority[prefix.includes(':') ? 'ipv6' : 'ipv4'];
    return { table: this.#table, prefix, metric, target };
  }

  #newResolver(): ResolveHop {
    const overlay = this.#overlay;
    const direct = new Reachability({
      topology: this.#topology,
      foreign: this.foreign,
      gateways: this.#own.gateways,
      workloadInterface: (prefix) => this.#usableLink(prefix)?.index ?? null,
    });
    return (encapsulation, nextHop) =>
      encapsulation === 'none' ? direct.resolve(nextHop) : overlay.resolve(encapsulation, nextHop);
  }

  #newNextHops(protocol: number): NextHopCache {
    return new NextHopCache(protocol, (nextHop, text) => {
      if (text !== LOOKED_UP_SOON) this.#onProblem({ object: `next hop ${nextHop}`, text });
    });
  }
}

const ENCAPSULATED: readonly Encapsulation[] = ['ipip', 'ipipCrossSubnet', 'vxlan', 'vxlanCrossSubnet'];

function obstructed(text: string): Placement {
  return { encapsulation: 'none', obstacle: { text } };
}

function blackholeTarget(protocol: number): RouteTarget {
  return { type: 'blackhole', protocol, scope: 'universe', nextHops: [] };
}

function linkTarget(protocol: number, interfaceIndex: number): RouteTarget {
  const nextHop = { gateway: null, interfaceIndex, onlink: false, weight: 1 };
  return { type: 'unicast', protocol, scope: 'link', nextHops: [nextHop] };
}

function isHost(prefix: string): boolean {
  return prefix.endsWith(prefix.includes(':') ? '/128' : '/32');
}

function hasSameKeys(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}
