/** What is remembered of a peer for display: its state, its errors, its counters. */
import type { EndReason } from '../fsm/reason.ts';
import { MessageTypeCode } from '../packet/iana.ts';
import type { Notification } from '../packet/notification.ts';
import type { OpenMessage } from '../packet/open.ts';
import { type Attempt, hasNotification } from './attempt.ts';
import type { Clock } from './clock.ts';
import type { TransportFacts } from './connection-driver.ts';
import { sessionErrorFor } from './end-reason.ts';
import { failureKind } from './likely-cause.ts';
import { messageCounters } from './message-counters.ts';
import { type DroppedSegments, droppedSegments, dropsSince } from './socket/kernel-counters.ts';
import type { ConnectionFailures, FailureKind, SessionError, SessionState } from './speaker-status.ts';

/** How a connection ended, beyond the reason. */
export interface EndCircumstances {
  /** The NOTIFICATION that we owed went out. */
  readonly wasSent: boolean;
  /** Both ends had TCP, so that this was more than a failed dial. */
  readonly wasConnected: boolean;
  readonly wasEstablished: boolean;
  /** Another connection with the peer goes on: this end is no failure of the session. */
  readonly hasHeir: boolean;
  readonly facts: TransportFacts;
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
  #dropsBefore = droppedSegments();
  #flaps = 0;
  #lastError: SessionError | null = null;
  /** It is a NOTIFICATION, or the end of a session. */
  #lastErrorSays = false;
  #attempt: Attempt | null = null;
  readonly #failures: Record<FailureKind, number> = {
    refused: 0,
    timeout: 0,
    unreachable: 0,
    closed: 0,
    other: 0,
  };
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
    this.#dropsBefore = droppedSegments();
    return before;
  }

  countFlap(): void {
    this.#flaps++;
  }

  /** What the kernel has dropped since the present state was entered. */
  get drops(): DroppedSegments {
    return dropsSince(this.#dropsBefore, droppedSegments());
  }
  get attempt(): Attempt | null {
    return this.#attempt;
  }
  get connectionFailures(): ConnectionFailures {
    return this.#failures;
  }

  /**
   * Notes the end of a connection. What says less than `lastError` never hides it: a failed dial, or a connection
   * that came to nothing, after a NOTIFICATION or the end of a session.
   * @returns the NOTIFICATION that was sent or received with it, or null
   */
  noteEnd(reason: EndReason, end: EndCircumstances): SessionError | null {
    const error = sessionErrorFor(reason, end.wasSent, this.#clock.wallTime().toISOString());
    if (error === null) return null;
    const isNotification = hasNotification(reason, error);
    if (isNotification && error.direction === 'received') this.#lastReceived = error;
    if (isNotification && error.direction === 'sent' && end.wasSent) this.#lastSent = error;
    if (!end.hasHeir) this.#noteFailure(reason, error, end);
    return isNotification && (end.wasSent || error.direction === 'received') ? error : null;
  }

  /** A connection of the peer was refused with these words; that is no end of anything. */
  noteRefusal(notification: Notification): void {
    this.counters.sent.add(MessageTypeCode.Notification);
    const at = this.#clock.wallTime().toISOString();
    this.#lastSent = sessionErrorFor({ kind: 'stopped', notification }, true, at);
  }

  #noteFailure(reason: EndReason, error: SessionError, end: EndCircumstances): void {
    const { facts, wasConnected, wasEstablished } = end;
    const drops = dropsSince(facts.dropsBefore, droppedSegments());
    this.#attempt = { reason, error, wasConnected, wasEstablished, facts, drops };
    const isNotification = hasNotification(reason, error);
    if (!isNotification) this.#failures[failureKind(this.#attempt)]++;
    const says = isNotification || wasEstablished;
    if (!says && this.#lastErrorSays) return;
    this.#lastError = error;
    this.#lastErrorSays = says;
  }
}
