import { Overlay, type OverlayConfig, remoteEnds } from '../../../felix-like/calc/overlay.ts';
import { Topology } from '../../../felix-like/calc/topology.ts';

const link = { isUp: true, hasCarrier: true, isLoopback: false };
const tunnel = { address: null, mtu: null };
const CONFIG: OverlayConfig = {
  addresses: { ipv4: { address: '10.0.0.1', subnet: '10.0.0.0/24' }, ipv6: null },
  tunnels: {
    ipip: { ...tunnel, interfaceName: 'tunl0' },
    vxlan: {
      ipv4: { ...tunnel, interfaceName: 'vxlan.calico', vni: 4096, port: 4789, mac: '66:00:00:00:00:01' },
      ipv6: null,
    },
  },
  remoteNodes: [
    {
      name: 'near',
      addresses: { ipv4: '10.0.0.2', ipv6: null },
      vteps: { ipv4: { address: '10.65.2.1', mac: '66:00:00:00:00:02' }, ipv6: null },
    },
    {
      name: 'far',
      addresses: { ipv4: '10.9.0.3', ipv6: null },
      vteps: { ipv4: null, ipv6: null },
    },
  ],
};
const FACTS = {
  links: [
    { ...link, index: 2, name: 'eth0' },
    { ...link, index: 3, name: 'tunl0' },
    { ...link, index: 4, name: 'vxlan.calico' },
  ],
  addresses: [{ interfaceIndex: 2, address: '10.0.0.1', subnet: '10.0.0.0/24' }],
};

function overlay(config: Partial<OverlayConfig> = {}, links = FACTS.links): Overlay {
  const complete = { ...CONFIG, ...config };
  return new Overlay(complete, new Topology({ ...FACTS, links }), remoteEnds(complete));
}

describe('another node in an encapsulating pool', () => {
  test.each([
    ['ipip', '10.0.0.2', '10.0.0.2', 3],
    ['ipipCrossSubnet', '10.0.0.2', '10.0.0.2', 2],
    ['ipipCrossSubnet', '10.9.0.3', '10.9.0.3', 3],
    ['vxlan', '10.0.0.2', '10.65.2.1', 4],
    ['vxlanCrossSubnet', '10.0.0.2', '10.0.0.2', 2],
  ] as const)('%s: %s is behind %s on link %d', (encapsulation, node, gateway, interfaceIndex) => {
    const hops = [{ gateway, interfaceIndex, onlink: true, weight: 1 }];
    expect(overlay().resolve(encapsulation, node)).toEqual({ hops, error: null });
  });

  test.each([
    ['vxlan', '10.9.0.3', 'cannot be reached: node far has no VXLAN tunnel address'],
    ['vxlan', '10.9.0.9', 'is no node, so nothing says where its VXLAN ends'],
    ['ipip', '10.0.0.1', 'is an address of this node'],
    ['ipip', 'nowhere', 'is not an address'],
  ] as const)('%s: %s %s', (encapsulation, node, error) => {
    expect(overlay().resolve(encapsulation, node)).toEqual({ hops: null, error });
  });

  test('waits for a device that is down or not there', () => {
    const down = FACTS.links.map((entry) => ({ ...entry, isUp: entry.name === 'eth0' }));
    expect(overlay({}, down).resolve('ipip', '10.0.0.2').error).toBe('cannot be reached: tunl0 is down');
    expect(overlay({}, FACTS.links.slice(0, 1)).resolve('ipip', '10.0.0.2').error).toBe(
      'cannot be reached: tunl0 does not exist',
    );
  });

  test('an own address without subnet makes nobody near', () => {
    const addresses = { ipv4: { address: '10.0.0.1', subnet: '10.0.0.1/32' }, ipv6: null };
    expect(overlay({ addresses }).resolve('ipipCrossSubnet', '10.0.0.2').hops).toMatchObject([
      { interfaceIndex: 3 },
    ]);
  });

  test('goes through the tunnel while no link has the own address', () => {
    const away = new Overlay(CONFIG, new Topology({ ...FACTS, addresses: [] }), remoteEnds(CONFIG));
    expect(away.resolve('ipipCrossSubnet', '10.0.0.2').hops).toMatchObject([{ interfaceIndex: 3 }]);
  });
});
