/** What tests read of the JSON of commands: written down here a second time, so that a change of the contract shows. */
import type { Family } from '../../harness/bgp/prefix-text.ts';
import type { ShownError, ShownPeer, ShownRoute } from '../../harness/manul/manul-daemon.ts';

/** One of `manul peers -o json`. */
export interface PeerStatus extends ShownPeer {
  readonly port: number;
  readonly localAddress: string | null;
  readonly localAsn: number;
  readonly routerId: string | null;
  readonly since: string;
  readonly routeReflectorClient: boolean;
  readonly families: readonly Family[];
  readonly lastError: (ShownError & { readonly at: string }) | null;
}

/** One of `manul routes -o json`. */
export interface RouteStatus extends ShownRoute {
  readonly family: Family;
  readonly asPath: readonly number[];
  readonly localPref: number | null;
}

/** `manul status -o json`. */
export interface StatusReport {
  readonly datastore: { readonly inSync: boolean; readonly problems: readonly ShownProblem[] };
  readonly lastErrors: readonly { readonly at: string; readonly text: string }[];
}

export interface ShownProblem {
  readonly file: string | null;
  readonly line: number | null;
  readonly resource: string | null;
  readonly field: string;
  readonly text: string;
}
