import type { CalculatorConfig } from '../../../felix-like/calc/calculator-config.ts';
import { RouteCalculator } from '../../../felix-like/calc/route-calculator.ts';
import type { KernelFacts } from '../../../felix-like/calc/topology.ts';
import type { KernelRoute } from '../../../felix-like/kernel/kernel-port.ts';
import { blackholeRoute, gatewayRoute, linkRoute } from '../support/routes.ts';

const CONFIG: CalculatorConfig = {
  workloads: [{ name: 'default/pod-1', interfaceName: 'cali1', addresses: ['10.244.1.5/32'], mac: null }],
  workloadSource: { ipv4: null, ipv6: null },
  blocks: [{ prefix: '10.244.1.0/26', resource: 'BlockAffinity/node-1' }],
  pools: [{ prefix: '10.244.0.0/16', encapsulation: 'none' }],
  serviceRanges: [],
  gatewayRoutes: [],
  addresses: {
    ipv4: { address: '10.0.0.1', subnet: '10.0.0.0/24' },
    ipv6: { address: 'fd99::1', subnet: 'fd99::/64' },
  },
  tunnels: { ipip: null, vxlan: { ipv4: null, ipv6: null } },
  remoteNodes: [],
  remotePrefixes: [],
  programmed: { ipip: true, noEncapsulation: true },
  routeProtocol: 80,
  routePriority: { ipv4: 1024, ipv6: 1024 },
};

const link = { isUp: true, hasCarrier: true, isLoopback: false };
const FACTS: KernelFacts = {
  links: [
    { ...link, index: 2, name: 'eth0' },
    { ...link, index: 5, name: 'cali1' },
  ],
  addresses: [
    { interfaceIndex: 2, address: '10.0.0.1', subnet: '10.0.0.0/24' },
    { interfaceIndex: 2, address: 'fd99::1', subnet: 'fd99::/64' },
  ],
};

/** A calculator with everything that it said so far, by prefix. */
class Fixture {
  readonly problems: string[] = [];
  readonly routes = new Map<string, KernelRoute>();
  readonly calculator = new RouteCalculator(({ object, text }) => this.problems.push(`${object} ${text}`));

  constructor() {
    this.calculator.setFacts(FACTS);
    this.calculator.setConfig(CONFIG);
    this.settle();
  }

  /** Routes of others in the kernel. */
  foreign: readonly KernelRoute[] = [];

  /** Settles everything, with the routes of others read where that is asked for. @returns the prefixes */
  settle(): string[] {
    const settled: string[] = [];
    do {
      if (this.calculator.foreign.isStale) this.readForeign();
      this.calculator.settle(1000, (key, metric, target) => {
        const prefix = key.text();
        settled.push(prefix);
        if (target === null) this.routes.delete(prefix);
        else this.routes.set(prefix, { table: 254, prefix, metric, target });
      });
    } while (this.calculator.foreign.isStale);
    return settled;
  }

  readForeign(): void {
    this.calculator.pruneForeignRoutes();
    const reading = this.calculator.foreign.beginRead(({ target }) => target.protocol === 80);
    reading.take(this.foreign);
    reading.finish();
    this.calculator.onForeignRoutes();
  }

  learn(prefix: string, nextHop: string | null): void {
    const family = prefix.includes(':') ? 'ipv6' : 'ipv4';
    this.calculator.changeLearnt({ family, prefix, nextHop });
    this.settle();
  }

  setConfig(config: Partial<CalculatorConfig>): void {
    this.calculator.setConfig({ ...CONFIG, ...config });
    this.settle();
  }

  setFacts(facts: Partial<KernelFacts>): string[] {
    this.calculator.setFacts({ ...FACTS, ...facts });
    return this.settle();
  }

  waiting(prefix: string): string | undefined {
    return this.calculator.waiting().get(prefix)?.text;
  }
}

describe('routes that a node should have', () => {
  let fixture: Fixture;

  beforeEach(() => {
    fixture = new Fixture();
  });

  test('a workload address goes to its interface, a block into a blackhole', () => {
    expect([...fixture.routes.values()]).toEqual([
      linkRoute('10.244.1.5/32', 5),
      blackholeRoute('10.244.1.0/26'),
    ]);
    expect(fixture.calculator.reasonOf('10.244.1.5/32')).toBe('workload');
    expect(fixture.calculator.reasonOf('10.244.1.0/26')).toBe('block');
  });

  test('a learnt route goes to its next hop, over the link that the next hop is on', () => {
    fixture.learn('10.244.2.0/26', '10.0.0.2');
    fixture.learn('fd00:10:2::/64', 'fd99::2');
    expect(fixture.routes.get('10.244.2.0/26')).toEqual(gatewayRoute('10.244.2.0/26', '10.0.0.2', 2));
    expect(fixture.routes.get('fd00:10:2::/64')).toEqual(gatewayRoute('fd00:10:2::/64', 'fd99::2', 2));
    expect(fixture.calculator.reasonOf('10.244.2.0/26')).toBe('learnt');
  });

  test('an IPv4 route with an IPv6 next hop goes over the link of that (RFC 8950)', () => {
    fixture.learn('10.244.2.0/26', 'fd99::2');
    expect(fixture.routes.get('10.244.2.0/26')).toEqual(gatewayRoute('10.244.2.0/26', 'fd99::2', 2));
  });

  test('routes with the same next hop share one target', () => {
    fixture.learn('10.244.2.0/26', '10.0.0.2');
    fixture.learn('10.244.3.0/26', '10.0.0.2');
    expect(fixture.routes.get('10.244.2.0/26')?.target).toBe(fixture.routes.get('10.244.3.0/26')?.target);
  });

  test('a withdrawn route goes', () => {
    fixture.learn('10.244.2.0/26', '10.0.0.2');
    fixture.learn('10.244.2.0/26', null);
    expect(fixture.routes.has('10.244.2.0/26')).toBe(false);
    expect(fixture.calculator.reasonOf('10.244.2.0/26')).toBeNull();
  });

  test('metric and protocol are those of the configuration, by family', () => {
    fixture.learn('fd00:10:2::/64', 'fd99::2');
    const isRewrite = fixture.calculator.setConfig({
      ...CONFIG,
      routeProtocol: 90,
      routePriority: { ipv4: 100, ipv6: 200 },
    });
    fixture.settle();
    expect(isRewrite).toBe(true);
    const written = [...fixture.routes.values()].map(({ prefix, metric, target }) => [
      prefix,
      metric,
      target.protocol,
    ]);
    expect(written).toEqual([
      ['10.244.1.5/32', 100, 90],
      ['10.244.1.0/26', 100, 90],
      ['fd00:10:2::/64', 200, 90],
    ]);
  });
});

describe('a workload', () => {
  test.each([
    ['does not exist', [FACTS.links[0]!]],
    ['is down', [FACTS.links[0]!, { ...FACTS.links[1]!, isUp: false }]],
    ['has no carrier: its other end is down', [FACTS.links[0]!, { ...FACTS.links[1]!, hasCarrier: false }]],
  ])('waits while its interface %s', (state, links) => {
    const fixture = new Fixture();
    fixture.setFacts({ links });
    expect(fixture.routes.has('10.244.1.5/32')).toBe(false);
    expect(fixture.waiting('10.244.1.5/32')).toBe(`interface cali1 of workload default/pod-1 ${state}`);
    fixture.setFacts({});
    expect(fixture.routes.get('10.244.1.5/32')).toEqual(linkRoute('10.244.1.5/32', 5));
    expect(fixture.waiting('10.244.1.5/32')).toBeUndefined();
  });

  test('whose interface is made anew gets its route to the new one', () => {
    const fixture = new Fixture();
    fixture.setFacts({ links: [FACTS.links[0]!, { ...FACTS.links[1]!, index: 77 }] });
    expect(fixture.routes.get('10.244.1.5/32')).toEqual(linkRoute('10.244.1.5/32', 77));
  });

  test('shares its address with another: the interface that was made last wins', () => {
    const fixture = new Fixture();
    const second = { name: 'default/pod-2', interfaceName: 'cali2', addresses: ['10.244.1.5/32'], mac: null };
    fixture.setConfig({ workloads: [...CONFIG.workloads, second] });
    expect(fixture.routes.get('10.244.1.5/32')).toEqual(linkRoute('10.244.1.5/32', 5));
    fixture.setFacts({ links: [...FACTS.links, { ...link, index: 9, name: 'cali2' }] });
    expect(fixture.routes.get('10.244.1.5/32')).toEqual(linkRoute('10.244.1.5/32', 9));
  });

  test('that is gone takes its route along', () => {
    const fixture = new Fixture();
    fixture.setConfig({ workloads: [] });
    expect([...fixture.routes.keys()]).toEqual(['10.244.1.0/26']);
  });
});

describe('claims to one prefix', () => {
  test('a local workload wins against a learnt route, and yields when it is gone', () => {
    const fixture = new Fixture();
    fixture.learn('10.244.1.5/32', '10.0.0.2');
    expect(fixture.routes.get('10.244.1.5/32')).toEqual(linkRoute('10.244.1.5/32', 5));
    fixture.setConfig({ workloads: [] });
    expect(fixture.routes.get('10.244.1.5/32')).toEqual(gatewayRoute('10.244.1.5/32', '10.0.0.2', 2));
  });

  test('a workload whose interface has no carrier yields to a learnt route, as in Calico', () => {
    const fixture = new Fixture();
    fixture.learn('10.244.1.5/32', '10.0.0.2');
    fixture.setFacts({ links: [FACTS.links[0]!, { ...FACTS.links[1]!, hasCarrier: false }] });
    expect(fixture.routes.get('10.244.1.5/32')).toEqual(gatewayRoute('10.244.1.5/32', '10.0.0.2', 2));
  });

  test('a workload without interface yields to a learnt route: the address has moved', () => {
    const fixture = new Fixture();
    fixture.setFacts({ links: [FACTS.links[0]!] });
    fixture.learn('10.244.1.5/32', '10.0.0.2');
    expect(fixture.routes.get('10.244.1.5/32')).toEqual(gatewayRoute('10.244.1.5/32', '10.0.0.2', 2));
  });

  test('an own block wins against a learnt route, and yields when it is given up', () => {
    const fixture = new Fixture();
    fixture.learn('10.244.1.0/26', '10.0.0.2');
    expect(fixture.routes.get('10.244.1.0/26')).toEqual(blackholeRoute('10.244.1.0/26'));
    fixture.setConfig({ blocks: [] });
    expect(fixture.routes.get('10.244.1.0/26')).toEqual(gatewayRoute('10.244.1.0/26', '10.0.0.2', 2));
  });

  test('inside an own block a learnt host route counts: another node borrowed the address', () => {
    const fixture = new Fixture();
    fixture.learn('10.244.1.9/32', '10.0.0.2');
    expect(fixture.routes.get('10.244.1.9/32')).toEqual(gatewayRoute('10.244.1.9/32', '10.0.0.2', 2));
  });

  test('inside an own block any other learnt route does not, until the block is given up', () => {
    const fixture = new Fixture();
    fixture.learn('10.244.1.32/27', '10.0.0.2');
    expect(fixture.routes.has('10.244.1.32/27')).toBe(false);
    expect(fixture.waiting('10.244.1.32/27')).toBe('lies in 10.244.1.0/26, a block of this node');
    fixture.setConfig({ blocks: [] });
    expect(fixture.routes.get('10.244.1.32/27')).toEqual(gatewayRoute('10.244.1.32/27', '10.0.0.2', 2));
  });

  test('a block of one address has no blackhole', () => {
    const fixture = new Fixture();
    const blocks = ['10.244.7.7/32', 'fd00:10::7/128'].map((prefix) => ({
      prefix,
      resource: 'BlockAffinity/x',
    }));
    fixture.setConfig({ blocks, workloads: [] });
    expect([...fixture.routes.keys()]).toEqual([]);
  });
});

describe('a next hop', () => {
  test('that cannot be resolved is reported once, and tried again when addresses change', () => {
    const fixture = new Fixture();
    fixture.learn('10.244.2.0/26', '10.9.0.2');
    fixture.learn('10.244.3.0/26', '10.9.0.2');
    expect(fixture.problems).toEqual([
      'next hop 10.9.0.2 is on no connected subnet, and no route leads to it',
    ]);
    expect(fixture.waiting('10.244.2.0/26')).toBe(
      'next hop 10.9.0.2 is on no connected subnet, and no route leads to it',
    );
    const address = { interfaceIndex: 2, address: '10.9.0.1', subnet: '10.9.0.0/24' };
    fixture.setFacts({ addresses: [...FACTS.addresses, address] });
    expect(fixture.routes.get('10.244.2.0/26')).toEqual(gatewayRoute('10.244.2.0/26', '10.9.0.2', 2));
    expect(fixture.routes.get('10.244.3.0/26')).toEqual(gatewayRoute('10.244.3.0/26', '10.9.0.2', 2));
  });

  test('whose link goes down takes its routes along, and no others', () => {
    const fixture = new Fixture();
    fixture.learn('10.244.2.0/26', '10.0.0.2');
    const other = [...FACTS.links, { ...link, index: 3, name: 'eth1' }];
    const addresses = [...FACTS.addresses, { interfaceIndex: 3, address: '10.9.0.1', subnet: '10.9.0.0/24' }];
    fixture.setFacts({ links: other, addresses });
    fixture.learn('10.244.3.0/26', '10.9.0.2');
    const links = other.map((entry) => (entry.name === 'eth0' ? { ...entry, isUp: false } : entry));
    const settled = fixture.setFacts({ links, addresses });
    expect(settled).toEqual(['10.244.1.5/32', '10.244.2.0/26']);
    expect(fixture.routes.has('10.244.2.0/26')).toBe(false);
    expect(fixture.routes.has('10.244.3.0/26')).toBe(true);
  });

  test('that nobody uses any more is forgotten in time', () => {
    const fixture = new Fixture();
    for (let i = 0; i < 5000; i++) {
      fixture.learn('10.244.2.0/26', `172.16.${i >> 8}.${i & 255}`);
    }
    fixture.problems.length = 0;
    fixture.learn('10.244.2.0/26', '172.16.0.0');
    expect(fixture.problems).toEqual([
      'next hop 172.16.0.0 is on no connected subnet, and no route leads to it',
    ]);
  });
});

test('prefixes that are none are reported, not programmed', () => {
  const fixture = new Fixture();
  fixture.learn('10.244.2.1/26', '10.0.0.2');
  fixture.learn('FD00:10::/64', 'fd99::2');
  expect(fixture.waiting('10.244.2.1/26')).toBe('10.244.2.1/26 is not a canonical prefix');
  expect(fixture.waiting('FD00:10::/64')).toBe('FD00:10::/64 is not a canonical prefix');
});

test('many changes are settled in slices', () => {
  const fixture = new Fixture();
  for (let i = 0; i < 10; i++) {
    fixture.calculator.changeLearnt({ family: 'ipv4', prefix: `10.244.${i + 10}.0/26`, nextHop: '10.0.0.2' });
  }
  const settled: string[] = [];
  expect(fixture.calculator.settle(4, (key) => settled.push(key.text()))).toBe(true);
  expect([settled.length, fixture.calculator.isSettled]).toEqual([4, false]);
  expect(fixture.calculator.settle(100, (key) => settled.push(key.text()))).toBe(false);
  expect([settled.length, fixture.calculator.isSettled]).toEqual([10, true]);
});

describe('service addresses', () => {
  test('learnt routes inside the ranges are neither programmed nor a problem; others are', () => {
    const fixture = new Fixture();
    fixture.learn('10.96.0.0/12', '10.0.0.2');
    fixture.learn('10.96.0.7/32', '10.0.0.2');
    fixture.setConfig({ serviceRanges: ['10.96.0.0/12'] });
    fixture.learn('10.97.0.7/32', '10.0.0.2');
    fixture.learn('10.0.0.0/8', '10.0.0.2');
    expect([...fixture.routes.keys()].filter((prefix) => prefix.startsWith('10.9'))).toEqual([]);
    expect(fixture.routes.has('10.0.0.0/8')).toBe(true);
    expect(fixture.waiting('10.96.0.7/32')).toBeUndefined();
    fixture.setConfig({});
    expect(fixture.routes.has('10.96.0.7/32')).toBe(true);
  });
});

describe('a neighbor behind a gateway', () => {
  const gatewayRoutes = [{ prefix: '192.0.2.1/32', gateway: '10.0.0.254', resource: 'BGPPeer/tor' }];

  test('gets a host route, and next hops that are the neighbor go the same way', () => {
    const fixture = new Fixture();
    fixture.learn('198.51.100.0/24', '192.0.2.1');
    expect(fixture.routes.has('198.51.100.0/24')).toBe(false);
    fixture.setConfig({ gatewayRoutes });
    expect(fixture.routes.get('192.0.2.1/32')).toEqual(gatewayRoute('192.0.2.1/32', '10.0.0.254', 2));
    expect(fixture.calculator.reasonOf('192.0.2.1/32')).toBe('neighbor');
    expect(fixture.routes.get('198.51.100.0/24')).toEqual(gatewayRoute('198.51.100.0/24', '10.0.0.254', 2));
    expect(fixture.calculator.announcements()).toEqual(['10.244.1.0/26']);
    fixture.setConfig({});
    expect(fixture.routes.has('192.0.2.1/32')).toBe(false);
    expect(fixture.routes.has('198.51.100.0/24')).toBe(false);
  });

  test('a gateway that is on no subnet is reported, and the routes wait for it', () => {
    const fixture = new Fixture();
    fixture.setFacts({ addresses: [] });
    fixture.setConfig({ gatewayRoutes });
    fixture.learn('198.51.100.0/24', '192.0.2.1');
    expect(fixture.waiting('192.0.2.1/32')).toBe(
      'next hop 10.0.0.254 is on no connected subnet, and no route leads to it',
    );
    expect(fixture.waiting('198.51.100.0/24')).toBe(
      'next hop 192.0.2.1 is reached by 10.0.0.254, which is on no connected subnet, and no route leads to it',
    );
    fixture.setFacts({});
    expect(fixture.routes.get('192.0.2.1/32')).toEqual(gatewayRoute('192.0.2.1/32', '10.0.0.254', 2));
    expect(fixture.routes.has('198.51.100.0/24')).toBe(true);
  });
});

test('a next hop that is a local workload is on its interface, while that is up', () => {
  const fixture = new Fixture();
  fixture.learn('198.51.100.0/24', '10.244.1.5');
  const route = gatewayRoute('198.51.100.0/24', '10.244.1.5', 5);
  const [nextHop] = route.target.nextHops;
  const onlink = { ...route, target: { ...route.target, nextHops: [{ ...nextHop, onlink: true }] } };
  expect(fixture.routes.get('198.51.100.0/24')).toEqual(onlink);
  fixture.setFacts({ links: FACTS.links.map((one) => ({ ...one, isUp: one.index !== 5 })) });
  expect(fixture.waiting('198.51.100.0/24')).toBe(
    'next hop 10.244.1.5 is on no connected subnet, and no route leads to it',
  );
  fixture.setFacts({});
  expect(fixture.routes.has('198.51.100.0/24')).toBe(true);
  fixture.setConfig({ workloads: [] });
  expect(fixture.routes.has('198.51.100.0/24')).toBe(false);
});
