import { EVENT_NAMES, type Rows, react } from './fsm-fixtures.ts';

/** UPDATEs are exchanged. */
const ROWS: Rows = [
  ['ManualStart', 'Established: nothing'],
  ['ManualStartWithPassiveTcpEstablishment', 'Established: nothing'],
  ['ManualStop', 'Idle: stop all, close stopped, down stopped'],
  ['AutomaticStop', 'Idle: stop all, close stopped, down stopped, start idleHold 10'],
  [
    'ConnectRetryTimerExpires',
    'Idle: stop all, close unexpectedEvent, down unexpectedEvent, start idleHold 10',
  ],
  ['HoldTimerExpires', 'Idle: stop all, close holdTimerExpired, down holdTimerExpired, start idleHold 10'],
  ['KeepaliveTimerExpires', 'Established: send keepalive, start keepalive 30'],
  ['IdleHoldTimerExpires', 'Idle: stop all, close unexpectedEvent, down unexpectedEvent, start idleHold 10'],
  ['TcpCrAcked', 'Established: nothing'],
  ['TcpConnectionConfirmed', 'Established: nothing'],
  ['TcpConnectionFails', 'Idle: stop all, close connectionLost, down connectionLost, start idleHold 10'],
  ['BgpOpen', 'Idle: stop all, close unexpectedEvent, down unexpectedEvent, start idleHold 10'],
  ['BgpHeaderErr', 'Idle: stop all, close protocolError, down protocolError, start idleHold 10'],
  ['BgpOpenMsgErr', 'Idle: stop all, close unexpectedEvent, down unexpectedEvent, start idleHold 10'],
  ['OpenCollisionDump', 'Idle: stop all, close collision, down collision, start idleHold 10'],
  [
    'NotifMsgVerErr',
    'Idle: stop all, close notificationReceived, down notificationReceived, start idleHold 10',
  ],
  ['NotifMsg', 'Idle: stop all, close notificationReceived, down notificationReceived, start idleHold 10'],
  ['KeepAliveMsg', 'Established: start hold 90'],
  ['UpdateMsg', 'Established: start hold 90'],
  ['UpdateMsgErr', 'Idle: stop all, close protocolError, down protocolError, start idleHold 10'],
  [
    'SendHoldTimerExpires',
    'Idle: stop all, close sendHoldTimerExpired, down sendHoldTimerExpired, start idleHold 10',
  ],
  ['RouteRefreshMsg', 'Established: start hold 90'],
];

describe('Established (RFC 4271 §8.2.2)', () => {
  test('every event has a row', () => {
    expect(ROWS.map(([event]) => event)).toEqual(EVENT_NAMES);
  });

  test.each(ROWS)('%s: %s', (event, reaction) => {
    expect(react('Established', event)).toBe(reaction);
  });
});
