/** The agent on the kernel of this machine, in a network namespace of its own: what `ip` then shows. */
import type { AgentConfig } from '../../felix-like/agent-api.ts';
import { type Agent, createAgent, createHostCommands, createLinuxKernel } from '../../felix-like/index.ts';
import { describeWith } from '../support/requirements.ts';
import { agentConfig, BLOCK, POD } from './support/agent-config.ts';
import { NetworkNamespace } from './support/network-namespace.ts';
import { RecordingLogger } from './support/recording-logger.ts';
import { until } from './support/until.ts';

const REMOTE = '10.244.2.0/26';
const PAUSE_MS = 10;

/** Both families: a pod with two addresses, a block each. */
const CONFIG: Partial<AgentConfig> = {
  workloads: [
    { name: 'default/pod-1', interfaceName: 'cali1', addresses: [POD, 'fd00:10::5/128'], mac: null },
  ],
  blocks: [
    { prefix: BLOCK, resource: 'BlockAffinity/node-1' },
    { prefix: 'fd00:10::/122', resource: 'BlockAffinity/node-1-v6' },
  ],
  routeRefreshSec: 0,
};

const IPV4_ROUTES = [
  'blackhole 10.244.1.0/26 proto 80 metric 1024',
  '10.244.1.5 dev cali1 proto 80 scope link metric 1024',
  '10.244.2.0/26 via 10.0.0.2 dev eth0 proto 80 metric 1024',
];
const IPV6_ROUTES = [
  'fd00:10::5 dev cali1 proto 80 metric 1024 pref medium',
  'blackhole fd00:10::/122 dev lo proto 80 metric 1024 pref medium',
  'fd00:10:2::/64 via fd99::2 dev eth0 proto 80 metric 1024 pref medium',
];

jest.setTimeout(60_000);

describeWith({ root: true, commands: ['ip'] }, 'the agent on a real kernel', () => {
  let namespace: NetworkNamespace;
  let agent: Agent;

  function start(config: Partial<AgentConfig> = CONFIG): void {
    const networkNamespace = namespace.path;
    const kernel = createLinuxKernel({ networkNamespace });
    agent = createAgent({
      kernel,
      commands: createHostCommands({ networkNamespace }),
      logger: new RecordingLogger(),
    });
    agent.apply(agentConfig(config));
  }

  function learn(prefix: string, nextHop: string | null): void {
    agent.onLearntRoutes([{ family: prefix.includes(':') ? 'ipv6' : 'ipv4', prefix, nextHop }]);
  }

  function learnAll(): void {
    agent.onLearntStart();
    learn(REMOTE, '10.0.0.2');
    learn('fd00:10:2::/64', 'fd99::2');
    agent.onLearntEndOfRib('ipv4');
    agent.onLearntEndOfRib('ipv6');
  }

  function ours(family: 'ipv4' | 'ipv6' = 'ipv4'): string[] {
    return namespace.routes(family, 'proto 80').map((line) => line.replace(/^(\S+ \S+ )(.*)/, '$1$2'));
  }

  /** As `ip route show proto 80` prints them: without the protocol that was asked for. */
  function shown(routes: readonly string[]): string[] {
    return routes.map((line) => line.replace('proto 80 ', ''));
  }

  async function untilRoutes(family: 'ipv4' | 'ipv6', routes: readonly string[]): Promise<void> {
    const wanted = shown(routes).sort().join('\n');
    try {
      await until('those routes', () => ours(family).sort().join('\n') === wanted, PAUSE_MS);
    } catch (error) {
      expect(ours(family).sort().join('\n')).toBe(wanted);
      throw error;
    }
  }

  async function inSync(): Promise<void> {
    await until('in sync', () => agent.status().inSync, PAUSE_MS);
  }

  beforeEach(async () => {
    namespace = new NetworkNamespace();
    namespace.addLink('eth0');
    namespace.ip('addr add 10.0.0.1/24 dev eth0');
    namespace.ip('addr add fd99::1/64 dev eth0 nodad');
    // Without a way to the gateway of pods the agent makes one.
    namespace.addLink('up0');
    namespace.ip('route add 169.254.0.0/16 dev up0');
    namespace.addLink('cali1');
    start();
    learnAll();
    await inSync();
  });

  afterEach(async () => {
    await agent.close();
    namespace.remove();
  });

  test('programs workloads, blocks and learnt routes of both families', () => {
    expect(ours('ipv4').sort()).toEqual(shown(IPV4_ROUTES).sort());
    expect(ours('ipv6').sort()).toEqual(shown(IPV6_ROUTES).sort());
    expect(agent.status()).toMatchObject({ desired: 6, actual: 6, differences: [], lastErrors: [] });
    expect(agent.originated()).toEqual([BLOCK, 'fd00:10::/122']);
  });

  test('sets the parameters of the node and of the workload interface', () => {
    const values = {
      'net/ipv4/ip_forward': '1',
      'net/ipv6/conf/all/forwarding': '1',
      'net/ipv4/conf/cali1/proxy_arp': '1',
      'net/ipv4/neigh/cali1/proxy_delay': '0',
      'net/ipv4/conf/cali1/route_localnet': '1',
      'net/ipv4/conf/cali1/forwarding': '1',
      'net/ipv4/conf/cali1/rp_filter': namespace.sysctl('net/ipv4/conf/default/rp_filter'),
      'net/ipv6/conf/cali1/proxy_ndp': '1',
      'net/ipv6/conf/cali1/forwarding': '1',
      'net/ipv6/conf/cali1/accept_ra': '0',
    };
    const actual = Object.fromEntries(Object.keys(values).map((key) => [key, namespace.sysctl(key)]));
    expect(actual).toEqual(values);
  });

  test("gives a workload interface the host's own reverse path filter when it appears", async () => {
    namespace.setSysctl('net/ipv4/conf/default/rp_filter', '2');
    agent.apply(
      agentConfig({
        ...CONFIG,
        workloads: [
          { name: 'default/pod-2', interfaceName: 'cali2', addresses: ['10.244.1.6/32'], mac: null },
        ],
      }),
    );
    namespace.addLink('cali2');
    await until('a route', () => ours().some((line) => line.startsWith('10.244.1.6')), PAUSE_MS);
    expect(namespace.sysctl('net/ipv4/conf/cali2/rp_filter')).toBe('2');
    expect(namespace.sysctl('net/ipv4/conf/cali2/proxy_arp')).toBe('1');
  });

  // Nothing is read again by itself in this configuration: what is repaired was told by the kernel.
  test('repairs routes that someone deletes, as soon as the kernel tells', async () => {
    for (const [selector, family] of [
      [`${POD} metric 1024`, 'ipv4'],
      [`${BLOCK} metric 1024`, 'ipv4'],
      [`${REMOTE} metric 1024`, 'ipv4'],
      ['fd00:10:2::/64 metric 1024', 'ipv6'],
    ] as const) {
      const present = ours(family).sort().join();
      namespace.ip(`route del ${selector}`);
      await until('repaired', () => ours(family).sort().join() === present, PAUSE_MS);
    }
    await inSync();
  });

  test('hears of a change within 100 ms, and acts', async () => {
    const delays: number[] = [];
    for (let i = 0; i < 10; i++) {
      const written = new Promise<number>((resolve) => {
        const stop = agent.onKernelWrite(() => {
          stop();
          resolve(performance.now());
        });
      });
      namespace.ip(`route del ${BLOCK} metric 1024`);
      const deletedAt = performance.now();
      delays.push((await written) - deletedAt);
      await inSync();
    }
    // The fastest of ten: what else the machine does must not count.
    expect(Math.min(...delays)).toBeLessThan(100);
  });

  test('repairs a route that someone bends', async () => {
    namespace.ip(`route replace ${REMOTE} via 10.0.0.99 dev eth0 proto 80 metric 1024`);
    await untilRoutes('ipv4', IPV4_ROUTES);
  });

  test('leaves foreign routes alone, and the keys that they hold', async () => {
    const foreign = [
      '10.50.0.0/16 via 10.0.0.9 dev eth0 proto static metric 1024',
      '10.51.0.0/16 via 10.0.0.9 dev eth0',
      'blackhole 10.244.9.0/26 proto static',
    ];
    namespace.ip('route add 10.50.0.0/16 via 10.0.0.9 dev eth0 proto static metric 1024');
    namespace.ip('route add 10.51.0.0/16 via 10.0.0.9 dev eth0');
    namespace.ip('route add blackhole 10.244.9.0/26 proto static');
    learn('10.50.0.0/16', '10.0.0.2');
    learn('10.51.0.0/16', '10.0.0.2');
    await until('written', () => ours().length === 4, PAUSE_MS);
    // What the kernel did may not have been told yet.
    const kinds = (): string =>
      agent
        .status()
        .differences.map(({ kind }) => kind)
        .join();
    await until('a conflict', () => kinds() === 'foreign', PAUSE_MS);
    expect(namespace.routes()).toEqual(expect.arrayContaining(foreign));
    expect(agent.status().differences).toMatchObject([{ prefix: '10.50.0.0/16', kind: 'foreign' }]);
    namespace.ip('route del 10.50.0.0/16 metric 1024');
    await until('taken', () => ours().some((line) => line.startsWith('10.50.0.0/16 via 10.0.0.2')), PAUSE_MS);
    await inSync();
  });

  test('replaces what BIRD left in our pools', async () => {
    namespace.ip('route add 10.244.3.0/26 via 10.0.0.9 dev eth0 proto bird metric 1024');
    learn('10.244.3.0/26', '10.0.0.3');
    await untilRoutes('ipv4', [...IPV4_ROUTES, '10.244.3.0/26 via 10.0.0.3 dev eth0 proto 80 metric 1024']);
    expect(namespace.routes('ipv4', 'proto bird')).toEqual([]);
  });

  test.each(['cali1', 'eth0'])('brings the routes back when %s went down and up', async (name) => {
    namespace.ip(`link set ${name} down`);
    namespace.ip(`link set ${name} up`);
    // IPv6 addresses of a link that goes down are lost, unless they are kept on purpose.
    if (name === 'eth0') namespace.ip('addr add fd99::1/64 dev eth0 nodad');
    await untilRoutes('ipv4', IPV4_ROUTES);
    await untilRoutes('ipv6', IPV6_ROUTES);
    await inSync();
  });

  test.each([
    ['is down', 'cali1'],
    ['has no carrier: its other end is down', 'cali1p'],
  ])('waits for an interface that %s, and says so', async (state, end) => {
    namespace.ip(`link set ${end} down`);
    const waiting = (): string | null =>
      agent.kernelRoutes().find(({ prefix }) => prefix === POD)?.error ?? null;
    await until('waiting', () => waiting() !== null, PAUSE_MS);
    expect(waiting()).toBe(`interface cali1 of workload default/pod-1 ${state}`);
    await until('taken away', () => !ours().some((line) => line.includes('cali1')), PAUSE_MS);
    expect(agent.originated()).toEqual([BLOCK, 'fd00:10::/122']);
    namespace.ip(`link set ${end} up`);
    await untilRoutes('ipv4', IPV4_ROUTES);
  });

  test('follows an interface that is made anew', async () => {
    namespace.ip('link del cali1');
    namespace.addLink('cali1');
    await untilRoutes('ipv4', IPV4_ROUTES);
    await until('set', () => namespace.sysctl('net/ipv4/conf/cali1/proxy_arp') === '1', PAUSE_MS);
  });

  test('follows an interface that is renamed', async () => {
    const rename = (from: string, to: string): void => {
      namespace.ip(`link set ${from} down`);
      namespace.ip(`link set ${from} name ${to}`);
      namespace.ip(`link set ${to} up`);
    };
    rename('cali1', 'moved1');
    const waiting = (): string | null =>
      agent.kernelRoutes().find(({ prefix }) => prefix === POD)?.error ?? null;
    await until('noticed', () => waiting()?.endsWith('does not exist') === true, PAUSE_MS);
    expect(ours().join()).not.toContain('moved1');
    namespace.setSysctl('net/ipv4/conf/moved1/proxy_arp', '0');
    rename('moved1', 'cali1');
    await untilRoutes('ipv4', IPV4_ROUTES);
    await untilRoutes('ipv6', IPV6_ROUTES);
    await until('set', () => namespace.sysctl('net/ipv4/conf/cali1/proxy_arp') === '1', PAUSE_MS);
  });

  test('tries a next hop again when an address brings it onto a link', async () => {
    learn('10.244.4.0/26', '10.77.0.2');
    await until('reported', () => agent.status().lastErrors.length === 1, PAUSE_MS);
    expect(agent.status().lastErrors).toMatchObject([
      { object: 'next hop 10.77.0.2', text: 'is on no connected subnet, and no route leads to it' },
    ]);
    namespace.ip('addr add 10.77.0.1/24 dev eth0');
    await untilRoutes('ipv4', [...IPV4_ROUTES, '10.244.4.0/26 via 10.77.0.2 dev eth0 proto 80 metric 1024']);
    namespace.ip('addr del 10.77.0.1/24 dev eth0');
    await untilRoutes('ipv4', IPV4_ROUTES);
  });

  test('leaves the routes when it stops; the next one finds them in place, and sweeps the rest after End-of-RIB', async () => {
    await agent.close();
    expect(ours('ipv4').sort()).toEqual(shown(IPV4_ROUTES).sort());
    namespace.ip('route add 10.244.8.0/26 via 10.0.0.8 dev eth0 proto 80 metric 1024');
    namespace.ip('-6 route add blackhole fd00:10:8::/64 proto 80 metric 1024');
    const writes: string[] = [];
    start();
    agent.onKernelWrite(({ op, count }) => writes.push(`${op} ${count}`));
    await until('ready', () => agent.status().ready, PAUSE_MS);
    expect(agent.status()).toMatchObject({ desired: 4, actual: 8, learntInSync: false });
    expect(agent.originated()).toEqual([BLOCK, 'fd00:10::/122']);
    learnAll();
    await inSync();
    await untilRoutes('ipv4', IPV4_ROUTES);
    await untilRoutes('ipv6', IPV6_ROUTES);
    expect(writes).toEqual(['delete 2']);
  });

  test('names the object of what the kernel refuses, and goes on with the rest', async () => {
    namespace.ip('link add br0 type bridge');
    namespace.ip('addr add 10.88.0.1/24 dev br0 noprefixroute');
    namespace.ip('link set br0 up');
    learn('10.244.5.0/26', '10.88.0.2');
    learn('10.244.6.0/26', '10.0.0.6');
    await until('the rest', () => ours().some((line) => line.startsWith('10.244.6.0/26')), PAUSE_MS);
    const object = 'route 10.244.5.0/26 via 10.88.0.2';
    const refusal = (): string | undefined =>
      agent.status().lastErrors.find((error) => error.object === object)?.text;
    await until('reported', () => refusal() !== undefined, PAUSE_MS);
    expect(refusal()).toBe('Nexthop has invalid gateway (ENETUNREACH)');
    namespace.ip('route add 10.88.0.0/24 dev br0 scope link');
    await until('tried again', () => ours().some((line) => line.startsWith('10.244.5.0/26')), PAUSE_MS);
  });
});
