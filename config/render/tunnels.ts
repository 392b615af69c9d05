/** The tunnel devices of the node: those that its pools ask for, unless the FelixConfiguration forces them on or off. */
import type { Family } from '@manul/bgp/net';
import type { IpipTunnel, TunnelConfig, VxlanTunnel } from '@manul/felix-like';
import type { FelixConfiguration } from '../schema/resource-set.ts';
import { digest } from './digest.ts';
import type { NodeView } from './node-view.ts';
import type { RenderContext } from './render-context.ts';
import type { RenderedPool } from './rendered-node.ts';

type Spec = FelixConfiguration['spec'];

/** RFC 7348 §5. */
export const VXLAN_PORT = 4789;
const VXLAN_VNI = 4096;
const VXLAN_NAMES: Readonly<Record<Family, string>> = { ipv4: 'vxlan.calico', ipv6: 'vxlan-v6.calico' };

export function tunnelConfig(
  context: RenderContext,
  felix: Spec,
  pools: readonly RenderedPool[],
): TunnelConfig {
  return {
    ipip: ipipTunnel(context, felix, pools),
    vxlan: {
      ipv4: vxlanTunnel(context, felix, pools, 'ipv4'),
      ipv6: vxlanTunnel(context, felix, pools, 'ipv6'),
    },
  };
}

function ipipTunnel(context: RenderContext, felix: Spec, pools: readonly RenderedPool[]): IpipTunnel | null {
  const isAsked = felix.ipipEnabled ?? pools.some(({ encapsulation }) => encapsulation.startsWith('ipip'));
  if (!isAsked || context.self.addresses.ipv4 === null) return null;
  const address = context.self.ipipAddress;
  if (address === null) warnOfMissing(context, 'spec.bgp.ipv4IPIPTunnelAddr', 'tunl0');
  return { interfaceName: 'tunl0', address, mtu: felix.ipipMTU || null };
}

function vxlanTunnel(
  context: RenderContext,
  felix: Spec,
  pools: readonly RenderedPool[],
  family: Family,
): VxlanTunnel | null {
  const hasPool = pools.some(
    ({ cidr, encapsulation }) =>
      encapsulation.startsWith('vxlan') && cidr.includes(':') === (family === 'ipv6'),
  );
  // Forced on, the device is for IPv4, as in Calico; IPv6 needs a pool of its own.
  const isAsked =
    felix.vxlanEnabled === false ? false : hasPool || (felix.vxlanEnabled === true && family === 'ipv4');
  if (!isAsked || context.self.addresses[family] === null) return null;
  const interfaceName = VXLAN_NAMES[family];
  const address = context.self.vxlanAddresses[family];
  const field = family === 'ipv4' ? 'ipv4VXLANTunnelAddr' : 'ipv6VXLANTunnelAddr';
  if (address === null) warnOfMissing(context, `spec.${field}`, interfaceName);
  return {
    interfaceName,
    address,
    mtu: (family === 'ipv4' ? felix.vxlanMTU : felix.vxlanMTUV6) || null,
    vni: felix.vxlanVNI ?? VXLAN_VNI,
    port: felix.vxlanPort ?? VXLAN_PORT,
    mac: vtepMac(context.self, family),
    ...checksumOffload(felix.featureDetectOverride ?? ''),
  };
}

/** `ChecksumOffloadBroken=true,…`: what is known better than by the version of the kernel. */
function checksumOffload(override: string): { readonly checksumOffload?: boolean } {
  const [, isBroken] = /(?:^|,)\s*ChecksumOffloadBroken\s*=\s*(true|false)\s*(?:,|$)/i.exec(override) ?? [];
  return isBroken === undefined ? {} : { checksumOffload: isBroken.toLowerCase() === 'false' };
}

function warnOfMissing(context: RenderContext, field: string, interfaceName: string): void {
  const text = `is missing: ${interfaceName} has no address, and other nodes may not reach this one over it`;
  context.warnings.add(`Node/${context.self.name}`, field, text);
}

/** MAC address of a node's VXLAN device: its own word, else one derived from its name, as in Calico. */
export function vtepMac({ name, vxlanMacs }: NodeView, family: Family): string {
  const given = vxlanMacs[family];
  if (given !== null) return given;
  const hash = digest('sha1', family === 'ipv4' ? name : `${name}-v6`).toString('hex');
  return `66${hash.slice(0, 10)}`.match(/../g)!.join(':');
}
