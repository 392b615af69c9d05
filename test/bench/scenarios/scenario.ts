/** A scenario: one or more acts, each played against a freshly started daemon. */
import type { Bench } from '../driver/bench.ts';
import type { RouteSet } from '../driver/encode-routes.ts';

export interface Scenario {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  readonly acts: readonly ((bench: Bench) => Promise<void>)[];
}

const LOCAL_PREF = 100;

/** `prefixes` from number `first` on, in sets of equal size numbered from `firstSet`. */
export function evenSets(prefixes: number, sets: number, first = 0, firstSet = 1): RouteSet[] {
  const count = prefixes / sets;
  return Array.from({ length: sets }, (_, i) => ({
    set: firstSet + i,
    localPref: LOCAL_PREF,
    first: first + i * count,
    count,
  }));
}
