/** One collection, or one object, of the cluster as it is followed now. */
import type { StaleSource } from '../../config-api.ts';
import { KINDS } from '../../schema/registry.ts';
import type { ApiClient, RawObject } from './api-client.ts';
import { ListWatch, type ListWatchTiming } from './list-watch.ts';
import { ObjectStore } from './object-store.ts';
import { rootOf, type WatchedKind } from './watched-kinds.ts';

export interface SourceOptions {
  readonly kind: WatchedKind;
  readonly groupVersion: string;
  /** Null: all namespaces, or none. */
  readonly namespace: string | null;
  readonly fieldSelector: string;
  readonly timing: ListWatchTiming;
  /** What is held has changed. */
  readonly onChange: () => void;
  /** Whether it is listed or stale has changed. */
  readonly onState: () => void;
  readonly onNotServed: () => void;
}

export class Source {
  readonly kind: WatchedKind;
  readonly groupVersion: string;
  readonly store: ObjectStore;
  readonly #name: string;
  readonly #listWatch: ListWatch;

  constructor(client: ApiClient, options: SourceOptions) {
    const { kind, groupVersion, namespace, fieldSelector, onChange } = options;
    this.kind = kind;
    this.groupVersion = groupVersion;
    this.store = new ObjectStore(kind.collection, groupVersion);
    const place = namespace === null ? '' : `/namespaces/${namespace}`;
    const what = KINDS[kind.collection].kind;
    this.#name = fieldSelector === '' ? what : `${what} (${fieldSelector})`;
    this.#listWatch = new ListWatch(
      client,
      { path: `${rootOf(groupVersion)}${place}/${kind.plural}`, fieldSelector },
      {
        onList: () => {
          const list = this.store.beginList();
          return {
            add: (items) => list.add(items),
            finish: () => {
              if (list.finish()) onChange();
            },
          };
        },
        onChange: (object: RawObject) => {
          if (this.store.put(object)) onChange();
        },
        onDelete: (object: RawObject) => {
          if (this.store.delete(object)) onChange();
        },
        onNotServed: options.onNotServed,
        onState: options.onState,
      },
      options.timing,
    );
  }

  get isListed(): boolean {
    return this.#listWatch.state.listed;
  }

  /** Read, or known not to be readable now. */
  get isSettled(): boolean {
    const { listed, failure } = this.#listWatch.state;
    return listed || failure !== null;
  }

  /** Null while it is followed. */
  get stale(): StaleSource | null {
    const { listed, failure } = this.#listWatch.state;
    if (failure === null) return null;
    const since = new Date(failure.since).toISOString();
    return { what: this.#name, since, everRead: listed, reason: failure.reason };
  }

  wake(): void {
    this.#listWatch.wake();
  }

  relist(): void {
    this.#listWatch.relist();
  }

  close(): Promise<void> {
    return this.#listWatch.close();
  }
}
