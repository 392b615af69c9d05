/** Events, connections and policies for tests of the session machine, and effects as short text. */
import type { Connection, ConnectionPolicy } from '../../../bgp/fsm/connection.ts';
import { idleConnection } from '../../../bgp/fsm/connection.ts';
import type { Effect } from '../../../bgp/fsm/effect.ts';
import type { EventName, FsmEvent } from '../../../bgp/fsm/event.ts';
import type { State } from '../../../bgp/fsm/state.ts';
import { transition } from '../../../bgp/fsm/transition.ts';
import type { NegotiatedSession } from '../../../bgp/packet/negotiate.ts';
import { cease, headerError, openError, updateError } from '../../../bgp/packet/notification.ts';

export const SESSION: NegotiatedSession = {
  peerAsn: 64512,
  peerRouterId: '10.0.0.2',
  families: ['ipv4'],
  fourOctetAs: true,
  addPathReceive: [],
  addPathSend: [],
  maxMessageBytes: 4096,
  holdTimeSec: 90,
  keepaliveSec: 30,
  routeRefresh: true,
  extendedNextHop: false,
  enhancedRefresh: false,
  sendsEndOfRib: true,
  preservesForwarding: false,
  gracefulRestart: null,
};

/** One event of every name. */
export const EVENTS: { readonly [N in EventName]: Extract<FsmEvent, { name: N }> } = {
  ManualStart: { name: 'ManualStart' },
  ManualStartWithPassiveTcpEstablishment: { name: 'ManualStartWithPassiveTcpEstablishment' },
  ManualStop: { name: 'ManualStop', notification: cease.administrativeShutdown() },
  AutomaticStop: { name: 'AutomaticStop', notification: cease.maximumPrefixes(1, 1, 10) },
  ConnectRetryTimerExpires: { name: 'ConnectRetryTimerExpires' },
  HoldTimerExpires: { name: 'HoldTimerExpires' },
  KeepaliveTimerExpires: { name: 'KeepaliveTimerExpires' },
  IdleHoldTimerExpires: { name: 'IdleHoldTimerExpires' },
  TcpCrAcked: { name: 'TcpCrAcked' },
  TcpConnectionConfirmed: { name: 'TcpConnectionConfirmed' },
  TcpConnectionFails: { name: 'TcpConnectionFails', text: 'connection refused' },
  BgpOpen: { name: 'BgpOpen', session: SESSION },
  BgpHeaderErr: { name: 'BgpHeaderErr', notification: headerError.connectionNotSynchronized() },
  BgpOpenMsgErr: { name: 'BgpOpenMsgErr', notification: openError.badPeerAs(), text: 'AS 1' },
  OpenCollisionDump: { name: 'OpenCollisionDump' },
  NotifMsgVerErr: { name: 'NotifMsgVerErr', notification: openError.unsupportedVersion() },
  NotifMsg: { name: 'NotifMsg', notification: cease.administrativeShutdown() },
  KeepAliveMsg: { name: 'KeepAliveMsg' },
  UpdateMsg: { name: 'UpdateMsg' },
  UpdateMsgErr: { name: 'UpdateMsgErr', notification: updateError.malformedAttributeList(), text: '' },
  SendHoldTimerExpires: { name: 'SendHoldTimerExpires' },
  RouteRefreshMsg: { name: 'RouteRefreshMsg' },
};

export const EVENT_NAMES = Object.keys(EVENTS) as readonly EventName[];

/** Timers with round numbers: dial 5 s, retry 1 s per failure, idle hold 10 s per failure (at least one). */
export const POLICY: ConnectionPolicy = {
  passive: false,
  restarts: true,
  openHoldMs: 240_000,
  connectTimeoutMs: 5_000,
  connectRetryMs: (failures) => failures * 1_000,
  idleHoldMs: (_reason, failures) => Math.max(1, failures) * 10_000,
};

export function connectionIn(state: State, changes: Partial<Connection> = {}): Connection {
  const session = state === 'OpenConfirm' || state === 'Established' ? SESSION : null;
  return { ...idleConnection(1), state, session, ...changes };
}

/** `start hold 90`, `close holdTimerExpired`, `down connectionLost` … times in seconds. */
export function describeEffect(effect: Effect): string {
  switch (effect.kind) {
    case 'send':
      return `send ${effect.message}`;
    case 'startTimer':
      return `start ${effect.timer} ${effect.ms / 1000}`;
    case 'stopTimer':
      return `stop ${effect.timer}`;
    case 'stopAllTimers':
      return 'stop all';
    case 'close':
      return `close ${effect.reason.kind}`;
    case 'sessionDown':
      return `down ${effect.reason.kind}`;
    case 'attemptFailed':
      return `failed ${effect.reason.kind}`;
    case 'sessionUp':
      return 'up';
    default:
      return effect.kind;
  }
}

/** State, then effects: `OpenSent: stop all, send open, start hold 240`; `Idle: nothing`. */
export function react(
  state: State,
  event: EventName,
  policy: Partial<ConnectionPolicy> = {},
  connection: Partial<Connection> = {},
): string {
  const result = transition(connectionIn(state, connection), EVENTS[event], { ...POLICY, ...policy });
  const effects = result.effects.map(describeEffect).join(', ');
  return `${result.next.state}: ${effects || 'nothing'}`;
}

/** Rows for `test.each`: an event and its reaction. */
export type Rows = readonly (readonly [event: EventName, reaction: string])[];
