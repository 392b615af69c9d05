/**
 * Idle (RFC 4271 §8.2.2): nothing is under way. Either the session is stopped, or IdleHoldTimer runs (or the
 * connection is over and about to be forgotten).
 */
import { stay, transition } from './cells.ts';
import type { Connection, ConnectionPolicy, StateRow, Transition } from './connection.ts';

/** Waits for the peer in Active, or dials. */
function start(connection: Connection, policy: ConnectionPolicy): Transition {
  return policy.passive ? waitForPeer(connection) : dial(connection, policy);
}

function waitForPeer(connection: Connection): Transition {
  // RFC 4271 starts ConnectRetryTimer here, whose expiry would dial; a passive session never dials.
  return transition({ ...connection, state: 'Active' }, [{ kind: 'stopTimer', timer: 'idleHold' }]);
}

function dial(connection: Connection, policy: ConnectionPolicy): Transition {
  return transition({ ...connection, state: 'Connect' }, [
    { kind: 'stopTimer', timer: 'idleHold' },
    { kind: 'startTimer', timer: 'connectRetry', ms: policy.connectTimeoutMs },
    { kind: 'dial' },
  ]);
}

export const idle: StateRow = {
  ManualStart: (connection, _event, policy) =>
    dial({ ...connection, connectFailures: 0, failures: 0 }, policy),
  ManualStartWithPassiveTcpEstablishment: (connection) =>
    waitForPeer({ ...connection, connectFailures: 0, failures: 0 }),
  IdleHoldTimerExpires: (connection, _event, policy) => start(connection, policy),
  /** RFC 4271 ignores it, but knows no stop that outlasts IdleHoldTimer: here that ends, too. */
  ManualStop: (connection) =>
    transition({ ...connection, connectFailures: 0, failures: 0 }, [{ kind: 'stopAllTimers' }]),
  AutomaticStop: stay,
  OpenCollisionDump: stay,
  ConnectRetryTimerExpires: stay,
  HoldTimerExpires: stay,
  KeepaliveTimerExpires: stay,
  TcpCrAcked: stay,
  TcpConnectionConfirmed: stay,
  TcpConnectionFails: stay,
  BgpOpen: stay,
  BgpHeaderErr: stay,
  BgpOpenMsgErr: stay,
  NotifMsgVerErr: stay,
  NotifMsg: stay,
  KeepAliveMsg: stay,
  UpdateMsg: stay,
  UpdateMsgErr: stay,
  SendHoldTimerExpires: stay,
  RouteRefreshMsg: stay,
};
