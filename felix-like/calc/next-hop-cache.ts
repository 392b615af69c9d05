/** Next hops resolved to links, each once: thousands of routes share one, and one target. */
import type { KernelNextHop, RouteTarget } from '../routetable/route-key.ts';
import type { Reachability } from './reachability.ts';

/** Where a next hop is reached; or why it is not. */
export type ResolvedNextHop =
  | { readonly target: RouteTarget; readonly error: null }
  | { readonly target: null; readonly error: string };

const FIRST_LIMIT = 1024;

export class NextHopCache {
  readonly #protocol: number;
  readonly #onUnresolved: (nextHop: string, error: string) => void;
  #resolved = new Map<string, ResolvedNextHop>();
  /** At so many next hops those that are not in use are forgotten. */
  #limit = FIRST_LIMIT;

  constructor(protocol: number, onUnresolved: (nextHop: string, error: string) => void) {
    this.#protocol = protocol;
    this.#onUnresolved = onUnresolved;
  }

  resolve(
    nextHop: string,
    reachability: Reachability,
    nextHopsInUse: () => ReadonlySet<string>,
  ): ResolvedNextHop {
    const known = this.#resolved.get(nextHop);
    if (known !== undefined) return known;
    if (this.#resolved.size >= this.#limit) this.#prune(nextHopsInUse());
    const resolved = this.#ask(nextHop, reachability);
    this.#resolved.set(nextHop, resolved);
    if (resolved.error !== null) this.#onUnresolved(nextHop, resolved.error);
    return resolved;
  }

  /** Forgets what is different now. @returns the next hops concerned */
  onReachability(reachability: Reachability): ReadonlySet<string> {
    const changed = new Set<string>();
    for (const [nextHop, before] of this.#resolved) {
      const after = this.#ask(nextHop, reachability);
      if (after.error === before.error && isSameHop(hopOf(after), hopOf(before))) continue;
      changed.add(nextHop);
      this.#resolved.delete(nextHop);
    }
    return changed;
  }

  #ask(nextHop: string, reachability: Reachability): ResolvedNextHop {
    const { hop, error } = reachability.resolve(nextHop);
    if (hop === null) return { target: null, error };
    const target = { type: 'unicast', protocol: this.#protocol, scope: 'universe', nextHops: [hop] } as const;
    return { target, error: null };
  }

  #prune(inUse: ReadonlySet<string>): void {
    for (const nextHop of this.#resolved.keys()) if (!inUse.has(nextHop)) this.#resolved.delete(nextHop);
    this.#limit = Math.max(FIRST_LIMIT, this.#resolved.size * 2);
  }
}

function hopOf({ target }: ResolvedNextHop): KernelNextHop | undefined {
  return target?.nextHops[0];
}

function isSameHop(a: KernelNextHop | undefined, b: KernelNextHop | undefined): boolean {
  return a?.interfaceIndex === b?.interfaceIndex && a?.gateway === b?.gateway && a?.onlink === b?.onlink;
}
