/**
 * NLMSG_ERROR: the verdict on one request. nlmsgerr { i32 negative errno or 0, nlmsghdr of the request, …, and,
 * with NLM_F_ACK_TLVS, attributes }, of which one is a sentence that says what was wrong.
 */
import { ERROR_MESSAGE_ATTRIBUTE, Flag, HEADER_BYTES } from './constants.ts';
import { align, HOST_IS_LITTLE_ENDIAN } from './layout.ts';
import { AttributeReader, type MessageReader } from './message-reader.ts';

export interface ErrorMessage {
  /** Positive; 0 acknowledges. */
  readonly errno: number;
  /** The kernel's own sentence, or null. */
  readonly text: string | null;
}

/** Decodes the present message of `message`, which must be of type NLMSG_ERROR (or NLMSG_DONE). */
export function decodeError(message: MessageReader): ErrorMessage {
  if (message.end - message.start < 4) return { errno: 0, text: null };
  const errno = -message.view.getInt32(message.start, HOST_IS_LITTLE_ENDIAN);
  return { errno: errno === 0 ? 0 : Math.abs(errno), text: errno === 0 ? null : sentence(message) };
}

function sentence(message: MessageReader): string | null {
  if ((message.flags & Flag.AckTlvs) === 0) return null;
  const attributes = new AttributeReader(message, attributesStart(message), message.end);
  while (attributes.next()) if (attributes.type === ERROR_MESSAGE_ATTRIBUTE) return attributes.text();
  return null;
}

/** Behind the request, of which only the header is there when the message is capped. */
function attributesStart(message: MessageReader): number {
  const requestStart = message.start + 4;
  if ((message.flags & Flag.Capped) !== 0 || requestStart + 4 > message.end)
    return requestStart + HEADER_BYTES;
  return requestStart + align(message.view.getUint32(requestStart, HOST_IS_LITTLE_ENDIAN));
}
