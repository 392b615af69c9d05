/**
 * Connect (RFC 4271 §8.2.2): a dial is under way, ConnectRetryTimer limits it.
 *
 * Deviation: a dial that fails leads to Active, where ConnectRetryTimer waits for the next one. RFC 4271 goes to
 * Idle and needs an AutomaticStart from there; the outcome is the same, and the peer is shown as what it is:
 * looked for, not stopped.
 */
import {
  automaticStop,
  collisionDump,
  headerError,
  manualStop,
  messageError,
  notificationReceived,
  sayOpen,
  stay,
  transition,
  unexpected,
} from './cells.ts';
import type { Connection, ConnectionPolicy, StateRow, Transition } from './connection.ts';
import type { EndReason } from './reason.ts';

/** Pauses in Active before the next dial. */
export function retryLater(connection: Connection, reason: EndReason, policy: ConnectionPolicy): Transition {
  const connectFailures = connection.connectFailures + 1;
  return transition({ ...connection, state: 'Active', connectFailures, session: null }, [
    { kind: 'stopAllTimers' },
    { kind: 'close', reason },
    { kind: 'attemptFailed', reason },
    { kind: 'startTimer', timer: 'connectRetry', ms: policy.connectRetryMs(connectFailures) },
  ]);
}

export const connect: StateRow = {
  ManualStart: stay,
  ManualStartWithPassiveTcpEstablishment: stay,
  ManualStop: manualStop,
  AutomaticStop: automaticStop,
  ConnectRetryTimerExpires: (connection, _event, policy) =>
    retryLater(connection, { kind: 'connectTimedOut' }, policy),
  TcpCrAcked: (connection, _event, policy) => sayOpen(connection, policy),
  TcpConnectionConfirmed: (connection, _event, policy) => sayOpen(connection, policy),
  TcpConnectionFails: (connection, { text }, policy) =>
    retryLater(connection, { kind: 'connectionLost', text }, policy),
  OpenCollisionDump: collisionDump,
  BgpHeaderErr: headerError,
  BgpOpenMsgErr: messageError,
  NotifMsgVerErr: notificationReceived,
  NotifMsg: notificationReceived,
  HoldTimerExpires: unexpected('Connect'),
  KeepaliveTimerExpires: unexpected('Connect'),
  IdleHoldTimerExpires: stay,
  BgpOpen: unexpected('Connect'),
  KeepAliveMsg: unexpected('Connect'),
  UpdateMsg: unexpected('Connect'),
  UpdateMsgErr: unexpected('Connect'),
  SendHoldTimerExpires: unexpected('Connect'),
  RouteRefreshMsg: unexpected('Connect'),
};
