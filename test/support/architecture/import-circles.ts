/** Files that import each other, directly or by way of others: none can be read, or tested, without all the rest. */
import { posix } from 'node:path';
import { readImports } from './read-imports.ts';
import type { SourceFile } from './source-files.ts';

/**
 * One line for each circle that a depth-first walk of the relative imports meets, those of types and those at run time
 * included; empty: there is none.
 */
export function importCircles(files: readonly SourceFile[]): readonly string[] {
  const imports = new Map(files.map((file) => [file.path, targetsOf(file)]));
  const done = new Set<string>();
  const trail: string[] = [];
  const circles: string[] = [];
  const visit = (path: string): void => {
    const start = trail.indexOf(path);
    if (start >= 0) circles.push([...trail.slice(start), path].join(' -> '));
    if (start >= 0 || done.has(path)) return;
    trail.push(path);
    for (const target of imports.get(path) ?? []) visit(target);
    trail.pop();
    done.add(path);
  };
  for (const { path } of files) visit(path);
  return circles;
}

function targetsOf({ path, text }: SourceFile): readonly string[] {
  return readImports(text)
    .map(({ specifier }) => specifier)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => posix.join(posix.dirname(path), specifier))
    .filter((target) => target !== path); // a Worker's own file
}
