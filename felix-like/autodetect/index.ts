/** Which address is this node's own: also for a process that is no agent, which then loads nothing else of this package. */
export * from './choose-address.ts';
export * from './detection-method.ts';
