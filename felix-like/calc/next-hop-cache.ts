/** Ways resolved to targets, each once: thousands of routes share one, and one target. */
import type { KernelNextHop, RouteTarget } from '../routetable/route-key.ts';
import type { Encapsulation, Reach, Way } from './way.ts';

/** Where a way leads; or why it does not. */
export type ResolvedWay =
  | { readonly target: RouteTarget; readonly error: null }
  | { readonly target: null; readonly error: string };

/** Where one next hop is. */
export type ResolveHop = (encapsulation: Encapsulation, nextHop: string) => Reach;

interface Entry {
  readonly way: Way;
  readonly resolved: ResolvedWay;
}

const FIRST_LIMIT = 1024;

export class NextHopCache {
  readonly #protocol: number;
  readonly #onUnresolved: (nextHop: string, error: string) => void;
  /** By key of the way. */
  readonly #entries = new Map<Encapsulation, Map<string, Entry>>();
  #size = 0;
  #lastEncapsulation: Encapsulation = 'none';
  #lastWay: Way | null = null;
  #lastTarget: RouteTarget | null = null;
  /** At so many ways those that are not in use are forgotten. */
  #limit = FIRST_LIMIT;

  constructor(protocol: number, onUnresolved: (nextHop: string, error: string) => void) {
    this.#protocol = protocol;
    this.#onUnresolved = onUnresolved;
  }

  /** The target of the way that was resolved last, if it is this one: most routes come with their like. */
  known(encapsulation: Encapsulation, way: Way): RouteTarget | null {
    return this.#lastWay === way && this.#lastEncapsulation === encapsulation ? this.#lastTarget : null;
  }

  resolve(
    encapsulation: Encapsulation,
    way: Way,
    resolveHop: ResolveHop,
    waysInUse: () => Iterable<Way>,
  ): ResolvedWay {
    const resolved = this.#resolve(encapsulation, way, resolveHop, waysInUse);
    this.#lastEncapsulation = encapsulation;
    this.#lastWay = way;
    this.#lastTarget = resolved.target;
    return resolved;
  }

  #resolve(
    encapsulation: Encapsulation,
    way: Way,
    resolveHop: ResolveHop,
    waysInUse: () => Iterable<Way>,
  ): ResolvedWay {
    let entries = this.#entries.get(encapsulation);
    if (entries === undefined) {
      entries = new Map();
      this.#entries.set(encapsulation, entries);
    }
    const known = entries.get(way.key);
    if (known !== undefined) return known.resolved;
    if (this.#size >= this.#limit) this.#prune(waysInUse());
    const resolved = this.#ask(encapsulation, way, resolveHop, this.#onUnresolved);
    entries.set(way.key, { way, resolved });
    this.#size++;
    return resolved;
  }

  /** Asks anew for everything that is known. @returns tells which ways lead elsewhere now; null: none */
  refresh(resolveHop: ResolveHop): ((encapsulation: Encapsulation, way: Way) => boolean) | null {
    this.#lastWay = null;
    const changed = new Set<string>();
    for (const [encapsulation, entries] of this.#entries) {
      for (const [key, { way, resolved: before }] of entries) {
        const after = this.#ask(encapsulation, way, resolveHop, () => {});
        if (after.error === before.error && hasSameHops(after.target, before.target)) continue;
        changed.add(`${encapsulation} ${key}`);
        entries.delete(key);
        this.#size--;
      }
    }
    if (changed.size === 0) return null;
    return (encapsulation, { key }) => changed.has(`${encapsulation} ${key}`);
  }

  /** One next hop that leads somewhere suffices; the others are told and left out. */
  #ask(
    encapsulation: Encapsulation,
    { nextHops }: Way,
    resolveHop: ResolveHop,
    onUnresolved: (nextHop: string, error: string) => void,
  ): ResolvedWay {
    const hops: KernelNextHop[] = [];
    const errors: string[] = [];
    for (const nextHop of nextHops) {
      const reach = resolveHop(encapsulation, nextHop);
      if (reach.hops === null) {
        errors.push(`next hop ${nextHop} ${reach.error}`);
        onUnresolved(nextHop, reach.error);
        continue;
      }
      for (const hop of reach.hops) if (!hops.some((other) => isSameHop(hop, other))) hops.push(hop);
    }
    if (hops.length === 0) return { target: null, error: errors.join('; ') };
    const target = { type: 'unicast', protocol: this.#protocol, scope: 'universe', nextHops: hops } as const;
    return { target, error: null };
  }

  #prune(waysInUse: Iterable<Way>): void {
    const inUse = new Set<string>();
    for (const { key } of waysInUse) inUse.add(key);
    for (const entries of this.#entries.values()) {
      for (const key of entries.keys()) {
        if (inUse.has(key)) continue;
        entries.delete(key);
        this.#size--;
      }
    }
    this.#limit = Math.max(FIRST_LIMIT, this.#size * 2);
  }
}

function hasSameHops(a: RouteTarget | null, b: RouteTarget | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.nextHops.length === b.nextHops.length && a.nextHops.every((hop, i) => isSameHop(hop, b.nextHops[i]!))
  );
}

function isSameHop(a: KernelNextHop, b: KernelNextHop): boolean {
  return a.interfaceIndex === b.interfaceIndex && a.gateway === b.gateway && a.onlink === b.onlink;
}
