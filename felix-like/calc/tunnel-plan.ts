/** The tunnel devices that this node should have, and what should be on them. */
import { addressBits, FAMILIES, type Family } from '@manul/bgp/net';
import type { AgentConfig, VxlanTunnel } from '../agent-api.ts';
import type { KernelNeighbour, NewLink } from '../routetable/route-key.ts';
import type { Topology } from './topology.ts';

export interface DevicePlan {
  readonly name: string;
  readonly kind: 'ipip' | 'vxlan';
  readonly family: Family;
  /** How to make it, with everything that it must have; null: it cannot be made now. */
  readonly link: Extract<NewLink, { kind: 'ipip' | 'vxlan' }> | null;
  /** Why not, when `link` is null. */
  readonly problem: string | null;
  /** Own host prefix on it, or null. */
  readonly address: string | null;
  readonly neighbours: readonly PlannedNeighbour[];
}

export type PlannedNeighbour = Pick<KernelNeighbour, 'table' | 'address' | 'mac'>;

export type TunnelPlanConfig = Pick<AgentConfig, 'addresses' | 'tunnels' | 'remoteNodes'>;

/** Octets that each tunnel carries; null: the kernel chooses. */
export interface TunnelMtus {
  readonly ipip: number | null;
  readonly vxlan: Readonly<Record<Family, number | null>>;
}

export function planTunnels(
  config: TunnelPlanConfig,
  topology: Topology,
  mtus: TunnelMtus,
): readonly DevicePlan[] {
  const plans: DevicePlan[] = [];
  const { ipip, vxlan } = config.tunnels;
  if (ipip !== null) {
    const { interfaceName: name, address } = ipip;
    plans.push({
      name,
      kind: 'ipip',
      family: 'ipv4',
      link: { kind: 'ipip', name, mtu: mtus.ipip },
      problem: null,
      address: hostPrefix(address, 'ipv4'),
      neighbours: [],
    });
  }
  for (const family of FAMILIES) {
    const tunnel = vxlan[family];
    if (tunnel === null) continue;
    plans.push(planVxlan(config, topology, family, { ...tunnel, mtu: mtus.vxlan[family] }));
  }
  return plans;
}

function planVxlan(
  { addresses, remoteNodes }: TunnelPlanConfig,
  topology: Topology,
  family: Family,
  { interfaceName: name, address, mtu, mac, vni, port }: VxlanTunnel,
): DevicePlan {
  const local = addresses[family]?.address ?? null;
  const isHere = local !== null && topology.hasAddress(local);
  const parentIndex = local === null ? null : (topology.linkWith(local)?.index ?? null);
  const vxlan = { vni, port, local, parentIndex, isLearning: false };
  return {
    name,
    kind: 'vxlan',
    family,
    link: isHere ? { kind: 'vxlan', name, mtu, mac, vxlan } : null,
    problem: isHere ? null : `waits for the address ${local ?? ''} of this node, which no interface has`,
    address: hostPrefix(address, family),
    neighbours: remoteNodes.flatMap(({ addresses: remote, vteps }): PlannedNeighbour[] => {
      const vtep = vteps[family];
      const node = remote[family];
      if (vtep === null || node === null) return [];
      return [
        { table: 'fdb', address: node, mac: vtep.mac },
        { table: 'ip', address: vtep.address, mac: vtep.mac },
      ];
    }),
  };
}

function hostPrefix(address: string | null, family: Family): string | null {
  return address === null ? null : `${address}/${addressBits(family)}`;
}
