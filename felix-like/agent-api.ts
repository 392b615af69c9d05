/** The surface of the agent that the rest of Manul uses; `agent.ts` implements it. */
import type { Family } from '@manul/bgp/net';
import type {
  ForwardingStatus,
  MtuConfig,
  MtuStatus,
  NatConfig,
  NftablesStatus,
  TunnelFilterConfig,
} from './host-api.ts';

/** Everything the agent needs to know from the resources, as one declarative value. */
export interface AgentConfig {
  readonly node: string;
  /** Route protocol number that marks routes as ours; 80 unless FelixConfiguration.deviceRouteProtocol says otherwise. */
  readonly routeProtocol: number;
  /** Metric of our routes (Calico's normal route priority, 1024). */
  readonly routePriority: Readonly<Record<Family, number>>;
  readonly workloads: readonly Workload[];
  /** Source of what the node itself sends to its workloads; null: the kernel chooses. */
  readonly workloadSource: Readonly<Record<Family, string | null>>;
  /** Blocks of this node: each is announced, and blackholed in the kernel. */
  readonly blocks: readonly OwnBlock[];
  readonly pools: readonly AgentPool[];
  readonly nat: NatConfig;
  readonly tunnelFilter: TunnelFilterConfig;
  readonly mtu: MtuConfig;
  /** Ranges of service addresses: what BGP learns inside them is not programmed (Calico's kernel filter, first step). */
  readonly serviceRanges: readonly string[];
  /** BGP neighbors that a gateway leads to (BGPPeer.reachableBy). */
  readonly gatewayRoutes: readonly GatewayRoute[];
  /** What workloads that speak BGP with this node dial. */
  readonly peeringAddresses: readonly PeeringAddress[];
  /** Seconds between full resyncs with the kernel; 0: never (FelixConfiguration.routeRefreshInterval, default 90). */
  readonly routeRefreshSec: number;
  readonly ipForwarding: boolean;
  readonly removeExternalRoutes: boolean;
  /** Prefixes of workload interfaces (FelixConfiguration.interfacePrefix, default `cali`). */
  readonly interfacePrefixes: readonly string[];
  /** Where this node is in the underlay, as its Node resource says; null: no address of that family is known. */
  readonly addresses: Readonly<Record<Family, NodeAddress | null>>;
  readonly tunnels: TunnelConfig;
  /** All other nodes. */
  readonly remoteNodes: readonly RemoteNode[];
  /** Blocks and single addresses of other nodes, as the resources say; each prefix once. */
  readonly remotePrefixes: readonly RemotePrefix[];
  /**
   * Classes of routes inside pools that are written; VXLAN is always. A class that is not written leaves its
   * blocks without blackhole, too.
   */
  readonly programmed: { readonly ipip: boolean; readonly noEncapsulation: boolean };
  /** Ranges that this node gives to its pods (Node.spec.podCIDRs). */
  readonly podCidrs: readonly string[];
}

export interface NodeAddress {
  readonly address: string;
  /** The subnet that the resource says the address is on: a host prefix where it says none. */
  readonly subnet: string;
}

/** Tunnel devices of this node; null: none, and one that an earlier configuration made goes. */
export interface TunnelConfig {
  readonly ipip: IpipTunnel | null;
  readonly vxlan: Readonly<Record<Family, VxlanTunnel | null>>;
}

export interface IpipTunnel {
  readonly interfaceName: string;
  /** Own address on the device; null: the Node resource has none. */
  readonly address: string | null;
  /** Octets; null: derived from the underlay. */
  readonly mtu: number | null;
}

export interface VxlanTunnel extends IpipTunnel {
  readonly vni: number;
  /** UDP port. */
  readonly port: number;
  /** Own MAC address, lower case with colons. */
  readonly mac: string;
  /** Whether checksums are left to devices; absent: as long as this kernel gets them right. */
  readonly checksumOffload?: boolean;
}

export interface RemoteNode {
  readonly name: string;
  readonly addresses: Readonly<Record<Family, string | null>>;
  /** The node's end of the VXLAN of each family; null: it has no tunnel address. */
  readonly vteps: Readonly<Record<Family, Vtep | null>>;
}

/** One end of a VXLAN (RFC 7348 §4). */
export interface Vtep {
  /** Address on the device, inside the overlay. */
  readonly address: string;
  readonly mac: string;
}

export interface RemotePrefix {
  readonly prefix: string;
  /** Name of the node that has it. */
  readonly node: string;
  readonly resource: string;
}

export interface Workload {
  /** Resource that this comes from, for messages. */
  readonly name: string;
  /** Host side of the veth pair. */
  readonly interfaceName: string;
  /** Host prefixes, /32 or /128. */
  readonly addresses: readonly string[];
  readonly mac: string | null;
  /** Prefixes that it may send from beside its own addresses; absent: none. */
  readonly foreignSources?: readonly string[];
}

export interface OwnBlock {
  readonly prefix: string;
  readonly resource: string;
}

/** A host route over a gateway, which must be on a connected subnet. */
export interface GatewayRoute {
  /** Host prefix, /32 or /128. */
  readonly prefix: string;
  readonly gateway: string;
  readonly resource: string;
}

/** Addresses on the host side of one workload (BGPConfiguration.localWorkloadPeeringIPV4, …IPV6). */
export interface PeeringAddress {
  readonly interfaceName: string;
  /** Host prefixes, /32 or /128. */
  readonly addresses: readonly string[];
}

export interface AgentPool {
  readonly prefix: string;
  readonly encapsulation: 'none' | 'ipip' | 'ipipCrossSubnet' | 'vxlan' | 'vxlanCrossSubnet';
}

/** Agent → speaker: a route by which BGP next hops are reached. */
export interface NextHopRoute {
  readonly prefix: string;
  /** Metric in the kernel; 0 for what is on a link. */
  readonly metric: number;
  readonly interfaceName: string | null;
  /** A blackhole, or the like: what it covers is not reached by shorter prefixes either. */
  readonly isUnreachable?: true;
}

/** Speaker → agent: a best route learnt by BGP appeared, changed or (`nextHop` null) went. */
export interface LearntRouteChange {
  readonly family: Family;
  readonly prefix: string;
  readonly nextHop: string | null;
  /** All next hops that share the traffic, `nextHop` first, where there are several. */
  readonly nextHops?: readonly string[];
}

/** Changes as a speaker of the same process tells them: many at once, as numbers. */
export interface LearntColumns {
  readonly family: Family;
  readonly count: number;
  /** Addresses in words of 32 bits, network order: one word each, of IPv6 four. */
  readonly words: Int32Array;
  readonly lengths: Uint8Array;
  /** Index into `nextHops`, or -1 where the route is gone. */
  readonly ways: Int32Array;
  /** Each set of next hops once; canonical addresses. */
  readonly nextHops: readonly (readonly string[])[];
}

/** One difference between what we want and what the kernel has. */
export interface KernelDifference {
  readonly prefix: string;
  /** `waiting`: for a link or a next hop; that is no fault of the kernel's. */
  readonly kind: 'missing' | 'unexpected' | 'different' | 'foreign' | 'waiting';
  readonly text: string;
}

/** One line of `manul routes --kernel`. */
export interface KernelRouteStatus {
  readonly prefix: string;
  readonly family: Family;
  readonly type: 'unicast' | 'blackhole';
  readonly nextHop: string | null;
  readonly interfaceName: string | null;
  /** Where several next hops share the traffic, all of them; else empty. */
  readonly nextHops: readonly { readonly address: string | null; readonly interfaceName: string | null }[];
  readonly metric: number;
  readonly protocol: number;
  /** Why we want it, or null for one that we found and do not want. */
  readonly reason: 'workload' | 'block' | 'vtep' | 'neighbor' | 'gateway' | 'node' | 'learnt' | null;
  /** In the kernel as wanted. */
  readonly inSync: boolean;
  /** Where it is not: what the kernel has under this key, as `ip route` shows it; null: nothing. */
  readonly found: string | null;
  readonly error: string | null;
}

export interface AgentStatus {
  readonly node: string;
  /** The first apply after the datastore was in sync is done. */
  readonly ready: boolean;
  readonly inSync: boolean;
  readonly desired: number;
  readonly actual: number;
  readonly differences: readonly KernelDifference[];
  readonly workloads: number;
  readonly blocks: number;
  readonly learnt: number;
  /** Learnt routes are complete (End-of-RIB of each family seen, or their time over). */
  readonly learntInSync: boolean;
  /** How many objects of each kind are not as wanted because of the kernel, and are tried again. */
  readonly refused: Readonly<Record<RefusedKind, number>>;
  /** Tunnel devices that are wanted. */
  readonly devices: readonly DeviceStatus[];
  readonly nftables: NftablesStatus;
  /** Null before the first look. */
  readonly forwarding: ForwardingStatus | null;
  /** Null before the links are known. */
  readonly mtu: MtuStatus | null;
  readonly lastErrors: readonly { readonly at: string; readonly object: string; readonly text: string }[];
}

/** `kernel`: the connection to it; `nftables`: our table. */
export type RefusedKind = 'kernel' | 'route' | 'device' | 'neighbour' | 'sysctl' | 'nftables';

/** A tunnel device, wanted and as it is. */
export interface DeviceStatus {
  readonly interfaceName: string;
  readonly kind: 'ipip' | 'vxlan';
  readonly isPresent: boolean;
  readonly isUp: boolean;
  /** Octets; null: not known before it is made. */
  readonly mtu: number | null;
  /** The address that it should have, or null for none. */
  readonly address: string | null;
  /** The addresses that it has. */
  readonly addresses: readonly string[];
  /** Other ends that it knows; 0 for IPIP, which needs none. */
  readonly peers: number;
  /** Why it is not as it should be, or null. */
  readonly error: string | null;
}

/** Kernel writes, for metrics. */
export interface KernelWriteEvent {
  readonly op: 'add' | 'replace' | 'delete' | 'link' | 'neighbour' | 'sysctl' | 'nftables';
  readonly result: 'ok' | 'error';
  readonly count: number;
}

export interface Agent {
  /** Replaces the configuration. The first call means that the datastore is in sync: nothing is written before. */
  apply(config: AgentConfig): void;
  /** What `apply` was last given, or null. */
  config(): AgentConfig | null;
  /**
   * Workloads that are known before their resources say so: those that CNI attached. Replaces the list of before;
   * of two workloads with one interface, this one counts.
   */
  setAttachedWorkloads(workloads: readonly Workload[]): void;
  /** MTU for a new workload, in octets; null before the first configuration. */
  workloadMtu(): number | null;
  /** Resolves to true when all `prefixes` are routed to that link, to false when they are not after `timeoutMs`. */
  whenRouted(prefixes: readonly string[], interfaceIndex: number, timeoutMs: number): Promise<boolean>;
  /** A new stream of learnt routes begins (link connected): what is not repeated before End-of-RIB is stale. */
  onLearntStart(): void;
  onLearntRoutes(changes: readonly LearntRouteChange[]): void;
  /** As `onLearntRoutes`; the columns are the agent's from now on. */
  onLearntColumns(columns: LearntColumns): void;
  onLearntEndOfRib(family: Family): void;
  /** Prefixes to announce: the own blocks that are in the kernel, and borrowed host addresses. */
  originated(): readonly string[];
  onOriginated(listener: (prefixes: readonly string[]) => void): () => void;
  /**
   * The routes by which next hops are reached, ours to pods apart. Null: not known yet, or too many to follow. They are
   * followed from the first listener on.
   */
  nextHopRoutes(): readonly NextHopRoute[] | null;
  onNextHopRoutes(listener: (routes: readonly NextHopRoute[] | null) => void): () => void;
  status(): AgentStatus;
  kernelRoutes(): readonly KernelRouteStatus[];
  onKernelWrite(listener: (event: KernelWriteEvent) => void): () => void;
  onApplied(listener: (seconds: number) => void): () => void;
  /** Stops watching and writing. The routes stay. */
  close(): Promise<void>;
}
