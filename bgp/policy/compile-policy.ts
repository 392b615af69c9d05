/**
 * Compiles a policy for one session type and family into a predicate over interned attribute sets. What a
 * term can never match on this session is left out at compile time; an accept-all policy costs nothing.
 */

import type { Family } from '../net/index.ts';
import { readUint32 } from '../packet/attributes/attribute-descriptor.ts';
import { AttributeType, SegmentType } from '../packet/attributes/attribute-type.ts';
import { BlockCursor } from '../packet/attributes/canonical-block.ts';
import { parseCommunity } from '../packet/attributes/communities.ts';
import type { AttributeStore } from '../path/attribute-store.ts';
import type { NetTable } from '../path/net-table.ts';
import { SourceClass } from '../path/source-class.ts';
import { applyOperations, hasElement } from './apply-operations.ts';
import type { PathSource, PolicyConfig, PolicyMatch, PolicyOperation, PolicyTerm } from './policy-config.ts';
import { PrefixMatcher } from './prefix-match.ts';

/** Result of `evaluate` for a route that the policy rejects. */
export const REJECTED = -1;

/** What one term, or the policy's default, did to a route. */
export interface PolicyDecision {
  /** Name of the term; of the default, what it says in words. */
  readonly rule: string;
  readonly outcome: 'accepted' | 'rejected' | 'changed';
}

/** The interface on the way to the next hop of an attribute set, or null: of our own routes, and where nobody knows. */
export type InterfaceOf = (set: number) => string | null;

interface CompiledTerm {
  readonly name: string;
  readonly action: PolicyTerm['action'];
  readonly prefixes: PrefixMatcher | null;
  readonly notPrefixes: PrefixMatcher | null;
  /** Bit per `SourceClass`. */
  readonly sources: number;
  readonly interfaceName: RegExp | null;
  readonly community: Uint8Array | null;
  readonly asPathPrefix: readonly number[];
  readonly localPref: number | null;
  /** Below 0: any. */
  readonly localPrefAbove: number;
  readonly operations: readonly PolicyOperation[];
}

export class CompiledPolicy {
  /** Accepts every route unchanged: the caller may skip `evaluate`. */
  readonly acceptsAll: boolean;
  readonly #terms: readonly CompiledTerm[];
  readonly #otherwise: PolicyConfig['otherwise'];
  readonly #address = new Uint8Array(16);
  /** Name of the term that decided the last `evaluate`; null: the policy's default did. */
  decidedBy: string | null = null;
  readonly #name: string;
  readonly #interfaceOf: InterfaceOf;
  /** Names of terms that changed the route and went on, in `explain` only. */
  #changedBy: string[] | null = null;

  constructor(
    config: PolicyConfig,
    sessionType: 'ibgp' | 'ebgp',
    family: Family,
    interfaceOf: InterfaceOf = () => null,
  ) {
    this.#interfaceOf = interfaceOf;
    this.#terms = config.terms
      .filter((term) => term.match.sessionType === undefined || term.match.sessionType === sessionType)
      .map((term) => compileTerm(term, family));
    this.#name = config.name;
    this.#otherwise = config.otherwise;
    this.acceptsAll = this.#terms.length === 0 && config.otherwise === 'accept';
  }

  /**
   * @returns the attribute set that the route goes on with (without a reference of its own when it is new),
   * or `REJECTED`.
   */
  evaluate(store: AttributeStore, nets: NetTable, net: number, set: number, sourceClass: number): number {
    nets.writeAddress(net, this.#address, 0);
    const length = nets.length(net);
    let current = set;
    for (const term of this.#terms) {
      if (!this.#matches(term, store, current, length, sourceClass)) continue;
      if (term.action === 'reject') {
        this.decidedBy = term.name;
        return reject(store, current);
      }
      if (term.operations.length > 0) {
        const changed = applyOperations(store, current, term.operations);
        if (changed !== current) store.dropIfUnused(current);
        current = changed;
      }
      if (term.action === 'accept') {
        this.decidedBy = term.name;
        return current;
      }
      this.#changedBy?.push(term.name);
    }
    this.decidedBy = null;
    return this.#otherwise === 'accept' ? current : reject(store, current);
  }

  /** Every term that matched, in order; the last decided. For `explain`, not for the hot path. */
  explain(
    store: AttributeStore,
    nets: NetTable,
    net: number,
    set: number,
    sourceClass: number,
  ): readonly PolicyDecision[] {
    this.#changedBy = [];
    const result = this.evaluate(store, nets, net, set, sourceClass);
    if (result >= 0) store.dropIfUnused(result);
    const changes = this.#changedBy.map((rule) => ({ rule, outcome: 'changed' }) as const);
    this.#changedBy = null;
    const rule = this.decidedBy ?? `no rule matches: "${this.#name}" ${this.#otherwise}s the rest`;
    return [...changes, { rule, outcome: result >= 0 ? 'accepted' : 'rejected' }];
  }

  #matches(
    term: CompiledTerm,
    store: AttributeStore,
    set: number,
    length: number,
    sourceClass: number,
  ): boolean {
    return (
      (term.sources & (1 << sourceClass)) !== 0 &&
      (term.prefixes === null || term.prefixes.matches(this.#address, length)) &&
      (term.notPrefixes === null || !term.notPrefixes.matches(this.#address, length)) &&
      (term.localPref === null || store.degreeOfPreference(set) === term.localPref) &&
      (term.localPrefAbove < 0 || store.degreeOfPreference(set) > term.localPrefAbove) &&
      (term.interfaceName === null || term.interfaceName.test(this.#interfaceOf(set) ?? '')) &&
      (term.community === null || hasCommunity(store, set, term.community)) &&
      (term.asPathPrefix.length === 0 || pathBeginsWith(store, set, term.asPathPrefix))
    );
  }
}

/** Forgets a set that only this evaluation made. */
function reject(store: AttributeStore, set: number): number {
  store.dropIfUnused(set);
  return REJECTED;
}

function compileTerm(term: PolicyTerm, family: Family): CompiledTerm {
  const match: PolicyMatch = term.match;
  return {
    name: term.name,
    action: term.action,
    prefixes: match.prefixes === undefined ? null : new PrefixMatcher(match.prefixes, family),
    notPrefixes: match.notPrefixes === undefined ? null : new PrefixMatcher(match.notPrefixes, family),
    sources:
      match.sources === undefined ? 0xff : match.sources.reduce((mask, one) => mask | SOURCE_BITS[one], 0),
    interfaceName: match.interface === undefined ? null : interfacePattern(match.interface),
    community: match.community === undefined ? null : (parseCommunity(match.community) ?? new Uint8Array(0)),
    asPathPrefix: match.asPathPrefix ?? [],
    localPref: match.localPref ?? null,
    localPrefAbove: match.localPrefAbove ?? -1,
    operations: term.operations ?? [],
  };
}

/** Never the empty name of a route without an interface. */
function interfacePattern(name: string): RegExp {
  const parts = name.split('*').map((part) => part.replace(/[^A-Za-z0-9_]/g, '\\$&'));
  return new RegExp(`^(?=.)${parts.join('.*')}$`);
}

const SOURCE_BITS: Readonly<Record<PathSource, number>> = {
  local: 1 << SourceClass.Local,
  ibgp: (1 << SourceClass.InternalClient) | (1 << SourceClass.InternalNonClient),
  ebgp: 1 << SourceClass.External,
};

function findValue(store: AttributeStore, set: number, code: number): Uint8Array | null {
  const bytes = store.bytes(set);
  const start = store.offset(set);
  const cursor = new BlockCursor(bytes, start, start + store.length(set));
  while (cursor.next()) {
    if (cursor.code === code) return bytes.subarray(cursor.at, cursor.at + cursor.length);
  }
  return null;
}

/** A community that could not be parsed (no octets) is carried by no route. */
function hasCommunity(store: AttributeStore, set: number, community: Uint8Array): boolean {
  const code = community.length === 4 ? AttributeType.Communities : AttributeType.LargeCommunities;
  const list = community.length === 0 ? null : findValue(store, set, code);
  return list !== null && hasElement(list, community);
}

/** Compares across AS_SEQUENCE segments: where a path is cut into them means nothing. An AS_SET is no AS. */
function pathBeginsWith(store: AttributeStore, set: number, asns: readonly number[]): boolean {
  const path = findValue(store, set, AttributeType.AsPath) ?? new Uint8Array(0);
  let matched = 0;
  for (let p = 0; p < path.length && matched < asns.length; ) {
    if (path[p] !== SegmentType.AsSequence) return false;
    const end = p + 2 + 4 * path[p + 1]!;
    for (p += 2; p < end && matched < asns.length; p += 4) {
      if (readUint32(path, p) !== asns[matched++]) return false;
    }
    p = end;
  }
  return matched === asns.length;
}
