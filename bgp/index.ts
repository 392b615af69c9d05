export * from './net/index.ts';
export * from './policy/policy-config.ts';
export { createRib, type RibOptions } from './routing/create-rib.ts';
export type * from './speaker/route-explanation.ts';
export type { DroppedSegments } from './speaker/socket/kernel-counters.ts';
export { createSpeaker, type SpeakerOptions } from './speaker/speaker.ts';
export type * from './speaker/speaker-api.ts';
export * from './speaker/speaker-config.ts';
export * from './speaker/speaker-status.ts';
