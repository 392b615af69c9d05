/** The port to pod networks over netlink, in a Worker of its own: creating links takes the kernel milliseconds. */
import { Worker } from 'node:worker_threads';
import type { KernelLink } from './kernel-port.ts';
import type {
  PodInterface,
  PodInterfaceSettings,
  PodNetwork,
  PodResult,
  VethPair,
  VethRequest,
} from './pod-network-port.ts';
import type { PodCall, PodWorkerReply, PodWorkerRequest, PodWorkerSettings } from './pod-worker-protocol.ts';
import { SYSCTL_FOLDER } from './sysctl-files.ts';

export interface LinuxPodNetworkOptions {
  /** File of the network namespace that is the node; default: that of the process. */
  readonly networkNamespace?: string;
  /** Where kernel parameters can be written; default: `/proc/sys`. */
  readonly sysctlFolder?: string;
}

/** Nothing is started before the first call. */
export function createLinuxPodNetwork(options: LinuxPodNetworkOptions = {}): PodNetwork {
  return new LinuxPodNetwork({
    hostNamespace: options.networkNamespace ?? null,
    sysctlFolder: options.sysctlFolder ?? SYSCTL_FOLDER,
  });
}

class LinuxPodNetwork implements PodNetwork {
  readonly #settings: PodWorkerSettings;
  readonly #pending = new Map<number, PendingCall>();
  #worker: Worker | null = null;
  #lastId = 0;

  constructor(settings: PodWorkerSettings) {
    this.#settings = settings;
  }

  createVeth(request: VethRequest): Promise<PodResult<VethPair>> {
    return this.#call({ op: 'createVeth', request }) as Promise<PodResult<VethPair>>;
  }

  configure(settings: PodInterfaceSettings): Promise<PodResult<true>> {
    return this.#call({ op: 'configure', settings }) as Promise<PodResult<true>>;
  }

  inspect(networkNamespace: string, podName: string): Promise<PodResult<PodInterface | null>> {
    const call = { op: 'inspect', networkNamespace, podName } as const;
    return this.#call(call) as Promise<PodResult<PodInterface | null>>;
  }

  async findHostLink(name: string): Promise<KernelLink | null> {
    const { value, failure } = await this.#call({ op: 'findHostLink', name });
    if (failure !== null) throw new Error(failure.text);
    return value as KernelLink | null;
  }

  async removeHostLink(name: string, index: number | null): Promise<boolean> {
    const { value, failure } = await this.#call({ op: 'removeHostLink', name, index });
    if (failure !== null) throw new Error(failure.text);
    return value === true;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #call(call: PodCall): Promise<PodWorkerReply> {
    const worker = this.#start();
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      worker.postMessage({ ...call, id } satisfies PodWorkerRequest);
    });
  }

  /** A thread that ended (it could not come back from a namespace, say) is replaced at the next call. */
  #start(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = new Worker(new URL('./pod-network-worker.ts', import.meta.url), {
      workerData: this.#settings,
    });
    this.#worker = worker;
    let failure = new Error('the thread for pod networks ended');
    worker.on('error', (error) => {
      failure = error instanceof Error ? error : new Error(String(error));
    });
    worker.on('message', (reply: PodWorkerReply) => {
      const call = this.#pending.get(reply.id);
      this.#pending.delete(reply.id);
      call?.resolve(reply);
    });
    worker.once('exit', () => {
      this.#worker = null;
      const pending = [...this.#pending.values()];
      this.#pending.clear();
      for (const { reject } of pending) reject(failure);
    });
    return worker;
  }
}

interface PendingCall {
  readonly resolve: (reply: PodWorkerReply) => void;
  readonly reject: (error: Error) => void;
}
