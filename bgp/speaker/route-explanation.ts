/** Why a route is, or is not, here, best, and with a peer: the shape of `manul explain -o json`, kernel part apart. */
import type { Family } from '../net/index.ts';
import type { RouteStatus } from './speaker-status.ts';

export interface ExplainQuery {
  /** Canonical prefix, looked up exactly. */
  readonly prefix?: string;
  /** Address: the best route that it would take. */
  readonly address?: string;
  /** One peer only; without it all that are Established. */
  readonly to?: string;
}

/** One thing that was asked of a route, and what came of it. The last step of a stage decides. */
export interface ExplainStep {
  readonly stage: 'import' | 'decision' | 'export';
  readonly outcome: 'accepted' | 'rejected' | 'changed' | 'won' | 'lost' | 'shares' | 'waiting';
  /** The rule in words: a policy term, a decision step, a rule of an RFC with its section. */
  readonly rule: string;
  /** `Kind/name` of the resource that the rule comes from, or null: the protocol's own. */
  readonly resource: string | null;
}

/** A path to the prefix: as accepted, or as received where it was not. */
export interface ExplainedPath extends RouteStatus {
  /** `shares`: loses only to an arbitrary rule, and carries traffic beside the best. */
  readonly state: 'best' | 'shares' | 'candidate' | 'ineligible';
  readonly steps: readonly ExplainStep[];
}

/** What becomes of a path on the way to peers: the same for all that are named. */
export interface ExplainedExport {
  /** Peer that the path came from, `local`, or null where there is no path to send. */
  readonly from: string | null;
  readonly sent: boolean;
  readonly steps: readonly ExplainStep[];
  /** Names of peers, at most 20 of `peerCount`. */
  readonly peers: readonly string[];
  readonly peerCount: number;
  /** The route as it was sent, where one peer was asked for. */
  readonly route: RouteStatus | null;
}

export interface RouteExplanation {
  readonly family: Family;
  /** Prefix that is explained; null: no route covers the address. */
  readonly prefix: string | null;
  /** Why there is nothing to explain, or null. */
  readonly absent: string | null;
  /** Prefix of the best route that covers one which is not here. */
  readonly coveredBy: string | null;
  /** Peer of the best path, `local`, or null. */
  readonly best: string | null;
  /** Next hops of the best path and of those that share its traffic. */
  readonly nextHops: readonly string[];
  readonly paths: readonly ExplainedPath[];
  readonly exports: readonly ExplainedExport[];
}
