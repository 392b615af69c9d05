/** Adds up jest's JSON reports: numbers of tests, what failed, what was skipped and why, and how long suites took. */

import { stripVTControlCharacters } from 'node:util';

/** What we read of the report that `jest --json` writes. */
export interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** Suites that could not be loaded; their tests are in no other number. */
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly ReportedSuite[];
}

export interface ReportedSuite extends SuiteResults {
  /** `failed` without any failed test: the suite could not be loaded, `message` says why. */
  readonly status: string;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly startTime: number;
  readonly endTime: number;
}

export interface SuiteResults {
  /** Path of the suite. */
  readonly name: string;
  readonly assertionResults: readonly TestResult[];
}

export interface TestResult {
  readonly status: string;
  readonly title: string;
  readonly ancestorTitles: readonly string[];
  readonly failureMessages?: readonly string[] | null;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** One line for each skipped suite, or skipped single test. */
  readonly skippedSuites: readonly string[];
  /** What failed, each with the beginning of its message. */
  readonly failures: readonly string[];
  readonly durations: readonly SuiteDuration[];
}

export interface SuiteDuration {
  readonly path: string;
  readonly seconds: number;
}

export const NO_TESTS: Counts = {
  passed: 0,
  failed: 0,
  skipped: 0,
  skippedSuites: [],
  failures: [],
  durations: [],
};

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
    failures: report.testResults.flatMap(failuresOf),
    durations: report.testResults.map(({ name, startTime, endTime }) => ({
      path: relative(name),
      seconds: (endTime - startTime) / 1000,
    })),
  };
}

function failuresOf({ name, status, message, assertionResults }: ReportedSuite): string[] {
  const failed = assertionResults.filter((result) => result.status === 'failed');
  if (failed.length === 0) return status === 'failed' ? [failure(relative(name), message)] : [];
  return failed.map(({ ancestorTitles, title, failureMessages }) =>
    failure(`${relative(name)}: ${[...ancestorTitles, title].join(' › ')}`, failureMessages?.[0] ?? ''),
  );
}

const MESSAGE_LINES = 8;

function failure(what: string, message: string): string {
  const plain = stripVTControlCharacters(message)
    .split('\n')
    .filter((line) => line.trim() !== '');
  return [what, ...plain.slice(0, MESSAGE_LINES).map((line) => `    ${line}`)].join('\n');
}

/** The title that gives a reason stands for all tests below it; without one every test is named. */
function skippedLine(path: string, titles: readonly string[]): string {
  const reason = titles.findIndex((title) => title.includes('[skipped: '));
  const shown = reason < 0 ? titles : titles.slice(0, reason + 1);
  return `${relative(path)}: ${shown.join(' › ')}`;
}

function relative(path: string): string {
  return path.replace(/^.*?\/test\//, 'test/');
}

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    skippedSuites: [...a.skippedSuites, ...b.skippedSuites],
    failures: [...a.failures, ...b.failures],
    durations: [...a.durations, ...b.durations],
  };
}

/** The `most` suites that took longest, longest first. */
export function slowest(counts: Counts, most: number): string[] {
  return [...counts.durations]
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, most)
    .map(({ path, seconds }) => `${seconds.toFixed(0)} s ${path}`);
}

export function summaryLine(counts: Counts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}
