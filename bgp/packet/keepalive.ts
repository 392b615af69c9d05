/** KEEPALIVE: a header and nothing else (RFC 4271 §4.4). */
import { encodeMessage } from './header.ts';
import { MessageTypeCode } from './iana.ts';

/** The one KEEPALIVE there is; shared, so it must not be changed. */
export const KEEPALIVE: Uint8Array = encodeMessage(MessageTypeCode.Keepalive, new Uint8Array(0));
