/**
 * The prefixes that this node is connected to: of every interface with an address, and the address itself. No
 * external peer may announce them to us. Left out are interfaces that stand for pods and for service addresses
 * (kube-proxy in IPVS mode puts every cluster IP on one), those that the configuration names, and link-local prefixes.
 */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { addressBits, addressFamily, canonicalAddress, formatPrefix, parsePrefix } from '../net/index.ts';
import type { Clock } from './clock.ts';
import type { NextHopRoute } from './speaker-config.ts';

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** Asking the system takes a while where there are thousands of pods. */
const REMEMBERED_MS = 2_000;
const NEVER_CONNECTED = ['cali*', 'kube-ipvs*'];
const LINK_LOCAL = /^(fe80:|169\.254\.)/;

export class ConnectedPrefixes {
  readonly #clock: Clock;
  readonly #readInterfaces: () => Interfaces;
  #readAt = Number.NEGATIVE_INFINITY;
  #prefixes: readonly string[] = [];
  #links: readonly NextHopRoute[] = [];

  constructor(clock: Clock, readInterfaces: () => Interfaces = networkInterfaces) {
    this.#clock = clock;
    this.#readInterfaces = readInterfaces;
  }

  /** As they were at most two seconds ago, sorted. @param ignored interface names; `*` stands for any text. */
  read(ignored: readonly string[]): readonly string[] {
    const now = this.#clock.now();
    if (now - this.#readAt >= REMEMBERED_MS) {
      const interfaces = this.#readInterfaces();
      this.#prefixes = connectedPrefixes(interfaces, [...NEVER_CONNECTED, ...ignored]);
      this.#links = linksOf(interfaces);
      this.#readAt = now;
    }
    return this.#prefixes;
  }

  /** Interface by prefix, as `read` found them; pods' and services' included. */
  get links(): readonly NextHopRoute[] {
    return this.#links;
  }
}

function linksOf(interfaces: Interfaces): readonly NextHopRoute[] {
  return Object.entries(interfaces).flatMap(([interfaceName, addresses = []]) =>
    addresses.flatMap(({ cidr, address }) =>
      cidr === null || LINK_LOCAL.test(address) ? [] : [{ prefix: cidr, metric: 0, interfaceName }],
    ),
  );
}

export function connectedPrefixes(interfaces: Interfaces, ignored: readonly string[]): readonly string[] {
  const patterns = ignored.map(namePattern);
  const found = new Set<string>();
  for (const [name, addresses] of Object.entries(interfaces)) {
    if (patterns.some((pattern) => pattern.test(name))) continue;
    for (const { address, cidr } of addresses ?? []) {
      const family = addressFamily(address);
      const prefix = cidr === null ? null : parsePrefix(cidr, { mask: true });
      if (family === null || prefix === null || LINK_LOCAL.test(address)) continue;
      found.add(formatPrefix(prefix));
      found.add(`${canonicalAddress(address)}/${addressBits(family)}`);
    }
  }
  return [...found].sort();
}

function namePattern(name: string): RegExp {
  const parts = name.split('*').map((part) => part.replace(/[^A-Za-z0-9_]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
