/**
 * NOTIFICATION on the wire (RFC 4271 §4.5).
 *
 * ```
 * +----------+-------------+------+
 * | code (1) | subcode (1) | data |
 * +----------+-------------+------+
 * ```
 */
import { encodeMessage, MAX_MESSAGE_OCTETS, NOTIFICATION_MIN_OCTETS } from './header.ts';
import { MessageTypeCode } from './iana.ts';
import { type Notification, received } from './notification.ts';

/** A whole message of at most 4096 octets: data that quotes a longer attribute is cut. */
export function encodeNotification({ code, subcode, data }: Notification): Uint8Array {
  const kept = data.subarray(0, MAX_MESSAGE_OCTETS - NOTIFICATION_MIN_OCTETS);
  const body = new Uint8Array(2 + kept.length);
  body[0] = code;
  body[1] = subcode;
  body.set(kept, 2);
  return encodeMessage(MessageTypeCode.Notification, body);
}

/** `body` is a message without its header, at least two octets: the header check saw to that. */
export function decodeNotification(body: Uint8Array): Notification {
  return received(body[0] ?? 0, body[1] ?? 0, body.subarray(2));
}
