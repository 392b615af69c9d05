/** What the agent sets up on the host beside routes: address translation, filters, MTUs, parameters of the kernel. */
import type { Family } from '@manul/bgp/net';

/** Translation of what leaves the pools (IPPool.natOutgoing). */
export interface NatConfig {
  /** Ranges whose workloads are translated. */
  readonly sources: readonly string[];
  /** Destinations that count as inside: packets to these keep their source. */
  readonly exclusions: readonly string[];
  /** Source address to use; null: that of the outgoing interface. */
  readonly address: Readonly<Record<Family, string | null>>;
  /** Source ports to use for TCP and UDP; null: the kernel chooses. */
  readonly ports: PortRange | null;
  /** Only what leaves by this interface is translated (`eth+`: by any whose name begins so); null: by any. */
  readonly outInterface: string | null;
}

export interface PortRange {
  readonly min: number;
  readonly max: number;
}

/** Who may send tunnel packets to this node, beside the other nodes. */
export interface TunnelFilterConfig {
  /** Addresses and ranges (FelixConfiguration.externalNodesList). */
  readonly externalSources: readonly string[];
  /** UDP port that is VXLAN's, with or without a device of our own. */
  readonly vxlanPort: number;
  /** Workloads may send tunnel packets of their own. */
  readonly allowFromWorkloads: { readonly ipip: boolean; readonly vxlan: boolean };
}

/** Where the MTUs of tunnels and of new workloads come from. */
export interface MtuConfig {
  /** Regular expression: the least MTU of the interfaces whose names match is that of the underlay. */
  readonly interfacePattern: string;
}

/** Whether this node forwards packets, and what stands in the way. */
export interface ForwardingStatus {
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  /** Reverse path filter that packets from other nodes meet: on the link with the node's IPv4 address. Null: not known. */
  readonly rpFilter: 'off' | 'strict' | 'loose' | null;
  /** Where no default route makes the kernel answer pods for their gateway: the link of the route of ours that does. */
  readonly gatewayInterface: string | null;
  readonly problems: readonly string[];
}

/** MTUs in octets, as they follow from the underlay and the configuration. */
export interface MtuStatus {
  readonly underlay: number;
  /** The interface that decided; null: none matches, and a value that fits nearly everywhere is assumed. */
  readonly interfaceName: string | null;
  /** Of the IPIP device; null: there is none. */
  readonly ipip: number | null;
  /** Of the VXLAN devices; null: there is none. */
  readonly vxlan: Readonly<Record<Family, number | null>>;
  /** Of new workloads: what fits through every encapsulation in use. */
  readonly workload: number;
}

/** `off`: nothing is wanted, so nothing is there. `unavailable`: it cannot be made, and nothing depends on it. */
export type NftablesState = 'off' | 'pending' | 'inSync' | 'unavailable' | 'failed';

export interface NftablesStatus {
  readonly state: NftablesState;
  /** Why it failed last; null when the table is as wanted. */
  readonly error: string | null;
  /** Times that the table was found other than we left it, and was mended. */
  readonly repairs: number;
  readonly counters: readonly NftablesCounter[];
  /** What the host's own firewall does with packets that are forwarded. */
  readonly hostForward: readonly HostForwardStatus[];
}

/** Packets that a kind of rule met. For address translation: connections, as their first packet alone is looked at. */
export interface NftablesCounter {
  readonly name: string;
  readonly packets: number;
  readonly bytes: number;
}

/** A chain of the host's own that drops what is forwarded unless a rule accepts it. */
export interface HostForwardStatus {
  /** `ip filter FORWARD`; of iptables-legacy: `iptables-legacy FORWARD`. */
  readonly chain: string;
  /** `accepted`: our rules let packets of workloads through; `blocked`: they do not, and `text` says why. */
  readonly state: 'accepted' | 'blocked';
  readonly text: string;
}
