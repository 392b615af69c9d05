/** The reason why a connection ended, as the NOTIFICATION that is sent for it and as what is shown of it. */
import type { EventName } from '../fsm/event.ts';
import type { EndReason } from '../fsm/reason.ts';
import type { State } from '../fsm/state.ts';
import { MessageTypeCode } from '../packet/iana.ts';
import {
  cease,
  fsmError,
  holdTimerExpired,
  type Notification,
  sendHoldTimerExpired,
} from '../packet/notification.ts';
import { notificationName, notificationText, shutdownText } from '../packet/notification-text.ts';
import type { SessionError } from './speaker-status.ts';

/** The NOTIFICATION that we owe the peer, or null. */
export function notificationFor(reason: EndReason): Notification | null {
  switch (reason.kind) {
    case 'stopped':
    case 'protocolError':
      return reason.notification;
    case 'unexpectedEvent':
      return unexpectedEvent(reason.state, MESSAGE_OF_EVENT[reason.event]);
    case 'holdTimerExpired':
      return holdTimerExpired();
    case 'sendHoldTimerExpired':
      return sendHoldTimerExpired();
    case 'collision':
      return cease.connectionCollision();
    case 'notificationReceived':
    case 'connectionLost':
    case 'connectTimedOut':
      return null;
  }
}

/** Events that a message causes. */
const MESSAGE_OF_EVENT: Readonly<Partial<Record<EventName, number>>> = {
  BgpOpen: MessageTypeCode.Open,
  BgpOpenMsgErr: MessageTypeCode.Open,
  KeepAliveMsg: MessageTypeCode.Keepalive,
  UpdateMsg: MessageTypeCode.Update,
  UpdateMsgErr: MessageTypeCode.Update,
  RouteRefreshMsg: MessageTypeCode.RouteRefresh,
};

/** RFC 6608 §3: the subcode says in which state, the data which message. */
const UNEXPECTED_IN: Readonly<Partial<Record<State, (type: number) => Notification>>> = {
  OpenSent: fsmError.unexpectedInOpenSent,
  OpenConfirm: fsmError.unexpectedInOpenConfirm,
  Established: fsmError.unexpectedInEstablished,
};

function unexpectedEvent(state: State, messageType: number | undefined): Notification {
  const build = UNEXPECTED_IN[state];
  return build === undefined || messageType === undefined ? fsmError.unspecific() : build(messageType);
}

/** One line for logs and events, safe to display. */
export function reasonText(reason: EndReason): string {
  switch (reason.kind) {
    case 'connectionLost':
      return reason.text;
    case 'connectTimedOut':
      return 'connection timed out';
    case 'notificationReceived':
      return `received ${notificationText(reason.notification)}`;
    case 'protocolError':
      return `sent ${protocolErrorText(reason)}`;
    case 'stopped':
      return reason.notification === null ? 'stopped' : `sent ${notificationText(reason.notification)}`;
    default: {
      const notification = notificationFor(reason);
      return notification === null ? reason.kind : `sent ${notificationText(notification)}`;
    }
  }
}

function protocolErrorText({ notification, text }: EndReason & { kind: 'protocolError' }): string {
  if (text === '') return notificationText(notification);
  return `${notificationName(notification.code, notification.subcode)}: ${text}`;
}

/**
 * The error to show for an end. The text of a Cease with a shutdown communication (RFC 9003) is that
 * communication alone.
 * @param wasSent the NOTIFICATION that we owed really went out
 * @returns null when there is nothing to show: ended by us, and nobody there to tell
 */
export function sessionErrorFor(reason: EndReason, wasSent: boolean, at: string): SessionError | null {
  if (reason.kind === 'notificationReceived') {
    return notificationError('received', reason.notification, at);
  }
  const notification = notificationFor(reason);
  if (notification !== null) {
    if (!wasSent && (reason.kind === 'stopped' || reason.kind === 'collision')) return null;
    const error = notificationError('sent', notification, at);
    return reason.kind === 'protocolError' ? { ...error, text: protocolErrorText(reason) } : error;
  }
  if (reason.kind === 'stopped') return null;
  return { direction: 'received', code: 0, subcode: 0, text: reasonText(reason), at };
}

function notificationError(
  direction: 'sent' | 'received',
  notification: Notification,
  at: string,
): SessionError {
  const { code, subcode } = notification;
  return { direction, code, subcode, text: shutdownText(notification) || notificationText(notification), at };
}
