/** What a node writes about itself; values as Calico derives them. */
import { missingAnnotations } from '../../../../config/datastore/kubernetes/node-annotations.ts';
import { parseResource } from '../../../../config/schema/parse-resource.ts';
import type { IpPool } from '../../../../config/schema/resource-set.ts';

const P = 'projectcalico.org/';

function pool(spec: object): IpPool {
  const parsed = parseResource({
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPPool',
    metadata: { name: 'pool' },
    spec,
  });
  if (parsed.outcome !== 'valid') throw new Error(JSON.stringify(parsed));
  return parsed.resource as IpPool;
}

const NODE = {
  metadata: { name: 'kube-node-1' },
  spec: { podCIDRs: ['10.42.3.0/24', 'fd00:42:3::/64'] },
  status: {
    addresses: [
      { type: 'Hostname', address: 'kube-node-1' },
      { type: 'ExternalIP', address: '192.0.2.1' },
      { type: 'InternalIP', address: '10.0.0.7' },
      { type: 'InternalIP', address: 'fd00::7' },
    ],
  },
};
const HOST = [
  { address: '127.0.0.1', prefixLength: 8 },
  { address: '10.0.0.7', prefixLength: 20 },
  { address: 'fd00::7', prefixLength: 64 },
];
const ADDRESSES = { [`${P}IPv4Address`]: '10.0.0.7/20', [`${P}IPv6Address`]: 'fd00::7/64' };

const missing = (pools: readonly object[], changes: object = {}) =>
  missingAnnotations({
    node: NODE,
    hostAddresses: HOST,
    pools: pools.map(pool),
    hasBlocks: false,
    ...changes,
  });

describe('annotations that a node writes', () => {
  test('the InternalIPs have the length of the interface that has them', () => {
    expect(missing([])).toEqual(ADDRESSES);
  });

  test('an address that no interface has is a host prefix, as in Calico', () => {
    expect(missing([], { hostAddresses: [] })).toEqual({
      [`${P}IPv4Address`]: '10.0.0.7/32',
      [`${P}IPv6Address`]: 'fd00::7/128',
    });
  });

  test('without an InternalIP there is nothing to write', () => {
    expect(missing([], { node: { ...NODE, status: {} } })).toEqual({});
  });

  test('tunnels get the first usable address of the podCIDR of their family, and VXLAN its MAC addresses', () => {
    const ipip = { cidr: '10.42.0.0/16', ipipMode: 'CrossSubnet' };
    expect(missing([ipip])).toEqual({ ...ADDRESSES, [`${P}IPv4IPIPTunnelAddr`]: '10.42.3.1' });
    const vxlan = [
      { cidr: '10.42.0.0/16', vxlanMode: 'Always' },
      { cidr: 'fd00:42::/48', vxlanMode: 'Always' },
    ];
    expect(missing(vxlan)).toEqual({
      ...ADDRESSES,
      [`${P}IPv4VXLANTunnelAddr`]: '10.42.3.1',
      [`${P}VXLANTunnelMACAddr`]: '66:a8:6f:cf:1c:56',
      [`${P}IPv6VXLANTunnelAddr`]: 'fd00:42:3::1',
      [`${P}VXLANTunnelMACAddrV6`]: '66:59:df:53:8a:d3',
    });
  });

  test.each([
    ['a disabled pool', { cidr: '10.42.0.0/16', ipipMode: 'Always', disabled: true }],
    ['a pool without encapsulation', { cidr: '10.42.0.0/16', ipipMode: 'Never', vxlanMode: 'Never' }],
  ])('%s needs no tunnel', (_, spec) => {
    expect(missing([spec])).toEqual(ADDRESSES);
  });

  test('where Calico allocates from blocks, it also allocates the addresses of tunnels', () => {
    const pools = [{ cidr: '10.42.0.0/16', ipipMode: 'Always' }];
    expect(missing(pools, { hasBlocks: true })).toEqual(ADDRESSES);
  });

  test('what is there is kept, whatever it is; what is empty counts as missing', () => {
    const annotations = { [`${P}IPv4Address`]: '10.9.9.9/32', [`${P}IPv6Address`]: '' };
    const node = { ...NODE, metadata: { ...NODE.metadata, annotations } };
    expect(missing([], { node })).toEqual({ [`${P}IPv6Address`]: 'fd00::7/64' });
  });

  test('a range without a usable address gives none', () => {
    const node = { ...NODE, spec: { podCIDR: '10.42.3.0/31' } };
    expect(missing([{ cidr: '10.42.0.0/16', ipipMode: 'Always' }], { node })).toEqual(ADDRESSES);
  });
});
