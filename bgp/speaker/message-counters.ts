/** Messages and octets of a peer, over all its connections. */

import { HEADER_OCTETS, messageLength, messageType } from '../packet/header.ts';
import { MessageTypeCode } from '../packet/iana.ts';
import type { MessageCounts, MessageType } from './speaker-status.ts';

const NAME_BY_TYPE: Readonly<Record<number, MessageType>> = {
  [MessageTypeCode.Open]: 'open',
  [MessageTypeCode.Update]: 'update',
  [MessageTypeCode.Notification]: 'notification',
  [MessageTypeCode.Keepalive]: 'keepalive',
  [MessageTypeCode.RouteRefresh]: 'routeRefresh',
};

export class DirectionCounters {
  readonly #messages = { open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 };
  bytes = 0;

  /** Counts `count` messages of a wire type. */
  add(type: number, count = 1): void {
    const name = NAME_BY_TYPE[type];
    if (name !== undefined) this.#messages[name] += count;
  }

  messages(): MessageCounts {
    return { ...this.#messages };
  }
}

export interface MessageCounters {
  readonly sent: DirectionCounters;
  readonly received: DirectionCounters;
}

export function messageCounters(): MessageCounters {
  return { sent: new DirectionCounters(), received: new DirectionCounters() };
}

/**
 * How many UPDATEs a chunk of whole messages holds. An update group hands the same chunk to each of its members
 * in turn, so the answer for the last chunk is kept.
 */
export class UpdateCounter {
  #chunk: Uint8Array | null = null;
  #count = 0;

  count(chunk: Uint8Array): number {
    if (chunk !== this.#chunk) {
      this.#chunk = chunk;
      this.#count = countUpdates(chunk);
    }
    return this.#count;
  }
}

function countUpdates(chunk: Uint8Array): number {
  let count = 0;
  for (let at = 0; at + HEADER_OCTETS <= chunk.length; at += messageLength(chunk, at)) {
    if (messageType(chunk, at) === MessageTypeCode.Update) count++;
    if (messageLength(chunk, at) < HEADER_OCTETS) break;
  }
  return count;
}
