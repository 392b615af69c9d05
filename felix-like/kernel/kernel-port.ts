/**
 * The port to the operating system: what the agent reads from the kernel, writes to it and hears from it.
 * `linux-kernel.ts` speaks netlink, `fake-kernel.ts` is a kernel in memory; one contract suite holds both.
 *
 * Nothing here blocks the caller's thread. Writes are carried out in the order of the calls, and so are dumps;
 * what a dump says is newer than every event delivered before its first part.
 */
import type { Family } from '@manul/bgp/net';
import type { PrefixKey } from '../prefix/prefix-key.ts';

export type RouteType = 'unicast' | 'blackhole' | 'unreachable' | 'prohibit' | 'throw' | 'other';
export type RouteScope = 'universe' | 'link' | 'host' | 'other';

/** One way that a unicast route may go on. */
export interface KernelNextHop {
  /** Canonical address, null when the destination itself is on the link. Its family may differ from the route's. */
  readonly gateway: string | null;
  /** Null in a request: the kernel resolves the link from the gateway. */
  readonly interfaceIndex: number | null;
  /** Take the gateway as reachable over the link, whatever the kernel's other routes say. */
  readonly onlink: boolean;
  /** Share among several next hops, 1 to 256. */
  readonly weight: number;
}

/** What a route does with packets. Many routes share one value; equality is by content. */
export interface RouteTarget {
  readonly type: RouteType;
  /** Who installed the route (rtnetlink(7), `rtm_protocol`). */
  readonly protocol: number;
  /** IPv6 knows only `universe`. */
  readonly scope: RouteScope;
  /** Empty for every type but `unicast`. */
  readonly nextHops: readonly KernelNextHop[];
  /** Source address that packets of the node itself get; absent: the kernel chooses. */
  readonly source?: string;
}

/** A route. Table, prefix and metric are the kernel's key; the protocol is not part of it. */
export interface KernelRoute {
  readonly table: number;
  /** Canonical prefix text. */
  readonly prefix: string;
  readonly metric: number;
  readonly target: RouteTarget;
}

/** Routes one after the other, without an object for each: the fields are those of the present one, until `next`. */
export interface RouteCursor {
  /** False when there is no further route. */
  next(): boolean;
  /** To be copied by whoever keeps it. */
  readonly key: PrefixKey;
  readonly metric: number;
  /** Neighbours share one. */
  readonly target: RouteTarget;
}

/** Which routes a dump is to hold; null: any. */
export interface RouteFilter {
  readonly family: Family;
  readonly table: number;
  readonly protocol: number | null;
  readonly interfaceIndex: number | null;
}

export interface RouteOperation {
  /**
   * `add` fails with EEXIST when anyone holds the key, `replace` takes it from whoever holds it (atomically),
   * `delete` removes it if a route of the same protocol holds it, whatever its target, and else fails with ESRCH.
   */
  readonly op: 'add' | 'replace' | 'delete';
  readonly route: KernelRoute;
}

/** Many operations on one table, without an object for each. */
export interface RouteWrites {
  readonly length: number;
  readonly table: number;
  op(i: number): RouteOperation['op'];
  /** Fills `key`. @returns it */
  readPrefix(i: number, key: PrefixKey): PrefixKey;
  metric(i: number): number;
  target(i: number): RouteTarget;
  /** The same as objects. */
  readonly operations: readonly RouteOperation[];
}

/** What the kernel refused, and why. */
export interface KernelFailure {
  /** `EEXIST`, `ENODEV`… */
  readonly code: string;
  readonly text: string;
}

export interface OperationFailure extends KernelFailure {
  /** Position of the operation in the call. */
  readonly index: number;
}

export interface KernelLink {
  readonly index: number;
  readonly name: string;
  /** Administratively up. */
  readonly isUp: boolean;
  readonly hasCarrier: boolean;
  readonly isLoopback: boolean;
  /** `veth`, `bridge`, `vxlan`…; null for physical links. */
  readonly kind: string | null;
  /** Largest packet of the link, in octets. */
  readonly mtu: number;
  /** Link layer address, lower case with colons; null where the link has none of six octets (tunl0). */
  readonly mac: string | null;
  /** Of a VXLAN device; null for all others. */
  readonly vxlan: VxlanParameters | null;
}

/** What a VXLAN device cannot change while it lives. */
export interface VxlanParameters {
  readonly vni: number;
  /** UDP port that it listens on, and sends to. */
  readonly port: number;
  /** Own address in the underlay; null: any. */
  readonly local: string | null;
  /** Index of the link below, or null. */
  readonly parentIndex: number | null;
  /** Fills its forwarding database from what comes in. */
  readonly isLearning: boolean;
}

/** A link to be made; it is down at first. */
export type NewLink = { readonly name: string; readonly mtu: number | null } & (
  | { readonly kind: 'ipip' }
  | { readonly kind: 'vxlan'; readonly mac: string; readonly vxlan: VxlanParameters }
  | { readonly kind: 'veth'; readonly mac: string | null; readonly peer: VethPeer }
);

/** The far end of a veth pair. */
export interface VethPeer {
  readonly name: string;
  readonly mac: string | null;
  readonly mtu: number | null;
  /** File of the network namespace that it is made in (`/run/netns/NAME`); null: that of the near end. */
  readonly networkNamespace: string | null;
}

/** What is to become of a link; what is absent stays. */
export interface LinkChange {
  readonly name?: string;
  readonly isUp?: boolean;
  readonly mtu?: number;
  readonly mac?: string;
}

/**
 * An entry that says how a neighbour is reached. `ip`: the address has this MAC on the link (ARP, NDP).
 * `fdb`: the MAC is behind the far end of a tunnel, which has this address.
 */
export interface KernelNeighbour {
  readonly table: 'ip' | 'fdb';
  readonly interfaceIndex: number;
  readonly address: string;
  readonly mac: string;
  /** Set by hand; entries that the kernel found out itself come and go. */
  readonly isPermanent: boolean;
}

/** A change to something else than a route. */
export type ObjectOperation =
  /** Fails with EEXIST when there is a link of that name. */
  | { readonly kind: 'link'; readonly op: 'create'; readonly link: NewLink }
  | {
      readonly kind: 'link';
      readonly op: 'change';
      readonly interfaceIndex: number;
      readonly change: LinkChange;
    }
  | { readonly kind: 'link'; readonly op: 'delete'; readonly interfaceIndex: number }
  /** An address is added with the length of its subnet; of IPv6 addresses nobody asks whether others have them. */
  | { readonly kind: 'address'; readonly op: 'add' | 'delete'; readonly address: KernelAddress }
  /** `put` makes the permanent entry, over whatever has its key: the address, or the MAC in an fdb. */
  | { readonly kind: 'neighbour'; readonly op: 'put' | 'delete'; readonly neighbour: KernelNeighbour };

export interface KernelAddress {
  readonly interfaceIndex: number;
  /** The node's own address, canonical. */
  readonly address: string;
  /** Prefix that is on the link by this address, canonical; of the far end on point-to-point links. */
  readonly subnet: string;
}

/**
 * A change to a route that someone else made: own route writes are not reported back, their outcome is known
 * already. To everything else, a change that anyone made.
 */
export type KernelEvent =
  | { readonly kind: 'route'; readonly isDeleted: boolean; readonly route: KernelRoute }
  | { readonly kind: 'link'; readonly isDeleted: boolean; readonly link: KernelLink }
  | { readonly kind: 'address'; readonly isDeleted: boolean; readonly address: KernelAddress }
  /** Additions are told of permanent entries only: those that the kernel learns come and go by the second. */
  | { readonly kind: 'neighbour'; readonly isDeleted: boolean; readonly neighbour: KernelNeighbour }
  /** Parameters of the network (forwarding, rp_filter, proxy_arp and the like) of a link; null: of the node. */
  | { readonly kind: 'parameters'; readonly interfaceIndex: number | null }
  /** The nftables table of ours, or one that holds iptables' FORWARD chain. */
  | { readonly kind: 'nftables' };

export interface KernelListener {
  /** In the order in which they happened. A link that goes down takes its IPv4 routes along without an event. */
  onEvents(events: readonly KernelEvent[]): void;
  /** Events were lost, or the connection to the kernel is a new one: everything must be read again. */
  onEventsLost(): void;
  /** The connection to the kernel broke; it is made again by itself, and then `onEventsLost` is called. */
  onBroken(text: string): void;
}

export interface SysctlSetting {
  /** Path below /proc/sys, `net/ipv4/conf/eth0.7/proxy_arp`. */
  readonly key: string;
  readonly value: string;
}

export interface SysctlOutcome {
  /** False also when the value was there already. */
  readonly isChanged: boolean;
  readonly failure: KernelFailure | null;
}

export interface KernelPort {
  /** Begins to watch. Rejects, with a sentence for the user, when the process may not write routes. */
  open(listener: KernelListener): Promise<void>;
  /** Delivers the routes in parts that are small enough to handle at once. */
  dumpRoutes(filter: RouteFilter, onRoutes: (routes: readonly KernelRoute[]) => void): Promise<void>;
  /** The same for many; each part is gone through before the call returns. */
  readRoutes(filter: RouteFilter, onRoutes: (routes: RouteCursor) => void): Promise<void>;
  /** Carries out every operation, whether or not others fail; resolves to the failures, in order. */
  applyRoutes(operations: readonly RouteOperation[]): Promise<readonly OperationFailure[]>;
  /** The same for many; they must not change before the promise resolves. */
  writeRoutes(writes: RouteWrites): Promise<readonly OperationFailure[]>;
  dumpLinks(): Promise<readonly KernelLink[]>;
  dumpAddresses(): Promise<readonly KernelAddress[]>;
  /** Entries of one table of one link. */
  dumpNeighbours(
    table: KernelNeighbour['table'],
    interfaceIndex: number,
  ): Promise<readonly KernelNeighbour[]>;
  /** As `applyRoutes`, for everything else. */
  applyObjects(operations: readonly ObjectOperation[]): Promise<readonly OperationFailure[]>;
  /** The link by which packets to the address leave this node, or null when they do not. */
  outgoingLink(address: string): Promise<number | null>;
  /**
   * Deletes the tracked connections of these addresses, as source or destination, before or after translation.
   * @returns how many; rejects when the kernel refuses
   */
  forgetConnections(addresses: readonly string[]): Promise<number>;
  /** Checksums of packets in VXLAN may be wrong where this kernel leaves them to devices. */
  readonly hasBrokenOffload: boolean;
  /** Whether checksums of what leaves by the interface are left to its device. @returns why not, or null */
  setChecksumOffload(interfaceName: string, isOn: boolean): Promise<KernelFailure | null>;
  /** The value without its line end, or null when there is no such key. */
  readSysctl(key: string): Promise<string | null>;
  /** Writes what differs; one outcome for each setting. A missing key fails with ENOENT. */
  writeSysctls(settings: readonly SysctlSetting[]): Promise<readonly SysctlOutcome[]>;
  /** Stops watching; what was written stays. */
  close(): Promise<void>;
}
