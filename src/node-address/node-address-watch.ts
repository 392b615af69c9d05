/**
 * The addresses of this node as flags and the machine say: found once at the start, and again every minute, because
 * addresses change (DHCP). What was found stays in force while a later look finds nothing.
 */
import type { Logger } from '@manul/bgp';
import { FAMILIES, type Family } from '@manul/bgp/net';
import type { NodeAddresses, ResourceSet } from '@manul/config';
import {
  chooseAddress,
  type HostAddress,
  type HostInterface,
  subnetLength,
} from '@manul/felix-like/autodetect';
import { reasonOf } from '../cli/command-error.ts';
import type { AddressSource, NodeAddressOptions } from './address-options.ts';

/** The machine, as far as it takes. */
export interface HostNetwork {
  readonly interfaces: () => readonly HostInterface[];
  readonly sourceTowards: (target: string, family: Family) => Promise<string>;
}

export interface NodeAddressParts {
  readonly node: string;
  readonly options: NodeAddressOptions;
  readonly network: HostNetwork;
  readonly logger: Logger;
  readonly onError: (object: string, text: string) => void;
}

/** One family in `manul status`. */
export interface NodeAddressStatus {
  /** `10.0.0.1/24`, or null: not found, or not known to this process yet. */
  readonly address: string | null;
  /** `given`, or the method. */
  readonly source: string;
  /** Why the last look found nothing, or null. */
  readonly error: string | null;
}

interface Found {
  readonly address: HostAddress | null;
  readonly error: string | null;
}

const NOTHING_YET: Found = { address: null, error: null };

export class NodeAddressWatch {
  readonly #parts: NodeAddressParts;
  readonly #found: Record<Family, Found> = { ipv4: NOTHING_YET, ipv6: NOTHING_YET };
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(parts: NodeAddressParts) {
    this.#parts = parts;
  }

  /** Resolves after the first look. */
  async start(onChange: () => void): Promise<void> {
    await this.#look();
    const { pollIntervalSec, sources } = this.#parts.options;
    if (pollIntervalSec === 0 || !FAMILIES.some((family) => sources[family].kind !== 'resource')) return;
    const poll = async (): Promise<void> => {
      if (await this.#look()) onChange();
      if (!this.#isClosed) this.#timer = setTimeout(poll, pollIntervalSec * 1000).unref();
    };
    this.#timer = setTimeout(poll, pollIntervalSec * 1000).unref();
  }

  /** What a rendering of these resources is to use. */
  current(resources: ResourceSet): NodeAddresses {
    const of = (family: Family): NodeAddresses[Family] => {
      const source = this.#parts.options.sources[family];
      if (source.kind === 'resource') return null;
      if (needsResources(source)) this.#set(family, this.#internalAddress(family, resources));
      const { address } = this.#found[family];
      return address && { address, overrides: source.kind === 'given' || source.always };
    };
    return { ipv4: of('ipv4'), ipv6: of('ipv6') };
  }

  /** Families whose addresses are not the Node resource's alone. */
  status(): Readonly<Partial<Record<Family, NodeAddressStatus>>> {
    const status: Partial<Record<Family, NodeAddressStatus>> = {};
    for (const family of FAMILIES) {
      const source = this.#parts.options.sources[family];
      if (source.kind === 'resource') continue;
      const { address, error } = this.#found[family];
      status[family] = {
        address: address && `${address.address}/${address.length}`,
        source: source.kind === 'given' ? 'given' : source.text,
        error,
      };
    }
    return status;
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** @returns true when an address is another than before */
  async #look(): Promise<boolean> {
    const interfaces = this.#parts.network.interfaces();
    const changes = await Promise.all(
      FAMILIES.map(async (family) => {
        const source = this.#parts.options.sources[family];
        if (source.kind === 'resource' || needsResources(source)) return false;
        return this.#set(family, await this.#find(source, family, interfaces));
      }),
    );
    return changes.includes(true);
  }

  async #find(
    source: Exclude<AddressSource, { kind: 'resource' }>,
    family: Family,
    interfaces: readonly HostInterface[],
  ): Promise<Found> {
    if (source.kind === 'given') {
      const { address } = source;
      return found(address, source.length ?? subnetLength(address, interfaces) ?? hostLength(family));
    }
    const { method, text } = source;
    if (method.kind === 'kubernetes-internal-ip') return NOTHING_YET;
    if (method.kind === 'can-reach') {
      try {
        const address = await this.#parts.network.sourceTowards(method.target, family);
        return found(address, subnetLength(address, interfaces) ?? hostLength(family));
      } catch (error) {
        return { address: null, error: `${text}: ${reasonOf(error)}` };
      }
    }
    const address = chooseAddress(method, family, interfaces);
    return { address, error: address === null ? `${text}: no interface has such an address` : null };
  }

  #internalAddress(family: Family, resources: ResourceSet): Found {
    const { node, network } = this.#parts;
    const addresses = resources.coreNodes.get(node)?.status.addresses ?? [];
    const address = addresses.find(
      (entry) => entry.type === 'InternalIP' && entry.address.includes(':') === (family === 'ipv6'),
    )?.address;
    if (address === undefined) {
      return {
        address: null,
        error: `kubernetes-internal-ip: Node/${node} has no InternalIP of this family`,
      };
    }
    return found(address, subnetLength(address, network.interfaces()) ?? hostLength(family));
  }

  #set(family: Family, next: Found): boolean {
    const before = this.#found[family];
    const { logger, onError } = this.#parts;
    const name = `address of this node (${family})`;
    if (next.error !== null && next.error !== before.error) onError(name, next.error);
    const address = next.address ?? before.address;
    this.#found[family] = { address, error: next.error };
    const isChanged =
      before.address?.address !== address?.address || before.address?.length !== address?.length;
    if (isChanged && address !== null) {
      logger.info('address of this node', { family, address: address.address, length: address.length });
    }
    return isChanged;
  }
}

function needsResources(source: AddressSource): boolean {
  return source.kind === 'detected' && source.method.kind === 'kubernetes-internal-ip';
}

function found(address: string, length: number): Found {
  return { address: { address, length }, error: null };
}

function hostLength(family: Family): number {
  return family === 'ipv4' ? 32 : 128;
}
