/**
 * Routes of a peer that outlive its session (the Receiving Speaker's part of RFC 4724 §4.2): kept while the peer is away,
 * for its restart time at most; when it is back, until it has sent End-of-RIB.
 */
import type { Family } from '../net/index.ts';
import type { NegotiatedRestart } from '../packet/negotiate.ts';
import type { SessionSlot } from '../rib/rib-port.ts';
import type { Rib } from '../rib/rib-view.ts';
import type { Clock, Timer } from './clock.ts';

/** A peer that is back and does not come to its End-of-RIB keeps no route longer than this. */
const MAX_STALE_MS = 360_000;

export interface StaleRoutesOptions {
  readonly rib: Rib;
  readonly clock: Clock;
  /** The session that is over. */
  readonly slot: SessionSlot;
  readonly isInternal: boolean;
  readonly families: readonly Family[];
  readonly restartTimeSec: number;
  /** The peer has not come back in time, and its routes are gone. */
  readonly onExpired: () => void;
}

export class StaleRoutes {
  readonly slot: SessionSlot;
  readonly restartTimeSec: number;
  readonly #options: StaleRoutesOptions;
  readonly #families: Set<Family>;
  #isAway = true;
  #timer: Timer;

  /** The session ends here, and its routes in `families` stay. */
  constructor(options: StaleRoutesOptions) {
    const { rib, clock, slot, families, restartTimeSec, onExpired } = options;
    this.#options = options;
    this.slot = slot;
    this.restartTimeSec = restartTimeSec;
    this.#families = new Set(families);
    rib.suspendSession(slot, families);
    this.#timer = clock.startTimer(restartTimeSec * 1000, () => {
      this.drop();
      onExpired();
    });
  }

  /** The peer is away: there is no session. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /**
   * The families in which the peer, being back, has preserved its forwarding; their routes wait for End-of-RIB, the
   * others' go. Empty: they are all to go, and the session begins with nothing.
   */
  familiesKept(restart: NegotiatedRestart | null, isInternal: boolean): readonly Family[] {
    if (restart === null || isInternal !== this.#options.isInternal) return [];
    return restart.preserved.filter((family) => this.#families.has(family));
  }

  /** There is a session again, which the RIB has resumed with `families`. */
  resumed(families: readonly Family[]): void {
    this.#isAway = false;
    this.#timer.cancel();
    for (const family of this.#families) if (!families.includes(family)) this.#families.delete(family);
    this.#timer = this.#options.clock.startTimer(MAX_STALE_MS, () => this.close());
  }

  endOfRib(family: Family): void {
    if (!this.#isAway && this.#families.delete(family)) this.#options.rib.endRefresh(this.slot, family);
    if (this.#families.size === 0) this.#timer.cancel();
  }

  /** What is stale still goes (of a session that ends again: RFC 4724 §4.2, consecutive restarts). */
  close(): void {
    for (const family of [...this.#families]) this.endOfRib(family);
    this.#timer.cancel();
  }

  /** The peer is away, and nothing of it is to be kept any more. */
  drop(): void {
    this.#timer.cancel();
    if (this.#isAway) this.#options.rib.removeSession(this.slot);
  }
}
