/** Finds out in which group and version the server has each kind; kinds that it does not have may come later. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { BackOff } from './back-off.ts';
import type { ListWatchTiming } from './list-watch.ts';
import { isAlwaysServed, rootOf, type WatchedKind } from './watched-kinds.ts';

export interface ServedKindsOptions {
  readonly kinds: readonly WatchedKind[];
  readonly timing: ListWatchTiming;
  /** How long to wait before looking for missing kinds again, at most doubled by chance; milliseconds. */
  readonly lookAgainMs: number;
  /**
   * A kind that was there must be missing for this long before it counts as gone: an API server that starts may deny
   * for a moment what it has, and nobody's sessions should end for that. Milliseconds.
   */
  readonly confirmGoneMs: number;
  /** What is served has been found out, or could not be. */
  readonly onResult: () => void;
}

export class ServedKinds {
  readonly #client: ApiClient;
  readonly #options: ServedKindsOptions;
  readonly #backOff: BackOff;
  readonly #end = new AbortController();
  readonly #done: Promise<void>;
  #turn = new AbortController();
  /** By collection; null: the server does not have it. Absent: not known yet. */
  #served = new Map<string, string | null>();
  /** Since when a kind that was there is missing, by collection. */
  readonly #missingSince = new Map<string, number>();
  #failure: { readonly reason: string; readonly since: number } | null = null;

  constructor(client: ApiClient, options: ServedKindsOptions) {
    this.#client = client;
    this.#options = options;
    const { firstRetryMs, maxRetryMs, random } = options.timing;
    this.#backOff = new BackOff({ firstMs: firstRetryMs, maxMs: maxRetryMs, random });
    for (const { collection, groupVersions } of options.kinds) {
      const constant = groupVersions.find(isAlwaysServed);
      if (constant !== undefined) this.#served.set(collection, constant);
    }
    this.#done = this.#run();
  }

  /** Group and version; null: not served; undefined: not known. */
  of(kind: WatchedKind): string | null | undefined {
    return this.#served.get(kind.collection);
  }

  /** Why the last look failed, or null. */
  get failure(): { readonly reason: string; readonly since: number } | null {
    return this.#failure;
  }

  /** Looks again now: somebody has found a kind to be gone, or wants everything read again. */
  look(): void {
    this.#turn.abort();
  }

  async close(): Promise<void> {
    this.#end.abort();
    this.#turn.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#end.signal.aborted) {
      this.#turn = new AbortController();
      const waitMs = await this.#lookOnce();
      if (this.#end.signal.aborted) return;
      this.#options.onResult();
      // with everything there nothing needs asking, until somebody says so
      const { signal } = this.#turn;
      if (waitMs === null) await once(signal, 'abort');
      else await sleep(waitMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Milliseconds until the next look; null: none is needed. */
  async #lookOnce(): Promise<number | null> {
    const kinds = this.#options.kinds.filter(({ groupVersions }) => !groupVersions.some(isAlwaysServed));
    try {
      const found = new Map<string, ReadonlySet<string>>();
      for (const groupVersion of new Set(kinds.flatMap((kind) => kind.groupVersions))) {
        found.set(groupVersion, await this.#resourcesOf(groupVersion));
      }
      for (const { collection, groupVersions, plural } of kinds) {
        const version = groupVersions.find((candidate) => found.get(candidate)?.has(plural) === true);
        if (this.#isConfirmed(collection, version)) this.#served.set(collection, version ?? null);
      }
      this.#failure = null;
      this.#backOff.reset();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#failure = { reason, since: this.#failure?.since ?? Date.now() };
      return this.#backOff.next(error instanceof ApiError ? (error.retryAfterSec ?? 0) * 1000 : 0);
    }
    const { lookAgainMs, confirmGoneMs, timing } = this.#options;
    if (this.#missingSince.size > 0) return confirmGoneMs;
    const isComplete = kinds.every(
      ({ collection, rare }) => rare === true || this.#served.get(collection) !== null,
    );
    return isComplete ? null : lookAgainMs * (1 + timing.random());
  }

  /** False while a kind that was there is not missing for long enough. */
  #isConfirmed(collection: string, version: string | undefined): boolean {
    const before = this.#served.get(collection);
    if (version !== undefined || before === undefined || before === null) {
      this.#missingSince.delete(collection);
      return true;
    }
    const since = this.#missingSince.get(collection) ?? performance.now();
    this.#missingSince.set(collection, since);
    const isLong = performance.now() - since >= this.#options.confirmGoneMs;
    if (isLong) this.#missingSince.delete(collection);
    return isLong;
  }

  async #resourcesOf(groupVersion: string): Promise<ReadonlySet<string>> {
    try {
      const answer = (await this.#client.get(rootOf(groupVersion), this.#end.signal)) as {
        resources?: readonly { readonly name: string }[];
      };
      return new Set((answer.resources ?? []).map(({ name }) => name));
    } catch (error) {
      if (error instanceof ApiError && error.isNotFound) return new Set();
      throw error;
    }
  }
}
