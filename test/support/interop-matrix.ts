/**
 * The README's matrix of interoperation, made from the results of the tests: a row for each feature, a column for each
 * daemon. A cell is what the tests of that feature with that daemon came to; one without tests must give a reason.
 */
import type { SuiteResults, TestResult } from './test-summary.ts';

export const DAEMONS = ['bird', 'frr', 'gobgp', 'openbgpd', 'exabgp'] as const;
export type DaemonName = (typeof DAEMONS)[number];

export interface FeatureRow {
  readonly feature: string;
  /** Suite below test/interop. */
  readonly suite: string;
  /** What the full names of its tests contain; by default all of the suite count. */
  readonly part?: string;
  /** Why there is no test, from the daemon's manual. */
  readonly without?: Partial<Record<DaemonName, string>>;
}

const BEGIN = '<!-- interop matrix: npm run interop-matrix -->';
const END = '<!-- end of the interop matrix -->';
const HEADINGS = ['BIRD 2.0', 'FRR 8.4', 'GoBGP 3.10', 'OpenBGPD 7.7', 'ExaBGP 4.2'];

/** What the matrix reads of a report of jest. */
export interface InteropReport {
  readonly testResults: readonly SuiteResults[];
}

/** Results by suite name, of suites below test/interop alone. */
export function interopResults(
  reports: readonly InteropReport[],
): ReadonlyMap<string, readonly TestResult[]> {
  const found = new Map<string, readonly TestResult[]>();
  for (const { name, assertionResults } of reports.flatMap(({ testResults }) => testResults)) {
    const suite = /\/test\/interop\/(.+)\.test\.ts$/.exec(name)?.[1];
    if (suite !== undefined) found.set(suite, assertionResults);
  }
  return found;
}

/** The table in Markdown. @throws Error naming a cell that has neither tests nor a reason, or both */
export function matrixMarkdown(
  rows: readonly FeatureRow[],
  results: ReadonlyMap<string, readonly TestResult[]>,
): string {
  const notes: string[] = [];
  const lines = rows.map((row) => {
    const cells = DAEMONS.map((daemon) => cellOf(row, daemon, results.get(row.suite) ?? [], notes));
    return `| ${row.feature} | ${cells.join(' | ')} |`;
  });
  return [
    `| | ${HEADINGS.join(' | ')} |`,
    `|---|${DAEMONS.map(() => '---').join('|')}|`,
    ...lines,
    '',
    ...notes.map((note, i) => `${i + 1}. ${note}`),
  ].join('\n');
}

function cellOf(
  row: FeatureRow,
  daemon: DaemonName,
  results: readonly TestResult[],
  notes: string[],
): string {
  const own = results.filter((result) => {
    const names = [...result.ancestorTitles, result.title];
    return daemonOf(names) === daemon && (row.part === undefined || names.join(' ').includes(row.part));
  });
  const reason = row.without?.[daemon];
  if (own.length > 0 === (reason !== undefined)) {
    throw new Error(`${row.feature}, ${daemon}: ${own.length} tests, and the reason for none is ${reason}`);
  }
  if (reason !== undefined) {
    if (!notes.includes(reason)) notes.push(reason);
    return `— (${notes.indexOf(reason) + 1})`;
  }
  return own.every(({ status }) => status === 'passed') ? 'yes' : 'fails';
}

/** The daemon whose name begins one of the titles: `bird`, `frr, extended next hops: true`, `gobgp sees the routes of frr`. */
function daemonOf(titles: readonly string[]): DaemonName | undefined {
  for (const title of titles) {
    const first = title.split(/[ ,]/, 1)[0];
    const daemon = DAEMONS.find((one) => one === first);
    if (daemon !== undefined) return daemon;
  }
  return undefined;
}

const SKIPPED = ['pending', 'todo', 'disabled', 'skipped'];

/**
 * Says that the README's table is not what these results come to, or null: it is, or some suite of a row has not run
 * wholly, so that nothing can be said.
 */
export function matrixProblem(
  readme: string,
  rows: readonly FeatureRow[],
  results: ReadonlyMap<string, readonly TestResult[]>,
): string | null {
  const hasRun = (suite: string): boolean =>
    results.has(suite) && results.get(suite)!.every(({ status }) => !SKIPPED.includes(status));
  if (!rows.every(({ suite }) => hasRun(suite))) return null;
  try {
    if (withMatrix(readme, matrixMarkdown(rows, results)) === readme) return null;
  } catch (error) {
    return `the matrix of interoperation cannot be made: ${(error as Error).message}`;
  }
  return "README.md: the matrix of interoperation is not what this run's tests came to; npm run interop-matrix writes it";
}

/** `readme` with this table between its two marks. @throws Error when they are not there */
export function withMatrix(readme: string, table: string): string {
  const from = readme.indexOf(BEGIN);
  const to = readme.indexOf(END);
  if (from < 0 || to < from) throw new Error(`README.md has no ${BEGIN}`);
  return `${readme.slice(0, from + BEGIN.length)}\n\n${table}\n\n${readme.slice(to)}`;
}
