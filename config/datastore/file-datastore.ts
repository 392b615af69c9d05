/** The file datastore: resources in YAML files and folders, watched, with the last good version of each in force. */
import { dirname } from 'node:path';
import type { Datastore, DatastoreSnapshot } from '../config-api.ts';
import { resourceSetSteps } from '../schema/resource-set.ts';
import { compareResources } from './compare-resources.ts';
import { FileReader, passwordPaths, pathProblems, readPasswords } from './file-reader.ts';
import { PathWatcher } from './path-watcher.ts';
import { ReadingThread } from './reading-thread.ts';
import { type FileContent, type LedgerEntry, ResourceLedger } from './resource-ledger.ts';
import { fingerprintFiles, type PathScan, reasonOf, scanPaths } from './scan-paths.ts';
import { inSlices } from './slices.ts';

export interface FileDatastoreOptions {
  /** Files and folders, as given by `--config`. */
  readonly paths: readonly string[];
  /** Interval of the poll that stands in for missing notifications, milliseconds. */
  readonly pollMs?: number;
  /** Files must have been left alone for this long before they are read, milliseconds. */
  readonly quietMs?: number;
}

type SnapshotListener = (snapshot: DatastoreSnapshot) => void;

export function createFileDatastore(options: FileDatastoreOptions): Datastore {
  return new FileDatastore(options);
}

class FileDatastore implements Datastore {
  readonly #options: Required<FileDatastoreOptions>;
  readonly #thread = new ReadingThread();
  readonly #reader = new FileReader(this.#thread);
  readonly #ledger = new ResourceLedger();
  /** Reads happen one after the other, in this chain. */
  #tail: Promise<void> = Promise.resolve();
  #listener: SnapshotListener | null = null;
  #watcher: PathWatcher | null = null;
  /** Files of the last reading. */
  #files: readonly string[] = [];
  #fingerprint = '';
  #passwordPrint = '';
  #passwordPaths: ReadonlyMap<string, string> = new Map();
  #polling = false;
  #last: DatastoreSnapshot | null = null;
  /** Every configured path has been there at least once. */
  #seen = new Set<string>();

  constructor(options: FileDatastoreOptions) {
    this.#options = { pollMs: 1000, quietMs: 100, ...options };
  }

  async start(onSnapshot: SnapshotListener): Promise<void> {
    this.#listener = onSnapshot;
    this.#watcher = new PathWatcher({
      pollMs: this.#options.pollMs,
      quietMs: this.#options.quietMs,
      onNotified: () => void this.#enqueue(false).catch((error) => this.#onFailed(error)),
      onPoll: () => void this.#poll().catch((error) => this.#onFailed(error)),
    });
    await this.#enqueue(true);
  }

  reload(): Promise<void> {
    return this.#enqueue(true);
  }

  async close(): Promise<void> {
    this.#listener = null;
    this.#watcher?.close();
    this.#watcher = null;
    await this.#thread.close();
    await this.#tail;
  }

  /** Never reads by itself: a file that looks different may just be half written. */
  async #poll(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    try {
      const { scan, passwordPrint } = await this.#look();
      if (this.#differs(scan, passwordPrint)) this.#watcher?.notify();
    } finally {
      this.#polling = false;
    }
  }

  /** A fault of ours: what is in force stays, and everybody hears of it. */
  #onFailed(error: unknown): void {
    if (this.#last === null) return;
    const text = `reading failed: ${reasonOf(error)}`;
    const problem = { file: null, line: null, resource: null, field: '', text, severity: 'error' } as const;
    this.#listener?.({ ...this.#last, problems: [...this.#last.problems, problem] });
  }

  #enqueue(always: boolean): Promise<void> {
    const run = this.#tail.then(() => this.#read(always));
    this.#tail = run.catch(() => undefined); // who asked for this run hears of it
    return run;
  }

  /** Reads everything, if forced to or if anything looks different. */
  async #read(always: boolean): Promise<void> {
    if (this.#listener === null) return;
    // Fingerprints are taken before reading: what changes meanwhile shows as a difference at the next look.
    const { scan, passwordPrint } = await this.#look();
    if (!always && !this.#differs(scan, passwordPrint)) return;
    this.#fingerprint = scan.fingerprint;

    const contents = [...(await this.#reader.read(scan.files)), ...this.#outOfSight(scan)];
    this.#files = contents.map(({ file }) => file);
    const { entries, problems } = await inSlices(this.#ledger.applySteps(contents));
    const passwords = await this.#readPasswords(entries);
    for (const path of this.#options.paths) if (!isAbsent(path, scan)) this.#seen.add(path);
    const resources = await inSlices(resourceSetSteps(entries, passwords));
    this.#last = {
      resources,
      problems: [...pathProblems(scan), ...problems, ...compareResources(contents)],
      inSync: this.#options.paths.every((path) => this.#seen.has(path)),
      stale: [],
    };
    this.#listener?.(this.#last);
  }

  async #look(): Promise<{ readonly scan: PathScan; readonly passwordPrint: string }> {
    const scan = await scanPaths(this.#options.paths);
    const passwordPrint = await fingerprintFiles([...this.#passwordPaths.values()]);
    this.#watcher?.setFolders([...scan.folders, ...foldersOf(this.#passwordPaths)]);
    return { scan, passwordPrint };
  }

  /** Whether anything has changed since the last reading. */
  #differs(scan: PathScan, passwordPrint: string): boolean {
    return scan.fingerprint !== this.#fingerprint || passwordPrint !== this.#passwordPrint;
  }

  /** Files below a path that cannot be looked at now: they have not vanished, so what they held stays. */
  #outOfSight({ failed }: PathScan): FileContent[] {
    return failed.flatMap(({ path, text }) => {
      const files = this.#files.filter((file) => file === path || dirname(file) === path);
      return files.map((file) => ({ file, documents: [], unreadable: `cannot be read: ${text}` }));
    });
  }

  async #readPasswords(entries: readonly LedgerEntry[]): Promise<ReadonlyMap<string, string>> {
    this.#passwordPaths = passwordPaths(entries);
    this.#passwordPrint = await fingerprintFiles([...this.#passwordPaths.values()]);
    return readPasswords(this.#passwordPaths);
  }
}

function foldersOf(files: ReadonlyMap<string, string>): string[] {
  return [...files.values()].map((file) => dirname(file));
}

function isAbsent(path: string, scan: PathScan): boolean {
  return scan.missing.includes(path) || scan.failed.some((failure) => failure.path === path);
}
