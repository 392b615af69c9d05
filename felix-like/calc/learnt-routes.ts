/**
 * The routes that BGP learnt, as the role link tells them. A new stream makes everything from earlier streams
 * stale: it stays until the new one is complete, so that a restart of the speaker takes no route away.
 */
import { FAMILIES, type Family } from '@manul/bgp/net';
import type { LearntRouteChange } from '../agent-api.ts';

interface Origin {
  readonly nextHop: string;
  readonly stream: number;
}

export class LearntRoutes {
  readonly #routes = new Map<string, Origin>();
  /** One value for all routes of the present stream with the same next hop. */
  #origins = new Map<string, Origin>();
  #stream = 0;
  #incomplete = new Set<Family>(FAMILIES);

  get size(): number {
    return this.#routes.size;
  }

  nextHop(prefix: string): string | null {
    return this.#routes.get(prefix)?.nextHop ?? null;
  }

  prefixes(): IterableIterator<string> {
    return this.#routes.keys();
  }

  isComplete(family: Family): boolean {
    return !this.#incomplete.has(family);
  }

  start(): void {
    this.#stream++;
    this.#origins = new Map();
    this.#incomplete = new Set(FAMILIES);
  }

  /** @returns true when the next hop of `change.prefix` is another one now */
  change({ prefix, nextHop }: LearntRouteChange): boolean {
    const before = this.nextHop(prefix);
    if (nextHop === null) this.#routes.delete(prefix);
    else this.#routes.set(prefix, this.#origin(nextHop));
    return before !== nextHop;
  }

  /** The stream is complete for `family`. @returns the prefixes that went because it did not repeat them */
  complete(family: Family): readonly string[] {
    this.#incomplete.delete(family);
    const gone: string[] = [];
    for (const [prefix, { stream }] of this.#routes) {
      if (stream === this.#stream || prefix.includes(':') !== (family === 'ipv6')) continue;
      this.#routes.delete(prefix);
      gone.push(prefix);
    }
    return gone;
  }

  #origin(nextHop: string): Origin {
    let origin = this.#origins.get(nextHop);
    if (origin === undefined) {
      origin = { nextHop, stream: this.#stream };
      this.#origins.set(nextHop, origin);
    }
    return origin;
  }
}
