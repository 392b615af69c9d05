/**
 * What the receiver itself changes in an external route before any policy sees it: LOCAL_PREF of a route that is
 * about to go (RFC 8326 §4.2), and ONLY_TO_CUSTOMER of one that may only go down from here (RFC 9234 §5, ingress
 * rule 3). Depends on the attributes alone, so that it is done once for all routes of an UPDATE.
 */
import { ColumnFlag } from '../packet/attributes/attribute-columns.ts';
import type { AttributeStore } from '../path/attribute-store.ts';
import { applyOperations } from './apply-operations.ts';
import type { ImportIdentity } from './import-check.ts';
import type { PolicyOperation } from './policy-config.ts';

export interface ImportRewrite {
  readonly operation: PolicyOperation;
  /** For `explain`. */
  readonly reason: string;
}

/** LOCAL_PREF of a route that goes down gracefully: the least there is. */
const GRACEFUL_SHUTDOWN_LOCAL_PREF = 0;

/** The changes that a set of these `ColumnFlag`s needs; most need none. */
export function importRewrites(flags: number, identity: ImportIdentity): readonly ImportRewrite[] {
  const rewrites: ImportRewrite[] = [];
  if (identity.honourGracefulShutdown && (flags & ColumnFlag.GracefulShutdown) !== 0) {
    const operation = { kind: 'setLocalPref', localPref: GRACEFUL_SHUTDOWN_LOCAL_PREF } as const;
    rewrites.push({ operation, reason: 'GRACEFUL_SHUTDOWN: LOCAL_PREF becomes 0 (RFC 8326 §4.2)' });
  }
  if ((flags & ColumnFlag.OnlyToCustomer) === 0 && isFromAbove(identity)) {
    const operation = { kind: 'setOnlyToCustomer', asn: identity.peerAsn } as const;
    rewrites.push({ operation, reason: `ONLY_TO_CUSTOMER becomes ${identity.peerAsn} (RFC 9234 §5)` });
  }
  return rewrites;
}

function isFromAbove({ role }: ImportIdentity): boolean {
  return role === 'customer' || role === 'peer' || role === 'rs-client';
}

/** The interned set with the changes; it may have no reference of its own yet. */
export function rewriteImported(store: AttributeStore, set: number, identity: ImportIdentity): number {
  const rewrites = importRewrites(store.flags(set), identity);
  if (rewrites.length === 0) return set;
  return applyOperations(
    store,
    set,
    rewrites.map(({ operation }) => operation),
  );
}
