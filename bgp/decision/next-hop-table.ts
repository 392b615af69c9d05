/**
 * Which next hops can be reached, how far they are, and through which interface: a routing table handed in from
 * outside (RFC 4271 §9.1.2.1), because the speaker itself has none. Longest match; answers are remembered.
 */
import { addressBits, type Family, maskBytes, parsePrefix } from '../net/index.ts';
import { ColumnFlag } from '../packet/attributes/attribute-columns.ts';
import { AttributeType } from '../packet/attributes/attribute-type.ts';
import { BlockCursor } from '../packet/attributes/canonical-block.ts';
import type { AttributeStore } from '../path/attribute-store.ts';
import type { NextHopRoute } from '../speaker/speaker-config.ts';

const NO_BYTES = new Uint8Array(0);
/** Next hops whose answer is remembered; with more it begins anew. */
const MAX_REMEMBERED = 65_536;

export class NextHopTable {
  /** Routes by length and masked address, for each family. */
  readonly #routes: Readonly<Record<Family, Map<string, NextHopRoute>>> = {
    ipv4: new Map(),
    ipv6: new Map(),
  };
  readonly #lengths: Readonly<Record<Family, readonly number[]>>;
  readonly #remembered = new Map<string, NextHopRoute | null>();
  /** Something that was asked for has been forgotten. */
  #hasForgotten = false;
  readonly #cursor = new BlockCursor(NO_BYTES, 0, 0);
  /** What was asked for last: its octets and how many they are, and the answer. */
  readonly #lastAddress = new Uint8Array(16);
  #lastLength = -1;
  #lastRoute: NextHopRoute | null = null;

  /** Of two routes to one prefix the one with the lower metric counts. */
  constructor(routes: readonly NextHopRoute[]) {
    for (const route of routes) {
      const prefix = parsePrefix(route.prefix, { mask: true });
      if (prefix === null) continue;
      const key = keyOf(prefix.length, prefix.bytes);
      const known = this.#routes[prefix.family].get(key);
      if (known === undefined || route.metric < known.metric) this.#routes[prefix.family].set(key, route);
    }
    this.#lengths = { ipv4: lengthsOf(this.#routes.ipv4), ipv6: lengthsOf(this.#routes.ipv6) };
  }

  /** The route to the next hop of the attribute set; null: unreachable. Undefined: none is needed, on a link or to us. */
  routeOf(store: AttributeStore, set: number): NextHopRoute | null | undefined {
    const flags = store.flags(set);
    if ((flags & ColumnFlag.NextHop) === 0 || (flags & ColumnFlag.NextHopLinkLocal) !== 0) return undefined;
    const bytes = store.bytes(set);
    const start = store.offset(set);
    const cursor = this.#cursor;
    cursor.reset(bytes, start, start + store.length(set));
    while (cursor.next()) {
      if (cursor.code !== AttributeType.NextHop) continue;
      return this.#resolveAt(bytes, cursor.at, Math.min(cursor.length, 16));
    }
    return undefined;
  }

  isReachable(store: AttributeStore, set: number): boolean {
    return this.routeOf(store, set) !== null;
  }

  /** 0 for our own routes. */
  metricOf(store: AttributeStore, set: number): number {
    return this.routeOf(store, set)?.metric ?? 0;
  }

  /** True when every next hop that `before` was asked for is reached as before: no decision needs to be taken again. */
  agreesWith(before: NextHopTable): boolean {
    if (before.#hasForgotten) return false;
    for (const [key, route] of before.#remembered) {
      const address = Uint8Array.from(key.slice(key.indexOf('/') + 1), (letter) => letter.charCodeAt(0));
      const now = this.#resolve(address);
      if ((now === null) !== (route === null)) return false;
      if (now?.metric !== route?.metric || now?.interfaceName !== route?.interfaceName) return false;
    }
    return true;
  }

  /** Neighbours mostly have one next hop: the last answer is given again without a key being made. */
  #resolveAt(bytes: Uint8Array, at: number, length: number): NextHopRoute | null {
    const last = this.#lastAddress;
    let same = this.#lastLength === length ? 0 : -1;
    while (same >= 0 && same < length) same = last[same] === bytes[at + same] ? same + 1 : -1;
    if (same === length) return this.#lastRoute;
    for (let i = 0; i < length; i++) last[i] = bytes[at + i]!;
    this.#lastLength = length;
    this.#lastRoute = this.#resolve(last.subarray(0, length));
    return this.#lastRoute;
  }

  #resolve(address: Uint8Array): NextHopRoute | null {
    const text = keyOf(address.length, address);
    const known = this.#remembered.get(text);
    if (known !== undefined) return known;
    if (this.#remembered.size >= MAX_REMEMBERED) {
      this.#remembered.clear();
      this.#hasForgotten = true;
    }
    const route = this.#longest(address);
    this.#remembered.set(text, route);
    return route;
  }

  #longest(address: Uint8Array): NextHopRoute | null {
    const family: Family = address.length * 8 === addressBits('ipv4') ? 'ipv4' : 'ipv6';
    for (const length of this.#lengths[family]) {
      const route = this.#routes[family].get(keyOf(length, maskBytes(address, length)));
      if (route !== undefined) return route.isUnreachable === true ? null : route;
    }
    return null;
  }
}

function keyOf(length: number, bytes: Uint8Array): string {
  return `${length}/${String.fromCharCode(...bytes)}`;
}

/** Prefix lengths that occur, the longest first. */
function lengthsOf(routes: ReadonlyMap<string, unknown>): readonly number[] {
  return [...new Set([...routes.keys()].map((key) => Number.parseInt(key, 10)))].sort((a, b) => b - a);
}
