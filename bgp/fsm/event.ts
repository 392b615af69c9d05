/**
 * Events that enter a connection's machine, with their numbers in RFC 4271 §8.1.
 *
 * Not implemented, and why:
 *
 * | number | event | reason |
 * |---|---|---|
 * | 3, 5, 7 | AutomaticStart in its three forms | what starts a session again by itself is IdleHoldTimer_Expires (13) |
 * | 6 | AutomaticStart_with_DampPeerOscillations | the back-off of 13 is always on, so there is no other mode to ask for |
 * | 12, 20 | DelayOpenTimer_Expires, BGPOpen with DelayOpenTimer running | OPEN is never delayed |
 * | 14, 15 | TcpConnection_Valid, Tcp_CR_Invalid | the listener judges the source address before a machine exists |
 *
 * Events beyond the RFC: SendHoldTimerExpires has number 29 in RFC 9687 §3; ROUTE-REFRESH (RFC 2918) has none.
 */
import type { NegotiatedSession } from '../packet/negotiate.ts';
import type { Notification } from '../packet/notification.ts';

export type FsmEvent =
  /** 1: dial. */
  | { readonly name: 'ManualStart' }
  /** 4: wait for the peer to dial. */
  | { readonly name: 'ManualStartWithPassiveTcpEstablishment' }
  /** 2: by the operator; null ends a connection that has not sent OPEN, or without a word. */
  | { readonly name: 'ManualStop'; readonly notification: Notification | null }
  /** 8: by the speaker itself, say because a limit was exceeded. */
  | { readonly name: 'AutomaticStop'; readonly notification: Notification }
  /** 9 */
  | { readonly name: 'ConnectRetryTimerExpires' }
  /** 10 */
  | { readonly name: 'HoldTimerExpires' }
  /** 11 */
  | { readonly name: 'KeepaliveTimerExpires' }
  /** 13 */
  | { readonly name: 'IdleHoldTimerExpires' }
  /** 16: the peer has answered our SYN. */
  | { readonly name: 'TcpCrAcked' }
  /** 17: a connection of the peer was accepted. */
  | { readonly name: 'TcpConnectionConfirmed' }
  /** 18: refused, reset or closed by the peer. */
  | { readonly name: 'TcpConnectionFails'; readonly text: string }
  /** 19: a valid OPEN, already negotiated. */
  | { readonly name: 'BgpOpen'; readonly session: NegotiatedSession }
  /** 21 */
  | { readonly name: 'BgpHeaderErr'; readonly notification: Notification }
  /** 22 */
  | { readonly name: 'BgpOpenMsgErr'; readonly notification: Notification; readonly text: string }
  /** 23: the other connection was chosen (RFC 4271 §6.8). */
  | { readonly name: 'OpenCollisionDump' }
  /** 24: Unsupported Version Number. */
  | { readonly name: 'NotifMsgVerErr'; readonly notification: Notification }
  /** 25 */
  | { readonly name: 'NotifMsg'; readonly notification: Notification }
  /** 26 */
  | { readonly name: 'KeepAliveMsg' }
  /** 27: in Established the driver hands the body to the RIB, and nowhere else. */
  | { readonly name: 'UpdateMsg' }
  /** 28 */
  | { readonly name: 'UpdateMsgErr'; readonly notification: Notification; readonly text: string }
  /** 29 (RFC 9687) */
  | { readonly name: 'SendHoldTimerExpires' }
  /** RFC 2918 */
  | { readonly name: 'RouteRefreshMsg' };

export type EventName = FsmEvent['name'];
export type EventOf<N extends EventName> = Extract<FsmEvent, { name: N }>;
