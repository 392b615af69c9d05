/** Calico's Node (`projectcalico.org/v3`): addresses, AS number and cluster ID of one speaker. */
import { z } from 'zod';
import { address, asNumber, interfaceAddress, macAddress, plainText } from '../fields.ts';
import { objectOf } from './calico-kind.ts';

const bgp = z
  .strictObject({
    asNumber: asNumber("AS number of this node, instead of the cluster's").optional(),
    ipv4Address: interfaceAddress('IPv4 address with the length of its subnet', 'ipv4').optional(),
    ipv6Address: interfaceAddress('IPv6 address with the length of its subnet', 'ipv6').optional(),
    ipv4IPIPTunnelAddr: address('Address of tunl0', 'ipv4').optional(),
    routeReflectorClusterID: address(
      'Set: this node is a route reflector with this cluster ID',
      'ipv4',
    ).optional(),
  })
  .describe('BGP settings');

const spec = z.strictObject({
  bgp: bgp.optional(),
  addresses: z
    .array(z.strictObject({ address: plainText('Address'), type: plainText('Type').optional() }))
    .optional()
    .describe('Addresses by which the node is known'),
  ipv4VXLANTunnelAddr: address('Address of vxlan.calico', 'ipv4').optional(),
  ipv6VXLANTunnelAddr: address('Address of vxlan-v6.calico', 'ipv6').optional(),
  vxlanTunnelMACAddr: macAddress('MAC address of vxlan.calico').optional(),
  vxlanTunnelMACAddrV6: macAddress('MAC address of vxlan-v6.calico').optional(),
  orchRefs: z
    .array(z.strictObject({ nodeName: z.string().optional(), orchestrator: z.string() }))
    .optional()
    .describe('Names of the node elsewhere'),
  wireguard: z
    .strictObject({
      interfaceIPv4Address: address('Address of the WireGuard interface', 'ipv4').optional(),
      interfaceIPv6Address: address('Address of the WireGuard interface', 'ipv6').optional(),
    })
    .optional(),
  interfaces: z
    .array(z.strictObject({ name: z.string().optional(), addresses: z.array(z.string()).optional() }))
    .optional()
    .describe('Interfaces of the node'),
});

export const node = objectOf(spec.default({}));
