/** kubeconfig files with everything inline. */

import type { Credentials } from './api-client.ts';
import { inlineData } from './certificates.ts';

/** @param url of the API server, or of something between. */
export function kubeconfigText(url: string, credentials: Credentials): string {
  const user = {
    ...(credentials.token === undefined ? {} : { token: credentials.token }),
    ...(credentials.certificate === undefined
      ? {}
      : { 'client-certificate-data': inlineData(credentials.certificate) }),
    ...(credentials.key === undefined ? {} : { 'client-key-data': inlineData(credentials.key) }),
  };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [
      {
        name: 'test',
        cluster: { server: url, 'certificate-authority-data': inlineData(credentials.authority) },
      },
    ],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  });
}
