/**
 * Access from inside a pod: the ServiceAccount that Kubernetes mounts. Read here, and not by the Kubernetes client:
 * loading that costs 80 MB, which every node would pay twice. The token is read anew for each request, as the
 * kubelet replaces it before it expires.
 */
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { type ApiAccess, ApiAccessError } from './api-access.ts';

export const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface InClusterOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder?: string;
}

/** Null where this process runs in no pod. */
export function inClusterAccess(options: InClusterOptions): ApiAccess | null {
  const host = options.environment['KUBERNETES_SERVICE_HOST'];
  const port = options.environment['KUBERNETES_SERVICE_PORT'];
  if (host === undefined || host === '' || port === undefined || port === '') return null;
  const folder = options.folder ?? SERVICE_ACCOUNT_FOLDER;
  return {
    server: new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`),
    tls: async () => ({ ca: await read(join(folder, 'ca.crt')) }),
    headers: async () => ({ authorization: `Bearer ${(await read(join(folder, 'token'))).trim()}` }),
    agent: async () => null,
  };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ApiAccessError(error instanceof Error ? error.message : String(error));
  }
}
