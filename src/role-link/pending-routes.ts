/**
 * Learnt routes on their way to a reader of unknown speed: a newer change of a prefix replaces the older one,
 * so that at most one change per prefix waits, and End-of-RIB follows everything that came before it.
 */
import type { BestRouteChange } from '@manul/bgp';
import type { Family } from '@manul/bgp/net';
import type { LinkMessage, WireRoute } from './link-message.ts';

/** Routes in one message: about 30 KB of text. */
export const ROUTES_PER_MESSAGE = 500;

export class PendingRoutes {
  readonly #queues: Readonly<Record<Family, FamilyQueue>> = { ipv4: newQueue(), ipv6: newQueue() };

  add(changes: readonly BestRouteChange[]): void {
    for (const { family, prefix, nextHop, nextHops } of changes) {
      const others = nextHops?.slice(1) ?? [];
      this.#queues[family].changes.set(prefix, [prefix, nextHop, ...others]);
    }
  }

  endOfRib(family: Family): void {
    const queue = this.#queues[family];
    queue.beforeEndOfRib = queue.changes.size;
  }

  /** The next message to send, or null when nothing waits. O(routes in the message). */
  next(): LinkMessage | null {
    return nextOf('ipv4', this.#queues.ipv4) ?? nextOf('ipv6', this.#queues.ipv6);
  }
}

interface FamilyQueue {
  /** In order of the first change that waits; next hops as of the last. */
  readonly changes: Map<string, WireRoute>;
  /** Changes still to send before End-of-RIB; null: none is due. */
  beforeEndOfRib: number | null;
}

function newQueue(): FamilyQueue {
  return { changes: new Map(), beforeEndOfRib: null };
}

function nextOf(family: Family, queue: FamilyQueue): LinkMessage | null {
  if (queue.beforeEndOfRib === 0) {
    queue.beforeEndOfRib = null;
    return { type: 'endOfRib', family };
  }
  const limit = Math.min(ROUTES_PER_MESSAGE, queue.beforeEndOfRib ?? ROUTES_PER_MESSAGE);
  const changes: WireRoute[] = [];
  for (const change of queue.changes.values()) {
    changes.push(change);
    if (changes.length === limit) break;
  }
  if (changes.length === 0) return null;
  for (const [prefix] of changes) queue.changes.delete(prefix);
  if (queue.beforeEndOfRib !== null) queue.beforeEndOfRib -= changes.length;
  return { type: 'routes', family, changes };
}
