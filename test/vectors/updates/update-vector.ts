/**
 * The form of UPDATE vectors: bodies (RFC 4271 §4.3, without the header) that other implementations sent, with what
 * they mean: values from the daemons' configuration, not from any decoder of ours. Captured on loopback or a veth pair
 * by a plain TCP peer that answered with an OPEN of its own; none of our code was involved. The daemons are AS 64500,
 * 192.0.2.1.
 */
import type { Family } from '../../../bgp/net/index.ts';
import type { RouteStatus } from '../../../bgp/speaker/speaker-status.ts';

export type RouteValues = Pick<
  RouteStatus,
  | 'prefix'
  | 'pathId'
  | 'nextHop'
  | 'origin'
  | 'asPath'
  | 'localPref'
  | 'med'
  | 'communities'
  | 'largeCommunities'
  | 'originatorId'
  | 'clusterList'
>;

export interface UpdateSession {
  /** We are AS 64500 too; else the daemon is an external peer. */
  readonly isInternal: boolean;
  readonly fourOctetAs: boolean;
  readonly addPath: boolean;
}

export interface UpdateVector {
  readonly name: string;
  readonly provenance: string;
  readonly session: UpdateSession;
  readonly body: string;
  readonly announced: readonly RouteValues[];
  /** Prefixes, with ADD-PATH `prefix#identifier`. */
  readonly withdrawn: readonly string[];
  readonly endOfRib: Family | null;
  /** Attributes that only pass through, as a reflector must send them on: flags and value by type code. */
  readonly passedOn?: Readonly<Record<number, { readonly flags: number; readonly value: string }>>;
}

/** Kinds of session on which the captures were made. */
export const INTERNAL: UpdateSession = { isInternal: true, fourOctetAs: true, addPath: false };
export const INTERNAL_ADD_PATH: UpdateSession = { ...INTERNAL, addPath: true };
export const EXTERNAL: UpdateSession = { isInternal: false, fourOctetAs: true, addPath: false };
export const EXTERNAL_TWO_OCTET: UpdateSession = { ...EXTERNAL, fourOctetAs: false };

/** What most routes have; vectors name the rest. */
export const ROUTE: Omit<RouteValues, 'prefix' | 'nextHop'> = {
  pathId: null,
  origin: 'igp',
  asPath: [],
  localPref: 100,
  med: null,
  communities: [],
  largeCommunities: [],
  originatorId: null,
  clusterList: [],
};

export const NOTHING = { announced: [], withdrawn: [], endOfRib: null } as const;

/** Of routes that a reflector of cluster 192.0.2.250 got from its client 192.0.2.5. */
export const REFLECTED = { originatorId: '192.0.2.5', clusterList: ['192.0.2.250'] } as const;

export const NO_EXPORT = '65535:65281';
export const LARGE = ['64500:4:5', '4200000001:2:3'];
