/**
 * Our address in the other family than a transport's, for next hops of routes whose family the transport does
 * not have (IPv6 routes over an IPv4 session). Taken from what the configuration binds to, else from the
 * interface that holds the transport's address.
 */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { addressFamily } from '../net/index.ts';
import type { Clock } from './clock.ts';
import type { SpeakerConfig } from './speaker-config.ts';

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** Asking the system takes longer than the rest of a session's start: a burst of sessions asks once. */
const REMEMBERED_MS = 2_000;

/** Answers from the interfaces as they were at most two seconds ago. */
export class OtherFamilyAddresses {
  readonly #clock: Clock;
  readonly #readInterfaces: () => Interfaces;
  #interfaces: Interfaces = {};
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, readInterfaces: () => Interfaces = networkInterfaces) {
    this.#clock = clock;
    this.#readInterfaces = readInterfaces;
  }

  find(localAddress: string, config: Pick<SpeakerConfig, 'listen' | 'peers'>): string | null {
    const now = this.#clock.now();
    if (now - this.#readAt >= REMEMBERED_MS) {
      this.#interfaces = this.#readInterfaces();
      this.#readAt = now;
    }
    return otherFamilyAddress(localAddress, config, this.#interfaces);
  }
}

/** Null: we have none, and routes of that family cannot be announced with ourselves as next hop. */
export function otherFamilyAddress(
  localAddress: string,
  config: Pick<SpeakerConfig, 'listen' | 'peers'>,
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
      ({ address, internal }) => !internal && addressFamily(address) === family && !isLinkLocal(address),
    );
    if (other !== undefined) return other.address;
  }
  return null;
}

function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address) || address.startsWith('169.254.');
}
