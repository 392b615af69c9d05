/**
 * What routes this node should have, from its configuration, the routes learnt by BGP and the state of its links.
 * A function of the present state and never of history; what a change touches is marked, and settled in slices.
 *
 * Of several claims to one prefix the first wins: a local workload whose interface is up and has a carrier; an own
 * block (blackhole, so that unused addresses of the block do not loop); the end of a VXLAN; the gateway of a BGP
 * neighbor; in an encapsulating pool, the node that the resources name; a route learnt by BGP. Inside an own block only
 * learnt host routes count: those are addresses that another node borrowed. Learnt routes to service addresses are not
 * programmed: kube-proxy translates those on every node.
 */
import { type Family, parsePrefix } from '@manul/bgp/net';
import type { LearntColumns, LearntRouteChange } from '../agent-api.ts';
import { PrefixKey } from '../prefix/prefix-key.ts';
import type { RouteTarget } from '../routetable/route-key.ts';
import { type CalculatorConfig, hasSameNumbers, NO_CONFIG } from './calculator-config.ts';
import { ClaimTable } from './claim-table.ts';
import { ForeignRoutes, LOOKED_UP_SOON } from './foreign-routes.ts';
import { NextHopCache, type ResolveHop } from './next-hop-cache.ts';
import { Overlay, remoteEnds } from './overlay.ts';
import { OwnClaims, type Problem, type WorkloadClaim } from './own-claims.ts';
import { Placements } from './placements.ts';
import { type PoolClass, PoolTable } from './pool-table.ts';
import { Reachability } from './reachability.ts';
import { type RemoteClaim, RemoteClaims } from './remote-claims.ts';
import { blackholeTarget, linkTarget } from './route-targets.ts';
import { type KernelFacts, type LinkFact, Topology } from './topology.ts';
import type { Encapsulation, Way } from './way.ts';

export type RouteReason = 'workload' | 'block' | 'vtep' | 'neighbor' | 'gateway' | 'node' | 'learnt';

/** Gateway of every pod; nobody has the address. */
const POD_GATEWAY_PREFIX = '169.254.1.1/32';

/** A route that is wanted and cannot be programmed now. */
export interface WaitingRoute {
  readonly reason: RouteReason;
  readonly nextHop: string | null;
  readonly interfaceName: string | null;
  readonly text: string;
}

/**
 * Takes what has been settled: the target of the route to `prefix`, or null for none.
 * @param prefix to be read before the call ends
 * @param isOwn the resources say, or said, something of the prefix; else only BGP does
 */
export type RouteSink = (
  prefix: PrefixKey,
  metric: number,
  target: RouteTarget | null,
  isOwn: boolean,
) => void;

export class RouteCalculator {
  readonly #onProblem: (problem: Problem) => void;
  readonly #claims: ClaimTable;
  /** Prefix of the claim that is being settled. */
  readonly #key = new PrefixKey();
  readonly #waiting = new Map<string, WaitingRoute>();
  /** Routes of others, as far as next hops are reached by them; kept up to date by whoever reads the kernel. */
  readonly foreign = new ForeignRoutes();
  #config = NO_CONFIG;
  #own = new OwnClaims(NO_CONFIG);
  #remote = new RemoteClaims(NO_CONFIG);
  #ends = remoteEnds(NO_CONFIG);
  #pools = new PoolTable(NO_CONFIG);
  #placements = new Placements(this.#own, this.#pools);
  #topology = new Topology({ links: [], addresses: [] });
  #overlay = new Overlay(NO_CONFIG, this.#topology, this.#ends);
  #resolveHop = this.#newResolver();
  #nextHops = this.#newNextHops(0);
  #blackhole = blackholeTarget(0);
  #needsPodGateway = false;

  /**
   * @param onProblem told of each next hop that cannot be resolved, when that is found
   * @param seed a number that peers do not know
   */
  constructor(onProblem: (problem: Problem) => void, seed = 0) {
    this.#claims = new ClaimTable(seed);
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
    if (this.#needsPodGateway) this.#claims.touch(POD_GATEWAY_PREFIX);
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
    this.#placements = new Placements(this.#own, pools);
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
    if (this.#needsPodGateway) this.#claims.touch(POD_GATEWAY_PREFIX);
    this.#reachNextHops();
  }

  /** @param isNeeded no route leads to the gateway of pods, so that the kernel would not answer for it (proxy_arp) */
  setPodGateway(isNeeded: boolean): void {
    if (isNeeded === this.#needsPodGateway) return;
    this.#needsPodGateway = isNeeded;
    this.#claims.touch(POD_GATEWAY_PREFIX);
  }

  /** The link to others, that a route to the gateway of pods leads to where one is needed; null: there is none. */
  get podGatewayLink(): LinkFact | null {
    const own = this.#needsPodGateway ? this.#config.addresses.ipv4 : null;
    return own === null ? null : (this.#topology.linkWith(own.address) ?? null);
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

  /** The changes [from, to). */
  changeLearntColumns(columns: LearntColumns, from: number, to: number): void {
    this.#claims.changeColumns(columns, from, to);
  }

  completeLearnt(family: Family): void {
    this.#claims.completeStream(family);
  }

  isLearntComplete(family: Family): boolean {
    return this.#claims.isComplete(family);
  }

  /** Settles up to `limit` prefixes. @returns true when there is more to settle */
  settle(limit: number, sink: RouteSink): boolean {
    const { routePriority } = this.#config;
    for (let rest = limit; rest > 0; rest--) {
      const claim = this.#claims.takeDirty();
      if (claim < 0) return false;
      const key = this.#claims.readPrefix(claim, this.#key);
      if (this.#waiting.size > 0) this.#waiting.delete(key.text());
      const isOwn = this.#claims.isTouched(claim);
      const way = this.#claims.learnt(claim);
      const target = isOwn ? this.#evaluate(claim, key.text(), way) : this.#evaluateLearnt(claim, key, way);
      if (target === null && !(isOwn && this.#isClaimed(key.text()))) this.#claims.releaseUnclaimed(claim);
      sink(key, key.isIpv6 ? routePriority.ipv6 : routePriority.ipv4, target, isOwn);
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
    if (prefix === POD_GATEWAY_PREFIX && this.podGatewayLink !== null) return 'gateway';
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

  /** True while the resources claim the prefix, whether or not a route comes of it. */
  #isClaimed(prefix: string): boolean {
    const { workloads, blocks, gateways } = this.#own;
    if (workloads.has(prefix) || blocks.has(prefix) || gateways.has(prefix)) return true;
    if (prefix === POD_GATEWAY_PREFIX && this.#needsPodGateway) return true;
    return this.#remote.get(prefix) !== undefined || this.#remote.vtepFamily(prefix) !== undefined;
  }

  #evaluate(claim: number, prefix: string, learnt: Way | null): RouteTarget | null {
    const link = this.#usableLink(prefix);
    if (link !== null) return this.#workloadTarget(link, prefix);
    if (this.#isBlackhole(prefix)) return this.#blackhole;
    const vtepFamily = this.#remote.vtepFamily(prefix);
    if (vtepFamily !== undefined) return this.#targetOfVtep(prefix, vtepFamily);
    const gateway = this.#own.gateways.get(prefix);
    if (gateway !== undefined) {
      const way = { nextHops: [gateway], key: gateway };
      return this.#targetThrough('neighbor', 'none', way);
    }
    const podGateway = prefix === POD_GATEWAY_PREFIX ? this.podGatewayLink : null;
    if (podGateway !== null) return linkTarget(this.#config.routeProtocol, podGateway.index);
    const remote = this.#remoteClaim(prefix);
    if (remote !== null) return this.#evaluateRemote(prefix, remote);
    if (learnt !== null) return this.#evaluateLearnt(claim, this.#key, learnt);
    const workload = this.#own.workloads.get(prefix)?.[0];
    if (workload !== undefined)
      this.#wait(prefix, 'workload', this.#linkProblem(workload), workload.interfaceName);
    return null;
  }

  #workloadTarget({ index }: LinkFact, prefix: string): RouteTarget {
    const target = linkTarget(this.#config.routeProtocol, index);
    const source = this.#config.workloadSource[prefix.includes(':') ? 'ipv6' : 'ipv4'];
    return source === null ? target : { ...target, source };
  }

  #targetOfVtep(prefix: string, family: Family): RouteTarget | null {
    const { hops, error } = this.#overlay.vxlanDevice(family);
    if (hops === null) return this.#wait(prefix, 'vtep', `end of a VXLAN: ${error}`);
    return linkTarget(this.#config.routeProtocol, hops[0]!.interfaceIndex!);
  }

  #evaluateRemote(prefix: string, { node, way }: RemoteClaim): RouteTarget | null {
    if (way !== null) {
      return this.#targetThrough('node', this.#classOf(prefix).encapsulation, way);
    }
    const family = prefix.includes(':') ? 'IPv6' : 'IPv4';
    return this.#wait(prefix, 'node', `node ${node} has no ${family} address`);
  }

  /** @param key of the claim */
  #evaluateLearnt(claim: number, key: PrefixKey, way: Way | null): RouteTarget | null {
    if (way === null) return null;
    let placement = this.#claims.placement(claim);
    if (placement === null) {
      placement = this.#placements.of(key);
      this.#claims.setPlacement(claim, placement);
    }
    const { encapsulation, obstacle } = placement;
    if (obstacle !== null) {
      if (obstacle.text !== null) this.#wait(key.text(), 'learnt', obstacle.text, null, way.nextHops[0]);
      return null;
    }
    const known = this.#nextHops.known(encapsulation, way);
    return known ?? this.#targetThrough('learnt', encapsulation, way);
  }

  /** For the claim that is being settled. */
  #targetThrough(reason: RouteReason, encapsulation: Encapsulation, way: Way): RouteTarget | null {
    const { target, error } = this.#nextHops.resolve(encapsulation, way, this.#resolveHop, () =>
      this.#waysInUse(),
    );
    if (target !== null) return target;
    return this.#wait(this.#key.text(), reason, error, null, way.nextHops[0]);
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
    this.#claims.touchLearnt((placement, way) => isChanged(placement?.encapsulation ?? 'none', way));
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
      if (link?.isUp && link.hasCarrier && (best === null || best.index < link.index)) best = link;
    }
    return best;
  }

  #linkProblem({ name, interfaceName }: WorkloadClaim): string {
    const link = this.#topology.linkNamed(interfaceName);
    const state = link?.isUp === true ? 'has no carrier: its other end is down' : 'is down';
    return `interface ${interfaceName} of workload ${name} ${link === undefined ? 'does not exist' : state}`;
  }

  /** A block of one address is held by its workload alone. */
  #isBlackhole(prefix: string): boolean {
    if (this.#own.blocks.size === 0 || !this.#own.blocks.has(prefix) || isHost(prefix)) return false;
    return this.#classOf(prefix).isWritten;
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

function isHost(prefix: string): boolean {
  return prefix.endsWith(prefix.includes(':') ? '/128' : '/32');
}

function hasSameKeys(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}
