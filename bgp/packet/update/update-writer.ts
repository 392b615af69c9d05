/** Writes the UPDATE forms that are not on the hot path: End-of-RIB (RFC 4724 §2). */
import { afiOf, type Family, Safi } from '../../net/index.ts';
import { AttributeType, OPTIONAL_NON_TRANSITIVE } from '../attributes/attribute-type.ts';

export const HEADER_BYTES = 19;
export const UPDATE_TYPE = 2;
/** Largest message without RFC 8654. */
export const MAX_MESSAGE_BYTES = 4096;

/** Writes marker, length and type of an UPDATE of `length` octets at `at`. */
export function writeUpdateHeader(out: Uint8Array, at: number, length: number): void {
  out.fill(0xff, at, at + 16);
  out[at + 16] = length >> 8;
  out[at + 17] = length & 0xff;
  out[at + 18] = UPDATE_TYPE;
}

/** The End-of-RIB marker of a family, as a whole message. */
export function encodeEndOfRib(family: Family): Uint8Array {
  const body =
    family === 'ipv4'
      ? [0, 0, 0, 0]
      : [0, 0, 0, 6, OPTIONAL_NON_TRANSITIVE, AttributeType.MpUnreachNlri, 3, 0, afiOf(family), Safi.Unicast];
  const message = new Uint8Array(HEADER_BYTES + body.length);
  writeUpdateHeader(message, 0, message.length);
  message.set(body, HEADER_BYTES);
  return message;
}
