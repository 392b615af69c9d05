/** What the kernel tells about links and addresses, in a form that answers: where is this next hop? */
import {
  containsAddress,
  formatAddress,
  isLinkLocal,
  type Prefix,
  parseAddress,
  parsePrefix,
  splitZone,
} from '@manul/bgp/net';

export interface LinkFact {
  readonly index: number;
  readonly name: string;
  /** Administratively up. */
  readonly isUp: boolean;
  readonly hasCarrier: boolean;
  readonly isLoopback: boolean;
}

export interface AddressFact {
  readonly interfaceIndex: number;
  readonly address: string;
  /** Prefix that is on the link by this address. */
  readonly subnet: string;
}

export interface KernelFacts {
  readonly links: readonly LinkFact[];
  readonly addresses: readonly AddressFact[];
}

/** The link over which a next hop is reached, or why there is none. */
export type Resolution =
  | { readonly interfaceIndex: number; readonly error: null; readonly isElsewhere?: never }
  | {
      readonly interfaceIndex: null;
      readonly error: string;
      /** On no connected subnet; a route may lead there. */
      readonly isElsewhere: boolean;
    };

interface Subnet {
  readonly prefix: Prefix;
  readonly link: LinkFact;
}

export class Topology {
  readonly #byName = new Map<string, LinkFact>();
  readonly #byIndex = new Map<number, LinkFact>();
  /** Own addresses, and the index of the link that each is on. */
  readonly #own = new Map<string, number>();
  readonly #subnets: Subnet[] = [];

  constructor(facts: KernelFacts) {
    for (const link of facts.links) {
      this.#byName.set(link.name, link);
      this.#byIndex.set(link.index, link);
    }
    for (const { interfaceIndex, address, subnet } of facts.addresses) {
      this.#own.set(address, interfaceIndex);
      const link = this.#byIndex.get(interfaceIndex);
      const prefix = parsePrefix(subnet);
      if (link === undefined || prefix === null || link.isLoopback || !link.isUp) continue;
      this.#subnets.push({ prefix, link });
    }
    this.#subnets.sort(comparePreference);
  }

  linkNamed(name: string): LinkFact | undefined {
    return this.#byName.get(name);
  }

  link(index: number): LinkFact | undefined {
    return this.#byIndex.get(index);
  }

  /** True when this node has the address, on whatever link. */
  hasAddress(address: string): boolean {
    return this.#own.has(address);
  }

  /** The link to others that has this own address, while it is up. */
  linkWith(ownAddress: string): LinkFact | undefined {
    const index = this.#own.get(ownAddress);
    const link = index === undefined ? undefined : this.#byIndex.get(index);
    return link?.isUp === true && !link.isLoopback ? link : undefined;
  }

  /** Resolves a next hop that must be on a link: of several subnets the longest, of several links one with carrier. */
  resolve(nextHop: string): Resolution {
    const { address: text, zone } = splitZone(nextHop);
    const address = parseAddress(text);
    if (address === null) return unresolved(`is not an address`);
    if (isLinkLocal(text)) return this.#resolveOnLink(zone);
    if (this.#own.has(formatAddress(address))) return unresolved(`is an address of this node`);
    const subnet = this.#subnets.find(({ prefix }) => containsAddress(prefix, address));
    if (subnet === undefined) return { ...unresolved('is on no connected subnet'), isElsewhere: true };
    return { interfaceIndex: subnet.link.index, error: null };
  }

  /** A link-local next hop is on the link that its zone names. */
  #resolveOnLink(zone: string | null): Resolution {
    if (zone === null) return unresolved(`is link-local, and nothing says on which link`);
    const link = this.#byName.get(zone);
    if (link === undefined) return unresolved(`is on the interface ${zone}, which is not there`);
    return link.isUp
      ? { interfaceIndex: link.index, error: null }
      : unresolved(`is on ${zone}, which is down`);
  }
}

function comparePreference(a: Subnet, b: Subnet): number {
  return (
    b.prefix.length - a.prefix.length ||
    Number(b.link.hasCarrier) - Number(a.link.hasCarrier) ||
    a.link.index - b.link.index
  );
}

function unresolved(error: string): Extract<Resolution, { interfaceIndex: null }> {
  return { interfaceIndex: null, error, isElsewhere: false };
}
