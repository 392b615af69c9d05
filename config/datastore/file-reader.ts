/** Reads resource files into resources and problems, remembering what has not changed. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ResourceProblem } from '../config-api.ts';
import type { DynamicNeighbor } from '../schema/resource-set.ts';
import type { ReadDocument } from './read-documents.ts';
import { readDocuments } from './read-documents.ts';
import type { ReadingThread } from './reading-thread.ts';
import type { FileContent, LedgerEntry } from './resource-ledger.ts';
import { fingerprintOf, isNotFound, reasonOf } from './scan-paths.ts';
import { SliceClock } from './slices.ts';

/** Files of more bytes are read in a thread: the worst text of this size takes some 35 ms to parse. */
const MAX_BYTES_HERE = 4 * 1024;

/**
 * A file that held something and is empty now is more likely about to be written (`kubectl get … > file` empties
 * it seconds before) than meant to delete everything: that, its removal says.
 */
const EMPTIED = 'is empty: what it held stays in force until the file is written or removed';

/** What is known of a file from the last reading. */
interface KnownFile {
  /** Differs whenever the file has changed. */
  readonly fingerprint: string | null;
  readonly documents: readonly ReadDocument[];
  /** By text, for files that are read here. */
  readonly byText: ReadonlyMap<string, readonly ReadDocument[]>;
}

const UNKNOWN: KnownFile = { fingerprint: null, documents: [], byText: new Map() };

export class FileReader {
  readonly #thread: ReadingThread | null;
  #known = new Map<string, KnownFile>();

  /** @param thread reads large files; null: they are read here, in one go (for commands that do nothing else) */
  constructor(thread: ReadingThread | null) {
    this.#thread = thread;
  }

  /** Reads all files. One that vanished meanwhile is left out. */
  async read(files: readonly string[]): Promise<FileContent[]> {
    const known = new Map<string, KnownFile>();
    const contents: FileContent[] = [];
    for (const file of files) {
      const before = this.#known.get(file) ?? UNKNOWN;
      try {
        const after = await this.#readFile(file, before);
        known.set(file, after);
        contents.push({ file, documents: after.documents, unreadable: null });
      } catch (error) {
        if (isNotFound(error)) continue;
        known.set(file, { ...before, fingerprint: null });
        const unreadable = error instanceof EmptiedFile ? EMPTIED : `cannot be read: ${reasonOf(error)}`;
        contents.push({ file, documents: [], unreadable });
      }
    }
    this.#known = known;
    return contents;
  }

  async #readFile(file: string, before: KnownFile): Promise<KnownFile> {
    const { size } = await stat(file);
    if (this.#thread === null || size <= MAX_BYTES_HERE) return readHere(file, before);
    const fingerprint = await fingerprintOf(file);
    if (fingerprint === before.fingerprint) return before;
    const documents: ReadDocument[] = [];
    for await (const batch of this.#thread.read(file)) documents.push(...batch);
    return { fingerprint, documents, byText: UNKNOWN.byText };
  }
}

class EmptiedFile extends Error {}

async function readHere(file: string, before: KnownFile): Promise<KnownFile> {
  const text = await readFile(file, 'utf8');
  if (text.trim() === '' && before.documents.length > 0) throw new EmptiedFile();
  const documents: ReadDocument[] = [];
  const byText = new Map<string, readonly ReadDocument[]>();
  const clock = new SliceClock();
  for (const step of readDocuments(text, before.byText)) {
    for (const document of step.documents) documents.push(document);
    byText.set(step.text, step.remembered);
    await clock.turn();
  }
  return { fingerprint: null, documents, byText };
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
