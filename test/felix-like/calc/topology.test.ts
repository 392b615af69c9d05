import { type KernelFacts, type LinkFact, Topology } from '../../../felix-like/calc/topology.ts';

function link(index: number, name: string, state: Partial<LinkFact> = {}): LinkFact {
  return { index, name, isUp: true, hasCarrier: true, isLoopback: false, ...state };
}

const FACTS: KernelFacts = {
  links: [
    link(1, 'lo', { isLoopback: true }),
    link(2, 'eth0'),
    link(3, 'eth1', { isUp: false }),
    link(4, 'eth2', { hasCarrier: false }),
    link(5, 'ppp0'),
  ],
  addresses: [
    { interfaceIndex: 1, address: '127.0.0.1', subnet: '127.0.0.0/8' },
    { interfaceIndex: 2, address: '10.0.0.1', subnet: '10.0.0.0/16' },
    { interfaceIndex: 3, address: '10.9.0.1', subnet: '10.9.0.0/16' },
    { interfaceIndex: 4, address: '10.0.0.7', subnet: '10.0.0.0/16' },
    { interfaceIndex: 4, address: '10.0.8.1', subnet: '10.0.8.0/24' },
    { interfaceIndex: 5, address: '10.5.0.1', subnet: '10.5.0.2/32' },
    { interfaceIndex: 2, address: 'fd99::1', subnet: 'fd99::/64' },
    { interfaceIndex: 2, address: 'fe80::1', subnet: 'fe80::/64' },
  ],
};

describe('a next hop', () => {
  test.each([
    ['on the subnet of a link', '10.0.3.4', 2],
    ['on the longer of two subnets, though without carrier', '10.0.8.9', 4],
    ['at the far end of a point-to-point link', '10.5.0.2', 5],
    ['of IPv6', 'fd99::2', 2],
    ['that is link-local, with its link', 'fe80::2%ppp0', 5],
  ])('%s is reached over that link', (_where, address, interfaceIndex) => {
    expect(new Topology(FACTS).resolve(address)).toEqual({ interfaceIndex, error: null });
  });

  test('of two links on one subnet, the one with carrier counts', () => {
    const reversed = { links: FACTS.links, addresses: [...FACTS.addresses].reverse() };
    expect(new Topology(reversed).resolve('10.0.3.4').interfaceIndex).toBe(2);
  });

  test.each([
    ['beyond a router', '192.0.2.1', 'is on no connected subnet'],
    ['on a link that is down', '10.9.0.2', 'is on no connected subnet'],
    ['on the loopback link', '127.0.0.2', 'is on no connected subnet'],
    ['that is this node', '10.0.0.1', 'is an address of this node'],
    ['that is link-local', 'fe80::2', 'is link-local, and nothing says on which link'],
    ['on an interface that is not there', 'fe80::2%eth9', 'is on the interface eth9, which is not there'],
    ['on an interface that is down', 'fe80::2%eth1', 'is on eth1, which is down'],
    ['that is no address', '10.0.0', 'is not an address'],
  ])('%s is not resolved: the reason is said', (_where, address, error) => {
    const isElsewhere = error === 'is on no connected subnet';
    expect(new Topology(FACTS).resolve(address)).toEqual({ interfaceIndex: null, error, isElsewhere });
  });
});
