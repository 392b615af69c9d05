/**
 * The datastore that is a cluster. An entry of its own: it takes HTTP/2, TLS and cryptography, 3 MB of a process that
 * reads files and never needs them.
 */
export { API_CALLS, type ApiCall } from '../datastore/kubernetes/api-calls.ts';
export type { ApiClient } from '../datastore/kubernetes/api-client.ts';
export {
  KubernetesDatastore,
  type KubernetesDatastoreOptions,
} from '../datastore/kubernetes/kubernetes-datastore.ts';
export { loadCluster } from '../datastore/kubernetes/load-cluster.ts';
export type { HostAddress } from '../datastore/kubernetes/node-annotations.ts';
export { NodeWriter, type NodeWriterOptions } from '../datastore/kubernetes/node-writer.ts';
export { type ClusterOptions, openCluster } from '../datastore/kubernetes/open-cluster.ts';
export { ProblemReporter, type ProblemReporterOptions } from '../datastore/kubernetes/problem-reporter.ts';
export {
  type ResourceDefinition,
  resourceDefinitions,
} from '../datastore/kubernetes/resource-definitions.ts';
