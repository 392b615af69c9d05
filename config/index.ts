export type * from './config-api.ts';
export { createFileDatastore, type FileDatastoreOptions } from './datastore/file-datastore.ts';
export { checkPaths, type LoadedPaths, loadPaths } from './datastore/load-paths.ts';
export { renderNode } from './render/render-node.ts';
export type * from './render/rendered-node.ts';
export { originatedPrefix } from './render/speaker-config.ts';
export { parseDurationSec } from './schema/duration.ts';
export type * from './schema/resource-set.ts';
