import { Ownership } from '../../../felix-like/routetable/ownership.ts';
import { blackholeRoute, gatewayRoute, linkRoute, ofProtocol } from '../support/routes.ts';

const WORKLOAD_LINK = 9;

function owner(...protocols: number[]): Ownership {
  return new Ownership({
    protocols,
    pools: ['10.244.0.0/16', 'fd00:10::/48'],
    isWorkloadInterface: (index) => index === WORKLOAD_LINK,
  });
}

describe('ownership', () => {
  test('a route of our protocol number is ours, wherever it points', () => {
    const policy = owner(80);
    expect(policy.isOurs(gatewayRoute('192.0.2.0/24', '10.0.0.2', 1))).toBe(true);
    expect(policy.isOurs(blackholeRoute('10.244.0.0/26'))).toBe(true);
    expect(policy.isOurs(ofProtocol(4, blackholeRoute('10.244.0.0/26')))).toBe(false);
  });

  test('a number that we had before is still ours', () => {
    expect(owner(90, 80).isOurs(blackholeRoute('10.244.0.0/26'))).toBe(true);
  });

  test('of a number that everybody uses, only routes to workloads are ours', () => {
    const policy = owner(3);
    expect(policy.isOurs(ofProtocol(3, linkRoute('10.244.0.5/32', WORKLOAD_LINK)))).toBe(true);
    expect(policy.isOurs(ofProtocol(3, gatewayRoute('0.0.0.0/0', '10.0.0.1', 2)))).toBe(false);
    expect(policy.isOurs(ofProtocol(3, blackholeRoute('10.244.0.0/26')))).toBe(false);
  });

  test('routes of others to workloads are ours to remove where that is wanted, and those of the kernel never', () => {
    const settings = {
      protocols: [80],
      pools: [],
      isWorkloadInterface: (index: number) => index === WORKLOAD_LINK,
    };
    const policy = new Ownership({ ...settings, removesExternal: true });
    const toWorkload = linkRoute('10.9.9.9/32', WORKLOAD_LINK);
    expect(policy.isExternal(ofProtocol(3, toWorkload))).toBe(true);
    expect(policy.isOurs(ofProtocol(4, toWorkload))).toBe(true);
    for (const protocol of [2, 9, 12]) expect(policy.isOurs(ofProtocol(protocol, toWorkload))).toBe(false);
    expect(policy.isOurs(ofProtocol(3, linkRoute('10.9.9.9/32', 1)))).toBe(false);
    expect(policy.isExternal(toWorkload)).toBe(false);
    expect(new Ownership(settings).isOurs(ofProtocol(3, toWorkload))).toBe(false);
  });

  test.each([
    ['what BIRD left inside our pools', 12, '10.244.1.0/26', true],
    ['what boot scripts left inside our pools', 3, 'fd00:10::/64', true],
    ['what BIRD has outside our pools', 12, '192.0.2.0/24', false],
    ['a static route inside our pools', 4, '10.244.1.0/26', false],
    ['a prefix that holds a pool', 12, '10.0.0.0/8', false],
  ])('%s may be replaced or not', (_what, protocol, prefix, expected) => {
    expect(owner(80).mayReplace(ofProtocol(protocol, blackholeRoute(prefix)))).toBe(expected);
  });
});
