/** Kernel parameters that forwarding for workloads needs; keys are paths below /proc/sys. */
import type { AgentConfig } from '../agent-api.ts';

export interface DesiredSysctl {
  readonly key: string;
  readonly value: string;
  /** Absent where the kernel has no IPv6; that is no error. */
  readonly isOptional: boolean;
  /** The kernel tells when others change it (RTM_NEWNETCONF). */
  readonly isTold: boolean;
}

/** The host's own choice of reverse path filtering, which workload interfaces get too. */
export const DEFAULT_RP_FILTER_KEY = 'net/ipv4/conf/default/rp_filter';

/** @param rpFilter value of DEFAULT_RP_FILTER_KEY, or null to leave the interface as it is */
export function workloadSysctls(interfaceName: string, rpFilter: string | null): readonly DesiredSysctl[] {
  const ipv4 = (leaf: string, value: string, isTold = true): DesiredSysctl => ({
    key: `net/ipv4/conf/${interfaceName}/${leaf}`,
    value,
    isOptional: false,
    isTold,
  });
  const ipv6 = (leaf: string, value: string, isTold = true): DesiredSysctl => ({
    key: `net/ipv6/conf/${interfaceName}/${leaf}`,
    value,
    isOptional: true,
    isTold,
  });
  return [
    // The pod's gateway 169.254.1.1 is nobody's address: the host end answers for it, and at once.
    ipv4('proxy_arp', '1'),
    { key: `net/ipv4/neigh/${interfaceName}/proxy_delay`, value: '0', isOptional: false, isTold: false },
    ipv4('route_localnet', '1', false),
    ipv4('forwarding', '1'),
    ...(rpFilter === null ? [] : [ipv4('rp_filter', rpFilter)]),
    ipv6('proxy_ndp', '1'),
    ipv6('forwarding', '1'),
    ipv6('accept_ra', '0', false),
  ];
}

/** Connections are counted in packets and octets, as Calico has it; absent while nothing tracks connections. */
const ACCOUNTING: DesiredSysctl = {
  key: 'net/netfilter/nf_conntrack_acct',
  value: '1',
  isOptional: true,
  isTold: false,
};

export function globalSysctls({ ipForwarding }: Pick<AgentConfig, 'ipForwarding'>): readonly DesiredSysctl[] {
  if (!ipForwarding) return [ACCOUNTING];
  return [
    ACCOUNTING,
    { key: 'net/ipv4/ip_forward', value: '1', isOptional: false, isTold: true },
    { key: 'net/ipv6/conf/all/forwarding', value: '1', isOptional: true, isTold: true },
  ];
}
