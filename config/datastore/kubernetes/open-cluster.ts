/** Finds the cluster: the kubeconfig that was named, else the pod that we run in, else the user's kubeconfig. */
import type { ApiAccess } from './api-access.ts';
import { ApiClient } from './api-client.ts';
import { inClusterAccess } from './in-cluster-access.ts';
import { kubeconfigAccess } from './kubeconfig-access.ts';

export interface ClusterOptions {
  /** Path, or null. */
  readonly kubeconfig: string | null;
  readonly userAgent: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** @throws ApiAccessError saying what is missing */
export async function openCluster(options: ClusterOptions): Promise<ApiClient> {
  const environment = options.environment ?? process.env;
  const access: ApiAccess =
    (options.kubeconfig === null && !environment['KUBECONFIG'] ? inClusterAccess({ environment }) : null) ??
    (await kubeconfigAccess(options.kubeconfig));
  return new ApiClient({ access, userAgent: options.userAgent });
}
