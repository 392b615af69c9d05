/** Why a connection ended. The speaker makes a NOTIFICATION, a log line and a metric label out of it. */
import type { Notification } from '../packet/notification.ts';
import type { EventName } from './event.ts';
import type { State } from './state.ts';

export type EndReason =
  /** We ended it, with this NOTIFICATION if there was somebody to tell. */
  | { readonly kind: 'stopped'; readonly notification: Notification | null }
  /** The peer broke the protocol: header, OPEN or UPDATE. */
  | { readonly kind: 'protocolError'; readonly notification: Notification; readonly text: string }
  /** An event that its state does not allow (RFC 4271 §6.6, RFC 6608). */
  | { readonly kind: 'unexpectedEvent'; readonly state: State; readonly event: EventName }
  | { readonly kind: 'holdTimerExpired' }
  /** The peer has not taken our bytes for too long (RFC 9687). */
  | { readonly kind: 'sendHoldTimerExpired' }
  | { readonly kind: 'notificationReceived'; readonly notification: Notification }
  /** The transport failed or the peer closed it. */
  | { readonly kind: 'connectionLost'; readonly text: string }
  | { readonly kind: 'connectTimedOut' }
  /** Another connection with the same peer was chosen (RFC 4271 §6.8). */
  | { readonly kind: 'collision' };
