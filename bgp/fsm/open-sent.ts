/** OpenSent (RFC 4271 §8.2.2): our OPEN is out, the peer's is awaited. */
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
import { retryLater } from './connect.ts';
import type { StateRow } from './connection.ts';

export const openSent: StateRow = {
  ManualStart: stay,
  ManualStartWithPassiveTcpEstablishment: stay,
  ManualStop: manualStop,
  AutomaticStop: automaticStop,
  HoldTimerExpires: holdTimerExpires,
  /** Back to Active if we may dial again; a connection of the peer's is simply over. */
  TcpConnectionFails: (connection, event, policy) =>
    policy.restarts && !policy.passive && connection.initiator === 'local'
      ? retryLater(connection, { kind: 'connectionLost', text: event.text }, policy)
      : connectionLost(connection, event, policy),
  BgpOpen: (connection, { session }) => {
    const next = { ...connection, state: 'OpenConfirm' as const, session };
    return transition(next, [
      { kind: 'stopTimer', timer: 'connectRetry' },
      { kind: 'negotiated', session },
      { kind: 'send', message: 'keepalive' },
      keepaliveTimer(next),
      holdTimer(next),
    ]);
  },
  BgpHeaderErr: headerError,
  BgpOpenMsgErr: messageError,
  OpenCollisionDump: collisionDump,
  NotifMsgVerErr: notificationReceived,
  NotifMsg: notificationReceived,
  SendHoldTimerExpires: sendHoldTimerExpires,
  ConnectRetryTimerExpires: unexpected('OpenSent'),
  KeepaliveTimerExpires: unexpected('OpenSent'),
  IdleHoldTimerExpires: unexpected('OpenSent'),
  TcpCrAcked: stay,
  TcpConnectionConfirmed: stay,
  KeepAliveMsg: unexpected('OpenSent'),
  UpdateMsg: unexpected('OpenSent'),
  UpdateMsgErr: unexpected('OpenSent'),
  RouteRefreshMsg: unexpected('OpenSent'),
};
