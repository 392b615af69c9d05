/** `npm run chart`: writes the parts of the Helm chart that follow from the sources. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from './generated-files.ts';

const FOLDER = fileURLToPath(new URL('../../helm/manul', import.meta.url));

rmSync(join(FOLDER, 'files'), { recursive: true, force: true });
for (const { path, text } of generatedFiles()) {
  const target = join(FOLDER, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  process.stdout.write(`${target}\n`);
}
