/**
 * The Restarting Speaker's part of graceful restart (RFC 4724 §4.1): what OPEN says of it, and End-of-RIB that waits until
 * every peer that is not restarting itself has sent its own, or its time is over.
 *
 * Deviation: routes are selected, announced and handed to the kernel as they come, End-of-RIB alone waits. Peers keep what
 * we announced before the restart until then, so that nothing is missing meanwhile, and what is new need not wait for a
 * peer that is down.
 */
import { FAMILIES, type Family } from '../net/index.ts';
import type { NegotiatedSession } from '../packet/negotiate.ts';
import type { Rib } from '../rib/rib-view.ts';
import type { Clock } from './clock.ts';
import { EndOfRibTracker, type ExpectedSession, SETTLE_MS } from './end-of-rib-tracker.ts';
import { NO_RESTART, type RestartState } from './graceful-restart.ts';
import type { SessionSettings } from './session-settings.ts';

/** Clients of ranges dial again at most five seconds apart, and nobody knows how many there were. */
const CLIENTS_MS = 10_000;

export interface RestartOptions {
  readonly clock: Clock;
  readonly rib: Rib;
  /** Absent: graceful restart is not offered. */
  readonly hasRestarted?: boolean;
  /** Offered to nodes of the cluster alone. */
  readonly nodesOnly?: boolean;
}

export class Restart {
  readonly #rib: Rib;
  readonly #hasRestarted: boolean;
  readonly #nodesOnly: boolean;
  readonly #tracker: EndOfRibTracker;
  readonly #awaited = new Set<Family>(FAMILIES);
  #nodes: ReadonlySet<string> = new Set();
  #state: RestartState;

  constructor({ clock, rib, hasRestarted, nodesOnly = false }: RestartOptions) {
    this.#nodesOnly = nodesOnly;
    this.#rib = rib;
    this.#hasRestarted = hasRestarted === true;
    this.#state =
      hasRestarted === undefined
        ? NO_RESTART
        : { isOffered: true, isRestarting: hasRestarted, preservesForwarding: hasRestarted };
    this.#tracker = new EndOfRibTracker({ clock, onComplete: (family) => this.#onComplete(family) });
    if (this.#hasRestarted) for (const family of FAMILIES) rib.holdEndOfRib(family, true);
  }

  /** @param addresses canonical, of the cluster's nodes */
  setNodes(addresses: readonly string[]): void {
    this.#nodes = new Set(addresses);
  }

  /**
   * The same object until something about it changes. To a client that is no node of the cluster nothing is promised: we
   * cannot dial it after a restart, and FRR, which keeps routes, waits to be dialed, for as long as it keeps them.
   */
  stateFor({ kind, address }: SessionSettings): RestartState {
    const isOffered = this.#nodes.has(address) || (kind !== 'dynamic' && !this.#nodesOnly);
    return isOffered ? this.#state : NO_RESTART;
  }

  /** How long sessions that nobody expects have to come, milliseconds. */
  settleMs(hasPeers: boolean, hasRanges: boolean): number {
    if (this.#hasRestarted && hasRanges) return CLIENTS_MS;
    return hasPeers ? 0 : SETTLE_MS;
  }

  start(expected: readonly ExpectedSession[], settleMs: number): void {
    if (this.#state.isOffered) this.#tracker.start(expected, settleMs);
  }

  /** Of two that are restarting neither waits for the other. */
  sessionUp(peer: object, session: NegotiatedSession | null): void {
    if (session?.gracefulRestart?.isRestarting === true) this.#tracker.forget(peer);
    else this.#tracker.sessionUp(peer, session?.families ?? []);
  }

  endOfRib(peer: object, family: Family): void {
    this.#tracker.endOfRib(peer, family);
  }

  forget(peer: object): void {
    this.#tracker.forget(peer);
  }

  close(): void {
    this.#tracker.close();
  }

  #onComplete(family: Family): void {
    this.#rib.holdEndOfRib(family, false);
    this.#awaited.delete(family);
    if (this.#awaited.size > 0) return;
    this.#state = { isOffered: true, isRestarting: false, preservesForwarding: true };
  }
}
