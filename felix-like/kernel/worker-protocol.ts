/** What passes between the thread of the agent and the Worker that talks to the kernel. Bytes are transferred. */
import type { KernelFailure, SysctlOutcome, SysctlSetting } from './kernel-port.ts';

export interface WorkerSettings {
  /** File of the network namespace to work in, or null for that of the process. */
  readonly networkNamespace: string | null;
  readonly sysctlFolder: string;
  /** Memory of the kernel for events that wait to be read. */
  readonly eventBufferBytes: number;
  /**
   * One number, shared: not 0 while the Worker may be asleep. It says so, then looks for requests once more, then
   * sleeps; who posts a request wakes it only then. Waking costs the poster its processor, the more so the busier.
   */
  readonly sleeping: Int32Array<SharedArrayBuffer>;
}

export type WorkerRequest =
  | {
      readonly kind: 'send';
      readonly id: number;
      /** Netlink requests, sequence numbers consecutive from `firstSequence`. */
      readonly batch: Uint8Array;
      readonly firstSequence: number;
      readonly parts: readonly RequestPart[];
    }
  | { readonly kind: 'dump'; readonly id: number; readonly request: Uint8Array }
  | { readonly kind: 'forgetConnections'; readonly id: number; readonly addresses: readonly string[] }
  | { readonly kind: 'readSysctl'; readonly id: number; readonly key: string }
  | { readonly kind: 'writeSysctls'; readonly id: number; readonly settings: readonly SysctlSetting[] }
  | {
      readonly kind: 'setChecksumOffload';
      readonly id: number;
      readonly interfaceName: string;
      readonly isOn: boolean;
    }
  | { readonly kind: 'close' };

/** What is sent at once; its last message has NLM_F_ACK. */
export interface RequestPart {
  /** Messages of the request up to the end of this part. */
  readonly endCount: number;
  readonly endByte: number;
}

export interface FailedRequest {
  readonly index: number;
  readonly failure: KernelFailure;
}

export type WorkerReport =
  /** Eight bytes written to `wakeFd` wake the Worker. */
  | { readonly kind: 'opened'; readonly wakeFd: number }
  | { readonly kind: 'events'; readonly messages: Uint8Array }
  | { readonly kind: 'eventsLost' }
  | { readonly kind: 'nftablesChanged' }
  /** Part of a dump. */
  | { readonly kind: 'part'; readonly id: number; readonly messages: Uint8Array }
  | WorkerReply;

/** The last report on a request. */
export type WorkerReply =
  | { readonly kind: 'sent'; readonly id: number; readonly failures: readonly FailedRequest[] }
  | { readonly kind: 'dumped'; readonly id: number; readonly failure: KernelFailure | null }
  | {
      readonly kind: 'forgotten';
      readonly id: number;
      readonly deleted: number;
      readonly failure: KernelFailure | null;
    }
  | { readonly kind: 'offloadSet'; readonly id: number; readonly failure: KernelFailure | null }
  | { readonly kind: 'sysctl'; readonly id: number; readonly value: string | null }
  | { readonly kind: 'sysctls'; readonly id: number; readonly outcomes: readonly SysctlOutcome[] };
