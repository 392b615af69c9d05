/**
 * Configuration → our table: address translation of what leaves the pools, and a filter in front of the tunnels.
 * Pure. The rules are those of Calico.
 */
import { FAMILIES, type Family } from '@manul/bgp/net';
import type { NatConfig, PortRange } from '../host-api.ts';
import { interfacePattern } from './interface-pattern.ts';
import { type NftChain, type NftRule, type NftSet, type NftTable, setElements } from './nft-table.ts';
import { type ForeignSources, sourceRules } from './source-rules.ts';

/** The tunnels of this node, as the filter needs to know them. */
export interface TunnelFilter {
  /** Name of the IPIP device, or null without one. */
  readonly ipip: string | null;
  readonly vxlan: Readonly<Record<Family, VxlanEnd | null>>;
  /** Addresses and ranges that may send tunnel packets to this node. */
  readonly sources: readonly string[];
  /** Prefixes of names of workload interfaces; empty on a node that is for no workloads. */
  readonly workloadInterfaces: readonly string[];
  /** UDP port that workloads must not send to, with or without a device of our own. */
  readonly vxlanPort: number;
  readonly allowFromWorkloads: { readonly ipip: boolean; readonly vxlan: boolean };
  readonly foreignSources: readonly ForeignSources[];
}

export interface VxlanEnd {
  readonly interfaceName: string;
  /** UDP port. */
  readonly port: number;
}

/** Before the translations of others (priority 100): the first to translate a connection decides. */
const NAT_PRIORITY = 99;
/** Before the filters of others (priority 0). */
const FILTER_PRIORITY = -1;
/** Before connection tracking. */
const RAW_PRIORITY = -300;

const ADDRESS_TYPE = { ipv4: 'ipv4_addr', ipv6: 'ipv6_addr' } as const;
const IP = { ipv4: 'ip', ipv6: 'ip6' } as const;
const SUFFIX = { ipv4: '4', ipv6: '6' } as const;

/** Names of counters, with what they count. */
export const COUNTERS: Readonly<Record<string, string>> = {
  nat_outgoing: 'connections to outside whose source was translated',
  tunnel_source: 'connections into a tunnel whose source was made the tunnel address',
  ipip_accepted: 'IPIP packets from known nodes',
  ipip_dropped: 'IPIP packets from elsewhere',
  vxlan_accepted: 'VXLAN packets from known nodes',
  vxlan_dropped: 'VXLAN packets from elsewhere',
  workload_tunnel_dropped: 'tunnel packets that workloads sent',
  workload_spoofed: 'packets of workloads from addresses that are not theirs',
};

/** @returns null when no rule is needed */
export function nftTable(nat: NatConfig, tunnels: TunnelFilter): NftTable | null {
  const chains: NftChain[] = [
    {
      name: 'nat_postrouting',
      type: 'nat',
      hook: 'postrouting',
      priority: NAT_PRIORITY,
      rules: [...tunnelSourceRules(tunnels), ...FAMILIES.flatMap((family) => natRules(nat, family))],
    },
    {
      name: 'from_workloads',
      type: 'filter',
      hook: 'prerouting',
      priority: FILTER_PRIORITY,
      rules: [...workloadRules(tunnels), ...sourceRules(tunnels.workloadInterfaces, tunnels.foreignSources)],
    },
    {
      name: 'tunnel_input',
      type: 'filter',
      hook: 'input',
      priority: FILTER_PRIORITY,
      rules: [...ipipRules(tunnels), ...FAMILIES.flatMap((family) => vxlanRules(tunnels, family))],
    },
    {
      name: 'vxlan_output',
      type: 'filter',
      hook: 'output',
      priority: RAW_PRIORITY,
      rules: untrackedRules(tunnels),
    },
  ];
  const used = chains.filter(({ rules }) => rules.length > 0);
  if (used.length === 0) return null;
  const text = used.flatMap(({ rules }) => rules.map((rule) => rule.text)).join('\n');
  return {
    sets: addressSets(nat, tunnels).filter(({ name }) => text.includes(`@${name} `)),
    counters: Object.keys(COUNTERS).filter((name) => text.includes(`counter name ${name} `)),
    chains: used,
  };
}

function addressSets(nat: NatConfig, tunnels: TunnelFilter): NftSet[] {
  return FAMILIES.flatMap((family) => {
    const ofFamily = (texts: readonly string[]): readonly string[] =>
      setElements(texts.filter((text) => text.includes(':') === (family === 'ipv6')));
    const set = (name: string, texts: readonly string[]): NftSet => {
      return { name: `${name}_${SUFFIX[family]}`, type: ADDRESS_TYPE[family], elements: ofFamily(texts) };
    };
    return [
      set('nat_sources', nat.sources),
      set('nat_exclusions', nat.exclusions),
      set('tunnel_sources', tunnels.sources),
    ];
  });
}

function natRules(nat: NatConfig, family: Family): NftRule[] {
  const isFamily = (text: string): boolean => text.includes(':') === (family === 'ipv6');
  if (!nat.sources.some(isFamily)) return [];
  const [ip, suffix] = [IP[family], SUFFIX[family]];
  const out = nat.outInterface === null ? '' : `oifname ${interfacePattern(nat.outInterface)} `;
  const match = `${out}${ip} saddr @nat_sources_${suffix} ${ip} daddr != @nat_exclusions_${suffix} `;
  const rule = (ports: PortRange | null): NftRule => ({
    text: `${ports === null ? '' : 'meta l4proto { tcp, udp } '}${match}counter name nat_outgoing ${translation(nat.address[family], family, ports)}`,
    comment: 'natOutgoing',
  });
  // Other protocols than TCP and UDP have no ports: the second rule is for these.
  return nat.ports === null ? [rule(null)] : [rule(nat.ports), rule(null)];
}

function translation(address: string | null, family: Family, ports: PortRange | null): string {
  const range = ports === null ? '' : `:${ports.min}-${ports.max}`;
  if (address === null) return `masquerade${range === '' ? '' : ` to ${range}`} fully-random`;
  const host = family === 'ipv6' && range !== '' ? `[${address}]` : address;
  return `snat ${IP[family]} to ${host}${range} fully-random`;
}

/**
 * The node's own packets that go into a tunnel with another of its addresses (kube-proxy sent them there after the
 * source was chosen): answers could not come back through the tunnel.
 */
function tunnelSourceRules(tunnels: TunnelFilter): NftRule[] {
  const { ipip, vxlan } = tunnels;
  const rule = (name: string, protocol: string, ports: string): NftRule => ({
    text: `oifname "${name}" ${protocol}fib saddr type local fib saddr . oif type != local counter name tunnel_source masquerade ${ports}fully-random`,
    comment: 'source of own packets in tunnels',
  });
  const rules = ipip === null ? [] : [rule(ipip, '', '')];
  for (const family of FAMILIES) {
    const end = vxlan[family];
    if (end === null) continue;
    // Not the VXLAN port: what came back to it would be taken for tunnel packets.
    rules.push(rule(end.interfaceName, 'meta l4proto udp ', `to :${portsBeside(end.port)} `));
    rules.push(rule(end.interfaceName, '', ''));
  }
  return rules;
}

function portsBeside(port: number): string {
  return port < 32_768 ? `${port + 1}-65535` : `1024-${port - 1}`;
}

function ipipRules({ ipip }: TunnelFilter): NftRule[] {
  if (ipip === null) return [];
  return [
    {
      text: 'ip protocol 4 ip saddr @tunnel_sources_4 fib daddr type local counter name ipip_accepted accept',
      comment: 'IPIP from known nodes',
    },
    { text: 'ip protocol 4 counter name ipip_dropped drop', comment: 'IPIP from elsewhere' },
  ];
}

function vxlanRules({ vxlan }: TunnelFilter, family: Family): NftRule[] {
  const port = vxlan[family]?.port;
  if (port === undefined) return [];
  const packet = `meta nfproto ${family} udp dport ${port}`;
  const source = `${IP[family]} saddr @tunnel_sources_${SUFFIX[family]} fib daddr type local`;
  return [
    {
      text: `${packet} ${source} counter name vxlan_accepted accept`,
      comment: 'VXLAN from known nodes',
    },
    { text: `${packet} counter name vxlan_dropped drop`, comment: 'VXLAN from elsewhere' },
  ];
}

/** Other nodes take what comes from this one: nobody here may speak in its name, whether it has tunnels itself or not. */
function workloadRules({ workloadInterfaces, vxlanPort, allowFromWorkloads }: TunnelFilter): NftRule[] {
  return workloadInterfaces.flatMap((prefix) => {
    const from = `iifname ${interfacePattern(`${prefix}+`)}`;
    const drop = 'counter name workload_tunnel_dropped drop';
    return [
      ...(allowFromWorkloads.ipip
        ? []
        : [{ text: `${from} meta l4proto 4 ${drop}`, comment: 'IPIP from workloads' }]),
      ...(allowFromWorkloads.vxlan
        ? []
        : [{ text: `${from} udp dport ${vxlanPort} ${drop}`, comment: 'VXLAN from workloads' }]),
    ];
  });
}

/** Each tunnel packet would be a connection of its own to the kernel, and every inner flow one more. */
function untrackedRules({ vxlan }: TunnelFilter): NftRule[] {
  return vxlanPorts(vxlan).map((port) => {
    return { text: `udp dport ${port} fib saddr type local notrack`, comment: 'VXLAN is not tracked' };
  });
}

function vxlanPorts(vxlan: TunnelFilter['vxlan']): readonly number[] {
  return [...new Set(FAMILIES.flatMap((family) => vxlan[family]?.port ?? []))];
}
