/** The project's own source files, for the tests that read them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';

export const REPOSITORY = resolve(__dirname, '../../..');

const FOLDERS = ['bgp', 'felix-like', 'config', 'src', 'test'];

export interface SourceFile {
  /** Relative to the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

export function sourceFiles(): readonly SourceFile[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(REPOSITORY, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !path.includes(`${sep}node_modules${sep}`))
      .map((path) => ({
        path: relative(REPOSITORY, path).split(sep).join('/'),
        text: readFileSync(path, 'utf8'),
      })),
  );
}
