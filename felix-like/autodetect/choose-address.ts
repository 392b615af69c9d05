/** Which address of the node's interfaces a method chooses; as Calico does. Pure. */
import { containsAddress, type Family, type Prefix, parseAddress } from '@manul/bgp/net';
import type { DetectionMethod } from './detection-method.ts';

export interface HostInterface {
  readonly name: string;
  /** In the order of the kernel, each with the length of its subnet. */
  readonly addresses: readonly HostAddress[];
}

export interface HostAddress {
  readonly address: string;
  /** Bits. */
  readonly length: number;
}

/** What is chosen by looking at interfaces alone. */
export type InterfaceMethod = Extract<
  DetectionMethod,
  { kind: 'first-found' | 'interface' | 'skip-interface' | 'cidr' }
>;

/** Interfaces that are no way into the network: of containers, tunnels and tools. */
const EXCLUDED =
  /^(docker|cbr|dummy|podman|virbr|lxcbr|veth|lo|br-|cali|tunl|flannel|kube-ipvs|cni|vxlan\.calico|vxlan-v6\.calico|wireguard\.cali|wg-v6\.cali|nodelocaldns)/;

/** @param interfaces in the order of the kernel */
export function chooseAddress(
  method: InterfaceMethod,
  family: Family,
  interfaces: readonly HostInterface[],
): HostAddress | null {
  // Calico walks them backwards: of two that would do, the one that appeared last wins.
  const walk = [...interfaces].reverse();
  const first = (
    isUsable: (name: string) => boolean,
    ranges: readonly Prefix[] | null = null,
  ): HostAddress | null => {
    for (const { name, addresses } of walk) {
      const found = isUsable(name)
        ? addresses.find(({ address }) => isSuitable(address, family, ranges))
        : undefined;
      if (found !== undefined) return found;
    }
    return null;
  };
  switch (method.kind) {
    case 'first-found':
      return first((name) => !EXCLUDED.test(name));
    case 'skip-interface':
      return first((name) => !EXCLUDED.test(name) && !method.patterns.some((pattern) => pattern.test(name)));
    case 'cidr':
      return first(() => true, method.ranges);
    case 'interface':
      for (const pattern of method.patterns) {
        const found = first((name) => pattern.test(name));
        if (found !== null) return found;
      }
      return null;
  }
}

/** The length of the subnet that the address is on, or null when no interface has it. */
export function subnetLength(address: string, interfaces: readonly HostInterface[]): number | null {
  for (const { addresses } of interfaces) {
    const found = addresses.find((candidate) => candidate.address === address);
    if (found !== undefined) return found.length;
  }
  return null;
}

function isSuitable(text: string, family: Family, ranges: readonly Prefix[] | null): boolean {
  const address = parseAddress(text);
  if (address === null || (address.length === 4) !== (family === 'ipv4') || !isGlobalUnicast(address))
    return false;
  return ranges === null || ranges.some((range) => containsAddress(range, address));
}

/** Neither unspecified, loopback, link-local, multicast nor broadcast; private addresses are global in this sense. */
function isGlobalUnicast(address: Uint8Array): boolean {
  if (address.every((octet) => octet === 0) || address.every((octet) => octet === 0xff)) return false;
  const [first = 0, second = 0] = address;
  if (address.length === 4) return first !== 127 && first < 224 && !(first === 169 && second === 254);
  const isLoopback = address.at(-1) === 1 && address.subarray(0, 15).every((octet) => octet === 0);
  return !isLoopback && first !== 0xff && !(first === 0xfe && (second & 0xc0) === 0x80);
}
