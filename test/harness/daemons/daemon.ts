/**
 * What the interoperation tests need of a routing daemon, the same for all of them. Each runs on an address and port
 * of its own, without kernel routes, its files in a temporary folder.
 */
import type { Family } from '../bgp/prefix-text.ts';
import type { NetworkNamespace } from '../process/network-namespace.ts';

export interface DaemonConfig {
  /** Where it runs; null: the namespace of the tests. */
  readonly namespace: NetworkNamespace | null;
  /** Address that it listens on and dials from. */
  readonly address: string;
  readonly port: number;
  readonly asn: number;
  readonly routerId: string;
  /** What it originates, IPv4 and IPv6, with `address` and `ipv6Address` as next hops. */
  readonly networks: readonly string[];
  /** Next hop of its IPv6 routes; it listens there where a neighbor has an IPv6 address. */
  readonly ipv6Address: string;
  readonly neighbors: readonly NeighborConfig[];
  /** Pass on what other neighbors announce, not only what it originates: BIRD. */
  readonly exportsAll?: boolean;
  /** It reflects (RFC 4456) to and from the neighbors that are its clients; not ExaBGP. */
  readonly clusterId?: string;
  /** It says that it goes on forwarding over a restart of its own (RFC 4724): BIRD, FRR. */
  readonly gracefulRestart?: boolean;
}

export interface NeighborConfig {
  readonly address: string;
  readonly port: number;
  readonly asn: number;
  readonly families: readonly Family[];
  /** Wait for the neighbor to dial. */
  readonly passive: boolean;
  readonly holdTimeSec: number;
  /** TCP MD5 key (RFC 2385). */
  readonly password?: string;
  /** The neighbor is one hop away, and must prove it (RFC 5082). */
  readonly ttlSecurity?: boolean;
  /** Speak BGP as before four-octet AS numbers (RFC 6793); not GoBGP. */
  readonly twoOctetAs?: boolean;
  /** Offer IPv6 next hops of IPv4 routes (RFC 8950), and with ExaBGP announce them; GoBGP offers them over IPv6 whatever is said. */
  readonly extendedNextHop?: boolean;
  /** Offer route refresh (RFC 2918); the others but ExaBGP do so anyhow. */
  readonly routeRefresh?: boolean;
  /** Take several paths of one prefix (RFC 7911). */
  readonly addPath?: boolean;
  /** End the session when the neighbor announces more prefixes of a family; not ExaBGP. */
  readonly maxPrefixes?: number;
  /** The neighbor is an external one behind other routers. */
  readonly multihop?: boolean;
  /** What we are to the neighbor (RFC 9234); BIRD, FRR and OpenBGPD. */
  readonly role?: 'peer';
  /** What is learnt elsewhere is reflected to the neighbor, and what it announces to all (RFC 4456 §6). */
  readonly isClient?: boolean;
}

/** A route as the daemon's command line prints it. */
export interface DaemonRoute {
  readonly prefix: string;
  readonly nextHop: string;
  readonly localPref: number | null;
  readonly originatorId: string | null;
  readonly clusterList: readonly string[];
}

export interface Daemon {
  readonly name: string;
  readonly pid: number;
  /** Routes that it learnt by BGP. */
  routes(family: Family): Promise<readonly DaemonRoute[]>;
  /** Everything that its command line prints about the paths of an IPv4 prefix. */
  describeRoute(prefix: string): Promise<string>;
  isEstablished(neighbor: string): Promise<boolean>;
  /** Makes `networks` what it originates, without touching sessions. */
  setNetworks(networks: readonly string[]): Promise<void>;
  /** Another TCP MD5 key for one neighbor, as its operator would give it; only where it can do that without a restart. */
  setPassword?(neighbor: string, password: string): Promise<void>;
  /** Hard reset of one session, as its operator would do it. */
  resetSession(neighbor: string): Promise<void>;
  /** Asks the neighbor for its routes again (RFC 2918). */
  requestRefresh(neighbor: string): Promise<void>;
  /** Ends the session and keeps it down, with a shutdown communication (RFC 9003). */
  shutDown(neighbor: string, text: string): Promise<void>;
  /** Everything that its command line prints about the neighbor. */
  describe(neighbor: string): Promise<string>;
  /** Killed, and started again as after a crash (RFC 4724), with the networks of its first start: BIRD, FRR. */
  crash?(): Promise<void>;
  /** What it wrote: for messages of failing tests. */
  log(): string;
  stop(): Promise<void>;
}

export interface DaemonKind {
  readonly name: string;
  /** Executables that must be there. */
  readonly commands: readonly string[];
  /** Its processes change users or names of system files. */
  readonly needsRoot: boolean;
  /** It sends shutdown communications, and shows those that it gets. */
  readonly sendsShutdownText: boolean;
  start(config: DaemonConfig): Promise<Daemon>;
}

/** `config` with another key for one neighbor. */
export const withPassword = (config: DaemonConfig, address: string, password: string): DaemonConfig => ({
  ...config,
  neighbors: config.neighbors.map((one) => (one.address === address ? { ...one, password } : one)),
});

/** Our end of the session with a neighbor: of the neighbor's family. */
export const localAddressFor = (config: DaemonConfig, neighbor: NeighborConfig): string =>
  neighbor.address.includes(':') ? config.ipv6Address : config.address;

/** Every address that sessions use. */
export const localAddresses = (config: DaemonConfig): string[] => [
  ...new Set([config.address, ...config.neighbors.map((neighbor) => localAddressFor(config, neighbor))]),
];

export const ofFamily = (networks: readonly string[], family: Family): string[] =>
  networks.filter((network) => network.includes(':') === (family === 'ipv6'));
