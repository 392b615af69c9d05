/** Links, addresses and neighbours of the kernel in memory, and what changing one does to the others. */
import { formatPrefix, parsePrefix } from '@manul/bgp/net';
import type {
  KernelAddress,
  KernelEvent,
  KernelFailure,
  KernelLink,
  KernelNeighbour,
  LinkChange,
  NewLink,
  ObjectOperation,
} from './kernel-port.ts';

export interface FakeObjectsOptions {
  readonly tell: (event: KernelEvent) => void;
  /** A link went down or is gone: its routes go. */
  readonly onLinkDown: (interfaceIndex: number) => void;
  /** A link appeared under a name, or one of that name went. */
  readonly onName: (name: string, isPresent: boolean) => void;
}

export class FakeObjects {
  /** Kinds of links whose module this kernel lacks. */
  readonly missingModules = new Set<string>();
  readonly #links = new Map<string, KernelLink>();
  readonly #neighbours = new Map<string, KernelNeighbour>();
  readonly #options: FakeObjectsOptions;
  #addresses: KernelAddress[] = [];
  #lastIndex = 0;

  constructor(options: FakeObjectsOptions) {
    this.#options = options;
  }

  links(): readonly KernelLink[] {
    return [...this.#links.values()];
  }

  addresses(): readonly KernelAddress[] {
    return [...this.#addresses];
  }

  neighbours(): readonly KernelNeighbour[] {
    return [...this.#neighbours.values()];
  }

  /** @throws RangeError when there is none */
  link(name: string): KernelLink {
    const link = this.#links.get(name);
    if (link === undefined) throw new RangeError(`no such link: ${name}`);
    return link;
  }

  apply(operation: ObjectOperation): KernelFailure | null {
    if (operation.kind === 'link') return this.#applyLink(operation);
    return operation.kind === 'address' ? this.#applyAddress(operation) : this.#applyNeighbour(operation);
  }

  /** @returns the index of the new link */
  add(link: Omit<KernelLink, 'index'>): number {
    const index = ++this.#lastIndex;
    this.#options.onName(link.name, true);
    this.put({ ...link, index });
    return index;
  }

  put(link: KernelLink): void {
    const before = this.links().find(({ index }) => index === link.index);
    if (before !== undefined && before.name !== link.name) {
      this.#links.delete(before.name);
      this.#options.onName(before.name, false);
      this.#options.onName(link.name, true);
    }
    this.#links.set(link.name, link);
    this.#options.tell({ kind: 'link', isDeleted: false, link });
    if (before?.isUp === true && !link.isUp) this.#options.onLinkDown(link.index);
  }

  remove(name: string): void {
    const link = this.link(name);
    for (const entry of this.addresses()) {
      if (entry.interfaceIndex === link.index) this.removeAddress(entry);
    }
    for (const [key, { interfaceIndex }] of this.#neighbours) {
      if (interfaceIndex === link.index) this.#neighbours.delete(key);
    }
    this.#links.delete(name);
    this.#options.onName(name, false);
    this.#options.onLinkDown(link.index);
    this.#options.tell({ kind: 'link', isDeleted: true, link });
  }

  addAddress(address: KernelAddress): void {
    this.#addresses.push(address);
    this.#options.tell({ kind: 'address', isDeleted: false, address });
  }

  removeAddress(address: KernelAddress): void {
    this.#addresses = this.#addresses.filter((entry) => entry !== address);
    this.#options.tell({ kind: 'address', isDeleted: true, address });
  }

  #applyLink(operation: Extract<ObjectOperation, { kind: 'link' }>): KernelFailure | null {
    if (operation.op === 'create') return this.#create(operation.link);
    const link = this.links().find(({ index }) => index === operation.interfaceIndex);
    if (link === undefined) return refusal('ENODEV', 'no such interface');
    if (operation.op === 'delete') {
      if (link.name === 'tunl0') return refusal('EOPNOTSUPP', 'not supported by this kernel');
      this.remove(link.name);
    } else {
      this.put({ ...link, ...applied(link, operation.change) });
    }
    return null;
  }

  #create(link: NewLink): KernelFailure | null {
    if (this.#links.has(link.name)) return refusal('EEXIST', 'there is such a link already');
    if (this.missingModules.has(link.kind)) {
      const text = `this kernel has no links of kind ${link.kind}: its module ${link.kind} is missing`;
      return refusal('EOPNOTSUPP', text);
    }
    const common = { isUp: false, hasCarrier: false, isLoopback: false, kind: link.kind };
    const mac = link.kind === 'ipip' ? null : link.mac;
    const vxlan = link.kind === 'vxlan' ? link.vxlan : null;
    this.add({ ...common, name: link.name, mtu: link.mtu ?? DEFAULT_MTUS[link.kind], mac, vxlan });
    if (link.kind === 'veth') {
      const { name, mac: peerMac, mtu } = link.peer;
      this.add({ ...common, name, mtu: mtu ?? DEFAULT_MTUS.veth, mac: peerMac, vxlan: null });
    }
    return null;
  }

  #applyAddress({ op, address }: Extract<ObjectOperation, { kind: 'address' }>): KernelFailure | null {
    const present = this.#addresses.find((entry) => isSameAddress(entry, address));
    if (op === 'delete') {
      if (present === undefined) return refusal('EADDRNOTAVAIL', 'there is no such address');
      this.removeAddress(present);
      return null;
    }
    if (!this.links().some(({ index }) => index === address.interfaceIndex)) {
      return refusal('ENODEV', 'no such interface');
    }
    if (present !== undefined) return refusal('EEXIST', 'there is such an address already');
    const subnet = parsePrefix(address.subnet);
    if (subnet === null) return refusal('EINVAL', 'invalid argument');
    this.addAddress({ ...address, subnet: formatPrefix(subnet) });
    return null;
  }

  #applyNeighbour({ op, neighbour }: Extract<ObjectOperation, { kind: 'neighbour' }>): KernelFailure | null {
    if (!this.links().some(({ index }) => index === neighbour.interfaceIndex)) {
      return refusal('ENODEV', 'no such interface');
    }
    const key = neighbourKey(neighbour);
    const present = this.#neighbours.get(key);
    if (op === 'delete') {
      if (present === undefined) return refusal('ENOENT', 'there is no such entry');
      this.#neighbours.delete(key);
      this.#options.tell({ kind: 'neighbour', isDeleted: true, neighbour: present });
      return null;
    }
    this.#neighbours.set(key, { ...neighbour, isPermanent: true });
    this.#options.tell({
      kind: 'neighbour',
      isDeleted: false,
      neighbour: { ...neighbour, isPermanent: true },
    });
    return null;
  }
}

const DEFAULT_MTUS = { ipip: 1480, vxlan: 1450, veth: 1500 };

function applied(link: KernelLink, { name, isUp, mtu, mac }: LinkChange): Partial<KernelLink> {
  return {
    name: name ?? link.name,
    isUp: isUp ?? link.isUp,
    hasCarrier: isUp ?? link.hasCarrier,
    mtu: mtu ?? link.mtu,
    mac: mac ?? link.mac,
  };
}

function neighbourKey({ table, interfaceIndex, address, mac }: KernelNeighbour): string {
  return `${table} ${interfaceIndex} ${table === 'fdb' ? mac : address}`;
}

function isSameAddress(a: KernelAddress, b: KernelAddress): boolean {
  return a.interfaceIndex === b.interfaceIndex && a.address === b.address && a.subnet === b.subnet;
}

export function refusal(code: string, text: string): KernelFailure {
  return { code, text: `${text} (${code})` };
}
