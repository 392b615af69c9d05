/** OpenConfirm (RFC 4271 §8.2.2): both OPENs are exchanged, the peer's KEEPALIVE is awaited. */
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

export const openConfirm: StateRow = {
  ManualStart: stay,
  ManualStartWithPassiveTcpEstablishment: stay,
  ManualStop: manualStop,
  AutomaticStop: automaticStop,
  HoldTimerExpires: holdTimerExpires,
  KeepaliveTimerExpires: (connection) =>
    transition(connection, [{ kind: 'send', message: 'keepalive' }, keepaliveTimer(connection)]),
  KeepAliveMsg: (connection) =>
    connection.session === null
      ? stay(connection)
      : transition({ ...connection, state: 'Established' }, [
          holdTimer(connection),
          { kind: 'sessionUp', session: connection.session },
        ]),
  TcpConnectionFails: connectionLost,
  BgpHeaderErr: headerError,
  OpenCollisionDump: collisionDump,
  NotifMsgVerErr: notificationReceived,
  NotifMsg: notificationReceived,
  SendHoldTimerExpires: sendHoldTimerExpires,
  /** A second OPEN on one connection, valid or not; collisions of two connections are resolved above. */
  BgpOpen: unexpected('OpenConfirm'),
  BgpOpenMsgErr: messageError,
  ConnectRetryTimerExpires: unexpected('OpenConfirm'),
  IdleHoldTimerExpires: unexpected('OpenConfirm'),
  TcpCrAcked: stay,
  TcpConnectionConfirmed: stay,
  UpdateMsg: unexpected('OpenConfirm'),
  UpdateMsgErr: unexpected('OpenConfirm'),
  RouteRefreshMsg: unexpected('OpenConfirm'),
};
