/** Active (RFC 4271 §8.2.2): waits for the peer's connection, or for ConnectRetryTimer to dial. */
import {
  automaticStop,
  collisionDump,
  connectionLost,
  headerError,
  manualStop,
  messageError,
  notificationReceived,
  sayOpen,
  stay,
  transition,
  unexpected,
} from './cells.ts';
import type { StateRow } from './connection.ts';

export const active: StateRow = {
  ManualStart: stay,
  ManualStartWithPassiveTcpEstablishment: stay,
  ManualStop: manualStop,
  AutomaticStop: automaticStop,
  ConnectRetryTimerExpires: (connection, _event, policy) =>
    transition({ ...connection, state: 'Connect' }, [
      { kind: 'startTimer', timer: 'connectRetry', ms: policy.connectTimeoutMs },
      { kind: 'dial' },
    ]),
  TcpCrAcked: (connection, _event, policy) => sayOpen(connection, policy),
  TcpConnectionConfirmed: (connection, _event, policy) => sayOpen(connection, policy),
  TcpConnectionFails: connectionLost,
  OpenCollisionDump: collisionDump,
  BgpHeaderErr: headerError,
  BgpOpenMsgErr: messageError,
  NotifMsgVerErr: notificationReceived,
  NotifMsg: notificationReceived,
  HoldTimerExpires: unexpected('Active'),
  KeepaliveTimerExpires: unexpected('Active'),
  IdleHoldTimerExpires: stay,
  BgpOpen: unexpected('Active'),
  KeepAliveMsg: unexpected('Active'),
  UpdateMsg: unexpected('Active'),
  UpdateMsgErr: unexpected('Active'),
  SendHoldTimerExpires: unexpected('Active'),
  RouteRefreshMsg: unexpected('Active'),
};
