import { EVENT_NAMES, type Rows, react } from './fsm-fixtures.ts';

/** Both OPENs are exchanged. */
const ROWS: Rows = [
  ['ManualStart', 'OpenConfirm: nothing'],
  ['ManualStartWithPassiveTcpEstablishment', 'OpenConfirm: nothing'],
  ['ManualStop', 'Idle: stop all, close stopped, failed stopped'],
  ['AutomaticStop', 'Idle: stop all, close stopped, failed stopped, start idleHold 10'],
  [
    'ConnectRetryTimerExpires',
    'Idle: stop all, close unexpectedEvent, failed unexpectedEvent, start idleHold 10',
  ],
  ['HoldTimerExpires', 'Idle: stop all, close holdTimerExpired, failed holdTimerExpired, start idleHold 10'],
  ['KeepaliveTimerExpires', 'OpenConfirm: send keepalive, start keepalive 30'],
  [
    'IdleHoldTimerExpires',
    'Idle: stop all, close unexpectedEvent, failed unexpectedEvent, start idleHold 10',
  ],
  ['TcpCrAcked', 'OpenConfirm: nothing'],
  ['TcpConnectionConfirmed', 'OpenConfirm: nothing'],
  ['TcpConnectionFails', 'Idle: stop all, close connectionLost, failed connectionLost, start idleHold 10'],
  ['BgpOpen', 'Idle: stop all, close unexpectedEvent, failed unexpectedEvent, start idleHold 10'],
  ['BgpHeaderErr', 'Idle: stop all, close protocolError, failed protocolError, start idleHold 10'],
  ['BgpOpenMsgErr', 'Idle: stop all, close protocolError, failed protocolError, start idleHold 10'],
  ['OpenCollisionDump', 'Idle: stop all, close collision, failed collision, start idleHold 10'],
  [
    'NotifMsgVerErr',
    'Idle: stop all, close notificationReceived, failed notificationReceived, start idleHold 10',
  ],
  ['NotifMsg', 'Idle: stop all, close notificationReceived, failed notificationReceived, start idleHold 10'],
  ['KeepAliveMsg', 'Established: start hold 90, up'],
  ['UpdateMsg', 'Idle: stop all, close unexpectedEvent, failed unexpectedEvent, start idleHold 10'],
  ['UpdateMsgErr', 'Idle: stop all, close unexpectedEvent, failed unexpectedEvent, start idleHold 10'],
  [
    'SendHoldTimerExpires',
    'Idle: stop all, close sendHoldTimerExpired, failed sendHoldTimerExpired, start idleHold 10',
  ],
  ['RouteRefreshMsg', 'Idle: stop all, close unexpectedEvent, failed unexpectedEvent, start idleHold 10'],
];

describe('OpenConfirm (RFC 4271 §8.2.2)', () => {
  test('every event has a row', () => {
    expect(ROWS.map(([event]) => event)).toEqual(EVENT_NAMES);
  });

  test.each(ROWS)('%s: %s', (event, reaction) => {
    expect(react('OpenConfirm', event)).toBe(reaction);
  });
});
