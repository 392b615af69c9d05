/** Reads resource files into resources and problems, remembering documents that have not changed. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setImmediate as pause } from 'node:timers/promises';
import type { ResourceProblem } from '../config-api.ts';
import type { DynamicNeighbor } from '../schema/resource-set.ts';
import type { ReadDocument } from './read-documents.ts';
import { readDocuments } from './read-documents.ts';
import type { FileContent, LedgerEntry } from './resource-ledger.ts';
import { isNotFound, reasonOf } from './scan-paths.ts';

/** Parsing gives the event loop its turn after this long. */
const SLICE_MS = 10;

/**
 * A file that held something and is empty now is more likely about to be written (`kubectl get … > file` empties
 * it seconds before) than meant to delete everything: that, its removal says.
 */
const EMPTIED = 'is empty: what it held stays in force until the file is written or removed';

export class FileReader {
  #caches = new Map<string, Map<string, readonly ReadDocument[]>>();

  /** Reads all files. One that vanished meanwhile is left out. */
  async read(files: readonly string[]): Promise<FileContent[]> {
    const caches = new Map<string, Map<string, readonly ReadDocument[]>>();
    const contents: FileContent[] = [];
    for (const file of files) {
      const cache = new Map<string, readonly ReadDocument[]>();
      const content = await this.#readFile(file, cache);
      if (content !== null) contents.push(content);
      caches.set(file, cache);
    }
    this.#caches = caches;
    return contents;
  }

  async #readFile(file: string, cache: Map<string, readonly ReadDocument[]>): Promise<FileContent | null> {
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      if (isNotFound(error)) return null;
      return { file, documents: [], unreadable: `cannot be read: ${reasonOf(error)}` };
    }
    const before = this.#caches.get(file);
    if (before !== undefined && text.trim() === '' && holdsAny(before)) {
      for (const [known, read] of before) cache.set(known, read);
      return { file, documents: [], unreadable: EMPTIED };
    }
    const documents: ReadDocument[] = [];
    let sliceEnd = performance.now() + SLICE_MS;
    for (const step of readDocuments(text, before ?? new Map())) {
      documents.push(...step.documents);
      cache.set(step.text, step.remembered);
      if (performance.now() < sliceEnd) continue;
      await pause();
      sliceEnd = performance.now() + SLICE_MS;
    }
    return { file, documents, unreadable: null };
  }
}

function holdsAny(cache: ReadonlyMap<string, readonly ReadDocument[]>): boolean {
  return [...cache.values()].some((documents) => documents.length > 0);
}

/** Password files that DynamicNeighbors name, by neighbor; relative paths start at the file that names them. */
export function passwordPaths(entries: readonly LedgerEntry[]): Map<string, string> {
  const paths = new Map<string, string>();
  for (const { collection, key, resource, file } of entries) {
    if (collection !== 'dynamicNeighbors') continue;
    const { passwordFile } = (resource as DynamicNeighbor).spec;
    if (passwordFile !== undefined) paths.set(key, resolve(dirname(file), passwordFile));
  }
  return paths;
}

/** Keys from password files, without a final line break; files that cannot be read are left out. */
export async function readPasswords(paths: ReadonlyMap<string, string>): Promise<Map<string, string>> {
  const passwords = new Map<string, string>();
  for (const [neighbor, path] of paths) {
    const text = await readFile(path, 'utf8').catch(() => null); // the renderer holds the range and says why
    if (text !== null) passwords.set(neighbor, text.replace(/\r?\n$/, ''));
  }
  return passwords;
}

/** What is wrong with the configured paths themselves. */
export function pathProblems(scan: {
  readonly missing: readonly string[];
  readonly failed: readonly { readonly path: string; readonly text: string }[];
}): ResourceProblem[] {
  const problem = (file: string, text: string): ResourceProblem => ({
    file,
    line: null,
    resource: null,
    field: '',
    text,
    severity: 'error',
  });
  return [
    ...scan.missing.map((path) => problem(path, 'there is no such file or folder')),
    ...scan.failed.map(({ path, text }) => problem(path, `cannot be read: ${text}`)),
  ];
}
