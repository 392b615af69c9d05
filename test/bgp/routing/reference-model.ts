/**
 * What every session of a speaker must hold, computed the slow way: no groups, no interning, no increments.
 * Written from RFC 4271 §9.1 and RFC 4456, not from the implementation.
 */
import type { HeldRoute } from './recording-output.ts';
import { CLUSTER_ID, OWN_AS, OWN_ID } from './rib-sessions.ts';

export interface ModelPeer {
  readonly number: number;
  readonly asn: number;
  isClient: boolean;
  isUp: boolean;
  /** Gets our own address as next hop of all routes. */
  isOwnHop: boolean;
  /** Third octets of the prefixes that its export policy rejects. */
  rejected: ReadonlySet<number>;
  /** Third octet of the prefixes before whose AS_PATH its export policy puts `PREPENDED`, or null. */
  prepended: number | null;
  /** What its import policy does to the prefixes of one third octet. */
  importRule: ImportRule | null;
  readonly sendsPaths: boolean;
  readonly routes: Map<string, ModelRoute>;
}

export interface ImportRule {
  readonly third: number;
  /** `prefer`: LOCAL_PREF becomes `PREFERENCE`. */
  readonly action: 'reject' | 'prefer';
}

/** What concerns the speaker as a whole. */
export interface ModelSpeaker {
  /** Third octets of the prefixes that it is connected to. */
  readonly connected: ReadonlySet<number>;
  readonly drain: 'none' | 'graceful' | 'withdrawn';
}

export const PREPENDED = 65009;
export const PREFERENCE = 300;

export interface ModelRoute {
  readonly prefix: string;
  readonly nextHop: string;
  readonly asPath: readonly number[];
  readonly localPref: number;
  readonly med: number | null;
  readonly originatorId: string | null;
  readonly clusterList: readonly string[];
}

interface Candidate extends ModelRoute {
  readonly peer: ModelPeer;
}

const isInternal = (peer: ModelPeer) => peer.asn === OWN_AS;

function isAccepted(route: ModelRoute): boolean {
  return (
    !route.asPath.includes(OWN_AS) && route.originatorId !== OWN_ID && !route.clusterList.includes(CLUSTER_ID)
  );
}

const thirdOf = (prefix: string) => Number(prefix.split('.')[2]);

/** As the peer's route comes into the decision, or null where it does not. */
function imported(peer: ModelPeer, route: ModelRoute, { connected }: ModelSpeaker): ModelRoute | null {
  const local = isInternal(peer) ? route : { ...route, localPref: 100, originatorId: null, clusterList: [] };
  const third = thirdOf(route.prefix);
  if (!isAccepted(local) || (!isInternal(peer) && connected.has(third))) return null;
  if (peer.importRule?.third !== third) return local;
  return peer.importRule.action === 'reject' ? null : { ...local, localPref: PREFERENCE };
}

function candidates(peers: readonly ModelPeer[], speaker: ModelSpeaker): Map<string, Candidate[]> {
  const byPrefix = new Map<string, Candidate[]>();
  for (const peer of peers) {
    if (!peer.isUp) continue;
    for (const route of peer.routes.values()) {
      const local = imported(peer, route, speaker);
      if (local === null) continue;
      byPrefix.set(route.prefix, [...(byPrefix.get(route.prefix) ?? []), { ...local, peer }]);
    }
  }
  return byPrefix;
}

const idNumber = (quad: string) => quad.split('.').reduce((value, octet) => value * 256 + Number(octet), 0);

function best(list: readonly Candidate[]): Candidate {
  const least = (among: readonly Candidate[], rank: (one: Candidate) => number) => {
    const value = Math.min(...among.map(rank));
    return among.filter((one) => rank(one) === value);
  };
  let left = least(list, (one) => -one.localPref);
  left = least(left, (one) => one.asPath.length);
  left = left.filter(
    (one) =>
      !left.some(
        (other) => (other.asPath[0] ?? 0) === (one.asPath[0] ?? 0) && (other.med ?? 0) < (one.med ?? 0),
      ),
  );
  left = least(left, (one) => (isInternal(one.peer) ? 1 : 0));
  left = least(left, (one) => idNumber(one.originatorId ?? `10.0.0.${one.peer.number}`));
  left = least(left, (one) => one.clusterList.length);
  return least(left, (one) => one.peer.number)[0]!;
}

function mayGo(one: Candidate, to: ModelPeer): boolean {
  if (one.peer === to || to.rejected.has(thirdOf(one.prefix))) return false;
  return !isInternal(one.peer) || !isInternal(to) || one.peer.isClient || to.isClient;
}

function exported(one: Candidate, to: ModelPeer, { drain }: ModelSpeaker): HeldRoute {
  const { med } = one;
  const asPath = to.prepended === thirdOf(one.prefix) ? [PREPENDED, ...one.asPath] : one.asPath;
  const localPref = drain === 'graceful' ? 0 : one.localPref;
  const nextHop = to.isOwnHop ? OWN_ID : one.nextHop;
  if (!isInternal(to)) {
    return {
      nextHop: OWN_ID,
      asPath: [OWN_AS, ...asPath],
      localPref: null,
      med: null,
      originatorId: null,
      clusterList: [],
    };
  }
  if (!isInternal(one.peer)) return { nextHop, asPath, localPref, med, originatorId: null, clusterList: [] };
  const originatorId = one.originatorId ?? `10.0.0.${one.peer.number}`;
  return { nextHop, asPath, localPref, med, originatorId, clusterList: [CLUSTER_ID, ...one.clusterList] };
}

/** Routes by prefix that `to` must hold; with ADD-PATH every eligible path, in a canonical order. */
export function expectedTable(
  peers: readonly ModelPeer[],
  to: ModelPeer,
  speaker: ModelSpeaker,
): Map<string, HeldRoute[]> {
  const table = new Map<string, HeldRoute[]>();
  if (speaker.drain === 'withdrawn') return table;
  for (const [prefix, list] of candidates(peers, speaker)) {
    const chosen = (to.sendsPaths ? list : [best(list)]).filter((one) => mayGo(one, to));
    if (chosen.length > 0) table.set(prefix, sortRoutes(chosen.map((one) => exported(one, to, speaker))));
  }
  return table;
}

/** The same shape from what a session really holds. */
export function actualTable(held: ReadonlyMap<string, HeldRoute>): Map<string, HeldRoute[]> {
  const table = new Map<string, HeldRoute[]>();
  for (const [key, route] of held) {
    const prefix = key.split('#')[0]!;
    table.set(prefix, sortRoutes([...(table.get(prefix) ?? []), route]));
  }
  return table;
}

function sortRoutes(routes: readonly HeldRoute[]): HeldRoute[] {
  return routes.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
}
