import { EVENT_NAMES, type Rows, react } from './fsm-fixtures.ts';

/** What is over stays over; only a start or IdleHoldTimer begins anew. */
const ROWS: Rows = [
  ['ManualStart', 'Connect: stop idleHold, start connectRetry 5, dial'],
  ['ManualStartWithPassiveTcpEstablishment', 'Active: stop idleHold'],
  ['ManualStop', 'Idle: stop all'],
  ['AutomaticStop', 'Idle: nothing'],
  ['ConnectRetryTimerExpires', 'Idle: nothing'],
  ['HoldTimerExpires', 'Idle: nothing'],
  ['KeepaliveTimerExpires', 'Idle: nothing'],
  ['IdleHoldTimerExpires', 'Connect: stop idleHold, start connectRetry 5, dial'],
  ['TcpCrAcked', 'Idle: nothing'],
  ['TcpConnectionConfirmed', 'Idle: nothing'],
  ['TcpConnectionFails', 'Idle: nothing'],
  ['BgpOpen', 'Idle: nothing'],
  ['BgpHeaderErr', 'Idle: nothing'],
  ['BgpOpenMsgErr', 'Idle: nothing'],
  ['OpenCollisionDump', 'Idle: nothing'],
  ['NotifMsgVerErr', 'Idle: nothing'],
  ['NotifMsg', 'Idle: nothing'],
  ['KeepAliveMsg', 'Idle: nothing'],
  ['UpdateMsg', 'Idle: nothing'],
  ['UpdateMsgErr', 'Idle: nothing'],
  ['SendHoldTimerExpires', 'Idle: nothing'],
  ['RouteRefreshMsg', 'Idle: nothing'],
];

describe('Idle (RFC 4271 §8.2.2)', () => {
  test('every event has a row', () => {
    expect(ROWS.map(([event]) => event)).toEqual(EVENT_NAMES);
  });

  test.each(ROWS)('%s: %s', (event, reaction) => {
    expect(react('Idle', event)).toBe(reaction);
  });

  test('IdleHoldTimer expires, passive: waits for the peer and never dials', () => {
    expect(react('Idle', 'IdleHoldTimerExpires', { passive: true })).toBe('Active: stop idleHold');
  });
});
