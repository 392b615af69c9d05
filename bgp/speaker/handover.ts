/**
 * What a new configuration takes away from other nodes of the cluster is taken away late. Nodes hear of a change one
 * after the other: between mesh and reflectors, and between one reflector and another, each makes its new sessions at
 * once and keeps what it had, so that nobody is left without routes whose turn comes later.
 *
 * Kept are sessions that are configured no more (`leave`), with all their routes both ways, and reflection towards
 * those that are clients no more (`demote`). Both end `HOLD_MS` after the change; a session first when its routes have
 * others in their place, at the latest after `MAX_HOLD_MS`.
 *
 * By time, because no node can know what the others have; as long as `HOLD_MS`, because it must cover the time between
 * the first and the last node that hears of the change, and the longest pause between two dials (5 s).
 */
import type { Clock, Timer } from './clock.ts';
import type { PeerDriver } from './peer-driver.ts';
import type { SessionSettings } from './session-settings.ts';

const HOLD_MS = 10_000;
const MAX_HOLD_MS = 60_000;
/** How often those that are due are looked at. */
const CHECK_MS = 500;
/** Between two slices of that look. */
const SLICE_PAUSE_MS = 1;

export interface HandoverOptions {
  readonly clock: Clock;
  /** Whether routes of these peers have none, of other peers, in their place; each step is one bounded slice. */
  readonly hasSoleRoutes: (peers: readonly PeerDriver[]) => Iterator<void, boolean>;
}

interface Farewell {
  readonly kind: 'leave' | 'demote';
  readonly since: number;
  readonly perform: () => void;
}

/** A look whether those that are due to leave may do so. */
interface Look {
  readonly peers: readonly PeerDriver[];
  readonly hasSoleRoutes: Iterator<void, boolean>;
}

export class Handover {
  readonly #options: HandoverOptions;
  readonly #farewells = new Map<PeerDriver, Farewell>();
  #nodes: ReadonlySet<string> = new Set();
  #timer: Timer | null = null;
  #look: Look | null = null;

  constructor(options: HandoverOptions) {
    this.#options = options;
  }

  /**
   * @param addresses canonical, of the cluster's nodes as they are now
   * @returns those that are none any more
   */
  setNodes(addresses: readonly string[]): ReadonlySet<string> {
    const before = this.#nodes;
    const now = new Set(addresses);
    this.#nodes = now;
    return new Set([...before].filter((address) => !now.has(address)));
  }

  /** Whether the session of a peer that is to go is kept for a while; then `end` is called later. */
  leave(peer: PeerDriver, end: () => void): boolean {
    if (!this.concerns(peer)) return false;
    if (peer.isAway) peer.stop(null);
    this.#add(peer, 'leave', end);
    return true;
  }

  /** The settings that the peer gets now: a reflection client that is one no more stays one for a while. */
  soften(peer: PeerDriver, settings: SessionSettings): SessionSettings {
    const isDemotion =
      peer.settings.config.routeReflectorClient &&
      !settings.config.routeReflectorClient &&
      this.concerns(peer);
    if (!isDemotion) {
      this.forget(peer);
      return settings;
    }
    this.#add(peer, 'demote', () => peer.update(settings));
    return { ...settings, config: { ...settings.config, routeReflectorClient: true } };
  }

  /** Whether the peer may be given these settings: not another neighbor, as long as the present one is needed. */
  mayBecome(peer: PeerDriver, { address }: SessionSettings): boolean {
    return address === peer.settings.address || !this.concerns(peer);
  }

  /** The session has ended by itself: what was put off is done now, unless its routes are kept; then these wait. */
  onSessionDown(peer: PeerDriver): void {
    const farewell = this.#farewells.get(peer);
    if (farewell?.kind === 'leave' && peer.isAway) {
      peer.stop(null);
      return;
    }
    this.forget(peer);
    farewell?.perform();
  }

  forget(peer: PeerDriver): void {
    this.#farewells.delete(peer);
  }

  close(): void {
    this.#farewells.clear();
    this.#timer?.cancel();
  }

  /** Whether there is something of a node of the cluster to keep. */
  concerns(peer: PeerDriver): boolean {
    return (peer.session !== null || peer.isAway) && this.#nodes.has(peer.settings.address);
  }

  /** A farewell of the same kind that is under way keeps its time. */
  #add(peer: PeerDriver, kind: Farewell['kind'], perform: () => void): void {
    const known = this.#farewells.get(peer);
    const since = known?.kind === kind ? known.since : this.#options.clock.now();
    this.#farewells.set(peer, { kind, since, perform });
    this.#timer ??= this.#startTimer(HOLD_MS);
  }

  #startTimer(ms: number): Timer {
    return this.#options.clock.startTimer(ms, () => {
      this.#timer = null;
      this.#look ??= this.#newLook();
      const { peers, hasSoleRoutes } = this.#look;
      const step = hasSoleRoutes.next();
      if (step.done === true) {
        this.#look = null;
        this.#performDue(step.value ? [] : peers);
      }
      const pauseMs = step.done === true ? CHECK_MS : SLICE_PAUSE_MS;
      if (this.#farewells.size > 0) this.#timer ??= this.#startTimer(pauseMs);
      else this.#look = null; // what it has seen will be old when somebody is to leave again
    });
  }

  #newLook(): Look {
    const peers = this.#due()
      .filter(([, { kind }]) => kind === 'leave')
      .map(([peer]) => peer);
    return { peers, hasSoleRoutes: this.#options.hasSoleRoutes(peers) };
  }

  #due(): readonly (readonly [PeerDriver, Farewell])[] {
    const now = this.#options.clock.now();
    return [...this.#farewells].filter(([, { since }]) => now - since >= HOLD_MS);
  }

  /** @param replaced whose routes have others in their place */
  #performDue(replaced: readonly PeerDriver[]): void {
    const now = this.#options.clock.now();
    for (const [peer, { kind, since, perform }] of this.#due()) {
      if (kind === 'leave' && !replaced.includes(peer) && now - since < MAX_HOLD_MS) continue;
      this.#farewells.delete(peer);
      perform();
    }
  }
}
