/** The module specifiers that a TypeScript source names, and whether only types come from them. */

export interface ImportedModule {
  readonly specifier: string;
  /** Nothing of it exists at run time: `import type`, or every name marked `type`. */
  readonly typeOnly: boolean;
}

const STATIC =
  /^(?:import|export)\s+(?:(type)\s+)?((?:[\w*$]+\s*,?\s*)?(?:as\s+\w+\s*)?(?:\{[^}]*\}\s*)?)from\s+'([^']+)'/gm;
const SIDE_EFFECT = /^import\s+'([^']+)'/gm;
const DYNAMIC = /\b(?:import|require|require\.resolve|import\.meta\.resolve)\(\s*'([^']+)'/g;
/** Of modules only: a URL of something else is a file, not an import. */
const RELATIVE_URL = /new URL\(\s*'([^']+\.\w*[jt]s)',\s*import\.meta\.url/g;

/** Every import, re-export, dynamic import and module URL with a literal specifier, in no particular order. */
export function readImports(source: string): readonly ImportedModule[] {
  const code = stripComments(source);
  const found: ImportedModule[] = [];
  for (const [, typeKeyword, names, specifier] of code.matchAll(STATIC)) {
    found.push({ specifier: specifier!, typeOnly: typeKeyword === 'type' || allNamesAreTypes(names!) });
  }
  for (const pattern of [SIDE_EFFECT, DYNAMIC, RELATIVE_URL]) {
    for (const [, specifier] of code.matchAll(pattern))
      found.push({ specifier: specifier!, typeOnly: false });
  }
  return found;
}

function allNamesAreTypes(names: string): boolean {
  const braces = /^\{([^}]*)\}\s*$/.exec(names);
  if (braces === null) return false;
  const listed = braces[1]!.split(',').map((name) => name.trim());
  return listed.every((name) => name === '' || name.startsWith('type '));
}

/** The source without block comments and without lines that are only a comment; strings stay as they are. */
export function stripComments(source: string): string {
  return source.replace(/^\s*\/\*[\s\S]*?\*\//gm, '').replace(/^\s*\/\/.*$/gm, '');
}
