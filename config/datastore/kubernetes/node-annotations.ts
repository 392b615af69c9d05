/**
 * What Calico's nodes write about themselves, for a cluster in which nobody has: the node's addresses with the prefix
 * length of their interface (a host prefix would make every CrossSubnet pool always encapsulate), its ends of
 * tunnels, and its VTEP's MAC. Pure. A value that exists is never changed.
 */
import { createHash } from 'node:crypto';
import { addressFamily, type Family, formatAddress, type Prefix, parsePrefix } from '@manul/bgp/net';
import type { IpPool } from '../../schema/resource-set.ts';
import type { RawObject } from './api-client.ts';

/** An address on an interface of this machine. */
export interface HostAddress {
  readonly address: string;
  readonly prefixLength: number;
}

export interface AnnotationInput {
  /** The Node as the API server has it. */
  readonly node: RawObject;
  readonly hostAddresses: readonly HostAddress[];
  readonly pools: Iterable<IpPool>;
  /** Addresses come from Calico's blocks: whoever allocates them also gives the tunnels theirs. */
  readonly hasBlocks: boolean;
}

const PREFIX = 'projectcalico.org/';
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

/** Annotations that are to be added, by their full names; empty when nothing is missing. */
export function missingAnnotations(input: AnnotationInput): Record<string, string> {
  const { metadata, spec, status } = input.node as {
    metadata?: { name?: string; annotations?: Record<string, string> };
    spec?: { podCIDR?: string; podCIDRs?: readonly string[] };
    status?: { addresses?: readonly { type: string; address: string }[] };
  };
  const name = metadata?.name ?? '';
  const podCidrs = spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR]);
  const internal = (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP');
  const wanted = new Map<string, string | null>();
  for (const family of FAMILIES) {
    const own = internal.find(({ address }) => addressFamily(address) === family)?.address;
    const text = family === 'ipv4' ? 'IPv4' : 'IPv6';
    wanted.set(`${text}Address`, own === undefined ? null : withLength(own, family, input.hostAddresses));
  }
  for (const [key, value] of tunnelAnnotations(name, podCidrs, input)) wanted.set(key, value);
  const present = metadata?.annotations ?? {};
  return Object.fromEntries(
    [...wanted].flatMap(([key, value]) =>
      value === null || (present[PREFIX + key] ?? '') !== '' ? [] : [[PREFIX + key, value]],
    ),
  );
}

function tunnelAnnotations(
  name: string,
  podCidrs: readonly string[],
  { pools, hasBlocks }: AnnotationInput,
): [string, string | null][] {
  const active = [...pools].filter(({ spec }) => !spec.disabled);
  const hasPool = (family: Family, mode: 'ipipMode' | 'vxlanMode'): boolean =>
    active.some(
      ({ spec }) => spec.cidr.family === family && spec[mode] !== undefined && spec[mode] !== 'Never',
    );
  const first = (family: Family): string | null => (hasBlocks ? null : firstUsable(podCidrs, family));
  const found: [string, string | null][] = [];
  if (hasPool('ipv4', 'ipipMode')) found.push(['IPv4IPIPTunnelAddr', first('ipv4')]);
  if (hasPool('ipv4', 'vxlanMode')) {
    found.push(['IPv4VXLANTunnelAddr', first('ipv4')], ['VXLANTunnelMACAddr', vtepMac(name)]);
  }
  if (hasPool('ipv6', 'vxlanMode')) {
    found.push(['IPv6VXLANTunnelAddr', first('ipv6')], ['VXLANTunnelMACAddrV6', vtepMac(`${name}-v6`)]);
  }
  return found;
}

/** The node's address as Calico writes it; a host prefix where no interface has it. */
function withLength(address: string, family: Family, hostAddresses: readonly HostAddress[]): string {
  const found = hostAddresses.find((candidate) => candidate.address === address);
  return `${address}/${found?.prefixLength ?? (family === 'ipv4' ? 32 : 128)}`;
}

/** The first address behind the network address; null where the ranges have none. */
function firstUsable(podCidrs: readonly string[], family: Family): string | null {
  const ranges = podCidrs.map((text) => parsePrefix(text)).filter((range): range is Prefix => range !== null);
  const range = ranges.find((candidate) => candidate.family === family);
  if (range === undefined || range.length > range.bytes.length * 8 - 2) return null;
  const bytes = range.bytes.slice();
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 1;
  return formatAddress(bytes);
}

/** `f` (0x66) and the first five octets of SHA-1: what Calico derives where the annotation is missing. */
function vtepMac(seed: string): string {
  const digest = createHash('sha1').update(seed).digest();
  return ['66', ...[...digest.subarray(0, 5)].map((octet) => octet.toString(16).padStart(2, '0'))].join(':');
}
