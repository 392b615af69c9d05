/**
 * What a receiver must see of a route besides its prefix, folded into 32 bits: next hop, ORIGINATOR_ID, CLUSTER_LIST,
 * and the number of the attribute set, which travels as its community. Never 0: that means "no route".
 */

const SEED = 0x2545f491;

function mixIn(key: number, word: number): number {
  const mixed = Math.imul(key ^ word, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

/** A CLUSTER_LIST, taken word by word from the front; begins with 0. */
export function foldCluster(folded: number, clusterId: number): number {
  return mixIn(folded, clusterId);
}

/** @param nextHop IPv6 next hops are folded to their last 32 bits */
export function routeKey(nextHop: number, originatorId: number, foldedClusters: number, set: number): number {
  return mixIn(mixIn(mixIn(SEED, nextHop), originatorId) ^ foldedClusters, set) | 1;
}
