/** Reads the cluster once, for commands that do not run: what a node of both roles would see. */
import type { DatastoreSnapshot } from '../../config-api.ts';
import type { LoadedPaths } from '../load-paths.ts';
import { KubernetesDatastore, type KubernetesDatastoreOptions } from './kubernetes-datastore.ts';

/** @throws Error saying what could not be read, and why */
export async function loadCluster(options: Omit<KubernetesDatastoreOptions, 'roles'>): Promise<LoadedPaths> {
  const datastore = new KubernetesDatastore({ ...options, roles: ['speaker', 'agent'] });
  const { server } = options.client;
  try {
    const { resources, problems, stale } = await firstAnswer(datastore, server);
    const unread = stale.map(({ what, reason }) => ({
      file: null,
      line: null,
      resource: null,
      field: '',
      text: `${what} cannot be read from ${server}: ${reason}`,
      severity: 'error' as const,
    }));
    return { resources, problems: [...problems, ...unread] };
  } finally {
    await datastore.close();
  }
}

/** Nobody waits for an API server at a prompt: the first thing that cannot be read ends it. */
function firstAnswer(datastore: KubernetesDatastore, server: string): Promise<DatastoreSnapshot> {
  return new Promise((resolve, reject) => {
    const onSnapshot = (snapshot: DatastoreSnapshot): void => {
      if (snapshot.inSync) resolve(snapshot);
      const failed = snapshot.stale.find(({ everRead }) => !everRead);
      if (failed !== undefined) {
        reject(new Error(`${failed.what} cannot be read from ${server}: ${failed.reason}`));
      }
    };
    datastore.start(onSnapshot).catch(reject);
  });
}
