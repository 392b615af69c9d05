export { type AgentParts, createAgent } from './agent.ts';
export type * from './agent-api.ts';
export type { KernelPort } from './kernel/kernel-port.ts';
export { createLinuxKernel, type LinuxKernelOptions } from './kernel/linux-kernel.ts';
