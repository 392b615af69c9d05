/**
 * The steps of the decision process, in order: each drops the candidates that lose it. RFC 4271 §9.1.1 and
 * §9.1.2.2, with RFC 4456 §9. The IGP metric of §9.1.2.2(e) counts only where next hops are resolved at all: a pure
 * reflector does not. Deviation: MED is compared within each neighbouring AS over all candidates at once, so that the result
 * does not depend on the order in which the paths arrived; a missing MED counts as 0 (§9.1.2.2(c)).
 */
import { ColumnFlag } from '../packet/attributes/attribute-columns.ts';
import { type AttributeStore, SetField } from '../path/attribute-store.ts';
import { SourceClass } from '../path/source-class.ts';
import type { CandidateList, SlotFacts } from './candidates.ts';
import type { NextHopTable } from './next-hop-table.ts';

export interface DecisionStep {
  /** Shown by `explain`. */
  readonly name: string;
  readonly clause: string;
  /** Paths that differ only from here on are equally good: traffic may be shared among them. */
  readonly isTieBreak?: true;
  /** Compacts the list to the candidates that do not lose. At least one always remains. */
  keep(list: CandidateList, store: AttributeStore, slots: SlotFacts): void;
}

/** Keeps the candidates with the least value of `rank`. */
function keepLeast(list: CandidateList, rank: (set: number, slot: number) => number): void {
  let least = Number.POSITIVE_INFINITY;
  let kept = 0;
  for (let i = 0; i < list.length; i++) {
    const value = rank(list.sets[i]!, list.slots[i]!);
    if (value > least) continue;
    if (value < least) {
      least = value;
      kept = 0;
    }
    list.move(i, kept++);
  }
  list.length = kept;
}

const preferLocal: DecisionStep = {
  name: 'originated by this speaker',
  clause: 'RFC 4271 §9.1.1',
  keep(list, _store, slots) {
    keepLeast(list, (_set, slot) => (slots.sourceClass(slot) === SourceClass.Local ? 0 : 1));
  },
};

/**
 * A learnt route may come before our own: under Calico's rules one that is elevated, to a workload that has just moved
 * to another node, say.
 */
function preferElevated(elevatedAbove: number): DecisionStep {
  return {
    name: 'elevated: LOCAL_PREF above that of ordinary routes',
    clause: 'RFC 4271 §9.1.1',
    keep(list, store) {
      keepLeast(list, (set) => (store.degreeOfPreference(set) > elevatedAbove ? 0 : 1));
    },
  };
}

const highestLocalPref: DecisionStep = {
  name: 'highest LOCAL_PREF',
  clause: 'RFC 4271 §9.1.1',
  keep(list, store) {
    keepLeast(list, (set) => -store.degreeOfPreference(set));
  },
};

const shortestAsPath: DecisionStep = {
  name: 'shortest AS_PATH',
  clause: 'RFC 4271 §9.1.2.2(a)',
  keep(list, store) {
    keepLeast(list, (set) => store.records.get(set, SetField.AsPathLength));
  },
};

const lowestOrigin: DecisionStep = {
  name: 'lowest ORIGIN',
  clause: 'RFC 4271 §9.1.2.2(b)',
  keep(list, store) {
    keepLeast(list, (set) => store.records.get(set, SetField.Origin));
  },
};

const lowestMed: DecisionStep = {
  name: 'lowest MULTI_EXIT_DISC of its neighbouring AS',
  clause: 'RFC 4271 §9.1.2.2(c)',
  keep(list, store) {
    if (haveSameMed(list, store)) return; // nearly always, and the list may be long
    const least = new Map<number, number>();
    for (let i = 0; i < list.length; i++) {
      const neighbor = store.records.get(list.sets[i]!, SetField.NeighborAs);
      least.set(
        neighbor,
        Math.min(least.get(neighbor) ?? Number.POSITIVE_INFINITY, medOf(store, list.sets[i]!)),
      );
    }
    let kept = 0;
    for (let i = 0; i < list.length; i++) {
      const set = list.sets[i]!;
      if (medOf(store, set) === least.get(store.records.get(set, SetField.NeighborAs))) list.move(i, kept++);
    }
    list.length = kept;
  },
};

const lowestMedOfAll: DecisionStep = {
  name: 'lowest MULTI_EXIT_DISC of all (always-compare-med)',
  clause: 'RFC 4271 §9.1.2.2(c)',
  keep(list, store) {
    keepLeast(list, (set) => medOf(store, set));
  },
};

function medOf(store: AttributeStore, set: number): number {
  return store.records.get(set, SetField.Med) >>> 0;
}

function haveSameMed(list: CandidateList, store: AttributeStore): boolean {
  const first = medOf(store, list.sets[0]!);
  for (let i = 1; i < list.length; i++) if (medOf(store, list.sets[i]!) !== first) return false;
  return true;
}

const preferExternal: DecisionStep = {
  name: 'learnt from an external peer',
  clause: 'RFC 4271 §9.1.2.2(d)',
  keep(list, _store, slots) {
    keepLeast(list, (_set, slot) => (slots.sourceClass(slot) === SourceClass.External ? 0 : 1));
  },
};

function lowestIgpMetric(nextHops: NextHopTable): DecisionStep {
  return {
    name: 'lowest IGP metric to the next hop',
    clause: 'RFC 4271 §9.1.2.2(e)',
    keep(list, store) {
      keepLeast(list, (set) => nextHops.metricOf(store, set));
    },
  };
}

const lowestRouterId: DecisionStep = {
  name: 'lowest BGP Identifier or ORIGINATOR_ID',
  clause: 'RFC 4271 §9.1.2.2(f), RFC 4456 §9',
  isTieBreak: true,
  keep(list, store, slots) {
    keepLeast(list, (set, slot) => {
      const isReflected = (store.flags(set) & ColumnFlag.OriginatorId) !== 0;
      return isReflected ? store.records.get(set, SetField.OriginatorId) >>> 0 : slots.routerId(slot);
    });
  },
};

const shortestClusterList: DecisionStep = {
  name: 'shortest CLUSTER_LIST',
  clause: 'RFC 4456 §9',
  isTieBreak: true,
  keep(list, store) {
    keepLeast(list, (set) => store.records.get(set, SetField.ClusterListLength));
  },
};

const lowestPeerAddress: DecisionStep = {
  name: 'lowest peer address',
  clause: 'RFC 4271 §9.1.2.2(g)',
  isTieBreak: true,
  keep(list, _store, slots) {
    let kept = 0;
    for (let i = 0; i < list.length; i++) {
      const order = kept === 0 ? 0 : slots.comparePeerAddresses(list.slots[i]!, list.slots[0]!);
      if (order > 0) continue;
      if (order < 0) kept = 0;
      list.move(i, kept++);
    }
    list.length = kept;
  },
};

/** Only paths of one session are left here (ADD-PATH); any stable choice will do. */
const lowestPathNumber: DecisionStep = {
  name: 'lowest path number of the same peer',
  clause: 'RFC 7911 §3',
  isTieBreak: true,
  keep(list) {
    let first = 0;
    for (let i = 1; i < list.length; i++) if (list.paths[i]! < list.paths[first]!) first = i;
    list.move(first, 0);
    list.length = 1;
  },
};

export interface DecisionOptions {
  /** Compare MED between neighbouring ASes too; see `SpeakerConfig.decision`. */
  readonly alwaysCompareMed: boolean;
  /** LOCAL_PREF above which a learnt route comes before our own; null: none does. */
  readonly elevatedAbove: number | null;
  /** Null: next hops are not resolved. */
  readonly nextHops: NextHopTable | null;
}

/** The steps in order. What an option adds costs nothing where it is off. */
export function decisionSteps({
  alwaysCompareMed,
  elevatedAbove,
  nextHops,
}: DecisionOptions): readonly DecisionStep[] {
  return [
    ...(elevatedAbove === null ? [] : [preferElevated(elevatedAbove)]),
    preferLocal,
    highestLocalPref,
    shortestAsPath,
    lowestOrigin,
    alwaysCompareMed ? lowestMedOfAll : lowestMed,
    preferExternal,
    ...(nextHops === null ? [] : [lowestIgpMetric(nextHops)]),
    lowestRouterId,
    shortestClusterList,
    lowestPeerAddress,
    lowestPathNumber,
  ];
}

/** Those of a speaker without options. */
export const DECISION_STEPS = decisionSteps({ alwaysCompareMed: false, elevatedAbove: null, nextHops: null });
