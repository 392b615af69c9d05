import {
  MAX_FOLLOWED,
  NextHopRoutes,
  type NextHopSources,
} from '../../../felix-like/calc/next-hop-routes.ts';
import type { KernelRoute, RouteTarget } from '../../../felix-like/kernel/kernel-port.ts';

const OURS = 80;
const [ETH0, ETH1, CALI] = [2, 3, 4];

const link = (index: number, name: string, isUp = true) =>
  ({ index, name, isUp, hasCarrier: true, isLoopback: false }) as const;

const SOURCES: NextHopSources = {
  links: [link(ETH0, 'eth0'), link(ETH1, 'eth1', false), link(CALI, 'cali1')],
  addresses: [
    { interfaceIndex: ETH0, address: '10.0.0.1', subnet: '10.0.0.0/24' },
    { interfaceIndex: ETH1, address: '10.1.0.1', subnet: '10.1.0.0/24' },
  ],
  workloads: [
    { name: 'a', interfaceName: 'cali1', addresses: ['10.65.1.5/32'], mac: null },
    { name: 'b', interfaceName: 'cali2', addresses: ['10.65.1.6/32'], mac: null },
  ],
  gatewayRoutes: [
    { prefix: '203.0.113.9/32', gateway: '10.0.0.254', resource: 'BGPPeer/a' },
    { prefix: '203.0.113.8/32', gateway: '10.1.0.254', resource: 'BGPPeer/b' },
  ],
};

function route(
  prefix: string,
  over: Partial<RouteTarget> & { metric?: number; by?: number } = {},
): KernelRoute {
  const { metric = 0, by = ETH0, ...target } = over;
  const nextHops = [{ gateway: '10.0.0.254', interfaceIndex: by, onlink: false, weight: 1 }];
  return {
    table: 254,
    prefix,
    metric,
    target: { type: 'unicast', protocol: 3, scope: 'universe', nextHops, ...target },
  };
}

const isOurs = ({ target }: KernelRoute): boolean => target.protocol === OURS;

function read(routes: readonly KernelRoute[]): NextHopRoutes {
  const ways = new NextHopRoutes();
  ways.beginRead(isOurs)(routes);
  return ways;
}

const others = (ways: NextHopRoutes): readonly string[] =>
  (ways.list({ ...SOURCES, addresses: [], workloads: [], gatewayRoutes: [] }) ?? []).map(
    ({ prefix, metric, interfaceName, isUnreachable }) =>
      `${prefix} ${metric} ${isUnreachable === true ? 'unreachable' : interfaceName}`,
  );

test('subnets, local workloads and named gateways count while their link is up', () => {
  expect(read([]).list(SOURCES)).toEqual([
    { prefix: '10.0.0.0/24', metric: 0, interfaceName: 'eth0' },
    { prefix: '10.65.1.5/32', metric: 0, interfaceName: 'cali1' },
    { prefix: '203.0.113.9/32', metric: 0, interfaceName: 'eth0' },
  ]);
});

test('routes of others count: not ours, not link-local ones, not those of a link that is down; what leads nowhere hides', () => {
  const ways = read([
    route('0.0.0.0/0', { metric: 100 }),
    route('10.65.2.0/26', { protocol: OURS }),
    route('fe80::/64'),
    route('10.9.0.0/16', { by: ETH1 }),
    route('192.0.2.0/24', { type: 'blackhole', nextHops: [] }),
  ]);
  expect(others(ways)).toEqual(['0.0.0.0/0 100 eth0', '192.0.2.0/24 0 unreachable']);
});

test('changes are followed, and a change that concerns nobody is none', () => {
  const ways = read([route('0.0.0.0/0')]);
  expect([ways.takeChange(), ways.takeChange()]).toEqual([true, false]);
  ways.onEvent(true, route('10.8.0.0/16'));
  expect(ways.takeChange()).toBe(false);
  ways.onEvent(false, route('10.8.0.0/16', { metric: 5 }));
  ways.onEvent(true, route('0.0.0.0/0'));
  expect(ways.takeChange()).toBe(true);
  expect(others(ways)).toEqual(['10.8.0.0/16 5 eth0']);
});

test('a deleted route has its interface read again, which replaces the routes of that interface alone', () => {
  const ways = read([route('2001:db8::/32'), route('10.4.0.0/16', { by: CALI })]);
  expect(ways.isStale).toBe(false);
  ways.onEvent(true, route('2001:db8::/32'));
  expect([...(ways.stale ?? [])]).toEqual([ETH0]);
  ways.beginRead(isOurs)([route('2001:db8::/32')]); // another router had announced the same
  expect(others(ways)).toEqual(['10.4.0.0/16 0 cali1', '2001:db8::/32 0 eth0']);
  expect(ways.isStale).toBe(false);
});

test('more routes than can be followed: nothing is resolved, until there are fewer', () => {
  const many = Array.from({ length: MAX_FOLLOWED + 1 }, (_, i) => route(`10.${i >> 8}.${i & 255}.0/24`));
  const ways = read(many);
  expect(ways.list(SOURCES)).toBeNull();
  ways.markStale(null);
  ways.beginRead(isOurs)(many.slice(0, 10));
  expect(others(ways)).toHaveLength(10);
});
