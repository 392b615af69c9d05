/**
 * The cluster as datastore: the same resource set as from files, followed by lists and watches. Each role reads only
 * what it needs. While the API server is away, slow, or refuses something, what was read before stays in force.
 */
import type { Datastore, DatastoreSnapshot, StaleSource } from '../../config-api.ts';
import type { CollectionName } from '../../schema/registry.ts';
import { type AnyResource, makeResourceSet, type ResourceSet } from '../../schema/resource-set.ts';
import type { ApiClient } from './api-client.ts';
import { demandsOf } from './demands.ts';
import { LIST_WATCH_TIMING, type ListWatchTiming } from './list-watch.ts';
import { poolOverlaps } from './pool-overlaps.ts';
import { ServedKinds } from './served-kinds.ts';
import { SnapshotPacer } from './snapshot-pacer.ts';
import { Source } from './source.ts';
import { type ClusterRole, WATCHED_KINDS, type WatchedKind } from './watched-kinds.ts';

export interface KubernetesDatastoreOptions {
  readonly client: ApiClient;
  readonly node: string;
  readonly roles: readonly ClusterRole[];
  /** Of the Secrets that resources name. */
  readonly namespace: string;
  /** Services are announced whatever the resources say. */
  readonly announcesServices?: boolean;
  readonly timing?: ListWatchTiming;
  /** How long kinds that the server does not have are left alone, at most doubled by chance; milliseconds. */
  readonly lookAgainMs?: number;
  /** How long a kind must be missing before its objects count as gone; milliseconds. */
  readonly confirmGoneMs?: number;
}

const LOOK_AGAIN_MS = 60_000;
const CONFIRM_GONE_MS = 10_000;

export class KubernetesDatastore implements Datastore {
  readonly #options: KubernetesDatastoreOptions;
  readonly #timing: ListWatchTiming;
  readonly #kinds: readonly WatchedKind[];
  /** By collection, and for single objects also by name. */
  readonly #sources = new Map<string, Source>();
  readonly #closing: Promise<void>[] = [];
  readonly #pacer: SnapshotPacer;
  readonly #dirty = new Set<CollectionName>();
  #served: ServedKinds | null = null;
  #resources: ResourceSet = makeResourceSet([]);
  #listener: ((snapshot: DatastoreSnapshot) => void) | null = null;

  constructor(options: KubernetesDatastoreOptions) {
    this.#options = options;
    this.#timing = options.timing ?? LIST_WATCH_TIMING;
    this.#kinds = WATCHED_KINDS.filter(({ roles }) => roles.some((role) => options.roles.includes(role)));
    this.#pacer = new SnapshotPacer(() => this.#deliver());
  }

  /** Does not wait for the API server, which may be away: that is told by the snapshots. */
  async start(onSnapshot: (snapshot: DatastoreSnapshot) => void): Promise<void> {
    this.#listener = onSnapshot;
    this.#served = new ServedKinds(this.#options.client, {
      kinds: this.#kinds,
      timing: this.#timing,
      lookAgainMs: this.#options.lookAgainMs ?? LOOK_AGAIN_MS,
      confirmGoneMs: this.#options.confirmGoneMs ?? CONFIRM_GONE_MS,
      onResult: () => this.#follow(),
    });
    this.#follow();
  }

  async reload(): Promise<void> {
    this.#served?.look();
    for (const source of this.#sources.values()) source.relist();
  }

  async close(): Promise<void> {
    this.#listener = null;
    this.#pacer.close();
    const parts = [...this.#sources.values(), ...(this.#served === null ? [] : [this.#served])];
    this.#sources.clear();
    await Promise.all([...this.#closing, ...parts.map((part) => part.close())]);
    this.#options.client.close();
  }

  /** Opens and closes what is followed, by what is served and what is named. */
  #follow(): void {
    if (this.#listener === null) return;
    const { node, namespace, announcesServices } = this.#options;
    const demands = demandsOf(this.#resources, node);
    const wanted = new Set<string>();
    for (const kind of this.#kinds) {
      const groupVersion = this.#served?.of(kind) ?? null;
      if (groupVersion === null) continue;
      if (kind.demand === 'forServices' && !demands.services && announcesServices !== true) continue;
      if (kind.demand === 'byReference') {
        for (const name of demands.secrets) {
          wanted.add(this.#open(kind, groupVersion, namespace, `metadata.name=${name}`));
        }
        continue;
      }
      wanted.add(this.#open(kind, groupVersion, null, kind.ownNode === true ? `spec.nodeName=${node}` : ''));
    }
    for (const [id, source] of this.#sources) {
      if (wanted.has(id)) continue;
      this.#sources.delete(id);
      this.#dirty.add(source.kind.collection);
      this.#closing.push(source.close());
    }
    this.#pacer.wake();
  }

  #open(kind: WatchedKind, groupVersion: string, namespace: string | null, fieldSelector: string): string {
    const { collection } = kind;
    const id = [collection, groupVersion, fieldSelector].join(' ');
    if (this.#sources.has(id)) return id;
    const source = new Source(this.#options.client, {
      kind,
      groupVersion,
      namespace,
      fieldSelector,
      timing: this.#timing,
      onChange: () => {
        this.#dirty.add(collection);
        this.#pacer.wake();
      },
      onState: () => {
        // where one gets through, the others need not wait for their turn
        if (source.stale === null) for (const other of this.#sources.values()) other.wake();
        this.#pacer.wake();
      },
      onNotServed: () => this.#served?.look(),
    });
    this.#sources.set(id, source);
    return id;
  }

  #deliver(): void {
    if (this.#listener === null) return;
    if (this.#dirty.size > 0) {
      this.#resources = this.#collect();
      this.#dirty.clear();
      this.#follow();
    }
    const sources = [...this.#sources.values()];
    // A Secret that was just named would be missing from one snapshot: a session would be held for nothing.
    const isWaiting = sources.some((source) => source.kind.demand !== 'always' && !source.isSettled);
    if (isWaiting) return;
    this.#listener({
      resources: this.#resources,
      problems: [...sources.flatMap(({ store }) => [...store.problems()]), ...poolOverlaps(this.#resources)],
      inSync: this.#isInSync(sources),
      stale: [...this.#unknownKinds(), ...sources.flatMap(({ stale }) => (stale === null ? [] : [stale]))],
    });
  }

  #isInSync(sources: readonly Source[]): boolean {
    const known = this.#kinds.every((kind) => this.#served?.of(kind) !== undefined);
    return known && sources.every(({ kind, isListed }) => kind.demand !== 'always' || isListed);
  }

  /** While it is not known what the server has. */
  #unknownKinds(): StaleSource[] {
    const failure = this.#served?.failure ?? null;
    if (failure === null) return [];
    const everRead = this.#kinds.every((kind) => this.#served?.of(kind) !== undefined);
    const since = new Date(failure.since).toISOString();
    return [{ what: 'served kinds', since, everRead, reason: failure.reason }];
  }

  /** The set with what has changed since the last one; collections that have not are the same maps as before. */
  #collect(): ResourceSet {
    const fresh = [...this.#dirty].map((collection) => {
      const entries: (readonly [string, AnyResource])[] = [];
      for (const source of this.#sources.values()) {
        if (source.kind.collection === collection) entries.push(...source.store.resources());
      }
      entries.sort(([a], [b]) => Number(a > b) - Number(a < b));
      return [collection, new Map(entries)] as const;
    });
    return { ...this.#resources, ...Object.fromEntries(fresh) };
  }
}
