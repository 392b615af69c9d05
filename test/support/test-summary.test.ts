import { isSerial } from './serial-suites.ts';
import { addCounts, countsOf, type JestReport, NO_TESTS, summaryLine } from './test-summary.ts';

const report: JestReport = {
  numPassedTests: 3,
  numFailedTests: 1,
  numPendingTests: 2,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 1,
  testResults: [
    {
      name: '/somewhere/test/interop/bird.test.ts',
      assertionResults: [
        { status: 'pending', title: 'comes up', ancestorTitles: ['BIRD [skipped: needs bird]'] },
        { status: 'pending', title: 'goes down', ancestorTitles: ['BIRD [skipped: needs bird]'] },
        { status: 'passed', title: 'parses', ancestorTitles: [] },
      ],
    },
  ],
};

describe('summary of test runs', () => {
  test('a suite that could not be loaded counts as a failure', () => {
    expect(countsOf(report)).toMatchObject({ passed: 3, failed: 2, skipped: 2 });
  });

  test('a skipped suite is listed once, with its reason', () => {
    expect(countsOf(report).skippedSuites).toEqual(['test/interop/bird.test.ts: BIRD [skipped: needs bird]']);
  });

  test('a skipped test without a reason is listed by its full name', () => {
    const skipped = { status: 'pending', title: 'is fast', ancestorTitles: ['codec'] };
    const single = { ...report, testResults: [{ name: '/a/test/x.test.ts', assertionResults: [skipped] }] };
    expect(countsOf(single).skippedSuites).toEqual(['test/x.test.ts: codec › is fast']);
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
