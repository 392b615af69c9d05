/** The winner, and for each loser the step that rejected it. */
import { CandidateList, type SlotFacts } from '../../../bgp/decision/candidates.ts';
import { explainSelection, selectBestPath } from '../../../bgp/decision/select-best-path.ts';
import { DECISION_STEPS } from '../../../bgp/decision/steps.ts';
import { ColumnFlag, emptyColumns } from '../../../bgp/packet/attributes/attribute-columns.ts';
import { AttributeStore } from '../../../bgp/path/attribute-store.ts';
import { SourceClass } from '../../../bgp/path/source-class.ts';

interface Path {
  readonly slot: number;
  readonly localPref?: number;
  readonly asPathLength?: number;
  readonly origin?: number;
  readonly neighborAs?: number;
  readonly med?: number;
  readonly originatorId?: number;
  readonly clusterListLength?: number;
}

/** Slot 0 is ours, 1 to 9 internal, from 10 external; BGP Identifier and address are the slot number. */
const SLOTS: SlotFacts = {
  sourceClass: (slot) => {
    if (slot === 0) return SourceClass.Local;
    return slot >= 10 ? SourceClass.External : SourceClass.InternalClient;
  },
  routerId: (slot) => slot % 5,
  comparePeerAddresses: (a, b) => a - b,
};

function listOf(store: AttributeStore, paths: readonly Path[]): CandidateList {
  const list = new CandidateList();
  paths.forEach(({ slot, ...facts }, i) => {
    const columns = { ...emptyColumns(), localPref: 100, flags: ColumnFlag.LocalPref, ...facts };
    if (facts.originatorId !== undefined) columns.flags |= ColumnFlag.OriginatorId;
    expect(store.find(Uint8Array.of(i), 0, 1)).toBe(-1);
    list.push(100 + i, store.insert(Uint8Array.of(i), 0, 1, columns), slot);
  });
  return list;
}

function explain(paths: readonly Path[]) {
  const store = new AttributeStore(7);
  const list = listOf(store, paths);
  const { best, rejected } = explainSelection(list, store, SLOTS);
  expect(list.length).toBe(paths.length); // left as it was
  if (paths.length > 0) expect(selectBestPath(list, store, SLOTS)).toBe(best);
  return { best, reasons: [...rejected].map(([path, step]) => [path, step.clause]) };
}

test('no path: no best', () => {
  expect(explain([])).toEqual({ best: -1, reasons: [] });
});

test('one path wins without a reason', () => {
  expect(explain([{ slot: 1 }])).toEqual({ best: 100, reasons: [] });
});

test('each loser goes in the first step that it loses', () => {
  const { best, reasons } = explain([
    { slot: 11, neighborAs: 7, med: 5 },
    { slot: 1, localPref: 50, asPathLength: 0 },
    { slot: 2, asPathLength: 4, origin: 0 },
    { slot: 3, origin: 2 },
    { slot: 12, neighborAs: 7, med: 6 },
    { slot: 4 },
    { slot: 13 },
  ]);
  expect(best).toBe(100);
  expect(reasons).toEqual([
    [101, 'RFC 4271 §9.1.1'],
    [102, 'RFC 4271 §9.1.2.2(a)'],
    [103, 'RFC 4271 §9.1.2.2(b)'],
    [104, 'RFC 4271 §9.1.2.2(c)'],
    [105, 'RFC 4271 §9.1.2.2(d)'],
    [106, 'RFC 4271 §9.1.2.2(f), RFC 4456 §9'],
  ]);
});

test.each<[string, Path, Path]>([
  ['RFC 4271 §9.1.1', { slot: 0 }, { slot: 1, localPref: 4_294_967_295 }],
  [
    'RFC 4456 §9',
    { slot: 6, originatorId: 3, clusterListLength: 1 },
    { slot: 7, originatorId: 3, clusterListLength: 2 },
  ],
  ['RFC 4271 §9.1.2.2(g)', { slot: 1 }, { slot: 6 }],
  ['RFC 7911 §3', { slot: 1 }, { slot: 1 }],
])('the loser goes by %s', (clause, winner, loser) => {
  expect(explain([winner, loser])).toEqual({ best: 100, reasons: [[101, clause]] });
  const swapped = explain([loser, winner]);
  const isSymmetric = clause !== 'RFC 7911 §3';
  expect(swapped.best).toBe(isSymmetric ? 101 : 100);
});

test('unsigned columns stay unsigned: values above 2147483647 are the larger ones', () => {
  expect(
    explain([
      { slot: 1, localPref: 4_294_967_295 },
      { slot: 2, localPref: 1 },
    ]).best,
  ).toBe(100);
  expect(
    explain([
      { slot: 1, med: 4_294_967_295 },
      { slot: 2, med: 1 },
    ]).best,
  ).toBe(101);
  expect(
    explain([
      { slot: 1, originatorId: 0xffffffff },
      { slot: 2, originatorId: 1 },
    ]).best,
  ).toBe(101);
});

test('more candidates than the list was made for', () => {
  const paths = Array.from({ length: 100 }, (_, i) => ({ slot: 1, localPref: i === 77 ? 200 : 100 }));
  const { best, reasons } = explain(paths);
  expect(best).toBe(177);
  expect(reasons).toHaveLength(99);
});

test('every step has a name and a clause of its own words', () => {
  expect(new Set(DECISION_STEPS.map(({ name }) => name)).size).toBe(DECISION_STEPS.length);
  expect(DECISION_STEPS.every(({ clause }) => /^RFC \d+ §/.test(clause))).toBe(true);
});
