/** What the chart takes from the sources is in the repository, so that helm installs from it: it must be up to date. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from '../../../src/chart/generated-files.ts';

const CHART = fileURLToPath(new URL('../../../helm/manul', import.meta.url));
const FILES = generatedFiles();

test.each(FILES.map(({ path, text }) => [path, text]))('%s is what "npm run chart" writes', (path, text) => {
  expect(readFileSync(join(CHART, path), 'utf8')).toBe(text);
});

test('nothing else is among the generated files', () => {
  const present = readdirSync(join(CHART, 'files'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.yaml'))
    .map((path) => join('files', path));
  expect(present.sort()).toEqual(
    FILES.map(({ path }) => path)
      .filter((path) => path.endsWith('.yaml'))
      .sort(),
  );
});
