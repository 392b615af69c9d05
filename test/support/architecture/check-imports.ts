/** Judges the imports of one source file against the matrix in `layers.ts`. */
import { posix } from 'node:path';
import { EXCLUSIVE_PACKAGES, LAYERS, type Layer } from './layers.ts';
import { type ImportedModule, readImports, stripComments } from './read-imports.ts';

const WORKSPACE_EXPORTS = [
  '@manul/bgp',
  '@manul/bgp/net',
  '@manul/config',
  '@manul/config/cluster',
  '@manul/felix-like',
  '@manul/felix-like/autodetect',
];
const IMPURE =
  /\b(?:setTimeout|setInterval|setImmediate|Date\.now|new Date\(\)|performance\.now|Math\.random|process\.\w+)/;

/**
 * What is wrong with the imports of `path` (relative to the repository, with slashes), one sentence each.
 * Files that no layer covers (unit tests) are held to the rules for everyone: nothing of `src` from a package,
 * exclusive packages, packages only through their index.
 */
export function checkImports(path: string, source: string): readonly string[] {
  const layer = layerOf(path);
  const problems = readImports(source).flatMap((imported) => {
    const target = resolveTarget(path, imported.specifier);
    const problem = generalProblem(path, target) ?? matrixProblem(layer, imported, target);
    return problem === null ? [] : [`${path}: ${problem}`];
  });
  const impure = layer?.pure === true ? IMPURE.exec(stripComments(source)) : null;
  if (impure !== null) problems.push(`${path}: a pure layer must not use ${impure[0]}`);
  return problems;
}

function layerOf(path: string): Layer | null {
  const covering = LAYERS.filter((layer) => path === layer.path || path.startsWith(layer.path));
  return covering.sort((a, b) => b.path.length - a.path.length)[0] ?? null;
}

/** A path relative to the repository for relative specifiers, else the specifier. */
function resolveTarget(path: string, specifier: string): string {
  return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier;
}

function generalProblem(path: string, target: string): string | null {
  const top = topFolder(path);
  if (target.startsWith('src/') && top !== 'src' && top !== 'test') return `nothing imports src (${target})`;
  if (target.startsWith('@manul/') && !WORKSPACE_EXPORTS.includes(target)) {
    return `packages are imported through their index only (${target})`;
  }
  const crossing = ['bgp', 'felix-like', 'config'].includes(topFolder(target)) && topFolder(target) !== top;
  if (crossing && top !== 'test') return `reaches into another package by path (${target})`;
  const homes = EXCLUSIVE_PACKAGES[packageName(target)];
  if (homes !== undefined && !homes.some((home) => path.startsWith(home))) {
    return `${packageName(target)} may be used only in ${homes.join(', ')}`;
  }
  return null;
}

function matrixProblem(layer: Layer | null, imported: ImportedModule, target: string): string | null {
  if (layer === null || target.startsWith(layer.path)) return null;
  if (layer.values.some((allowed) => covers(allowed, target))) return null;
  if ((layer.types ?? []).some((allowed) => covers(allowed, target))) {
    return imported.typeOnly ? null : `${layer.path} may import only types of ${target}`;
  }
  return `${layer.path} may not import ${target}`;
}

function covers(allowed: string, target: string): boolean {
  if (allowed.endsWith('*')) return target.startsWith(allowed.slice(0, -1));
  return allowed.endsWith('/') ? target.startsWith(allowed) : target === allowed;
}

function topFolder(path: string): string {
  return path.slice(0, Math.max(path.indexOf('/'), 0));
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
