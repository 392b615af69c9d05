/**
 * Policies as data: what configuration hands to the speaker, comparable and serialisable. `compile-policy.ts`
 * turns one into a predicate. Terms are tried in order and the first that matches decides (Calico's BGPFilter
 * semantics: all match fields of a term must hold, an empty match matches everything).
 */

/** Where a path came from, seen from this speaker. */
export type PathSource = 'local' | 'ibgp' | 'ebgp';

/** One prefix condition. */
export interface PrefixMatch {
  /** Canonical prefix text. */
  readonly prefix: string;
  /** Lengths that match inside `prefix`; equal bounds at the prefix's own length mean "exactly it". */
  readonly minLength: number;
  readonly maxLength: number;
}

export interface PolicyMatch {
  /** The route lies in one of these (none given: any route). */
  readonly prefixes?: readonly PrefixMatch[];
  /** The route lies in none of these. */
  readonly notPrefixes?: readonly PrefixMatch[];
  readonly sources?: readonly PathSource[];
  /** Name of the interface on the way to the next hop, `*` for any text; routes of our own have none. */
  readonly interface?: string;
  /** Session type towards which (export) or from which (import) the route goes. */
  readonly sessionType?: 'ibgp' | 'ebgp';
  /** Carries this community: `aa:nn` or large `a:b:c`. */
  readonly community?: string;
  /** AS_PATH begins with these, nearest first. */
  readonly asPathPrefix?: readonly number[];
  readonly localPref?: number;
  /** LOCAL_PREF is greater than this. */
  readonly localPrefAbove?: number;
}

/** Changes made by an accepting term, applied in order. */
export type PolicyOperation =
  | { readonly kind: 'addCommunity'; readonly community: string }
  | { readonly kind: 'prependAsPath'; readonly asns: readonly number[] }
  | { readonly kind: 'setLocalPref'; readonly localPref: number }
  /** ONLY_TO_CUSTOMER (RFC 9234 §5), for a route that has none. */
  | { readonly kind: 'setOnlyToCustomer'; readonly asn: number };

export interface PolicyTerm {
  /** Shown by `explain`: the rule that decided, and the resource it came from. */
  readonly name: string;
  readonly match: PolicyMatch;
  /** `next` applies the operations and goes on with the following term. */
  readonly action: 'accept' | 'reject' | 'next';
  readonly operations?: readonly PolicyOperation[];
}

export interface PolicyConfig {
  readonly name: string;
  readonly terms: readonly PolicyTerm[];
  /** What happens when no term decides. */
  readonly otherwise: 'accept' | 'reject';
}

/** The policy that accepts everything unchanged. */
export const ACCEPT_ALL: PolicyConfig = { name: 'accept-all', terms: [], otherwise: 'accept' };
