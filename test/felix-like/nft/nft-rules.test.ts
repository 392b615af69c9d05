/** Which rules follow from the configuration; whether they do to packets what they should is in nat-linux.test.ts. */
import type { NatConfig } from '../../../felix-like/host-api.ts';
import { nftTable, type TunnelFilter } from '../../../felix-like/nft/nft-rules.ts';

const NO_NAT: NatConfig = {
  sources: [],
  exclusions: ['10.244.0.0/16'],
  address: { ipv4: null, ipv6: null },
  ports: null,
  outInterface: null,
};
const NAT: NatConfig = {
  ...NO_NAT,
  sources: ['10.244.0.0/16', 'fd00:10::/64'],
  exclusions: ['10.244.0.0/16', '10.245.0.0/16', 'fd00:10::/64'],
};
const NO_TUNNELS: TunnelFilter = {
  ipip: null,
  vxlan: { ipv4: null, ipv6: null },
  sources: ['10.0.0.2', 'fd99::2'],
  workloadInterfaces: [],
  vxlanPort: 4789,
  allowFromWorkloads: { ipip: false, vxlan: false },
  foreignSources: [],
};
const TUNNELS: TunnelFilter = {
  ...NO_TUNNELS,
  workloadInterfaces: ['cali'],
  ipip: 'tunl0',
  vxlan: { ipv4: { interfaceName: 'vxlan.calico', port: 4789 }, ipv6: null },
};

/** Rules as `chain: text`. */
function rules(nat: NatConfig, tunnels: TunnelFilter): string[] {
  const chains = nftTable(nat, tunnels)?.chains ?? [];
  return chains.flatMap(({ name, rules: all }) => all.map(({ text }) => `${name}: ${text}`));
}

const spoofingRules = (prefix: string): string[] => [
  `from_workloads: iifname "${prefix}*" meta nfproto ipv4 fib saddr . iif oif missing counter name workload_spoofed drop`,
  `from_workloads: iifname "${prefix}*" meta nfproto ipv6 ip6 saddr != { ::, fe80::/10 } fib saddr . iif oif missing counter name workload_spoofed drop`,
];

const MATCH4 = 'ip saddr @nat_sources_4 ip daddr != @nat_exclusions_4 counter name nat_outgoing';
const MATCH6 = 'ip6 saddr @nat_sources_6 ip6 daddr != @nat_exclusions_6 counter name nat_outgoing';

test('without natOutgoing, tunnels and workloads there is no table', () => {
  expect(nftTable(NO_NAT, NO_TUNNELS)).toBeNull();
});

test('workloads send no tunnel packets, where the node has no tunnel either', () => {
  expect(rules(NO_NAT, { ...NO_TUNNELS, workloadInterfaces: ['cali', 'tap'], vxlanPort: 8472 })).toEqual([
    'from_workloads: iifname "cali*" meta l4proto 4 counter name workload_tunnel_dropped drop',
    'from_workloads: iifname "cali*" udp dport 8472 counter name workload_tunnel_dropped drop',
    'from_workloads: iifname "tap*" meta l4proto 4 counter name workload_tunnel_dropped drop',
    'from_workloads: iifname "tap*" udp dport 8472 counter name workload_tunnel_dropped drop',
    ...spoofingRules('cali'),
    ...spoofingRules('tap'),
  ]);
});

test('what leaves the pools is masqueraded, in both families', () => {
  expect(rules(NAT, NO_TUNNELS)).toEqual([
    `nat_postrouting: ${MATCH4} masquerade fully-random`,
    `nat_postrouting: ${MATCH6} masquerade fully-random`,
  ]);
  expect(nftTable(NAT, NO_TUNNELS)?.sets).toEqual([
    { name: 'nat_sources_4', type: 'ipv4_addr', elements: ['10.244.0.0/16'] },
    { name: 'nat_exclusions_4', type: 'ipv4_addr', elements: ['10.244.0.0/16', '10.245.0.0/16'] },
    { name: 'nat_sources_6', type: 'ipv6_addr', elements: ['fd00:10::/64'] },
    { name: 'nat_exclusions_6', type: 'ipv6_addr', elements: ['fd00:10::/64'] },
  ]);
});

test('an address is for its own family; ports are for TCP and UDP alone', () => {
  const nat = { ...NAT, address: { ipv4: '192.0.2.9', ipv6: null }, ports: { min: 20000, max: 20099 } };
  expect(rules(nat, NO_TUNNELS)).toEqual([
    `nat_postrouting: meta l4proto { tcp, udp } ${MATCH4} snat ip to 192.0.2.9:20000-20099 fully-random`,
    `nat_postrouting: ${MATCH4} snat ip to 192.0.2.9 fully-random`,
    `nat_postrouting: meta l4proto { tcp, udp } ${MATCH6} masquerade to :20000-20099 fully-random`,
    `nat_postrouting: ${MATCH6} masquerade fully-random`,
  ]);
});

test('an outgoing interface restricts the translation; nothing in its name becomes a rule', () => {
  const first = (outInterface: string): string => rules({ ...NAT, outInterface }, NO_TUNNELS)[0]!;
  expect(first('eth0')).toContain(': oifname "eth0" ip saddr');
  expect(first('eth+')).toContain(': oifname "eth*" ip saddr');
  expect(first('e" drop\n')).toContain(': oifname "edrop" ip saddr');
});

test('IPIP and VXLAN are accepted from known nodes and dropped from elsewhere', () => {
  const own = 'fib saddr type local fib saddr . oif type != local counter name tunnel_source masquerade';
  expect(rules(NO_NAT, TUNNELS)).toEqual([
    `nat_postrouting: oifname "tunl0" ${own} fully-random`,
    `nat_postrouting: oifname "vxlan.calico" meta l4proto udp ${own} to :4790-65535 fully-random`,
    `nat_postrouting: oifname "vxlan.calico" ${own} fully-random`,
    'from_workloads: iifname "cali*" meta l4proto 4 counter name workload_tunnel_dropped drop',
    'from_workloads: iifname "cali*" udp dport 4789 counter name workload_tunnel_dropped drop',
    ...spoofingRules('cali'),
    'tunnel_input: ip protocol 4 ip saddr @tunnel_sources_4 fib daddr type local counter name ipip_accepted accept',
    'tunnel_input: ip protocol 4 counter name ipip_dropped drop',
    'tunnel_input: meta nfproto ipv4 udp dport 4789 ip saddr @tunnel_sources_4 fib daddr type local counter name vxlan_accepted accept',
    'tunnel_input: meta nfproto ipv4 udp dport 4789 counter name vxlan_dropped drop',
    'vxlan_output: udp dport 4789 fib saddr type local notrack',
  ]);
  const table = nftTable(NO_NAT, TUNNELS);
  expect(table?.sets).toEqual([{ name: 'tunnel_sources_4', type: 'ipv4_addr', elements: ['10.0.0.2'] }]);
});

test('workloads send tunnel packets where that is allowed', () => {
  const allowed = { ...TUNNELS, allowFromWorkloads: { ipip: true, vxlan: true } };
  expect(rules(NO_NAT, allowed).filter((rule) => rule.includes('workload_tunnel_dropped'))).toEqual([]);
});

test('a workload sends from other addresses only where it may, and never tunnel packets', () => {
  const foreignSources = [
    { interfaceName: 'cali1', prefixes: ['192.0.2.0/24', '2001:db8::1/128', '192.0.2.7/32'] },
  ];
  const own = rules(NO_NAT, { ...NO_TUNNELS, workloadInterfaces: ['cali'], foreignSources });
  expect(own.slice(2)).toEqual([
    'from_workloads: iifname "cali1" ip saddr { 192.0.2.0/24 } accept',
    'from_workloads: iifname "cali1" ip6 saddr { 2001:db8::1 } accept',
    ...spoofingRules('cali'),
  ]);
});
