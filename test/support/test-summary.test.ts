import { isSerial } from './serial-suites.ts';
import {
  addCounts,
  countsOf,
  type JestReport,
  NO_TESTS,
  type ReportedSuite,
  slowest,
  summaryLine,
} from './test-summary.ts';

const report: JestReport = {
  numPassedTests: 3,
  numFailedTests: 1,
  numPendingTests: 2,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 1,
  testResults: [
    {
      name: '/somewhere/test/interop/bird.test.ts',
      status: 'passed',
      message: '',
      startTime: 1000,
      endTime: 3500,
      assertionResults: [
        { status: 'pending', title: 'comes up', ancestorTitles: ['BIRD [skipped: needs bird]'] },
        { status: 'pending', title: 'goes down', ancestorTitles: ['BIRD [skipped: needs bird]'] },
        { status: 'passed', title: 'parses', ancestorTitles: [] },
      ],
    },
  ],
};

function withSuite(suite: Partial<ReportedSuite>): JestReport {
  return { ...report, testResults: [{ ...report.testResults[0]!, ...suite }] };
}

describe('summary of test runs', () => {
  test('a suite that could not be loaded counts as a failure', () => {
    expect(countsOf(report)).toMatchObject({ passed: 3, failed: 2, skipped: 2 });
  });

  test('a skipped suite is listed once, with its reason', () => {
    expect(countsOf(report).skippedSuites).toEqual(['test/interop/bird.test.ts: BIRD [skipped: needs bird]']);
  });

  test('a skipped test without a reason is listed by its full name', () => {
    const skipped = { status: 'pending', title: 'is fast', ancestorTitles: ['codec'] };
    const single = withSuite({ name: '/a/test/x.test.ts', assertionResults: [skipped] });
    expect(countsOf(single).skippedSuites).toEqual(['test/x.test.ts: codec › is fast']);
  });

  test('a failed test is named with the beginning of its message, free of colours', () => {
    const failed = {
      status: 'failed',
      title: 'adds',
      ancestorTitles: ['sum'],
      failureMessages: ['\u001b[31mnot 4\u001b[39m\n\n  at sum'],
    };
    const single = withSuite({ status: 'failed', name: '/a/test/x.test.ts', assertionResults: [failed] });
    expect(countsOf(single).failures).toEqual(['test/x.test.ts: sum › adds\n    not 4\n      at sum']);
  });

  test('a suite that could not be loaded is named with the reason', () => {
    const broken = { status: 'failed', message: 'no such module', assertionResults: [] };
    expect(countsOf(withSuite({ ...broken, name: '/a/test/x.test.ts' })).failures).toEqual([
      'test/x.test.ts\n    no such module',
    ]);
  });

  test('the longest suites come first', () => {
    const short = countsOf(withSuite({ name: '/a/test/short.test.ts', endTime: 2000 }));
    expect(slowest(addCounts(short, countsOf(report)), 1)).toEqual(['3 s test/interop/bird.test.ts']);
  });

  test('the summary line adds up all groups', () => {
    const total = addCounts(addCounts(NO_TESTS, countsOf(report)), countsOf(report));
    expect(summaryLine(total)).toBe('6 passed, 4 failed, 4 skipped');
  });
});

describe('suites that run alone', () => {
  test('are those in the folders of daemons and whole processes', () => {
    expect(isSerial('/x/test/interop/bird.test.ts', '')).toBe(true);
    expect(isSerial('/x/test/bgp/packet/open.test.ts', "test('a', () => {})")).toBe(false);
  });

  test('are those that name what they need of the machine', () => {
    expect(
      isSerial('/x/test/felix-like/a.test.ts', "describeWith({ root: true }, 'netlink', () => {})"),
    ).toBe(true);
  });
});
