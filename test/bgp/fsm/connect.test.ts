import { EVENT_NAMES, type Rows, react } from './fsm-fixtures.ts';

/** A dial is under way. */
const ROWS: Rows = [
  ['ManualStart', 'Connect: nothing'],
  ['ManualStartWithPassiveTcpEstablishment', 'Connect: nothing'],
  ['ManualStop', 'Idle: stop all, close stopped, failed stopped'],
  ['AutomaticStop', 'Idle: stop all, close stopped, failed stopped, start idleHold 10'],
  [
    'ConnectRetryTimerExpires',
    'Active: stop all, close connectTimedOut, failed connectTimedOut, start connectRetry 1',
  ],
  ['HoldTimerExpires', 'Idle: stop all, close unexpectedEvent, failed unexpectedEvent, start idleHold 10'],
  [
    'KeepaliveTimerExpires',
    'Idle: stop all, close unexpectedEvent, failed unexpectedEvent, start idleHold 10',
  ],
  ['IdleHoldTimerExpires', 'Connect: nothing'],
  ['TcpCrAcked', 'OpenSent: stop all, send open, start hold 240'],
  ['TcpConnectionConfirmed', 'OpenSent: stop all, send open, start hold 240'],
  [
    'TcpConnectionFails',
    'Active: stop all, close connectionLost, failed connectionLost, start connectRetry 1',
  ],
  ['BgpOpen', 'Idle: stop all, close unexpectedEvent, failed unexpectedEvent, start idleHold 10'],
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
    'Idle: stop all, close unexpectedEvent, failed unexpectedEvent, start idleHold 10',
  ],
  ['RouteRefreshMsg', 'Idle: stop all, close unexpectedEvent, failed unexpectedEvent, start idleHold 10'],
];

describe('Connect (RFC 4271 §8.2.2)', () => {
  test('every event has a row', () => {
    expect(ROWS.map(([event]) => event)).toEqual(EVENT_NAMES);
  });

  test.each(ROWS)('%s: %s', (event, reaction) => {
    expect(react('Connect', event)).toBe(reaction);
  });

  test('each failed dial is followed by a longer pause', () => {
    expect(react('Connect', 'TcpConnectionFails', {}, { connectFailures: 3 })).toMatch(
      /start connectRetry 4$/,
    );
  });
});
