/** What a NOTIFICATION says, in words: for logs, `manul peers` and the looking glass. */
import { afiSafiName } from './capabilities/capability.ts';
import { CeaseSubcode, ErrorCode, MessageTypeCode } from './iana.ts';
import { type Notification, received } from './notification.ts';
import { decodeShutdownCommunication } from './shutdown-communication.ts';

interface ErrorText {
  readonly name: string;
  readonly subcodes: Readonly<Record<number, string>>;
}

/** Names as in the IANA registry "BGP Error (Notification) Codes" and its subcode registries. */
const ERRORS: Readonly<Record<number, ErrorText>> = {
  [ErrorCode.MessageHeader]: {
    name: 'Message Header Error',
    subcodes: { 1: 'Connection Not Synchronized', 2: 'Bad Message Length', 3: 'Bad Message Type' },
  },
  [ErrorCode.OpenMessage]: {
    name: 'OPEN Message Error',
    subcodes: {
      1: 'Unsupported Version Number',
      2: 'Bad Peer AS',
      3: 'Bad BGP Identifier',
      4: 'Unsupported Optional Parameter',
      5: 'Authentication Failure',
      6: 'Unacceptable Hold Time',
      7: 'Unsupported Capability',
      11: 'Role Mismatch',
    },
  },
  [ErrorCode.UpdateMessage]: {
    name: 'UPDATE Message Error',
    subcodes: {
      1: 'Malformed Attribute List',
      2: 'Unrecognized Well-known Attribute',
      3: 'Missing Well-known Attribute',
      4: 'Attribute Flags Error',
      5: 'Attribute Length Error',
      6: 'Invalid ORIGIN Attribute',
      7: 'AS Routing Loop',
      8: 'Invalid NEXT_HOP Attribute',
      9: 'Optional Attribute Error',
      10: 'Invalid Network Field',
      11: 'Malformed AS_PATH',
    },
  },
  [ErrorCode.HoldTimerExpired]: { name: 'Hold Timer Expired', subcodes: {} },
  [ErrorCode.FiniteStateMachine]: {
    name: 'Finite State Machine Error',
    subcodes: {
      1: 'Unexpected Message in OpenSent State',
      2: 'Unexpected Message in OpenConfirm State',
      3: 'Unexpected Message in Established State',
    },
  },
  [ErrorCode.Cease]: {
    name: 'Cease',
    subcodes: {
      1: 'Maximum Number of Prefixes Reached',
      2: 'Administrative Shutdown',
      3: 'Peer De-configured',
      4: 'Administrative Reset',
      5: 'Connection Rejected',
      6: 'Other Configuration Change',
      7: 'Connection Collision Resolution',
      8: 'Out of Resources',
      9: 'Hard Reset',
      10: 'BFD Down',
    },
  },
  [ErrorCode.RouteRefreshMessage]: {
    name: 'ROUTE-REFRESH Message Error',
    subcodes: { 1: 'Invalid Message Length' },
  },
  [ErrorCode.SendHoldTimerExpired]: { name: 'Send Hold Timer Expired', subcodes: {} },
};

const MESSAGE_NAMES: Readonly<Record<number, string>> = {
  [MessageTypeCode.Open]: 'OPEN',
  [MessageTypeCode.Update]: 'UPDATE',
  [MessageTypeCode.Notification]: 'NOTIFICATION',
  [MessageTypeCode.Keepalive]: 'KEEPALIVE',
  [MessageTypeCode.RouteRefresh]: 'ROUTE-REFRESH',
};

/** `OPEN`, `UPDATE` …; `message type 9` for one without a name. */
export function messageTypeName(type: number): string {
  return MESSAGE_NAMES[type] ?? `message type ${type}`;
}

/** `Cease: Administrative Reset`; unknown numbers stay readable as numbers. */
export function notificationName(code: number, subcode: number): string {
  const error = ERRORS[code];
  if (error === undefined) return `error ${code} subcode ${subcode}`;
  if (subcode === 0) return error.name;
  return `${error.name}: ${error.subcodes[subcode] ?? `subcode ${subcode}`}`;
}

/**
 * The shutdown communication that a NOTIFICATION carries (RFC 9003), also inside a Hard Reset (RFC 8538 §3), safe to
 * display; empty when none.
 */
export function shutdownText(notification: Notification): string {
  const inner = hardResetReason(notification);
  if (inner !== null) return shutdownText(inner);
  const { code, subcode, data } = notification;
  const carriesText =
    code === ErrorCode.Cease &&
    (subcode === CeaseSubcode.AdministrativeShutdown || subcode === CeaseSubcode.AdministrativeReset);
  return carriesText ? decodeShutdownCommunication(data) : '';
}

/** The whole NOTIFICATION in one line, safe to display. */
export function notificationText(notification: Notification): string {
  const name = notificationName(notification.code, notification.subcode);
  const inner = hardResetReason(notification);
  if (inner !== null) return `${name}: ${notificationText(inner)}`;
  const detail = shutdownText(notification) || dataText(notification);
  return detail === '' ? name : `${name}: ${detail}`;
}

/** The NOTIFICATION that a Hard Reset holds (RFC 8538 §3), or null. Hard Resets do not nest. */
function hardResetReason({ code, subcode, data }: Notification): Notification | null {
  if (code !== ErrorCode.Cease || subcode !== CeaseSubcode.HardReset || data.length < 2) return null;
  const isNested = data[0] === ErrorCode.Cease && data[1] === CeaseSubcode.HardReset;
  return isNested ? null : received(data[0]!, data[1]!, data.subarray(2));
}

/** The data field in words where its layout is known, in hexadecimal (at most 16 octets) where it is not. */
function dataText({ code, subcode, data }: Notification): string {
  if (data.length === 0) return '';
  if (code === ErrorCode.MessageHeader && subcode === 2 && data.length === 2) {
    return `length ${(data[0]! << 8) | data[1]!}`;
  }
  if (code === ErrorCode.MessageHeader && subcode === 3 && data.length === 1) return `type ${data[0]!}`;
  if (code === ErrorCode.OpenMessage && subcode === 1 && data.length === 2) {
    return `version ${(data[0]! << 8) | data[1]!} is supported`;
  }
  if (code === ErrorCode.Cease && subcode === CeaseSubcode.MaximumPrefixes && data.length === 7) {
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    const family = afiSafiName({ afi: view.getUint16(0), safi: view.getUint8(2) });
    return `${family}, at most ${view.getUint32(3)}`;
  }
  if (code === ErrorCode.FiniteStateMachine && data.length === 1) return messageTypeName(data[0]!);
  const shown = Buffer.from(data.subarray(0, 16)).toString('hex');
  return data.length > 16 ? `data ${shown}…` : `data ${shown}`;
}
