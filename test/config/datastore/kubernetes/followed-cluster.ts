/** A datastore on a control plane of tests, with short waits, and what it has delivered. */
import { readFileSync } from 'node:fs';
import type { DatastoreSnapshot } from '../../../../config/config-api.ts';
import type { ApiAccess } from '../../../../config/datastore/kubernetes/api-access.ts';
import { ApiClient } from '../../../../config/datastore/kubernetes/api-client.ts';
import { KubernetesDatastore } from '../../../../config/datastore/kubernetes/kubernetes-datastore.ts';
import { LIST_WATCH_TIMING } from '../../../../config/datastore/kubernetes/list-watch.ts';
import type { ClusterRole } from '../../../../config/datastore/kubernetes/watched-kinds.ts';
import { Changes } from '../../../harness/deadline.ts';
import type { Credentials } from '../../../harness/kubernetes/api-client.ts';

export const DEADLINE_MS = 60_000;

export function accessBy(url: string, credentials: Credentials): ApiAccess {
  const file = (path: string | undefined): Buffer | undefined =>
    path === undefined ? undefined : readFileSync(path);
  const cert = file(credentials.certificate);
  const key = file(credentials.key);
  return {
    server: new URL(url),
    tls: async () => ({
      ca: readFileSync(credentials.authority),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    }),
    headers: async (): Promise<Record<string, string>> =>
      credentials.token === undefined ? {} : { authorization: `Bearer ${credentials.token}` },
    agent: async () => null,
  };
}

export interface FollowOptions {
  readonly node?: string;
  readonly roles?: readonly ClusterRole[];
  readonly pingMs?: number;
  readonly silenceMs?: number;
}

export class FollowedCluster {
  readonly client: ApiClient;
  readonly datastore: KubernetesDatastore;
  readonly snapshots: DatastoreSnapshot[] = [];
  readonly #changes = new Changes();

  private constructor(access: ApiAccess, options: FollowOptions) {
    this.client = new ApiClient({
      access,
      userAgent: 'manul-test',
      pingMs: options.pingMs ?? 1000,
      ...(options.silenceMs === undefined ? {} : { silenceMs: options.silenceMs }),
    });
    this.datastore = new KubernetesDatastore({
      client: this.client,
      node: options.node ?? 'node-1',
      roles: options.roles ?? ['speaker', 'agent'],
      namespace: 'manul-system',
      lookAgainMs: 200,
      confirmGoneMs: 500,
      timing: { ...LIST_WATCH_TIMING, firstRetryMs: 100, maxRetryMs: 1000, relistMs: 100 },
    });
  }

  static async start(access: ApiAccess, options: FollowOptions = {}): Promise<FollowedCluster> {
    const followed = new FollowedCluster(access, options);
    await followed.datastore.start((snapshot) => {
      followed.snapshots.push(snapshot);
      followed.#changes.notify();
    });
    return followed;
  }

  get last(): DatastoreSnapshot | undefined {
    return this.snapshots.at(-1);
  }

  /** Resolves with the first value of `check` for what is delivered now, or later. */
  until<T>(check: (snapshot: DatastoreSnapshot) => T | null | undefined | false, what: string): Promise<T> {
    return this.#changes.until(
      () => (this.last === undefined ? null : check(this.last) || null),
      what,
      DEADLINE_MS,
    );
  }

  /** Everything has been read, and is followed. */
  untilCurrent(): Promise<DatastoreSnapshot> {
    return this.until(
      (snapshot) => (snapshot.inSync && snapshot.stale.length === 0 ? snapshot : null),
      'everything is read and followed',
    );
  }

  requests(what: string): number {
    return this.client.requests.get(what) ?? 0;
  }

  close(): Promise<void> {
    return this.datastore.close();
  }
}
