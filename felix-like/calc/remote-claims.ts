/** What the resources say of other nodes: which prefix is behind which node, and where the ends of the VXLAN are. */
import { addressBits, canonicalPrefix, FAMILIES, type Family } from '@manul/bgp/net';
import type { AgentConfig } from '../agent-api.ts';
import type { Way } from './way.ts';

export type RemoteConfig = Pick<AgentConfig, 'remoteNodes' | 'remotePrefixes' | 'tunnels'>;

export interface RemoteClaim {
  readonly node: string;
  /** The node's address in the family of the prefix; null: it has none. */
  readonly way: Way | null;
}

export class RemoteClaims {
  readonly #byPrefix = new Map<string, RemoteClaim>();
  /** Ends of the VXLAN that need a route of their own, by host prefix. */
  readonly #vtepHosts = new Map<string, Family>();

  constructor({ remoteNodes, remotePrefixes, tunnels }: RemoteConfig) {
    const claims = new Map<string, Readonly<Record<Family, RemoteClaim>>>();
    for (const { name, addresses } of remoteNodes) {
      const claim = (family: Family): RemoteClaim => ({ node: name, way: wayTo(addresses[family]) });
      claims.set(name, { ipv4: claim('ipv4'), ipv6: claim('ipv6') });
    }
    for (const { prefix: text, node } of remotePrefixes) {
      const prefix = canonicalPrefix(text);
      const claim = claims.get(node)?.[prefix?.includes(':') === true ? 'ipv6' : 'ipv4'];
      if (prefix !== null && claim !== undefined) this.#byPrefix.set(prefix, claim);
    }
    for (const { vteps } of remoteNodes) {
      for (const family of FAMILIES) {
        const vtep = vteps[family];
        if (vtep === null || tunnels.vxlan[family] === null) continue;
        const host = `${vtep.address}/${addressBits(family)}`;
        // IPv6 takes a gateway over the device only while no route to it leads elsewhere, so each has its own; IPv4
        // needs one where the address is in no block of its node.
        if (family === 'ipv6' || this.#byPrefix.has(host)) this.#vtepHosts.set(host, family);
      }
    }
  }

  get size(): number {
    return this.#byPrefix.size;
  }

  get(prefix: string): RemoteClaim | undefined {
    return this.#byPrefix.get(prefix);
  }

  vtepFamily(hostPrefix: string): Family | undefined {
    return this.#vtepHosts.size === 0 ? undefined : this.#vtepHosts.get(hostPrefix);
  }

  /** Prefixes of ends of the VXLAN. */
  vtepHosts(): Iterable<string> {
    return this.#vtepHosts.keys();
  }

  ways(): Iterable<Way> {
    return new Set([...this.#byPrefix.values()].flatMap(({ way }) => way ?? []));
  }

  /** Prefixes whose claim is another one in `after`; first those that others go through. */
  *differences(after: RemoteClaims): Generator<string> {
    for (const [host, family] of after.#vtepHosts) if (this.#vtepHosts.get(host) !== family) yield host;
    for (const host of this.#vtepHosts.keys()) if (!after.#vtepHosts.has(host)) yield host;
    for (const [prefix, claim] of after.#byPrefix) {
      const before = this.#byPrefix.get(prefix);
      if (before === undefined || before.node !== claim.node || before.way?.key !== claim.way?.key)
        yield prefix;
    }
    for (const prefix of this.#byPrefix.keys()) if (!after.#byPrefix.has(prefix)) yield prefix;
  }

  /** Prefixes with a claim whose way `isTouched`. */
  *through(isTouched: (way: Way) => boolean): Generator<string> {
    for (const [prefix, { way }] of this.#byPrefix) if (way !== null && isTouched(way)) yield prefix;
  }
}

function wayTo(address: string | null): Way | null {
  return address === null ? null : { nextHops: [address], key: address };
}
