/** What the agent sets up on the host beside routes, from pools, nodes and FelixConfiguration. */
import { addressFamily, FAMILIES, formatPrefix } from '@manul/bgp/net';
import type { AgentConfig } from '@manul/felix-like';
import type { IpPool } from '../schema/resource-set.ts';
import type { FelixSettings } from './felix-settings.ts';
import type { RenderContext } from './render-context.ts';
import { VXLAN_PORT } from './tunnels.ts';

type HostSettings = Pick<AgentConfig, 'nat' | 'tunnelFilter' | 'mtu'>;
type FelixSpec = FelixSettings['spec'];

/** Calico's: interfaces that look like network cards. */
const UNDERLAY_INTERFACES = '^((en|wl|ww|sl|ib)[Pcopsvx].*|(eth|wlan|wwan).*)';

export function hostSettings(context: RenderContext, felix: FelixSpec): HostSettings {
  const externalSources = (felix.externalNodesList ?? []).map(formatPrefix);
  return {
    nat: natSettings(context, felix, externalSources),
    tunnelFilter: {
      externalSources,
      vxlanPort: felix.vxlanPort ?? VXLAN_PORT,
      allowFromWorkloads: {
        ipip: felix.allowIPIPPacketsFromWorkloads ?? false,
        vxlan: felix.allowVXLANPacketsFromWorkloads ?? false,
      },
    },
    mtu: { interfacePattern: felix.mtuIfacePattern || UNDERLAY_INTERFACES },
  };
}

/** Disabled pools count too: their addresses may still be in use. */
function natSettings(
  { resources, nodes }: RenderContext,
  felix: FelixSpec,
  externalSources: readonly string[],
): AgentConfig['nat'] {
  const pools = [...resources.ipPools.values()];
  const cidrs = (chosen: readonly IpPool[]): string[] => chosen.map(({ spec }) => formatPrefix(spec.cidr));
  const hosts = [...nodes.values()].flatMap(({ addresses }) =>
    FAMILIES.flatMap((family) => addresses[family]?.address ?? []),
  );
  const includesHosts = felix.natOutgoingExclusions === 'IPPoolsAndHostIPs';
  const address = felix.natOutgoingAddress;
  const family = address === undefined ? null : addressFamily(address);
  return {
    sources: cidrs(pools.filter(({ spec }) => spec.natOutgoing)),
    exclusions: [
      ...cidrs(pools.filter((pool) => !isForLoadBalancersOnly(pool))),
      ...(includesHosts ? [...hosts, ...externalSources] : []),
    ],
    address: {
      ipv4: family === 'ipv4' ? address! : null,
      ipv6: family === 'ipv6' ? address! : null,
    },
    ports: felix.natPortRange ?? null,
    outInterface: felix.iptablesNATOutgoingInterfaceFilter || null,
  };
}

function isForLoadBalancersOnly({ spec }: IpPool): boolean {
  return spec.allowedUses?.length === 1 && spec.allowedUses[0] === 'LoadBalancer';
}
