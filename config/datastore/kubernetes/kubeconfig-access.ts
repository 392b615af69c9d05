/** Access by kubeconfig, in all the forms that the Kubernetes client knows: certificates, tokens, exec, OIDC, proxies. */
import { existsSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { KubeConfig, User } from '@kubernetes/client-node';
import { type ApiAccess, ApiAccessError } from './api-access.ts';

/**
 * @param path of the file; null: KUBECONFIG, else `~/.kube/config`.
 * @throws ApiAccessError when there is none, or it names no cluster
 */
export async function kubeconfigAccess(path: string | null): Promise<ApiAccess> {
  // loaded only here: it is large, and a pod does not need it
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  const source = path ?? (process.env['KUBECONFIG'] || '~/.kube/config');
  if (path === null && !process.env['KUBECONFIG'] && !existsSync(join(homedir(), '.kube', 'config'))) {
    throw new ApiAccessError(
      'there is no cluster: this is no pod, and neither $KUBECONFIG nor ~/.kube/config',
    );
  }
  try {
    if (path === null) config.loadFromDefault();
    else config.loadFromFile(path);
  } catch (error) {
    throw new ApiAccessError(`kubeconfig ${source}: ${reasonOf(error)}`);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null || !URL.canParse(cluster.server ?? '')) {
    throw new ApiAccessError(`kubeconfig ${source}: the current context names no cluster with a server`);
  }
  const server = new URL(cluster.server);
  if (server.protocol === 'http:') {
    // without TLS there is nothing to verify; the client insists on its being said
    config.loadFromClusterAndUser({ ...cluster, skipTLSVerify: true }, config.getCurrentUser() ?? NOBODY);
  }
  const isDirect = server.protocol === 'https:' && cluster.proxyUrl === undefined;
  return {
    server,
    tls: async () => tlsOf(await applied(config, source)),
    headers: async () => headersOf(await applied(config, source)),
    agent: async () => (isDirect ? null : ((await applied(config, source)).agent as never)),
  };
}

async function applied(config: KubeConfig, source: string): Promise<RequestOptions> {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new ApiAccessError(`kubeconfig ${source}: ${reasonOf(error)}`);
  }
  return options;
}

function tlsOf({ ca, cert, key, passphrase, servername, rejectUnauthorized }: RequestOptions) {
  return {
    ...(ca === undefined ? {} : { ca: ca as Buffer }),
    ...(cert === undefined ? {} : { cert: cert as Buffer }),
    ...(key === undefined ? {} : { key: key as Buffer }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
}

function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  const basic = auth ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {};
  const named = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return { ...basic, ...Object.fromEntries(named) };
}

const NOBODY: User = { name: 'nobody' };

/** A parser's message goes on with a picture of the place. */
const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
