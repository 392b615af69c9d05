export * from './net/index.ts';
export type * from './policy/policy-config.ts';
export type * from './speaker/speaker-api.ts';
export type * from './speaker/speaker-config.ts';
export * from './speaker/speaker-status.ts';
