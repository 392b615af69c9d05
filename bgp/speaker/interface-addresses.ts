/**
 * Our addresses besides that of a transport, for next hops: in the other family, for routes whose family the
 * transport does not have (IPv6 routes over an IPv4 session), and the global one beside a link-local one.
 */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { addressFamily, containsAddress, isLinkLocal, parseAddress, parsePrefix } from '../net/index.ts';
import type { Clock } from './clock.ts';
import type { OwnAddresses } from './rib-session.ts';
import type { SpeakerConfig } from './speaker-config.ts';

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;
type ConfiguredAddresses = Pick<SpeakerConfig, 'listen' | 'peers'>;

/** Asking the system takes longer than the rest of a session's start: a burst of sessions asks once. */
const REMEMBERED_MS = 2_000;

/** Answers from the interfaces as they were at most two seconds ago. */
export class InterfaceAddresses {
  readonly #clock: Clock;
  readonly #readInterfaces: () => Interfaces;
  #interfaces: Interfaces = {};
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, readInterfaces: () => Interfaces = networkInterfaces) {
    this.#clock = clock;
    this.#readInterfaces = readInterfaces;
  }

  /** Answers for a speaker with this configuration. */
  with(config: ConfiguredAddresses): OwnAddresses {
    return {
      isConnected: (address) => isConnected(address, this.#current()),
      otherFamily: (localAddress) => otherFamilyAddress(localAddress, config, this.#current()),
      globalIpv6: (zone) => globalIpv6(this.#current()[zone] ?? []),
    };
  }

  #current(): Interfaces {
    const now = this.#clock.now();
    if (now - this.#readAt >= REMEMBERED_MS) {
      this.#interfaces = this.#readInterfaces();
      this.#readAt = now;
    }
    return this.#interfaces;
  }
}

/**
 * Taken from what the configuration binds to, else from the interface that holds the transport's address. Null: we
 * have none, and routes of that family cannot be announced with it as next hop.
 */
export function otherFamilyAddress(
  localAddress: string,
  config: ConfiguredAddresses,
  interfaces: Interfaces,
): string | null {
  const family = addressFamily(localAddress) === 'ipv4' ? 'ipv6' : 'ipv4';
  const configured = [
    ...config.listen.map(({ address }) => address),
    ...config.peers.map((p) => p.localAddress),
  ];
  const found = configured.find(
    (address) => address !== null && addressFamily(address) === family && !isUnspecified(address),
  );
  return found ?? fromInterface(localAddress, family, interfaces);
}

function fromInterface(localAddress: string, family: 'ipv4' | 'ipv6', interfaces: Interfaces): string | null {
  for (const addresses of Object.values(interfaces)) {
    if (addresses?.some(({ address }) => address === localAddress) !== true) continue;
    const other = addresses.find(
      ({ address, internal }) => !internal && addressFamily(address) === family && !isOfLinkOnly(address),
    );
    if (other !== undefined) return other.address;
  }
  return null;
}

/** True for an address on a subnet of one of our interfaces, and for every link-local one. */
export function isConnected(address: string, interfaces: Interfaces): boolean {
  if (isLinkLocal(address)) return true;
  const bytes = parseAddress(address);
  const subnets = Object.values(interfaces).flatMap((addresses) => addresses ?? []);
  return subnets.some(({ cidr }) => {
    const subnet = cidr === null || cidr === undefined ? null : parsePrefix(cidr, { mask: true });
    return bytes !== null && subnet !== null && containsAddress(subnet, bytes);
  });
}

function globalIpv6(addresses: readonly NetworkInterfaceInfo[]): string | null {
  const found = addresses.find(
    ({ address, internal }) => !internal && addressFamily(address) === 'ipv6' && !isLinkLocal(address),
  );
  return found?.address ?? null;
}

function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

function isOfLinkOnly(address: string): boolean {
  return isLinkLocal(address) || address.startsWith('169.254.');
}
