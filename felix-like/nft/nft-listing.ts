/** What `nft -j list …` prints (libnftables-json(5)), as far as we look at it. Pure; anything unexpected is an error. */
import { TABLE } from './nft-table.ts';

export interface ActualSet {
  readonly type: string;
  readonly isInterval: boolean;
  readonly elements: ReadonlySet<string>;
}

export interface ActualChain {
  /** Null: no base chain. */
  readonly type: string | null;
  readonly hook: string | null;
  readonly priority: number | null;
  readonly policy: string | null;
  /** Of its rules, in order; empty text for a rule without. */
  readonly comments: readonly string[];
}

export interface Count {
  readonly packets: number;
  readonly bytes: number;
}

export interface ActualTable {
  readonly sets: ReadonlyMap<string, ActualSet>;
  readonly chains: ReadonlyMap<string, ActualChain>;
  readonly counters: ReadonlyMap<string, Count>;
  /** Maps, quotas and the like stand in the table, which we never make. */
  readonly hasForeignObjects: boolean;
}

/** A rule of someone's chain, as far as it concerns us. */
export interface ListedRule {
  readonly handle: number;
  readonly comment: string;
}

/** A chain of someone's table. */
export interface ListedChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  /** Null: no base chain. */
  readonly hook: string | null;
  readonly policy: string | null;
  readonly rules: readonly ListedRule[];
}

type Json = Readonly<Record<string, unknown>>;

/** @throws Error when the text is not what `nft -j` prints */
export function parseTable(text: string): ActualTable {
  const sets = new Map<string, ActualSet>();
  const chains = new Map<string, ActualChain & { comments: string[] }>();
  const counters = new Map<string, Count>();
  let hasForeignObjects = false;
  for (const [kind, object] of objectsOf(text)) {
    const { name } = object;
    if (kind === 'rule') chains.get(textOf(object, 'chain'))?.comments.push(commentOf(object));
    else if (kind === 'set' && typeof name === 'string') sets.set(name, setOf(object));
    else if (kind === 'chain' && typeof name === 'string') chains.set(name, { ...chainOf(object) });
    else if (kind === 'counter' && typeof name === 'string') counters.set(name, countOf(object));
    else if (kind !== 'table' && kind !== 'metainfo') hasForeignObjects = true;
  }
  return { sets, chains, counters, hasForeignObjects };
}

/** Named counters of our table. @throws Error when the text is not what `nft -j` prints */
export function parseCounters(text: string): ReadonlyMap<string, Count> {
  const counters = new Map<string, Count>();
  for (const [kind, object] of objectsOf(text)) {
    if (kind === 'counter' && object['table'] === TABLE.name) {
      counters.set(textOf(object, 'name'), countOf(object));
    }
  }
  return counters;
}

/** Chains of any table, with their rules where those are listed. @throws Error as above */
export function parseChains(text: string): readonly ListedChain[] {
  const chains = new Map<string, ListedChain & { rules: ListedRule[] }>();
  const key = (object: Json, chain: unknown): string => `${object['family']} ${object['table']} ${chain}`;
  for (const [kind, object] of objectsOf(text)) {
    if (kind === 'chain') {
      const { hook, policy } = chainOf(object);
      const name = textOf(object, 'name');
      const family = textOf(object, 'family');
      const table = textOf(object, 'table');
      chains.set(key(object, name), { family, table, name, hook, policy, rules: [] });
    } else if (kind === 'rule') {
      const rule = { handle: Number(object['handle']), comment: commentOf(object) };
      chains.get(key(object, object['chain']))?.rules.push(rule);
    }
  }
  return [...chains.values()];
}

function* objectsOf(text: string): Iterable<readonly [string, Json]> {
  const parsed = JSON.parse(text) as { readonly nftables?: unknown };
  if (!Array.isArray(parsed.nftables)) throw new Error('nft printed no list of objects');
  for (const entry of parsed.nftables as readonly Json[]) {
    for (const [kind, object] of Object.entries(entry)) yield [kind, object as Json];
  }
}

function setOf(object: Json): ActualSet {
  const flags = Array.isArray(object['flags']) ? object['flags'] : [object['flags']];
  const elements = Array.isArray(object['elem']) ? object['elem'].map(elementOf) : [];
  return {
    type: String(object['type']),
    isInterval: flags.includes('interval') && !flags.includes('timeout'),
    elements: new Set(elements),
  };
}

/** An address, a prefix or a range, as it stands in scripts. */
function elementOf(element: unknown): string {
  if (typeof element === 'string') return element;
  const { prefix, range } = element as { prefix?: { addr: string; len: number }; range?: string[] };
  if (prefix !== undefined) return `${prefix.addr}/${prefix.len}`;
  if (range !== undefined) return range.join('-');
  throw new Error(`nft printed an element that is not understood: ${JSON.stringify(element)}`);
}

function chainOf(object: Json): ActualChain & { comments: string[] } {
  const orNull = (field: string): string | null =>
    typeof object[field] === 'string' ? (object[field] as string) : null;
  return {
    type: orNull('type'),
    hook: orNull('hook'),
    priority: typeof object['prio'] === 'number' ? object['prio'] : null,
    policy: orNull('policy'),
    comments: [],
  };
}

function countOf(object: Json): Count {
  return { packets: Number(object['packets']), bytes: Number(object['bytes']) };
}

function commentOf(object: Json): string {
  return typeof object['comment'] === 'string' ? object['comment'] : '';
}

function textOf(object: Json, field: string): string {
  const value = object[field];
  if (typeof value !== 'string') throw new Error(`nft printed an object without ${field}`);
  return value;
}
