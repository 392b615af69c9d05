/** A pod's interface, from the beginning of ADD to the end of DEL. */
import type { Workload } from '../agent-api.ts';
import type { PodIdentity } from './cni-request.ts';
import type { AttachmentId } from './network-config.ts';

export interface Attachment extends AttachmentId {
  /** Name of the CNI network that the addresses come from. */
  readonly network: string;
  readonly netns: string;
  readonly pod: PodIdentity | null;
  /**
   * `adding`: the runtime has not been told that it is made, so a fresh process undoes it. `removing`: a fresh
   * process finishes that.
   */
  readonly state: 'adding' | 'attached' | 'removing';
  readonly hostInterface: string;
  /** Null: not made yet, or given to a newer sandbox of the same pod. */
  readonly hostIndex: number | null;
  /** A newer sandbox of the same pod has the interface of this name. */
  readonly isSuperseded: boolean;
  /** Host prefixes. */
  readonly addresses: readonly string[];
  readonly podMac: string | null;
  /** Of the running kernel (random/boot_id): after another boot nothing of it is left. */
  readonly bootId: string;
}

export function attachmentKey({ containerId, ifName }: AttachmentId): string {
  return `${containerId} ${ifName}`;
}

/** What the agent routes to; null while there is nothing to route to. */
export function workloadOf(attachment: Attachment): Workload | null {
  const { state, hostIndex, addresses, pod, containerId, hostInterface, podMac } = attachment;
  if (state === 'removing' || hostIndex === null || addresses.length === 0) return null;
  const name = pod === null ? `container ${containerId}` : `Pod/${pod.namespace}/${pod.name}`;
  return { name, interfaceName: hostInterface, addresses, mac: podMac };
}
