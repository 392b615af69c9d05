/** The README's table of RFCs names tests for each: they are there, and at least one of them names the RFC. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TESTS = join(__dirname, '..');
const README = readFileSync(join(TESTS, '..', 'README.md'), 'utf8');

interface Row {
  readonly rfcs: readonly string[];
  readonly suites: readonly string[];
}

const [, table = ''] = /## Supported RFCs\n([\s\S]*?)\n### /.exec(README) ?? [];
const ROWS: readonly Row[] = table
  .split('\n')
  .filter((line) => /^\| \d{4}/.test(line))
  .map((line) => {
    const cells = line.split(' | ');
    return {
      rfcs: cells[0]!.match(/\d{4}/g) ?? [],
      suites: [...cells.at(-1)!.matchAll(/`([^`]+)`/g)].map(([, suite]) => suite!),
    };
  });

/** Paths of the test files that stand for `bgp/fsm/*` or `bgp/net/address`. */
function filesOf(suite: string): string[] {
  if (suite.endsWith('/*')) {
    const folder = join(TESTS, suite.slice(0, -2));
    return readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => join(folder, name));
  }
  return ['test.ts', 'property.test.ts']
    .map((end) => join(TESTS, `${suite}.${end}`))
    .filter((path) => existsSync(path));
}

test('the table has rows', () => {
  expect(ROWS.length).toBeGreaterThan(25);
});

test.each(ROWS)('$rfcs: $suites', ({ rfcs, suites }) => {
  expect(suites.filter((suite) => filesOf(suite).length === 0)).toEqual([]);
  const text = suites
    .flatMap(filesOf)
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
  expect(rfcs.filter((rfc) => !text.includes(`RFC ${rfc}`))).toEqual([]);
});
