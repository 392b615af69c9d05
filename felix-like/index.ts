export type * from './agent-api.ts';
