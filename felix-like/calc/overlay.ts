/**
 * How packets get to another node inside an encapsulating pool: over `tunl0`, whose gateway is the outer
 * destination; over a VXLAN device, to the node's end of it; or, across one subnet of a CrossSubnet pool, as they are.
 */
import {
  containsAddress,
  FAMILIES,
  type Family,
  type Prefix,
  parseAddress,
  parsePrefix,
} from '@manul/bgp/net';
import type { AgentConfig, Vtep } from '../agent-api.ts';
import type { Topology } from './topology.ts';
import { type Encapsulation, type Reach, reached, unreached } from './way.ts';

export type OverlayConfig = Pick<AgentConfig, 'addresses' | 'tunnels' | 'remoteNodes'>;

interface RemoteEnd {
  readonly name: string;
  readonly vtep: Vtep | null;
}

export class Overlay {
  readonly #config: OverlayConfig;
  readonly #topology: Topology;
  readonly #subnets: Readonly<Record<Family, Prefix | null>>;
  /** By address of the node. */
  readonly #ends: ReadonlyMap<string, RemoteEnd>;

  /** @param ends as `remoteEnds` finds them in the same configuration */
  constructor(config: OverlayConfig, topology: Topology, ends: ReadonlyMap<string, RemoteEnd>) {
    this.#config = config;
    this.#topology = topology;
    this.#ends = ends;
    this.#subnets = {
      ipv4: ownSubnet(config.addresses.ipv4?.subnet),
      ipv6: ownSubnet(config.addresses.ipv6?.subnet),
    };
  }

  /** @param nextHop canonical address of a node */
  resolve(encapsulation: Exclude<Encapsulation, 'none'>, nextHop: string): Reach {
    const address = parseAddress(nextHop);
    if (address === null) return unreached('is not an address');
    const family = address.length === 4 ? 'ipv4' : 'ipv6';
    if (nextHop === this.#config.addresses[family]?.address) return unreached('is an address of this node');
    if (encapsulation.endsWith('CrossSubnet')) {
      const parent = this.#parentTowards(address, family);
      if (parent !== null) return reached(nextHop, parent, true);
    }
    return encapsulation.startsWith('ipip') ? this.#overIpip(nextHop) : this.#overVxlan(nextHop, family);
  }

  /** Index of the VXLAN device of a family while it is up, else why it cannot be used. */
  vxlanDevice(family: Family): Reach {
    const tunnel = this.#config.tunnels.vxlan[family];
    if (tunnel === null)
      return unreached(`cannot be reached over VXLAN: this node has no ${NAMES[family]} device`);
    return this.#device(tunnel.interfaceName, null);
  }

  /** The link with the own address, when the node at `address` is in the own subnet; null: not so, or not up. */
  #parentTowards(address: Uint8Array, family: Family): number | null {
    const subnet = this.#subnets[family];
    if (subnet === null || !containsAddress(subnet, address)) return null;
    return this.#topology.linkWith(this.#config.addresses[family]!.address)?.index ?? null;
  }

  #overIpip(nextHop: string): Reach {
    const tunnel = this.#config.tunnels.ipip;
    if (tunnel === null) return unreached('cannot be reached over IPIP: this node has no address of its own');
    return this.#device(tunnel.interfaceName, nextHop);
  }

  #overVxlan(nextHop: string, family: Family): Reach {
    const end = this.#ends.get(nextHop);
    if (end === undefined) return unreached('is no node, so nothing says where its VXLAN ends');
    if (end.vtep === null)
      return unreached(`cannot be reached: node ${end.name} has no VXLAN tunnel address`);
    const device = this.vxlanDevice(family);
    if (device.hops === null) return device;
    return reached(end.vtep.address, device.hops[0]!.interfaceIndex!, true);
  }

  #device(name: string, gateway: string | null): Reach {
    const link = this.#topology.linkNamed(name);
    if (link?.isUp) return reached(gateway, link.index, gateway !== null);
    return unreached(`cannot be reached: ${name} ${link === undefined ? 'does not exist' : 'is down'}`);
  }
}

const NAMES: Readonly<Record<Family, string>> = { ipv4: 'IPv4', ipv6: 'IPv6' };

/** Ends of the VXLAN by the address of their node. */
export function remoteEnds({
  remoteNodes,
}: Pick<AgentConfig, 'remoteNodes'>): ReadonlyMap<string, RemoteEnd> {
  const ends = new Map<string, RemoteEnd>();
  for (const { name, addresses, vteps } of remoteNodes) {
    for (const family of FAMILIES) {
      const address = addresses[family];
      if (address !== null) ends.set(address, { name, vtep: vteps[family] });
    }
  }
  return ends;
}

/** A host prefix says nothing about who is near. */
function ownSubnet(text: string | undefined): Prefix | null {
  const prefix = text === undefined ? null : parsePrefix(text);
  return prefix === null || prefix.length === prefix.bytes.length * 8 ? null : prefix;
}
