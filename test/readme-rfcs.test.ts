/** The README's table of RFCs: every RFC in it is named by one of the tests that its row gives, and these exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');

interface Row {
  readonly rfcs: readonly string[];
  readonly tests: readonly string[];
}

function readRows(): Row[] {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const section = /## Supported RFCs\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? '';
  return section
    .split('\n')
    .filter((line) => /^\| \d/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, numbers = '', , , tests = '']) => ({
      rfcs: numbers.split(',').map((number) => number.trim()),
      tests: tests.split(',').map((name) => name.trim().replaceAll('`', '')),
    }));
}

/** Text of a test, or of all in a folder for a name that ends in `*`. */
function textOf(name: string): string {
  if (!name.endsWith('/*')) return readFileSync(join(ROOT, 'test', `${name}.test.ts`), 'utf8');
  const folder = join(ROOT, 'test', name.slice(0, -2));
  const files = readdirSync(folder).filter((file) => file.endsWith('.test.ts'));
  return files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
}

const ROWS = readRows();

test('the table is there', () => {
  expect(ROWS.length).toBeGreaterThan(20);
});

test.each(ROWS)('RFC $rfcs is named by a test of its row', ({ rfcs, tests }) => {
  for (const name of tests) {
    expect([name, name.endsWith('/*') || existsSync(join(ROOT, 'test', `${name}.test.ts`))]).toEqual([
      name,
      true,
    ]);
  }
  const text = tests.map(textOf).join('\n');
  expect(rfcs.filter((rfc) => !text.includes(`RFC ${rfc}`))).toEqual([]);
});
