/**
 * Says when something may have changed: the kernel's notifications where there are some, and a poll besides,
 * because a folder may be missing or replaced, a file may be a symbolic link to elsewhere, and network file
 * systems notify nobody.
 */
import { type FSWatcher, statSync, watch } from 'node:fs';

export interface PathWatcherOptions {
  /** Called after notifications have been quiet for a moment. */
  readonly onNotified: () => void;
  /** Called every `pollMs`. */
  readonly onPoll: () => void;
  readonly pollMs: number;
  readonly quietMs: number;
}

/** A writer that never pauses does not hold notifications back for longer than this many quiet times. */
const MAX_QUIET_TIMES = 5;

interface Watched {
  readonly watcher: FSWatcher;
  readonly identity: string;
}

export class PathWatcher {
  readonly #options: PathWatcherOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #poll: NodeJS.Timeout;
  #quiet: NodeJS.Timeout | null = null;
  #firstNotifiedMs = 0;

  constructor(options: PathWatcherOptions) {
    this.#options = options;
    this.#poll = setInterval(options.onPoll, options.pollMs);
  }

  /** Watches exactly these folders. A folder that was replaced is watched anew; a missing one is left to the poll. */
  setFolders(folders: readonly string[]): void {
    const identities = new Map(folders.map((folder) => [folder, identityOf(folder)]));
    for (const [folder, { watcher, identity }] of this.#watched) {
      if (identities.get(folder) === identity) continue;
      watcher.close();
      this.#watched.delete(folder);
    }
    for (const [folder, identity] of identities) {
      if (identity !== null && !this.#watched.has(folder)) this.#watch(folder, identity);
    }
  }

  close(): void {
    clearInterval(this.#poll);
    if (this.#quiet !== null) clearTimeout(this.#quiet);
    for (const { watcher } of this.#watched.values()) watcher.close();
    this.#watched.clear();
  }

  #watch(folder: string, identity: string): void {
    try {
      const watcher = watch(folder, () => this.notify());
      watcher.on('error', () => {
        watcher.close();
        this.#watched.delete(folder);
      });
      this.#watched.set(folder, { watcher, identity });
    } catch {
      // Gone again, or no watch to be had: the poll does the work.
    }
  }

  /** Something has changed, by whatever means it was found out: `onNotified` follows when it has been quiet. */
  notify(): void {
    const now = performance.now();
    if (this.#quiet === null) this.#firstNotifiedMs = now;
    else clearTimeout(this.#quiet);
    const { quietMs } = this.#options;
    const latest = this.#firstNotifiedMs + MAX_QUIET_TIMES * quietMs;
    this.#quiet = setTimeout(
      () => {
        this.#quiet = null;
        this.#options.onNotified();
      },
      Math.max(0, Math.min(quietMs, latest - now)),
    );
  }
}

/** Null where there is no folder, or one that cannot be looked at (a loop of symbolic links, say). */
function identityOf(folder: string): string | null {
  try {
    const found = statSync(folder, { throwIfNoEntry: false });
    return found?.isDirectory() === true ? `${found.dev}:${found.ino}` : null;
  } catch {
    return null; // the scan reports it
  }
}
