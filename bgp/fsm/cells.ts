/** Cells that several states share. */
import { isFailure } from './back-off.ts';
import type { Connection, ConnectionPolicy, Handler, Transition } from './connection.ts';
import type { Effect } from './effect.ts';
import type { EventName, EventOf } from './event.ts';
import type { EndReason } from './reason.ts';
import type { State } from './state.ts';

export function transition(next: Connection, effects: readonly Effect[]): Transition {
  return Object.freeze({ next: Object.freeze(next), effects });
}

/** Nothing happens. */
export const stay = (connection: Connection): Transition => ({ next: connection, effects: [] });

/** The peer has shown that it lives: the hold timer starts over. */
export function holdTimer(connection: Connection): Effect {
  const seconds = connection.session?.holdTimeSec ?? 0;
  return seconds === 0
    ? { kind: 'stopTimer', timer: 'hold' }
    : { kind: 'startTimer', timer: 'hold', ms: seconds * 1000 };
}

export function keepaliveTimer(connection: Connection): Effect {
  const seconds = connection.session?.keepaliveSec ?? 0;
  return seconds === 0
    ? { kind: 'stopTimer', timer: 'keepalive' }
    : { kind: 'startTimer', timer: 'keepalive', ms: seconds * 1000 };
}

/** TCP is there: OPEN goes out at once, and the hold timer waits for the peer's (RFC 4271 §8.2.2). */
export function sayOpen(connection: Connection, policy: ConnectionPolicy): Transition {
  return transition({ ...connection, state: 'OpenSent', connectFailures: 0 }, [
    { kind: 'stopAllTimers' },
    { kind: 'send', message: 'open' },
    { kind: 'startTimer', timer: 'hold', ms: policy.openHoldMs },
  ]);
}

/**
 * Ends the connection and goes to Idle; where the policy says so, IdleHoldTimer will start it again. Of
 * sessionDown and attemptFailed exactly one is among the effects.
 */
export function end(
  connection: Connection,
  reason: EndReason,
  policy: ConnectionPolicy,
  restarts = policy.restarts,
): Transition {
  const failures = isFailure(reason) ? connection.failures + 1 : connection.failures;
  const effects: Effect[] = [
    { kind: 'stopAllTimers' },
    { kind: 'close', reason },
    connection.state === 'Established' ? { kind: 'sessionDown', reason } : { kind: 'attemptFailed', reason },
  ];
  const idleHoldMs = restarts ? policy.idleHoldMs(reason, failures) : null;
  if (idleHoldMs !== null) effects.push({ kind: 'startTimer', timer: 'idleHold', ms: idleHoldMs });
  return transition({ ...connection, state: 'Idle', initiator: 'local', failures, session: null }, effects);
}

/** ManualStop (event 2): the counters are cleared and nothing starts by itself. */
export const manualStop: Handler<'ManualStop'> = (connection, { notification }, policy) => {
  const { next, effects } = end(connection, { kind: 'stopped', notification }, policy, false);
  return transition({ ...next, connectFailures: 0, failures: 0 }, effects);
};

export const automaticStop: Handler<'AutomaticStop'> = (connection, { notification }, policy) =>
  end(connection, { kind: 'stopped', notification }, policy);

export const collisionDump: Handler<'OpenCollisionDump'> = (connection, _event, policy) =>
  end(connection, { kind: 'collision' }, policy);

/**
 * RFC 4271 answers a NOTIFICATION before OpenConfirm with an FSM error; no speaker does, for a NOTIFICATION is
 * never answered by another (RFC 4271 §6.4).
 */
export const notificationReceived = (
  connection: Connection,
  { notification }: EventOf<'NotifMsg' | 'NotifMsgVerErr'>,
  policy: ConnectionPolicy,
): Transition => end(connection, { kind: 'notificationReceived', notification }, policy);

export const headerError: Handler<'BgpHeaderErr'> = (connection, { notification }, policy) =>
  end(connection, { kind: 'protocolError', notification, text: '' }, policy);

export const messageError = (
  connection: Connection,
  { notification, text }: EventOf<'BgpOpenMsgErr' | 'UpdateMsgErr'>,
  policy: ConnectionPolicy,
): Transition => end(connection, { kind: 'protocolError', notification, text }, policy);

export const holdTimerExpires: Handler<'HoldTimerExpires'> = (connection, _event, policy) =>
  end(connection, { kind: 'holdTimerExpired' }, policy);

export const sendHoldTimerExpires: Handler<'SendHoldTimerExpires'> = (connection, _event, policy) =>
  end(connection, { kind: 'sendHoldTimerExpired' }, policy);

export const connectionLost: Handler<'TcpConnectionFails'> = (connection, { text }, policy) =>
  end(connection, { kind: 'connectionLost', text }, policy);

/** The event has no business in this state (RFC 4271 §6.6); which subcode, RFC 6608 says. */
export const unexpected =
  <N extends EventName>(state: State): Handler<N> =>
  (connection, event, policy) =>
    end(connection, { kind: 'unexpectedEvent', state, event: event.name }, policy);
