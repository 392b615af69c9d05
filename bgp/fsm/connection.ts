/** The state of one connection's machine, as a frozen value. */
import type { NegotiatedSession } from '../packet/negotiate.ts';
import type { Effect } from './effect.ts';
import type { EventName, EventOf } from './event.ts';
import type { EndReason } from './reason.ts';
import type { State } from './state.ts';

export interface Connection {
  /** Unique within the peer, never reused. */
  readonly id: number;
  readonly state: State;
  /** Who opened the transport connection, or would. */
  readonly initiator: 'local' | 'remote';
  /** ConnectRetryCounter (RFC 4271 §8): failed dials since the last transport connection. */
  readonly connectFailures: number;
  /** Sessions and attempts that ended against our will, since the last session that proved stable. */
  readonly failures: number;
  /** Set from OpenConfirm on. */
  readonly session: NegotiatedSession | null;
}

/** What a connection is told about its peer; the machine holds no configuration. */
export interface ConnectionPolicy {
  /** The peer dials, we only wait. */
  readonly passive: boolean;
  /** Start again by itself after an end: true for a configured peer, false for a client of a listen range. */
  readonly restarts: boolean;
  /** Hold time before an OPEN has come (RFC 4271 §8.2.2: "a large value"). */
  readonly openHoldMs: number;
  /** ConnectRetryTimer while a dial is under way: given up then, and dialed again. */
  readonly connectTimeoutMs: number;
  /** ConnectRetryTimer between two dials, by the number of failures so far (1 and up). */
  connectRetryMs(failures: number): number;
  /** IdleHoldTimer after an end, by the number of failures so far; null: it does not start again by itself. */
  idleHoldMs(reason: EndReason, failures: number): number | null;
}

export interface Transition {
  readonly next: Connection;
  readonly effects: readonly Effect[];
}

/** One cell of the table. */
export type Handler<N extends EventName> = (
  connection: Connection,
  event: EventOf<N>,
  policy: ConnectionPolicy,
) => Transition;

/** One state: a handler for every event there is. */
export type StateRow = { readonly [N in EventName]: Handler<N> };

/** A connection in Idle that we would open. */
export function idleConnection(id: number): Connection {
  return Object.freeze({
    id,
    state: 'Idle',
    initiator: 'local',
    connectFailures: 0,
    failures: 0,
    session: null,
  });
}

/** A connection that the peer has opened: in Active, where TcpConnectionConfirmed takes it on. */
export function acceptedConnection(id: number): Connection {
  return Object.freeze({ ...idleConnection(id), state: 'Active', initiator: 'remote' });
}
