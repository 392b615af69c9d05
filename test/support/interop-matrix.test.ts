import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INTEROP_FEATURES } from './interop-features.ts';
import {
  DAEMONS,
  type FeatureRow,
  type InteropReport,
  interopResults,
  matrixMarkdown,
  matrixProblem,
  withMatrix,
} from './interop-matrix.ts';

const result = (status: string, ...ancestorTitles: string[]) => ({ status, title: 'works', ancestorTitles });

function reportOf(...assertionResults: ReturnType<typeof result>[]): InteropReport {
  return {
    testResults: [
      { name: '/x/test/interop/sessions.test.ts', assertionResults },
      { name: '/x/test/e2e/other.test.ts', assertionResults: [result('failed', 'bird')] },
    ],
  };
}

const WITHOUT = { gobgp: 'has none', openbgpd: 'has none', exabgp: 'cannot' } as const;
const ROW: FeatureRow = { feature: 'sessions', suite: 'sessions', part: 'up', without: WITHOUT };
const GOOD = [
  result('passed', 'bird', 'up'),
  result('passed', 'frr, both families', 'up'),
  result('failed', 'frr', 'down'),
];

test('a cell is what its tests came to; where there are none, its note gives the reason once', () => {
  expect(
    matrixMarkdown([ROW], interopResults([reportOf(...GOOD)]))
      .split('\n')
      .slice(2),
  ).toEqual(['| sessions | yes | yes | — (1) | — (1) | — (2) |', '', '1. has none', '2. cannot']);
});

test.each(['failed', 'pending'])('one test that is %s is enough for a cell that says so', (status) => {
  const results = interopResults([reportOf(...GOOD, result(status, 'bird', 'up'))]);
  expect(matrixMarkdown([ROW], results)).toContain('| sessions | fails | yes |');
});

test('a cell with neither tests nor a reason is an error, and so is one with both', () => {
  expect(() => matrixMarkdown([ROW], interopResults([reportOf(GOOD[0]!)]))).toThrow(
    /^sessions, frr: 0 tests/,
  );
  const both = { ...ROW, without: { ...WITHOUT, bird: 'is shy' } };
  expect(() => matrixMarkdown([both], interopResults([reportOf(...GOOD)]))).toThrow(
    /^sessions, bird: 1 tests/,
  );
});

test('the table goes between the marks of the README', () => {
  const marks = ['<!-- interop matrix: npm run interop-matrix -->', '<!-- end of the interop matrix -->'];
  expect(withMatrix(`a\n${marks[0]}\nold\n${marks[1]}\nb`, 'new')).toBe(
    `a\n${marks[0]}\n\nnew\n\n${marks[1]}\nb`,
  );
  expect(() => withMatrix('a', 'new')).toThrow('README.md has no');
});

describe('the table of a README beside the results of a run', () => {
  const marks = ['<!-- interop matrix: npm run interop-matrix -->', '<!-- end of the interop matrix -->'];
  const good = interopResults([reportOf(...GOOD)]);
  const readme = withMatrix(marks.join('\n'), matrixMarkdown([ROW], good));

  test('is right', () => {
    expect(matrixProblem(readme, [ROW], good)).toBeNull();
  });

  test.each([
    ['another result', interopResults([reportOf(...GOOD, result('failed', 'bird', 'up'))]), 'is not what'],
    ['a daemon whose tests are gone', interopResults([reportOf(GOOD[0]!)]), 'sessions, frr: 0 tests'],
  ])('is wrong: %s', (_what, results, problem) => {
    expect(matrixProblem(readme, [ROW], results)).toContain(problem);
  });

  test.each([
    ['not at all', new Map()],
    ['in part', interopResults([reportOf(...GOOD, result('pending', 'bird', 'up'))])],
  ])('is not judged where a suite ran %s', (_what, results) => {
    expect(matrixProblem(`${readme.replace('yes', 'no')}`, [ROW], results)).toBeNull();
  });
});

test('every suite of interoperation has a row, and every row a suite and known daemons', () => {
  const files = readdirSync(join(__dirname, '..', 'interop')).filter((name) => name.endsWith('.test.ts'));
  const suites = new Set(files.map((name) => name.replace('.test.ts', '')));
  expect(new Set(INTEROP_FEATURES.map(({ suite }) => suite))).toEqual(suites);
  for (const { without = {} } of INTEROP_FEATURES)
    expect(DAEMONS).toEqual(expect.arrayContaining(Object.keys(without)));
});

test('the README has every row, a note for each cell without tests, and nothing that fails', () => {
  const readme = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');
  const [, table = ''] = /<!-- interop matrix: [^>]*-->\n([\s\S]*?)<!-- end of/.exec(readme) ?? [];
  const rows = table.split('\n').filter((line) => line.startsWith('|'));
  const expected = INTEROP_FEATURES.map(({ feature, without = {} }) => [
    feature,
    ...DAEMONS.map((daemon) => (daemon in without ? '—' : 'yes')),
  ]);
  const cells = rows.slice(2).map((row) => row.slice(2, -2).split(' | '));
  expect(cells.map((row) => row.map((cell) => cell.replace(/^— \(\d+\)$/, '—')))).toEqual(expected);
});
