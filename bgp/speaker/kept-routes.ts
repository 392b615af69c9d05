/** What is kept of a peer's routes from one session to the next (the Receiving Speaker's part of RFC 4724 §4.2). */
import type { EndReason } from '../fsm/reason.ts';
import type { Family } from '../net/index.ts';
import type { NegotiatedSession } from '../packet/negotiate.ts';
import type { SessionSlot } from '../rib/rib-port.ts';
import type { SpeakerContext } from './connection-driver.ts';
import { retainedFamilies } from './graceful-restart.ts';
import type { PeerLog } from './peer-log.ts';
import { StaleRoutes } from './stale-routes.ts';

/** What a new session goes on with: its place in the RIB, and the families whose routes wait there for End-of-RIB. */
export interface Resumed {
  readonly slot: SessionSlot;
  readonly families: readonly Family[];
}

export class KeptRoutes {
  readonly #context: SpeakerContext;
  readonly #log: PeerLog;
  #stale: StaleRoutes | null = null;

  constructor(context: SpeakerContext, log: PeerLog) {
    this.#context = context;
    this.#log = log;
  }

  /** Where the routes of a peer that is away are; null when there is a session, or nothing was kept of the last one. */
  get slot(): SessionSlot | null {
    return this.#stale?.isAway === true ? this.#stale.slot : null;
  }

  /** How long a peer that is away has from the end of its session, milliseconds; 0 when nothing is kept. */
  get keptMs(): number {
    return this.slot === null ? 0 : this.#stale!.restartTimeSec * 1000;
  }

  /** The session is over; its routes stay where the peer asked for it and the reason allows it, else they go. */
  sessionEnded(slot: SessionSlot, session: NegotiatedSession, reason: EndReason, isInternal: boolean): void {
    const { rib, clock } = this.#context;
    this.#stale?.close();
    this.#stale = null;
    const families = retainedFamilies(reason, session);
    if (families.length === 0) {
      rib.removeSession(slot);
      return;
    }
    const restartTimeSec = session.gracefulRestart?.restartTimeSec ?? 0;
    const onExpired = (): void => {
      this.#stale = null;
      this.#log.routesDropped(restartTimeSec);
    };
    this.#log.routesKept(restartTimeSec);
    this.#stale = new StaleRoutes({
      rib,
      clock,
      slot,
      isInternal,
      families,
      restartTimeSec,
      onExpired,
    });
  }

  /** What the session that begins now goes on with, or null; whatever it does not go on with goes. */
  takeUp(session: NegotiatedSession, isInternal: boolean): Resumed | null {
    const { slot } = this;
    if (slot === null) return null;
    const families = this.#stale!.familiesKept(session.gracefulRestart, isInternal);
    if (families.length === 0) {
      this.forget();
      return null;
    }
    this.#stale!.resumed(families);
    return { slot, families };
  }

  endOfRib(family: Family): void {
    this.#stale?.endOfRib(family);
  }

  /** Nothing is kept any more of a peer that is away. */
  forget(): void {
    if (this.slot === null) return;
    this.#stale!.drop();
    this.#stale = null;
  }
}
