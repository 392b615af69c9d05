/** Configurations for agents under test: a node that owns one block and runs one pod. */
import type { AgentConfig } from '../../../felix-like/agent-api.ts';

export const BLOCK = '10.244.1.0/26';
export const POD = '10.244.1.5/32';

export function agentConfig(overrides: Partial<AgentConfig> = {}): AgentConfig {
  return {
    node: 'node-1',
    routeProtocol: 80,
    routePriority: { ipv4: 1024, ipv6: 1024 },
    workloads: [{ name: 'default/pod-1', interfaceName: 'cali1', addresses: [POD], mac: null }],
    workloadSource: { ipv4: null, ipv6: null },
    blocks: [{ prefix: BLOCK, resource: 'BlockAffinity/node-1' }],
    pools: [{ prefix: '10.244.0.0/16', encapsulation: 'none' }],
    serviceRanges: [],
    gatewayRoutes: [],
    peeringAddresses: [],
    nat: {
      sources: [],
      exclusions: ['10.244.0.0/16'],
      address: { ipv4: null, ipv6: null },
      ports: null,
      outInterface: null,
    },
    // Without address translation and tunnels this node needs no nftables, which is not there in memory.
    tunnelFilter: { externalSources: [], vxlanPort: 4789, allowFromWorkloads: { ipip: true, vxlan: true } },
    mtu: { interfacePattern: '^eth' },
    routeRefreshSec: 90,
    ipForwarding: true,
    removeExternalRoutes: true,
    interfacePrefixes: ['cali'],
    addresses: {
      ipv4: { address: '10.0.0.1', subnet: '10.0.0.0/24' },
      ipv6: { address: 'fd99::1', subnet: 'fd99::/64' },
    },
    tunnels: { ipip: null, vxlan: { ipv4: null, ipv6: null } },
    remoteNodes: [],
    remotePrefixes: [],
    programmed: { ipip: true, noEncapsulation: true },
    podCidrs: [],
    ...overrides,
  };
}
