/**
 * Whether a received route may take part in the decision at all: loops through our AS (RFC 4271 §9.1.2), our
 * cluster or ourselves (RFC 4456 §8), a next hop that is ourselves (RFC 4271 §5.1.3), a first AS that is not the
 * neighbor's (RFC 4271 §6.3), and leaked routes (RFC 9234 §5).
 */
import { countAs } from '../packet/attributes/as-path.ts';
import { readUint32 } from '../packet/attributes/attribute-descriptor.ts';
import { AttributeType } from '../packet/attributes/attribute-type.ts';
import { BlockCursor } from '../packet/attributes/canonical-block.ts';
import type { BgpRole } from '../packet/capabilities/role.ts';
import { type AttributeStore, SetField } from '../path/attribute-store.ts';

export interface ImportIdentity {
  /** Our AS number on this session, and how often it may occur in AS_PATH. */
  readonly localAsn: number;
  readonly allowOwnAs: number;
  /** Unsigned. */
  readonly routerId: number;
  readonly clusterId: number;
  /** Our addresses on this session. */
  readonly ownAddresses: readonly Uint8Array[];
  readonly peerAsn: number;
  /** AS_PATH must begin with the AS of the peer. */
  readonly enforceFirstAs: boolean;
  /** Ours on this external session, or null. */
  readonly role: BgpRole | null;
  /** GRACEFUL_SHUTDOWN makes LOCAL_PREF 0. */
  readonly honourGracefulShutdown: boolean;
}

/** One for all calls: this is asked of every UPDATE. */
const cursor = new BlockCursor(new Uint8Array(0), 0, 0);

/** Why the route is ineligible, or null. */
export function importProblem(store: AttributeStore, set: number, identity: ImportIdentity): string | null {
  if (identity.enforceFirstAs && store.records.get(set, SetField.NeighborAs) >>> 0 !== identity.peerAsn) {
    return `AS_PATH does not begin with the peer's AS ${identity.peerAsn} (RFC 4271 §6.3)`;
  }
  const bytes = store.bytes(set);
  const start = store.offset(set);
  cursor.reset(bytes, start, start + store.length(set));
  /** Said only where the attributes behind it do not tell more: a route of ours that came back has our ORIGINATOR_ID. */
  let hasOwnNextHop = false;
  while (cursor.next()) {
    const { at, length } = cursor;
    switch (cursor.code) {
      case AttributeType.AsPath:
        if (countAs(bytes, at, length, identity.localAsn) > identity.allowOwnAs) {
          return `AS_PATH contains our AS ${identity.localAsn} (RFC 4271 §9.1.2)`;
        }
        break;
      case AttributeType.NextHop:
        // A link-local address may follow the global one; both families differ in length.
        hasOwnNextHop = isAnyAddress(bytes, at, Math.min(length, 16), identity.ownAddresses);
        break;
      case AttributeType.OriginatorId:
        if (readUint32(bytes, at) === identity.routerId) return 'ORIGINATOR_ID is ours (RFC 4456 §8)';
        break;
      case AttributeType.ClusterList:
        for (let p = at; p < at + length; p += 4) {
          if (readUint32(bytes, p) === identity.clusterId)
            return 'CLUSTER_LIST contains our cluster (RFC 4456 §8)';
        }
        break;
      case AttributeType.OnlyToCustomer: {
        const leak = leakText(readUint32(bytes, at), identity);
        if (leak !== null) return leak;
      }
    }
  }
  return hasOwnNextHop ? 'NEXT_HOP is our own address (RFC 4271 §5.1.3)' : null;
}

/** RFC 9234 §5, ingress rules 1 and 2. */
function leakText(onlyToCustomer: number, { role, peerAsn }: ImportIdentity): string | null {
  if (role === 'provider' || role === 'rs') {
    return `route leak: ONLY_TO_CUSTOMER ${onlyToCustomer} comes back from a customer (RFC 9234 §5)`;
  }
  if (role === 'peer' && onlyToCustomer !== peerAsn) {
    return `route leak: ONLY_TO_CUSTOMER ${onlyToCustomer} from peer AS ${peerAsn} (RFC 9234 §5)`;
  }
  return null;
}

function isAnyAddress(
  bytes: Uint8Array,
  at: number,
  length: number,
  addresses: readonly Uint8Array[],
): boolean {
  for (const address of addresses) if (isAddress(bytes, at, length, address)) return true;
  return false;
}

function isAddress(bytes: Uint8Array, at: number, length: number, address: Uint8Array): boolean {
  if (address.length !== length) return false;
  for (let i = 0; i < length; i++) if (bytes[at + i] !== address[i]) return false;
  return true;
}
