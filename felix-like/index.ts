export { type AgentParts, createAgent } from './agent.ts';
export type * from './agent-api.ts';
export type * from './host-api.ts';
export type { CommandPort } from './kernel/command-port.ts';
export { createHostCommands } from './kernel/host-commands.ts';
export { type CniHost, type CniHostParts, createCniHost } from './cni-host.ts';
export type { KernelPort } from './kernel/kernel-port.ts';
export { createLinuxKernel, type LinuxKernelOptions } from './kernel/linux-kernel.ts';
