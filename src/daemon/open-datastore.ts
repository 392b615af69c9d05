/** The datastore that the command line asks for. */
import type { Logger } from '@manul/bgp';
import { createFileDatastore, type Datastore, type RenderOptions } from '@manul/config';
import type { ApiClient } from '@manul/config/cluster';
import type { Agent } from '@manul/felix-like';
import manifest from '../../package.json' with { type: 'json' };
import { CommandError, reasonOf } from '../cli/command-error.ts';
import type { ClusterReports } from './cluster-reports.ts';
import type { DatastoreChoice, RunOptions } from './run-options.ts';

export interface OpenedDatastore {
  readonly datastore: Datastore;
  /** Null: there is no cluster to tell anything. */
  readonly reports: ClusterReports | null;
}

/** @throws CommandError when there is no way to a cluster */
export async function openDatastore(
  options: RunOptions,
  agent: Agent | null,
  logger: Logger,
): Promise<OpenedDatastore> {
  const { datastore, roles, node, waitForRoutesMs } = options;
  if (datastore.kind === 'file') {
    return { datastore: createFileDatastore({ paths: datastore.paths }), reports: null };
  }
  const client = await openClusterOf(datastore, roles.join(','));
  const { KubernetesDatastore } = await import('@manul/config/cluster');
  const { ClusterReports } = await import('./cluster-reports.ts');
  return {
    datastore: new KubernetesDatastore({ ...clusterScope(options), client, roles }),
    reports: new ClusterReports({ client, node, agent, waitForRoutesMs, logger }),
  };
}

/** @param purpose shown to the API server, whose audit log names it */
export async function openClusterOf(
  { kubeconfig }: Extract<DatastoreChoice, { kind: 'kubernetes' }>,
  purpose: string,
): Promise<ApiClient> {
  const { openCluster } = await import('@manul/config/cluster');
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
