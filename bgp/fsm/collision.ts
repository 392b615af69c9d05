/**
 * Connection collision (RFC 4271 §6.8): of two connections with one peer, which one lives. Both ends compute
 * the same answer from the two identifiers: the connection lives that the *dominant* speaker opened.
 */

export interface CollisionParties {
  /** BGP Identifiers as dotted quads, and AS numbers. */
  readonly localRouterId: string;
  readonly localAsn: number;
  readonly peerRouterId: string;
  readonly peerAsn: number;
}

/** The connection on which a valid OPEN has just come, and the one that was there. */
export interface Collision extends CollisionParties {
  readonly newInitiator: 'local' | 'remote';
  readonly existingInitiator: 'local' | 'remote';
  readonly existingState: 'OpenConfirm' | 'Established';
  /** The existing session's peer preserves forwarding over its restarts (RFC 4724 §3). */
  readonly existingPreservesForwarding: boolean;
}

/**
 * - `closeNew`, `closeExisting`: the one named gets Cease 6/7.
 * - `replaceExisting`: the peer has restarted and lost the existing connection, which ends like one whose
 *   transport failed, without a NOTIFICATION (RFC 4724 §5).
 */
export type CollisionVerdict = 'closeNew' | 'closeExisting' | 'replaceExisting';

export function resolveCollision(collision: Collision): CollisionVerdict {
  if (collision.existingState === 'Established') {
    return collision.existingPreservesForwarding && collision.newInitiator === 'remote'
      ? 'replaceExisting'
      : 'closeNew';
  }
  if (collision.newInitiator === collision.existingInitiator) {
    return 'closeExisting'; // whoever opened both has given up the older one
  }
  const dominant = isLocalDominant(collision) ? 'local' : 'remote';
  return collision.newInitiator === dominant ? 'closeExisting' : 'closeNew';
}

/** The higher BGP Identifier; equal ones (external peers only) go by the higher AS number (RFC 6286 §2.3). */
export function isLocalDominant(parties: CollisionParties): boolean {
  const local = identifierNumber(parties.localRouterId);
  const peer = identifierNumber(parties.peerRouterId);
  return local === peer ? parties.localAsn > parties.peerAsn : local > peer;
}

/** A dotted quad as the unsigned integer that RFC 4271 §6.8 compares. */
function identifierNumber(routerId: string): number {
  return routerId.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
}
