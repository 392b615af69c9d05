export type * from './config-api.ts';
export { createFileDatastore, type FileDatastoreOptions } from './datastore/file-datastore.ts';
export { checkPaths, type LoadedPaths, loadPaths } from './datastore/load-paths.ts';
export type * from './render/rendered-node.ts';
export { parseDurationSec } from './schema/duration.ts';
export type * from './schema/resource-set.ts';
