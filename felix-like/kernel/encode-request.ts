/** Many operations as one request, cut into parts that fit into the socket. */
import { MessageWriter } from './netlink/message-writer.ts';
import type { RequestPart } from './worker-protocol.ts';

/** Operations in one `send()`: more are not faster, and too many do not fit into the socket. */
const MAX_OPERATIONS = 500;

/** Writes operation `i`; the last one of each part asks for an acknowledgement. */
export type EncodeOperation = (writer: MessageWriter, i: number, sequence: number, wantsAck: boolean) => void;

export interface EncodedRequest {
  readonly batch: Uint8Array;
  readonly firstSequence: number;
  readonly parts: readonly RequestPart[];
}

/** @param room is written to; with more to write other memory takes its place */
export function encodeRequest(
  count: number,
  firstSequence: number,
  room: Uint8Array,
  encode: EncodeOperation,
): EncodedRequest {
  const writer = new MessageWriter(room);
  const parts: RequestPart[] = [];
  for (let i = 0; i < count; i++) {
    const isLastOfPart = (i + 1) % MAX_OPERATIONS === 0 || i + 1 === count;
    encode(writer, i, firstSequence + i, isLastOfPart);
    if (isLastOfPart) parts.push({ endCount: i + 1, endByte: writer.position });
  }
  return { batch: writer.finish(), firstSequence, parts };
}
