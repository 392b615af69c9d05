/** What passes between the agent's thread and the Worker for pod namespaces: the calls of the port, numbered. */
import type { KernelLink } from './kernel-port.ts';
import type {
  PodInterface,
  PodInterfaceSettings,
  PodResult,
  VethPair,
  VethRequest,
} from './pod-network-port.ts';

export interface PodWorkerSettings {
  /** File of the network namespace that is the node, or null for that of the process. */
  readonly hostNamespace: string | null;
  readonly sysctlFolder: string;
}

export type PodCall =
  | { readonly op: 'createVeth'; readonly request: VethRequest }
  | { readonly op: 'configure'; readonly settings: PodInterfaceSettings }
  | { readonly op: 'inspect'; readonly networkNamespace: string; readonly podName: string }
  | { readonly op: 'findHostLink'; readonly name: string }
  | { readonly op: 'removeHostLink'; readonly name: string; readonly index: number | null };

export type PodWorkerRequest = PodCall & { readonly id: number };

export type PodWorkerReply = { readonly id: number } & PodResult<
  VethPair | PodInterface | KernelLink | boolean | null
>;
