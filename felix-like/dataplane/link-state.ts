/** The links and addresses of the node, kept up to date from dumps and events. */
import type { KernelAddress, KernelEvent, KernelLink, KernelPort } from '../kernel/kernel-port.ts';

type LinkEvent = Extract<KernelEvent, { kind: 'link' | 'address' }>;

export class LinkState {
  #links = new Map<number, KernelLink>();
  #addresses = new Map<string, KernelAddress>();
  /** Interfaces whose routes the kernel may have dropped without a word. */
  #shaken = new Set<number>();
  /** Events that came while a refresh is going on. */
  #meanwhile: LinkEvent[] | null = null;
  #isChanged = true;
  #isStale = true;

  get isStale(): boolean {
    return this.#isStale;
  }

  /** Something changed since `takeChange`. */
  get isChanged(): boolean {
    return this.#isChanged || this.#isStale;
  }

  links(): readonly KernelLink[] {
    return [...this.#links.values()];
  }

  addresses(): readonly KernelAddress[] {
    return [...this.#addresses.values()];
  }

  /** Events were lost: what is known here may be wrong until `refresh`. */
  markStale(): void {
    this.#isStale = true;
  }

  async refresh(kernel: KernelPort): Promise<void> {
    this.#isStale = false;
    const events: LinkEvent[] = [];
    this.#meanwhile = events;
    const [links, addresses] = await Promise.all([kernel.dumpLinks(), kernel.dumpAddresses()]);
    this.#meanwhile = null;
    this.#links = new Map(links.map((link) => [link.index, link]));
    this.#addresses = new Map(addresses.map((address) => [addressKey(address), address]));
    this.#isChanged = true;
    // They may be older than the dump or newer; played in their order they end where the kernel is.
    for (const event of events) this.onEvent(event);
  }

  onEvent(event: LinkEvent): void {
    this.#meanwhile?.push(event);
    if (event.kind === 'link') this.#onLink(event.isDeleted, event.link);
    else this.#onAddress(event.isDeleted, event.address);
  }

  /** True once after each change. */
  takeChange(): boolean {
    const isChanged = this.#isChanged;
    this.#isChanged = false;
    return isChanged;
  }

  /** Interfaces of which the routes must be read again. */
  takeShaken(): readonly number[] {
    const shaken = [...this.#shaken];
    this.#shaken = new Set();
    return shaken;
  }

  #onLink(isDeleted: boolean, link: KernelLink): void {
    const before = this.#links.get(link.index);
    if (isDeleted) this.#links.delete(link.index);
    else this.#links.set(link.index, link);
    if (!isDeleted && before !== undefined && isSameLink(before, link)) return;
    this.#isChanged = true;
    if (before !== undefined && (isDeleted || before.isUp !== link.isUp)) this.#shaken.add(link.index);
  }

  /** With its last address an interface loses its IPv4 routes. */
  #onAddress(isDeleted: boolean, address: KernelAddress): void {
    const key = addressKey(address);
    if (isDeleted) {
      this.#addresses.delete(key);
      this.#shaken.add(address.interfaceIndex);
    } else {
      this.#addresses.set(key, address);
    }
    this.#isChanged = true;
  }
}

function addressKey({ interfaceIndex, address, subnet }: KernelAddress): string {
  return `${interfaceIndex} ${address} ${subnet}`;
}

function isSameLink(a: KernelLink, b: KernelLink): boolean {
  return (
    a.name === b.name &&
    a.isUp === b.isUp &&
    a.hasCarrier === b.hasCarrier &&
    a.isLoopback === b.isLoopback &&
    a.kind === b.kind &&
    a.mtu === b.mtu &&
    a.mac === b.mac &&
    isSameVxlan(a.vxlan, b.vxlan)
  );
}

export function isSameVxlan(a: KernelLink['vxlan'], b: KernelLink['vxlan']): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.vni === b.vni &&
    a.port === b.port &&
    a.local === b.local &&
    a.parentIndex === b.parentIndex &&
    a.isLearning === b.isLearning
  );
}
