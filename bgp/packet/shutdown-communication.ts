/**
 * Shutdown Communication: free text in the data of Cease 6/2 and 6/4 (RFC 9003).
 *
 * ```
 * +--------+------------------------------+
 * | length | UTF-8 text, `length` octets  |   length 0 to 255
 * +--------+------------------------------+
 * ```
 */
import { decodeDisplayText } from './display-text.ts';

const MAX_OCTETS = 255;

/** Data field for `text`; longer text is cut between two characters. Empty text gives an empty data field. */
export function encodeShutdownCommunication(text: string): Uint8Array {
  if (text === '') return new Uint8Array(0);
  const buffer = new Uint8Array(1 + MAX_OCTETS);
  const { written } = new TextEncoder().encodeInto(text, buffer.subarray(1));
  buffer[0] = written;
  return buffer.slice(0, 1 + written);
}

/**
 * Text of a data field, safe to display. A length beyond the data (RFC 9003 §4 wants that logged, and nothing
 * else to happen) yields what is there.
 */
export function decodeShutdownCommunication(data: Uint8Array): string {
  if (data.length === 0) return '';
  return decodeDisplayText(data.subarray(1, 1 + data[0]!));
}
