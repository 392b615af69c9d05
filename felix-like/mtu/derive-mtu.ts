/** MTUs of tunnels and of workloads, from that of the underlay. Pure; the numbers are Calico's. */
import type { Family } from '@manul/bgp/net';
import type { AgentConfig } from '../agent-api.ts';
import type { MtuStatus } from '../host-api.ts';

/** As far as a link matters here. */
export interface MtuLink {
  readonly name: string;
  readonly isUp: boolean;
  readonly mtu: number;
}

/** Octets that each encapsulation adds: IPv4; and for VXLAN (RFC 7348 §5) Ethernet, VXLAN, UDP and IPv4 or IPv6. */
const IPIP_OVERHEAD = 20;
const VXLAN_OVERHEAD: Readonly<Record<Family, number>> = { ipv4: 50, ipv6: 70 };
/** Where no interface tells: what the smallest of the usual clouds carries. */
const FALLBACK_MTU = 1460;
/** IPv4 needs links of 68 octets (RFC 791 §3.2). */
const LEAST_MTU = 68;

/** Configured values win; else the least MTU of the interfaces that are up and match, less the encapsulation. */
export function deriveMtu(
  config: Pick<AgentConfig, 'mtu' | 'tunnels'>,
  links: readonly MtuLink[],
): MtuStatus {
  const { tunnels } = config;
  const underlay = underlayMtu(config.mtu.interfacePattern, links);
  const tunnelMtu = (tunnel: { readonly mtu: number | null } | null, overhead: number): number | null =>
    tunnel && (tunnel.mtu ?? Math.max(LEAST_MTU, underlay.mtu - overhead));
  const ipip = tunnelMtu(tunnels.ipip, IPIP_OVERHEAD);
  const vxlan = {
    ipv4: tunnelMtu(tunnels.vxlan.ipv4, VXLAN_OVERHEAD.ipv4),
    ipv6: tunnelMtu(tunnels.vxlan.ipv6, VXLAN_OVERHEAD.ipv6),
  };
  const inTunnels = [ipip, vxlan.ipv4, vxlan.ipv6].filter((mtu) => mtu !== null);
  return {
    underlay: underlay.mtu,
    interfaceName: underlay.interfaceName,
    ipip,
    vxlan,
    workload: inTunnels.length === 0 ? underlay.mtu : Math.min(...inTunnels),
  };
}

function underlayMtu(
  pattern: string,
  links: readonly MtuLink[],
): { readonly mtu: number; readonly interfaceName: string | null } {
  const isUnderlay = new RegExp(pattern);
  const [least] = links
    .filter(({ name, isUp }) => isUp && isUnderlay.test(name))
    .sort((a, b) => a.mtu - b.mtu || (a.name < b.name ? -1 : 1));
  if (least === undefined) return { mtu: FALLBACK_MTU, interfaceName: null };
  return { mtu: least.mtu, interfaceName: least.name };
}
