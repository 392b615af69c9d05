/**
 * The machine of one connection (RFC 4271 §8.2.2): a table of every state by every event. Pure: no clock, no
 * sockets, no randomness.
 *
 * ```
 *            start                TCP              OPEN               KEEPALIVE
 *   Idle ───────────▶ Connect ──────────▶ OpenSent ──────▶ OpenConfirm ──────▶ Established
 *    ▲ │ passive        │  ▲                  ▲ │               │                   │
 *    │ └──────▶ Active ◀┘  │ ConnectRetry     │ │               │                   │
 *    │            └────────┘     TCP of peer  │ │               │                   │
 *    │            └───────────────────────────┘ │               │                   │
 *    └──────────────────────────────────────────┴───────────────┴───────────────────┘
 *                     stop, error, NOTIFICATION, TCP lost: IdleHoldTimer, then start
 * ```
 *
 * Deviations from RFC 4271 §8.2.2 stand in the state's file. Two connections with one peer: `peer-fsm.ts`.
 */
import { active } from './active.ts';
import { connect } from './connect.ts';
import type { Connection, ConnectionPolicy, Handler, StateRow, Transition } from './connection.ts';
import { established } from './established.ts';
import type { EventName, FsmEvent } from './event.ts';
import { idle } from './idle.ts';
import { openConfirm } from './open-confirm.ts';
import { openSent } from './open-sent.ts';
import type { State } from './state.ts';

/** A missing state or event does not compile. */
const TABLE: Readonly<Record<State, StateRow>> = {
  Idle: idle,
  Connect: connect,
  Active: active,
  OpenSent: openSent,
  OpenConfirm: openConfirm,
  Established: established,
};

/** Total: every event has an answer in every state. */
export function transition(connection: Connection, event: FsmEvent, policy: ConnectionPolicy): Transition {
  const handler = TABLE[connection.state][event.name] as Handler<EventName>;
  return handler(connection, event, policy);
}
