/**
 * Established (RFC 4271 §8.2.2): UPDATEs are exchanged.
 *
 * Deviations: §8.2.2 answers a bad header (event 21) with an FSM error here; §6.1 demands Message Header Error, and
 * every speaker sends that. KeepaliveTimer is not restarted by UPDATEs that we send: a KEEPALIVE too many is cheaper
 * than a timer that is touched with each message.
 */
import {
  automaticStop,
  collisionDump,
  connectionLost,
  headerError,
  holdTimer,
  holdTimerExpires,
  keepaliveTimer,
  manualStop,
  messageError,
  notificationReceived,
  sendHoldTimerExpires,
  stay,
  transition,
  unexpected,
} from './cells.ts';
import type { StateRow } from './connection.ts';

export const established: StateRow = {
  ManualStart: stay,
  ManualStartWithPassiveTcpEstablishment: stay,
  ManualStop: manualStop,
  AutomaticStop: automaticStop,
  HoldTimerExpires: holdTimerExpires,
  SendHoldTimerExpires: sendHoldTimerExpires,
  KeepaliveTimerExpires: (connection) =>
    transition(connection, [{ kind: 'send', message: 'keepalive' }, keepaliveTimer(connection)]),
  /** A KEEPALIVE one interval after the session came up proves it stable: the count of failures starts over. */
  KeepAliveMsg: (connection) => transition({ ...connection, failures: 0 }, [holdTimer(connection)]),
  UpdateMsg: (connection) => transition(connection, [holdTimer(connection)]),
  /** RFC 2918 and RFC 4271 §8.2.2 leave the hold timer alone here; a peer that asks for routes is alive. */
  RouteRefreshMsg: (connection) => transition(connection, [holdTimer(connection)]),
  UpdateMsgErr: messageError,
  TcpConnectionFails: connectionLost,
  BgpHeaderErr: headerError,
  OpenCollisionDump: collisionDump,
  NotifMsgVerErr: notificationReceived,
  NotifMsg: notificationReceived,
  BgpOpen: unexpected('Established'),
  BgpOpenMsgErr: unexpected('Established'),
  ConnectRetryTimerExpires: unexpected('Established'),
  IdleHoldTimerExpires: unexpected('Established'),
  TcpCrAcked: stay,
  TcpConnectionConfirmed: stay,
};
