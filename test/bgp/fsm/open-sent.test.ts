import { EVENT_NAMES, type Rows, react } from './fsm-fixtures.ts';

/** Our OPEN is out. */
const ROWS: Rows = [
  ['ManualStart', 'OpenSent: nothing'],
  ['ManualStartWithPassiveTcpEstablishment', 'OpenSent: nothing'],
  ['ManualStop', 'Idle: stop all, close stopped, failed stopped'],
  ['AutomaticStop', 'Idle: stop all, close stopped, failed stopped, start idleHold 10'],
  [
    'ConnectRetryTimerExpires',
    'Idle: stop all, close unexpectedEvent, failed unexpectedEvent, start idleHold 10',
  ],
  ['HoldTimerExpires', 'Idle: stop all, close holdTimerExpired, failed holdTimerExpired, start idleHold 10'],
  [
    'KeepaliveTimerExpires',
    'Idle: stop all, close unexpectedEvent, failed unexpectedEvent, start idleHold 10',
  ],
  [
    'IdleHoldTimerExpires',
    'Idle: stop all, close unexpectedEvent, failed unexpectedEvent, start idleHold 10',
  ],
  ['TcpCrAcked', 'OpenSent: nothing'],
  ['TcpConnectionConfirmed', 'OpenSent: nothing'],
  [
    'TcpConnectionFails',
    'Active: stop all, close connectionLost, failed connectionLost, start connectRetry 1',
  ],
  [
    'BgpOpen',
    'OpenConfirm: stop connectRetry, negotiated, send keepalive, start keepalive 30, start hold 90',
  ],
  ['BgpHeaderErr', 'Idle: stop all, close protocolError, failed protocolError, start idleHold 10'],
  ['BgpOpenMsgErr', 'Idle: stop all, close protocolError, failed protocolError, start idleHold 10'],
  ['OpenCollisionDump', 'Idle: stop all, close collision, failed collision, start idleHold 10'],
  [
    'NotifMsgVerErr',
    'Idle: stop all, close notificationReceived, failed notificationReceived, start idleHold 10',
  ],
  ['NotifMsg', 'Idle: stop all, close notificationReceived, failed notificationReceived, start idleHold 10'],
  ['KeepAliveMsg', 'Idle: stop all, close unexpectedEvent, failed unexpectedEvent, start idleHold 10'],
  ['UpdateMsg', 'Idle: stop all, close unexpectedEvent, failed unexpectedEvent, start idleHold 10'],
  ['UpdateMsgErr', 'Idle: stop all, close unexpectedEvent, failed unexpectedEvent, start idleHold 10'],
  [
    'SendHoldTimerExpires',
    'Idle: stop all, close sendHoldTimerExpired, failed sendHoldTimerExpired, start idleHold 10',
  ],
  ['RouteRefreshMsg', 'Idle: stop all, close unexpectedEvent, failed unexpectedEvent, start idleHold 10'],
];

describe('OpenSent (RFC 4271 §8.2.2)', () => {
  test('every event has a row', () => {
    expect(ROWS.map(([event]) => event)).toEqual(EVENT_NAMES);
  });

  test.each(ROWS)('%s: %s', (event, reaction) => {
    expect(react('OpenSent', event)).toBe(reaction);
  });

  test('transport of the peer lost: the connection is over, there is nothing to dial again', () => {
    expect(react('OpenSent', 'TcpConnectionFails', { restarts: false }, { initiator: 'remote' })).toBe(
      'Idle: stop all, close connectionLost, failed connectionLost',
    );
  });
});
