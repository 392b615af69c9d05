/**
 * `npm test`: runs jest on the project's Node. Suites that need the machine (root, daemons, whole processes) run
 * one after another, but for those that mostly wait; all others run before them, in parallel. Ends with what was skipped and why, what failed,
 * and `N passed, N failed, N skipped` as the last line. Where all suites of interoperation ran, the README's matrix must
 * be what they came to. Arguments go to jest: `npm test -- bgp/packet`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { INTEROP_FEATURES } from './interop-features.ts';
import { interopResults, matrixProblem } from './interop-matrix.ts';
import { isPatient, isSerial } from './serial-suites.ts';
import {
  addCounts,
  type Counts,
  countsOf,
  type JestReport,
  NO_TESTS,
  slowest,
  summaryLine,
} from './test-summary.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const JEST = join(ROOT, 'node_modules/jest/bin/jest.js');
const PARALLEL_WORKERS = 2;
/** How many of the longest suites are named at the end of a run of more. */
const SLOWEST = 12;

/** The Node of the `node` package, so that the machine's own, older one does not matter. */
function projectNode(): string {
  const installed = join(ROOT, 'node_modules/node/bin/node');
  return existsSync(installed) ? installed : process.execPath;
}

function listSuites(args: readonly string[]): string[] {
  const listed = spawnSync(projectNode(), [JEST, '--listTests', '--json', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (listed.status !== 0) throw new Error(`jest --listTests failed with status ${listed.status}`);
  return (JSON.parse(listed.stdout) as string[]).sort();
}

interface GroupResult {
  readonly counts: Counts;
  readonly report: JestReport | null;
}

/** Runs `suites`; a run that leaves no report (jest itself crashed) counts as one failure. */
function runGroup(suites: readonly string[], flags: readonly string[], folder: string): GroupResult {
  if (suites.length === 0) return { counts: NO_TESTS, report: null };
  const reportPath = join(folder, 'report.json');
  // A suite that failed may leave a socket or a thread open: the result must not wait for it.
  const output = ['--json', `--outputFile=${reportPath}`, '--forceExit'];
  const args = [JEST, '--runTestsByPath', ...suites, ...output, ...flags];
  const run = spawnSync(projectNode(), args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  if (!existsSync(reportPath)) return { counts: { ...NO_TESTS, failed: 1 }, report: null };
  const report = JSON.parse(readFileSync(reportPath, 'utf8')) as JestReport;
  rmSync(reportPath);
  const counts = countsOf(report);
  const failed = run.status !== 0 && counts.failed === 0 ? 1 : counts.failed;
  return { counts: { ...counts, failed }, report };
}

/** What is wrong with the README's matrix of interoperation, as far as this run can tell. */
function matrixProblemOf(reports: readonly JestReport[]): string | null {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  return matrixProblem(readme, INTEROP_FEATURES, interopResults(reports));
}

/** Splits the command line into jest's options and the patterns that choose suites. */
function splitArguments(args: readonly string[]): { patterns: string[]; options: string[] } {
  const firstOption = args.findIndex((arg) => arg.startsWith('-'));
  if (firstOption < 0) return { patterns: [...args], options: [] };
  return { patterns: args.slice(0, firstOption), options: args.slice(firstOption) };
}

function main(): number {
  const { patterns, options } = splitArguments(process.argv.slice(2));
  const suites = listSuites(patterns);
  const serial = suites.filter((path) => isSerial(path, readFileSync(path, 'utf8')));
  const parallel = suites.filter((path) => !serial.includes(path));
  const folder = mkdtempSync(join(tmpdir(), 'manul-jest-'));
  let total = NO_TESTS;
  try {
    const pairs = `--maxWorkers=${PARALLEL_WORKERS}`;
    const reports: JestReport[] = [];
    for (const [group, flag] of [
      [parallel, pairs],
      [serial.filter(isPatient), pairs],
      [serial.filter((path) => !isPatient(path)), '--runInBand'],
    ] as const) {
      const { counts, report } = runGroup(group, [flag, ...options], folder);
      total = addCounts(total, counts);
      if (report !== null) reports.push(report);
    }
    const problem = matrixProblemOf(reports);
    if (problem !== null) {
      total = { ...total, failed: total.failed + 1, failures: [...total.failures, problem] };
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (suites.length === 0) console.log(`no test suite matches ${patterns.join(' ')}`);
  // With -t most tests are skipped because of their names: only those with a reason are worth a line.
  const chosenByName = options.some((option) => option === '-t' || option.startsWith('--testNamePattern'));
  const listed = total.skippedSuites.filter((line) => !chosenByName || line.includes('[skipped: '));
  for (const line of listed) console.log(`skipped: ${line}`);
  if (suites.length > SLOWEST) console.log(`slowest: ${slowest(total, SLOWEST).join(', ')}`);
  for (const line of total.failures) console.log(`failed: ${line}`);
  console.log(summaryLine(total));
  const skipIsFailure = process.env['MANUL_REQUIRE_ALL'] === '1' && total.skipped > 0;
  return suites.length === 0 || total.failed > 0 || skipIsFailure ? 1 : 0;
}

process.exitCode = main();
