/** Changes of network parameters: netconfmsg { u8 family, pad } and attributes (linux/netconf.h). */
import { AttributeReader, type MessageReader } from './message-reader.ts';

const HEADER_BYTES = 4;
const INTERFACE_INDEX = 1;

/** @returns the link whose parameters changed, or null for those of all links or of new ones */
export function decodeParameters(message: MessageReader): number | null {
  const attributes = new AttributeReader(message, message.start + HEADER_BYTES, message.end);
  while (attributes.next()) {
    // Negative numbers stand for `all` and `default`.
    if (attributes.type === INTERFACE_INDEX) return (attributes.u32() | 0) > 0 ? attributes.u32() : null;
  }
  return null;
}
