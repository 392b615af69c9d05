export type * from './config-api.ts';
export type * from './render/rendered-node.ts';
