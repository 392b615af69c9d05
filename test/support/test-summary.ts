/** Adds up jest's JSON reports: numbers of tests, and the suites that were skipped with their reasons. */

/** What we read of the report that `jest --json` writes. */
export interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** Suites that could not be loaded; their tests are in no other number. */
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly title: string;
      readonly ancestorTitles: readonly string[];
    }[];
  }[];
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** One line for each skipped suite, or skipped single test. */
  readonly skippedSuites: readonly string[];
}

export const NO_TESTS: Counts = { passed: 0, failed: 0, skipped: 0, skippedSuites: [] };

const SKIPPED = ['pending', 'todo', 'disabled', 'skipped'];

/** The numbers of one report. A suite that could not be loaded is one failure, a `todo` one skip. */
export function countsOf(report: JestReport): Counts {
  const skippedSuites = new Set<string>();
  for (const suite of report.testResults) {
    for (const result of suite.assertionResults) {
      if (SKIPPED.includes(result.status)) {
        skippedSuites.add(skippedLine(suite.name, [...result.ancestorTitles, result.title]));
      }
    }
  }
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    skipped: report.numPendingTests + report.numTodoTests,
    skippedSuites: [...skippedSuites],
  };
}

/** The title that gives a reason stands for all tests below it; without one every test is named. */
function skippedLine(path: string, titles: readonly string[]): string {
  const reason = titles.findIndex((title) => title.includes('[skipped: '));
  const shown = reason < 0 ? titles : titles.slice(0, reason + 1);
  return `${path.replace(/^.*?\/test\//, 'test/')}: ${shown.join(' › ')}`;
}

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    skippedSuites: [...a.skippedSuites, ...b.skippedSuites],
  };
}

export function summaryLine(counts: Counts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}
