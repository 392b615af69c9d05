/** What is remembered of a peer for display: its state, its errors, its counters. */
import type { EndReason } from '../fsm/reason.ts';
import type { OpenMessage } from '../packet/open.ts';
import type { Clock } from './clock.ts';
import { notificationFor, sessionErrorFor } from './end-reason.ts';
import { messageCounters } from './message-counters.ts';
import type { SessionError, SessionState } from './speaker-status.ts';

/** How a connection ended, beyond the reason. */
export interface EndCircumstances {
  /** The NOTIFICATION that we owed went out. */
  readonly wasSent: boolean;
  /** Both ends had TCP, so that this was more than a failed dial. */
  readonly wasConnected: boolean;
  /** Another connection with the peer goes on: this end is no failure of the session. */
  readonly hasHeir: boolean;
}

export class PeerRecord {
  readonly counters = messageCounters();
  /** The OPEN that came last, also of a session that is over. */
  peerOpen: OpenMessage | null = null;
  treatedAsWithdraw = 0;
  attributesDiscarded = 0;
  #clock: Clock;
  #state: SessionState = 'Idle';
  #since: Date;
  #flaps = 0;
  #lastError: SessionError | null = null;
  #lastErrorIsFailedDial = false;
  #lastSent: SessionError | null = null;
  #lastReceived: SessionError | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.wallTime();
  }

  get state(): SessionState {
    return this.#state;
  }
  /** When the present state was entered. */
  get since(): Date {
    return this.#since;
  }
  get flaps(): number {
    return this.#flaps;
  }
  get lastError(): SessionError | null {
    return this.#lastError;
  }
  get lastSent(): SessionError | null {
    return this.#lastSent;
  }
  get lastReceived(): SessionError | null {
    return this.#lastReceived;
  }

  /** @returns the state before, or null when it is the same */
  enter(state: SessionState): SessionState | null {
    const before = this.#state;
    if (before === state) return null;
    this.#state = state;
    this.#since = this.#clock.wallTime();
    return before;
  }

  countFlap(): void {
    this.#flaps++;
  }

  /**
   * Notes the end of a connection. A failed dial never hides how the last session ended.
   * @returns the NOTIFICATION that was sent or received with it, or null
   */
  noteEnd(reason: EndReason, end: EndCircumstances): SessionError | null {
    const error = sessionErrorFor(reason, end.wasSent, this.#clock.wallTime().toISOString());
    if (error === null) return null;
    const isNotification = reason.kind === 'notificationReceived' || notificationFor(reason) !== null;
    if (isNotification) {
      if (error.direction === 'sent') this.#lastSent = error;
      else this.#lastReceived = error;
    }
    const isFailedDial = !end.wasConnected;
    if (!end.hasHeir && (!isFailedDial || this.#lastError === null || this.#lastErrorIsFailedDial)) {
      this.#lastError = error;
      this.#lastErrorIsFailedDial = isFailedDial;
    }
    return isNotification ? error : null;
  }
}
