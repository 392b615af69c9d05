/**
 * Keeps one collection of an API server: lists it page by page, follows its changes from there, and begins again where
 * the server has forgotten the place (410 Gone). A failure changes nothing of what is held: it only makes it stale, and
 * is tried again after a back-off with jitter.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient, RawObject, WatchEvent } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { BackOff } from './back-off.ts';

/** What is wanted of the server. */
export interface WatchTarget {
  /** Of the collection: `/api/v1/nodes`. */
  readonly path: string;
  readonly fieldSelector: string;
}

export interface ListWatchEvents {
  /** A list begins. It may break off, and is begun again then. */
  onList(): ListSink;
  onChange(object: RawObject): void;
  onDelete(object: RawObject): void;
  /** The server does not serve the kind any more. */
  onNotServed(): void;
  /** What `state` says has changed. */
  onState(): void;
}

/** Takes everything that there is, by the page; what is not among it is gone once it is finished. */
export interface ListSink {
  add(objects: readonly RawObject[]): Promise<void>;
  finish(): void;
}

export interface ListWatchState {
  /** Has been listed in full at least once. */
  readonly listed: boolean;
  /** Why it may be out of date, or null while it is followed. */
  readonly failure: { readonly reason: string; readonly since: number } | null;
}

export interface ListWatchTiming {
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  /** Within how long everybody lists again after the server has lost its history; by chance, so that they spread. */
  readonly relistMs: number;
  /** The server ends a watch after this long, at the latest after twice as long; seconds. */
  readonly watchSec: number;
  /** A watch that brought bookmarks before is given up when it is silent for longer. Servers send one a minute. */
  readonly bookmarkMs: number;
  readonly random: () => number;
}

export const LIST_WATCH_TIMING: ListWatchTiming = {
  firstRetryMs: 500,
  maxRetryMs: 30_000,
  relistMs: 3000,
  watchSec: 300,
  bookmarkMs: 150_000,
  random: Math.random,
};

/** Objects per page: a page of large Nodes is parsed within some 30 ms. */
const PAGE_SIZE = 200;
/** A watch that ends sooner counts as a failure, so that it is not opened in a busy loop. */
const SHORT_WATCH_MS = 1000;

export class ListWatch {
  readonly target: WatchTarget;
  readonly #client: ApiClient;
  readonly #events: ListWatchEvents;
  readonly #timing: ListWatchTiming;
  readonly #backOff: BackOff;
  readonly #end = new AbortController();
  readonly #done: Promise<void>;
  #resourceVersion: string | null = null;
  #hasBookmarks = false;
  #state: ListWatchState = { listed: false, failure: null };

  constructor(
    client: ApiClient,
    target: WatchTarget,
    events: ListWatchEvents,
    timing: ListWatchTiming = LIST_WATCH_TIMING,
  ) {
    this.target = target;
    this.#client = client;
    this.#events = events;
    this.#timing = timing;
    const { firstRetryMs, maxRetryMs, random } = timing;
    this.#backOff = new BackOff({ firstMs: firstRetryMs, maxMs: maxRetryMs, random });
    this.#done = this.#run();
  }

  get state(): ListWatchState {
    return this.#state;
  }

  /** The server answers others again: the next try need not wait, unless the server itself had refused the last. */
  wake(): void {
    if (!this.#isRefused) this.#nap.abort();
  }

  /** Lists again at once (SIGHUP). */
  relist(): void {
    this.#resourceVersion = null;
    this.#turn.abort();
  }

  async close(): Promise<void> {
    this.#end.abort();
    this.#turn.abort();
    await this.#done;
  }

  /** Ends what is going on now, to begin anew. */
  #turn = new AbortController();
  #nap = new AbortController();
  /** The last failure was an answer, not the lack of one. */
  #isRefused = false;

  async #run(): Promise<void> {
    while (!this.#end.signal.aborted) {
      this.#turn = new AbortController();
      const { signal } = this.#turn;
      try {
        if (this.#resourceVersion === null) await this.#list(signal);
        await this.#watch(signal);
      } catch (error) {
        if (this.#end.signal.aborted) return;
        const waitMs = signal.aborted ? 0 : this.#onError(error);
        this.#nap = new AbortController();
        const woken = AbortSignal.any([signal, this.#nap.signal]);
        await sleep(waitMs, undefined, { signal: woken }).catch(() => {});
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const list = this.#events.onList();
    const { path, fieldSelector } = this.target;
    let continueToken = '';
    let resourceVersion = '';
    do {
      const query = { limit: PAGE_SIZE, continue: continueToken, fieldSelector };
      const page = await this.#client.listPage(path, query, signal);
      await list.add(page.items);
      ({ continueToken, resourceVersion } = page);
    } while (continueToken !== '');
    list.finish();
    this.#resourceVersion = resourceVersion;
    this.#setState({ listed: true, failure: null });
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { path, fieldSelector } = this.target;
    const { watchSec, random } = this.#timing;
    const query = {
      resourceVersion: this.#resourceVersion ?? '',
      timeoutSeconds: Math.round(watchSec * (1 + random())),
      fieldSelector,
    };
    const opened = performance.now();
    const bookmarks = new BookmarkTimer(this.#timing.bookmarkMs, () => this.relist());
    const onOpen = (): void => {
      this.#setState({ listed: true, failure: null });
      if (this.#hasBookmarks) bookmarks.reset();
    };
    try {
      for await (const event of this.#client.watch(path, query, signal, onOpen)) {
        this.#onEvent(event);
        if (this.#hasBookmarks) bookmarks.reset();
        this.#backOff.reset();
      }
    } finally {
      bookmarks.stop();
    }
    const livedMs = performance.now() - opened;
    if (livedMs >= SHORT_WATCH_MS) this.#backOff.reset();
    else throw new ApiError(0, 'ShortWatch', `the server ended the watch after ${Math.round(livedMs)} ms`);
  }

  #onEvent({ type, object }: WatchEvent): void {
    const version = (object['metadata'] as { resourceVersion?: string } | undefined)?.resourceVersion;
    if (version !== undefined) this.#resourceVersion = version;
    if (type === 'BOOKMARK') this.#hasBookmarks = true;
    else if (type === 'DELETED') this.#events.onDelete(object);
    else this.#events.onChange(object);
  }

  /** Milliseconds until the next try. */
  #onError(error: unknown): number {
    const failure = error instanceof ApiError ? error : null;
    this.#isRefused = failure !== null && failure.status !== 0;
    if (failure?.isGone === true) {
      // the state is as before, only the place in history is lost
      this.#resourceVersion = null;
      return this.#timing.relistMs * this.#timing.random();
    }
    if (failure?.isNotFound === true) this.#events.onNotServed();
    const reason = error instanceof Error ? error.message : String(error);
    const since = this.#state.failure?.since ?? Date.now();
    this.#setState({ listed: this.#state.listed, failure: { reason, since } });
    return this.#backOff.next((failure?.retryAfterSec ?? 0) * 1000);
  }

  #setState(state: ListWatchState): void {
    const before = this.#state;
    this.#state = state;
    const same = before.listed === state.listed && before.failure?.reason === state.failure?.reason;
    if (!same) this.#events.onState();
  }
}

/** Runs out when a server that sends bookmarks sends nothing at all: its history may be another one than ours. */
class BookmarkTimer {
  readonly #ms: number;
  readonly #onSilence: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number, onSilence: () => void) {
    this.#ms = ms;
    this.#onSilence = onSilence;
  }

  reset(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onSilence, this.#ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
