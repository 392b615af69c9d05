/** A RIB that records what the sessions tell it and does as it is told. */
import type { Family } from '../../../bgp/net/index.ts';
import type { RibSession, SessionOutput, SessionSlot, UpdateVerdict } from '../../../bgp/rib/rib-port.ts';
import type {
  BestRouteSink,
  Rib,
  RibIdentity,
  SessionCounts,
  SlotByName,
} from '../../../bgp/rib/rib-view.ts';
import type { ExplainQuery, RouteExplanation } from '../../../bgp/speaker/route-explanation.ts';
import type {
  DecisionConfig,
  DrainState,
  NextHopRoute,
  OriginatedPrefix,
} from '../../../bgp/speaker/speaker-config.ts';
import type { RibSummary, RouteQuery, RouteStatus } from '../../../bgp/speaker/speaker-status.ts';

export const APPLIED: UpdateVerdict = {
  notification: null,
  treatedAsWithdraw: false,
  attributesDiscarded: 0,
  endOfRib: null,
  text: '',
};

export interface FakeSession {
  session: RibSession;
  readonly output: SessionOutput;
  /** UPDATE bodies as hexadecimal. */
  readonly updates: string[];
  /** Families to send again, and `begin FAMILY`, `end FAMILY` of what the peer sends again. */
  readonly refreshed: string[];
  updatedTimes: number;
}

export class FakeRib implements Rib {
  onWork: (() => void) | null = null;
  /** Live sessions by slot. */
  readonly sessions = new Map<SessionSlot, FakeSession>();
  /** `up NAME`, `down NAME`, in order. */
  readonly log: string[] = [];
  readonly identities: RibIdentity[] = [];
  readonly sinks = new Set<BestRouteSink>();
  originated: readonly OriginatedPrefix[] = [];
  connected: readonly string[] = [];
  drain: DrainState = 'none';
  links: readonly NextHopRoute[] = [];
  readonly decisions: DecisionConfig[] = [];
  nextHops: readonly NextHopRoute[] | null = null;
  /** What the next UPDATEs are judged as; an exception is thrown. */
  judge: (body: Uint8Array) => UpdateVerdict = () => APPLIED;
  /** Families whose End-of-RIB is held back. */
  readonly held = new Set<Family>();
  /** Names of sessions whose routes nobody else has. */
  readonly soleSources = new Set<string>();
  /** Slices that a look for sole routes takes before its answer. */
  lookSlices = 0;
  counts: SessionCounts = { received: {}, accepted: {}, advertised: {} };
  /** Called after everything that happens here. */
  onChange: () => void = () => undefined;
  #nextSlot = 0;

  addSession(session: RibSession, output: SessionOutput): SessionSlot {
    const slot = this.#nextSlot++;
    this.sessions.set(slot, { session, output, updates: [], refreshed: [], updatedTimes: 0 });
    this.log.push(`up ${session.name}`);
    this.onChange();
    return slot;
  }

  removeSession(slot: SessionSlot): void {
    const gone = this.sessions.get(slot);
    if (gone === undefined) throw new Error(`slot ${slot} removed twice`);
    this.sessions.delete(slot);
    this.log.push(`down ${gone.session.name}`);
    this.onChange();
  }

  receiveUpdate(slot: SessionSlot, bytes: Uint8Array, start: number, end: number): UpdateVerdict {
    const body = bytes.slice(start, end);
    const verdict = this.judge(body);
    this.sessions.get(slot)!.updates.push(Buffer.from(body).toString('hex'));
    this.onChange();
    return verdict;
  }

  suspendSession(slot: SessionSlot, families: readonly Family[]): void {
    this.log.push(`keep ${this.sessions.get(slot)!.session.name} ${families.join(',')}`);
    this.onChange();
  }

  resumeSession(
    slot: SessionSlot,
    session: RibSession,
    output: SessionOutput,
    families: readonly Family[],
  ): void {
    this.sessions.set(slot, { session, output, updates: [], refreshed: [], updatedTimes: 0 });
    this.log.push(`resume ${session.name} ${families.join(',')}`);
    this.onChange();
  }

  holdEndOfRib(family: Family, isHeld: boolean): void {
    if (isHeld) this.held.add(family);
    else this.held.delete(family);
    this.onChange();
  }

  refresh(slot: SessionSlot, family: Family): void {
    this.sessions.get(slot)!.refreshed.push(family);
    this.onChange();
  }

  beginRefresh(slot: SessionSlot, family: Family): void {
    this.sessions.get(slot)!.refreshed.push(`begin ${family}`);
    this.onChange();
  }

  endRefresh(slot: SessionSlot, family: Family): void {
    const known = this.sessions.get(slot)!;
    known.refreshed.push(`end ${family}`);
    this.log.push(`sweep ${known.session.name} ${family}`);
    this.onChange();
  }

  updateSession(slot: SessionSlot, session: RibSession): void {
    const known = this.sessions.get(slot)!;
    known.session = session;
    known.updatedTimes++;
  }

  work(): boolean {
    return true;
  }

  configure(identity: RibIdentity): void {
    this.identities.push(identity);
  }

  setOriginated(originated: readonly OriginatedPrefix[]): void {
    this.originated = originated;
  }

  setConnected(prefixes: readonly string[]): void {
    this.connected = prefixes;
  }

  setDecision(decision: DecisionConfig): void {
    this.decisions.push(decision);
  }

  setNextHops(routes: readonly NextHopRoute[] | null): void {
    this.nextHops = routes;
  }

  setLinks(links: readonly NextHopRoute[]): void {
    this.links = links;
  }

  setDrain(state: DrainState): void {
    this.drain = state;
  }

  explain(query: ExplainQuery): RouteExplanation {
    return {
      family: 'ipv4',
      prefix: query.prefix ?? null,
      absent: 'nothing is here',
      coveredBy: null,
      best: null,
      nextHops: [],
      paths: [],
      exports: [],
    };
  }

  summary(): RibSummary {
    return { prefixes: { ipv4: 1, ipv6: 2 }, paths: { ipv4: 3, ipv6: 4 } };
  }

  *routes(query: RouteQuery, slotByName: SlotByName): Generator<readonly RouteStatus[]> {
    const slot = query.received === undefined ? null : slotByName(query.received);
    for (const prefix of ['10.0.0.0/24', '10.0.1.0/24']) {
      yield [{ prefix, peer: String(slot) } as RouteStatus];
    }
  }

  sessionCounts(): SessionCounts {
    return this.counts;
  }

  *hasSoleRoutes(slots: ReadonlySet<SessionSlot>): Generator<void, boolean> {
    for (let slice = 0; slice < this.lookSlices; slice++) yield;
    return [...slots].some((slot) => this.soleSources.has(this.sessions.get(slot)?.session.name ?? ''));
  }

  subscribeBestRoutes(sink: BestRouteSink): () => void {
    this.sinks.add(sink);
    return () => this.sinks.delete(sink);
  }

  onPropagation(): () => void {
    return () => undefined;
  }

  /** The one live session, or that of the name. */
  session(name?: string): FakeSession | null {
    for (const one of this.sessions.values()) if (name === undefined || one.session.name === name) return one;
    return null;
  }
}
