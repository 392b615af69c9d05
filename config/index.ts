export type * from './config-api.ts';
export { createFileDatastore, type FileDatastoreOptions } from './datastore/file-datastore.ts';
export { API_CALLS, type ApiCall } from './datastore/kubernetes/api-calls.ts';
export type { ApiClient } from './datastore/kubernetes/api-client.ts';
export {
  KubernetesDatastore,
  type KubernetesDatastoreOptions,
} from './datastore/kubernetes/kubernetes-datastore.ts';
export { loadCluster } from './datastore/kubernetes/load-cluster.ts';
export type { HostAddress } from './datastore/kubernetes/node-annotations.ts';
export { NodeWriter, type NodeWriterOptions } from './datastore/kubernetes/node-writer.ts';
export { type ClusterOptions, openCluster } from './datastore/kubernetes/open-cluster.ts';
export { ProblemReporter, type ProblemReporterOptions } from './datastore/kubernetes/problem-reporter.ts';
export { type ResourceDefinition, resourceDefinitions } from './datastore/kubernetes/resource-definitions.ts';
export { checkPaths, type LoadedPaths, loadPaths } from './datastore/load-paths.ts';
export { renderNode } from './render/render-node.ts';
export type * from './render/rendered-node.ts';
export { originatedPrefix } from './render/speaker-config.ts';
export { parseDurationSec } from './schema/duration.ts';
export type * from './schema/resource-set.ts';
