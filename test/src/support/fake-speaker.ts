/** A speaker in memory: tests set what it tells, and see what it is told. */
import type {
  BestRouteChange,
  BestRouteListener,
  DrainState,
  DroppedSegments,
  ExplainQuery,
  NextHopRoute,
  OriginatedPrefix,
  PeerActionResult,
  PeerDetail,
  PeerReport,
  PeerStatus,
  RibSummary,
  RouteExplanation,
  RouteQuery,
  RouteStatus,
  Speaker,
  SpeakerConfig,
  SpeakerEvent,
} from '@manul/bgp';
import type { Family } from '@manul/bgp/net';

export class FakeSpeaker implements Speaker {
  peerList: PeerDetail[] = [];
  routeBatches: RouteStatus[][] = [];
  summary: RibSummary = { prefixes: { ipv4: 0, ipv6: 0 }, paths: { ipv4: 0, ipv6: 0 } };
  readonly best = new Map<string, BestRouteChange>();
  readonly applied: SpeakerConfig[] = [];
  readonly originated: (readonly OriginatedPrefix[] | null)[] = [];
  readonly queries: RouteQuery[] = [];
  readonly resets: { name: string; message: string | undefined }[] = [];
  /** Soft resets, disables and enables, in order. */
  readonly actions: string[] = [];
  softResult: PeerActionResult | null = null;
  drainState: DrainState = 'none';
  readonly explained: ExplainQuery[] = [];
  explanation: RouteExplanation = {
    family: 'ipv4',
    prefix: null,
    absent: 'nothing is here',
    coveredBy: null,
    best: null,
    nextHops: [],
    paths: [],
    exports: [],
  };
  nextHops: readonly NextHopRoute[] | null = null;
  routesClosed = 0;
  closed = false;
  readonly bestListeners = new Set<BestRouteListener>();
  readonly #eventListeners = new Set<(event: SpeakerEvent) => void>();
  readonly #propagationListeners = new Set<(seconds: number) => void>();

  apply(config: SpeakerConfig): void {
    this.applied.push(config);
  }

  setOriginated(originated: readonly OriginatedPrefix[] | null): void {
    this.originated.push(originated);
  }

  setNextHops(routes: readonly NextHopRoute[] | null): void {
    this.nextHops = routes;
  }

  setDrain(state: DrainState): void {
    this.drainState = state;
  }

  drain(): DrainState {
    return this.drainState;
  }

  droppedSegments(): DroppedSegments {
    return { unsigned: 1, unexpectedlySigned: 2, wronglySigned: 3, lowTtl: 4 };
  }

  peers(): readonly PeerStatus[] {
    return this.peerList;
  }

  *peerReports(): Generator<PeerReport> {
    for (const peer of this.peerList) yield { status: peer, counters: peer };
  }

  peer(name: string): PeerDetail | null {
    return this.peerList.find((peer) => peer.name === name) ?? null;
  }

  async *routes(query: RouteQuery): AsyncGenerator<readonly RouteStatus[]> {
    this.queries.push(query);
    try {
      for (const batch of this.routeBatches) yield batch;
    } finally {
      this.routesClosed += 1;
    }
  }

  explain(query: ExplainQuery): RouteExplanation {
    this.explained.push(query);
    return this.explanation;
  }

  ribSummary(): RibSummary {
    return this.summary;
  }

  subscribeBestRoutes(listener: BestRouteListener, options: { readonly replay?: boolean } = {}): () => void {
    this.bestListeners.add(listener);
    if (options.replay !== false && this.best.size > 0) listener.onBestRoutes([...this.best.values()]);
    return () => {
      this.bestListeners.delete(listener);
    };
  }

  onEvent(listener: (event: SpeakerEvent) => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  onPropagation(listener: (seconds: number) => void): () => void {
    this.#propagationListeners.add(listener);
    return () => this.#propagationListeners.delete(listener);
  }

  resetPeer(name: string, message?: string): PeerActionResult {
    this.resets.push({ name, message });
    return this.#resultFor(name);
  }

  softResetPeer(name: string, direction: 'in' | 'out'): PeerActionResult {
    this.actions.push(`soft ${direction} ${name}`);
    return this.softResult ?? this.#resultFor(name);
  }

  disablePeer(name: string, message = ''): PeerActionResult {
    this.actions.push(`disable ${name} ${message}`);
    return this.#resultFor(name);
  }

  enablePeer(name: string): PeerActionResult {
    this.actions.push(`enable ${name}`);
    return this.#resultFor(name);
  }

  #resultFor(name: string): PeerActionResult {
    return this.peer(name) === null ? 'noSuchPeer' : 'done';
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** A best route appears, changes or (next hop null) goes. */
  learn(
    prefix: string,
    nextHop: string | null,
    family: Family = prefix.includes(':') ? 'ipv6' : 'ipv4',
  ): void {
    const change = { family, prefix, nextHop, peer: nextHop === null ? null : 'peer' };
    if (nextHop === null) this.best.delete(prefix);
    else this.best.set(prefix, change);
    for (const listener of this.bestListeners) listener.onBestRoutes([change]);
  }

  endOfRib(family: Family): void {
    for (const listener of this.bestListeners) listener.onEndOfRib(family);
  }

  emit(event: SpeakerEvent): void {
    for (const listener of this.#eventListeners) listener(event);
  }

  propagate(seconds: number): void {
    for (const listener of this.#propagationListeners) listener(seconds);
  }
}
