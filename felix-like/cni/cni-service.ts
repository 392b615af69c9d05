/**
 * The verbs of CNI (specification, section 2) on this node. Every step is written down before it is done, so that
 * whoever is killed when, the next process knows what there may be: it undoes what no runtime was told of,
 * finishes removals, and gives back what nobody holds.
 */
import type { AgentConfig, Workload } from '../agent-api.ts';
import type { Logger } from '../dataplane/logger.ts';
import type { PodNetwork, PodResult, VethPair } from '../kernel/pod-network-port.ts';
import { type Attachment, attachmentKey, workloadOf } from './attachment.ts';
import type { AttachmentStore } from './attachment-store.ts';
import { checkAttachment } from './check-attachment.ts';
import { CniCode, CniError } from './cni-error.ts';
import type { CniRequest, PodIdentity } from './cni-request.ts';
import { formatAddResult } from './cni-result.ts';
import type { HostLocal } from './host-local.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { AttachmentId } from './network-config.ts';
import { GATEWAY_IPV6, gatewayNeighbours, HOST_MAC, hostInterfaceName, podRoutes } from './pod-addressing.ts';

/** What the service needs of the agent. */
export interface CniNode {
  config(): AgentConfig | null;
  setAttachedWorkloads(workloads: readonly Workload[]): void;
  workloadMtu(): number | null;
  whenRouted(prefixes: readonly string[], interfaceIndex: number, timeoutMs: number): Promise<boolean>;
}

export interface CniServiceParts {
  readonly node: CniNode;
  readonly network: PodNetwork;
  readonly addresses: HostLocal;
  readonly store: AttachmentStore;
  readonly logger: Logger;
  /** Of the running kernel. */
  readonly bootId: string;
}

/** An answer that counts only when it has arrived. */
export interface Answer {
  readonly output: string;
  /** Null: nothing depends on its arrival. */
  readonly confirmation: Confirmation | null;
}

export interface Confirmation {
  /** The plugin has the answer. @throws CniError when that cannot be written down */
  keep(): void;
  /** The plugin is gone without having printed the answer: for the runtime it never was. */
  discard(): Promise<void>;
}

type AddRequest = Extract<CniRequest, { verb: 'ADD' | 'CHECK' }>;

/** Two hundred pods at once on a very busy machine have needed more than ten seconds; the plugin waits for 45. */
const ROUTE_TIMEOUT_MS = 25_000;
/** Of a path that is gone, or that is no namespace any more. */
const NAMESPACE_GONE: readonly string[] = ['ENOENT', 'EINVAL'];
const NO_OUTPUT: Answer = { output: '', confirmation: null };

export class CniService {
  readonly #parts: CniServiceParts;
  readonly #lock = new KeyedLock();
  #suspects: ReadonlySet<string> = new Set();

  constructor(parts: CniServiceParts) {
    this.#parts = parts;
  }

  /** @throws CniError */
  async handle(request: CniRequest): Promise<Answer> {
    switch (request.verb) {
      case 'ADD':
        return this.#lock.run(this.#hostInterface(request.pod, request.id), () => this.#add(request));
      case 'CHECK':
        return this.#check(request);
      case 'DEL':
        await this.remove(request.id, request.config.name);
        return NO_OUTPUT;
      case 'GC':
        return this.#collectGarbage(request);
      case 'STATUS':
        this.#requireConfig(CniCode.NotAvailable);
        return NO_OUTPUT;
    }
  }

  /** After another boot nothing is left; what was begun is undone, what was to go goes. */
  async recover(): Promise<void> {
    const { store, bootId, logger } = this.#parts;
    for (const attachment of store.list()) {
      if (attachment.bootId !== bootId) store.delete(attachment);
    }
    this.#publish();
    const unfinished = store.list().filter(({ state }) => state !== 'attached');
    if (unfinished.length > 0)
      logger.info('undoing what was not finished', { attachments: unfinished.length });
    await this.#removeAll(unfinished);
  }

  /** Takes back, in any state of it, whatever the attachment has; unknown ones may still hold an address. */
  async remove(id: AttachmentId, network: string): Promise<void> {
    const attachment = this.#parts.store.get(id);
    if (attachment === null) await this.#parts.addresses.delete(network, id);
    else await this.#lock.run(attachment.hostInterface, () => this.#undo(id));
  }

  /**
   * Finishes removals that failed, and gives back addresses that belong to nobody.
   * @returns how many addresses that were
   */
  async sweep(): Promise<number> {
    const { store, addresses, logger } = this.#parts;
    await this.#removeAll(store.list().filter(({ state }) => state === 'removing'));
    await this.#removeDead();
    const orphans = addresses.holders().filter((holder) => store.get(holder) === null);
    for (const orphan of orphans) {
      logger.info('giving back an address that no attachment has', { ...orphan });
      await addresses.delete(orphan.network, orphan);
    }
    return orphans.length;
  }

  /** Without interface and without namespace, seen so twice: the runtime has forgotten its DEL. */
  async #removeDead(): Promise<void> {
    const { store, network } = this.#parts;
    const dead: Attachment[] = [];
    for (const attachment of store.list()) {
      if (attachment.state !== 'attached') continue;
      const link = await network.findHostLink(attachment.hostInterface);
      if (link !== null && link.index === attachment.hostIndex) continue;
      const { failure } = await network.inspect(attachment.netns, attachment.ifName);
      if (failure !== null && NAMESPACE_GONE.includes(failure.code)) dead.push(attachment);
    }
    await this.#removeAll(dead.filter((attachment) => this.#suspects.has(attachmentKey(attachment))));
    this.#suspects = new Set(dead.map(attachmentKey));
  }

  async #removeAll(attachments: readonly Attachment[]): Promise<void> {
    for (const attachment of attachments) {
      try {
        await this.remove(attachment, attachment.network);
      } catch (error) {
        // It stays written down, and is tried again by the sweep.
        const reason = error instanceof Error ? error.message : String(error);
        this.#parts.logger.warn('an attachment cannot be removed', {
          attachment: attachmentKey(attachment),
          reason,
        });
      }
    }
  }

  #hostInterface(pod: PodIdentity | null, { containerId }: AttachmentId): string {
    const { interfacePrefixes } = this.#requireConfig(CniCode.TryAgain);
    return hostInterfaceName(interfacePrefixes[0] ?? 'cali', pod, containerId);
  }

  async #add(request: AddRequest): Promise<Answer> {
    const { config: networkConfig, id, netns, pod } = request;
    const { store, bootId } = this.#parts;
    const { podCidrs } = this.#requireConfig(CniCode.TryAgain);
    await this.#clearTheWay(request);
    let attachment: Attachment = {
      ...id,
      network: networkConfig.name,
      netns,
      pod,
      state: 'adding',
      hostInterface: this.#hostInterface(pod, id),
      hostIndex: null,
      isSuperseded: false,
      addresses: [],
      podMac: null,
      bootId,
    };
    const note = (changes: Partial<Attachment>): void => {
      attachment = { ...attachment, ...changes };
      store.put(attachment);
    };
    try {
      note({});
      note({ addresses: await this.#parts.addresses.add(attachment.network, id, netns, podCidrs) });
      const mtu = networkConfig.mtu ?? this.#parts.node.workloadMtu();
      const pair = await this.#connect(attachment, mtu, (made) => {
        note({ hostIndex: made.hostIndex, podMac: made.podMac });
      });
      return { output: this.#result(request, attachment, pair), confirmation: this.#confirmation(id) };
    } catch (error) {
      await this.#undo(id).catch(() => {}); // it stays written down, for the sweep
      throw asCniError(error);
    }
  }

  /** A record of the same attachment must be stale; the interface of another sandbox of the pod gives way. */
  async #clearTheWay({ id, pod, netns }: AddRequest): Promise<void> {
    const { store, network } = this.#parts;
    const hostInterface = this.#hostInterface(pod, id);
    const before = store.get(id);
    if (before !== null) {
      const link = before.hostIndex === null ? null : await network.findHostLink(before.hostInterface);
      if (before.state === 'attached' && link?.index === before.hostIndex) {
        throw new CniError(CniCode.Failed, 'the container is attached already', `${id.ifName} in ${netns}`);
      }
      await this.#undo(id);
    }
    for (const other of store.list()) {
      if (other.hostInterface !== hostInterface) continue;
      store.put({ ...other, isSuperseded: true, hostIndex: null });
    }
    // The name is of this very pod: whatever has it belongs to an earlier sandbox.
    await network.removeHostLink(hostInterface, null);
    this.#publish();
  }

  async #connect(
    attachment: Attachment,
    mtu: number | null,
    onMade: (pair: VethPair) => void,
  ): Promise<VethPair> {
    const { network, node } = this.#parts;
    const { netns: networkNamespace, ifName: podName, hostInterface: hostName, addresses } = attachment;
    const hasIpv6 = addresses.some((address) => address.includes(':'));
    const hostLinkLocal = hasIpv6 ? GATEWAY_IPV6 : null;
    const veth = { networkNamespace, podName, hostName, hostMac: HOST_MAC, hostLinkLocal, mtu };
    const pair = required(await network.createVeth(veth));
    onMade(pair);
    this.#publish();
    const routes = podRoutes(addresses);
    const neighbours = gatewayNeighbours(addresses);
    required(await network.configure({ networkNamespace, podName, addresses, routes, neighbours }));
    // Not before: there is no route to a pod whose end of the pair is down.
    if (!(await node.whenRouted(addresses, pair.hostIndex, ROUTE_TIMEOUT_MS))) {
      const details = `${addresses.join(', ')} on ${hostName} after ${ROUTE_TIMEOUT_MS / 1000} s`;
      throw new CniError(CniCode.TryAgain, 'the route to the pod is not in the kernel', details);
    }
    return pair;
  }

  #result(
    { config, id, netns }: AddRequest,
    { hostInterface, addresses }: Attachment,
    pair: VethPair,
  ): string {
    return formatAddResult(config.cniVersion, {
      hostInterface,
      ifName: id.ifName,
      netns,
      podMac: pair.podMac,
      mtu: pair.mtu,
      addresses,
      routes: podRoutes(addresses),
      dns: config.dns,
    });
  }

  #confirmation(id: AttachmentId): Confirmation {
    const { store, logger } = this.#parts;
    return {
      keep: () => {
        const attachment = store.get(id);
        // DEL, or a newer sandbox, has been faster.
        if (attachment?.state !== 'adding') throw new CniError(CniCode.Failed, 'removed meanwhile');
        store.put({ ...attachment, state: 'attached' });
      },
      discard: async () => {
        const attachment = store.get(id);
        if (attachment === null) return;
        logger.info('the plugin died before the runtime had its answer: undoing', {
          attachment: attachmentKey(id),
        });
        await this.#removeAll([attachment]);
      },
    };
  }

  async #check(request: AddRequest): Promise<Answer> {
    const { store, network, addresses } = this.#parts;
    const { id, config, netns } = request;
    if (config.prevResult === undefined || config.prevResult === null) {
      throw new CniError(CniCode.InvalidConfig, 'invalid network configuration', 'prevResult is missing');
    }
    const attachment = store.get(id);
    if (attachment?.state !== 'attached') {
      throw new CniError(CniCode.UnknownContainer, 'the container is not attached', attachmentKey(id));
    }
    await checkAttachment(attachment, netns, network);
    await addresses.check(attachment.network, id, netns, this.#requireConfig(CniCode.TryAgain).podCidrs);
    return NO_OUTPUT;
  }

  async #collectGarbage({ config }: Extract<CniRequest, { verb: 'STATUS' | 'GC' }>): Promise<Answer> {
    const { store } = this.#parts;
    // Without a list nothing is known to be stale.
    const valid = new Set((config.validAttachments ?? store.list()).map(attachmentKey));
    const stale = store.list().filter((attachment) => {
      // What is being made now is of the runtime that asks, or of another; its own DEL will come.
      return (
        attachment.network === config.name &&
        attachment.state !== 'adding' &&
        !valid.has(attachmentKey(attachment))
      );
    });
    for (const attachment of stale) await this.remove(attachment, attachment.network);
    await this.sweep();
    return NO_OUTPUT;
  }

  /** Under the lock of the attachment's interface. */
  async #undo(id: AttachmentId): Promise<void> {
    const { store, network, addresses } = this.#parts;
    const attachment = store.get(id);
    if (attachment === null) return;
    store.put({ ...attachment, state: 'removing' });
    this.#publish();
    const { hostInterface, hostIndex, isSuperseded } = attachment;
    if (!isSuperseded) await network.removeHostLink(hostInterface, hostIndex);
    await addresses.delete(attachment.network, id);
    store.delete(id);
  }

  #publish(): void {
    const workloads = this.#parts.store.list().flatMap((attachment) => workloadOf(attachment) ?? []);
    this.#parts.node.setAttachedWorkloads(workloads);
  }

  #requireConfig(code: CniCode): AgentConfig {
    const config = this.#parts.node.config();
    if (config === null) {
      throw new CniError(code, 'the agent is starting', 'it has not read the resources yet');
    }
    if (config.podCidrs.length === 0) {
      const details = `Node/${config.node} has no spec.podCIDRs`;
      throw new CniError(code, 'there are no addresses for pods', details);
    }
    return config;
  }
}

function required<Value>(result: PodResult<Value>): Value {
  if (result.failure !== null) throw new CniError(CniCode.Failed, 'the kernel refused', result.failure.text);
  return result.value;
}

function asCniError(error: unknown): CniError {
  if (error instanceof CniError) return error;
  return new CniError(
    CniCode.Failed,
    'the agent failed',
    error instanceof Error ? error.message : String(error),
  );
}
