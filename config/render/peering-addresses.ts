/**
 * The addresses that workloads dial which speak BGP with this node: `localWorkloadPeeringIPV4` and `…IPV6` of the
 * BGPConfiguration `default`, on the host side of each workload that a BGPPeer with `localWorkloadSelector` chose.
 */
import { addressBits, FAMILIES, formatAddress } from '@manul/bgp/net';
import type { PeeringAddress } from '@manul/felix-like';
import type { RenderContext } from './render-context.ts';
import type { RenderedPeer } from './rendered-node.ts';
import { localWorkloads } from './workloads.ts';

const FIELDS = { ipv4: 'localWorkloadPeeringIPV4', ipv6: 'localWorkloadPeeringIPV6' } as const;

export function peeringAddresses(context: RenderContext, peers: readonly RenderedPeer[]): PeeringAddress[] {
  const { resources, settings, warnings } = context;
  const chosen = new Set(
    peers
      .filter(({ resource }) => {
        const peer = resources.bgpPeers.get(resource.replace(/^BGPPeer\//, ''));
        return resource.startsWith('BGPPeer/') && peer?.spec.localWorkloadSelector !== undefined;
      })
      .map(({ address }) => address),
  );
  if (chosen.size === 0) return [];
  const addresses: string[] = [];
  for (const family of FAMILIES) {
    const address = settings.cluster[FIELDS[family]];
    if (address === undefined) continue;
    addresses.push(`${address}/${addressBits(family)}`);
    if (settings.cluster.bindMode !== 'NodeIP') continue;
    const text = 'nobody listens there: bindMode is NodeIP, as in Calico';
    warnings.add('BGPConfiguration/default', `spec.${FIELDS[family]}`, text);
  }
  if (addresses.length === 0) return [];
  return localWorkloads(context)
    .filter((workload) => workload.addresses.some(({ bytes }) => chosen.has(formatAddress(bytes))))
    .map(({ interfaceName }) => ({ interfaceName, addresses }));
}
