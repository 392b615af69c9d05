/**
 * `npm run interop-matrix -- [REPORT.json…]`: runs the interoperation tests, or takes the reports of runs of them
 * (`jest --json`), and writes their matrix into README.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { INTEROP_FEATURES } from './interop-features.ts';
import { interopResults, matrixMarkdown, withMatrix } from './interop-matrix.ts';
import type { JestReport } from './test-summary.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const README = join(ROOT, 'README.md');

const readReport = (path: string): JestReport => JSON.parse(readFileSync(path, 'utf8')) as JestReport;

function runTests(): JestReport {
  const folder = mkdtempSync(join(tmpdir(), 'manul-interop-'));
  try {
    const path = join(folder, 'report.json');
    const args = ['test/interop/', '--runInBand', '--json', `--outputFile=${path}`];
    const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
    const env = { ...process.env, MANUL_REQUIRE_ALL: '1' };
    spawnSync(process.execPath, [jest, ...args], { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'inherit'] });
    return readReport(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const given = process.argv.slice(2);
const reports = given.length === 0 ? [runTests()] : given.map(readReport);
const table = matrixMarkdown(INTEROP_FEATURES, interopResults(reports));
writeFileSync(README, withMatrix(readFileSync(README, 'utf8'), table));
