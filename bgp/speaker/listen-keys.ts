/**
 * Which TCP MD5 keys (RFC 2385) the listening sockets need. The kernel takes keys for prefixes, the longest prefix
 * counts, and whoever has a key is not let in without it. It knows no exception from a key: where a neighbor without
 * one lies inside a range with one, the range is given to the kernel in pieces that leave the neighbor out.
 */
import { addressBits, contains, formatPrefix, type Prefix, parsePrefix } from '../net/index.ts';
import type { SpeakerConfig } from './speaker-config.ts';

/** Keys by canonical prefix text. */
export type ListenKeys = ReadonlyMap<string, string>;

interface KeyedRange {
  readonly prefix: Prefix;
  readonly key: string;
}

export function listenKeys({ peers, dynamic }: Pick<SpeakerConfig, 'peers' | 'dynamic'>): ListenKeys {
  const keys = new Map<string, string>();
  const ranges: KeyedRange[] = [];
  const open: Prefix[] = [];
  const taken = new Set<string>();
  // A session that is held has no key and needs none: whoever connects is refused.
  for (const { address, password } of peers.filter(({ held }) => held === null)) {
    const prefix = parsePrefix(address);
    if (prefix === null) continue;
    const name = formatPrefix(prefix);
    // Of several peers at one address the first with a key counts; the others are dialed with their own.
    if (password !== null && !keys.has(name)) keys.set(name, password);
    else if (password === null) open.push(prefix);
    taken.add(name);
  }
  for (const { listenRanges, password, held } of dynamic) {
    for (const prefix of listenRanges.map((text) => parsePrefix(text))) {
      if (held !== null || prefix === null || taken.has(formatPrefix(prefix))) continue;
      if (password === null) open.push(prefix);
      else ranges.push({ prefix, key: password });
    }
  }
  const holes = open.filter((prefix) => !keys.has(formatPrefix(prefix)));
  return new Map([...rangeKeys(ranges, holes), ...keys]);
}

/** A hole is left out of the longest range that holds it: the shorter ones do not count there. */
function rangeKeys(ranges: readonly KeyedRange[], holes: readonly Prefix[]): ListenKeys {
  const longestLast = [...ranges].sort((a, b) => a.prefix.length - b.prefix.length);
  const holesOf = Map.groupBy(holes, (hole) => longestLast.findLast(({ prefix }) => contains(prefix, hole)));
  const keys = new Map<string, string>();
  // A piece of a range may be a longer range itself: that one comes later and wins.
  for (const range of longestLast) {
    for (const piece of without(range.prefix, holesOf.get(range) ?? []))
      keys.set(formatPrefix(piece), range.key);
  }
  return keys;
}

/** `prefix` in as few pieces as leave out all of `holes`. */
function without(prefix: Prefix, holes: readonly Prefix[]): Prefix[] {
  if (holes.length === 0) return [prefix];
  if (holes.some((hole) => hole.length <= prefix.length)) return [];
  return halves(prefix).flatMap((half) =>
    without(
      half,
      holes.filter((hole) => contains(half, hole)),
    ),
  );
}

function halves({ family, bytes, length }: Prefix): readonly Prefix[] {
  if (length >= addressBits(family)) return [];
  const upper = bytes.slice();
  upper[length >> 3] = upper[length >> 3]! | (0x80 >> (length & 7));
  return [bytes, upper].map((half) => ({ family, bytes: half, length: length + 1 }));
}
