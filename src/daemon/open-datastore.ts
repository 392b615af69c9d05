/** The datastore that the command line asks for. */
import {
  createFileDatastore,
  type Datastore,
  KubernetesDatastore,
  openCluster,
  type RenderOptions,
} from '@manul/config';
import manifest from '../../package.json' with { type: 'json' };
import { CommandError, reasonOf } from '../cli/command-error.ts';
import type { DatastoreChoice, RunOptions } from './run-options.ts';

/** @throws CommandError when there is no way to a cluster */
export async function openDatastore(options: RunOptions): Promise<Datastore> {
  const { datastore, roles } = options;
  if (datastore.kind === 'file') return createFileDatastore({ paths: datastore.paths });
  const client = await openClusterOf(datastore, roles.join(','));
  return new KubernetesDatastore({ ...clusterScope(options), client, roles });
}

/** @param purpose shown to the API server, whose audit log names it */
export async function openClusterOf(
  { kubeconfig }: Extract<DatastoreChoice, { kind: 'kubernetes' }>,
  purpose: string,
): ReturnType<typeof openCluster> {
  try {
    return await openCluster({ kubeconfig, userAgent: `manul/${manifest.version} (${purpose})` });
  } catch (error) {
    throw new CommandError(`--datastore kubernetes: ${reasonOf(error)}`);
  }
}

/** Which part of the cluster a node reads. */
export function clusterScope({ node, namespace, advertiseClusterIps }: RenderOptions): {
  readonly node: string;
  readonly namespace: string;
  readonly announcesServices: boolean;
} {
  return { node, namespace, announcesServices: (advertiseClusterIps ?? []).length > 0 };
}
