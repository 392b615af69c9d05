import type { KernelWriteEvent } from '../../felix-like/agent-api.ts';
import { type Agent, createAgent } from '../../felix-like/index.ts';
import { FakeKernel } from '../../felix-like/kernel/fake-kernel.ts';
import type { KernelListener, KernelRoute } from '../../felix-like/kernel/kernel-port.ts';
import { agentConfig, BLOCK, POD } from './support/agent-config.ts';
import { FakeClock } from './support/fake-clock.ts';
import { RecordingLogger } from './support/recording-logger.ts';
import { blackholeRoute, gatewayRoute, linkRoute, ofProtocol } from './support/routes.ts';
import { until } from './support/until.ts';

const REMOTE = '10.244.2.0/26';

/** Operations without what they were made of: `add 10.0.0.0/8`. */
function operations(kernel: FakeKernel): string[] {
  return kernel.operations.map(({ op, route }) => `${op} ${route.prefix}`);
}

jest.setTimeout(30_000);

describe('agent', () => {
  let kernel: FakeKernel;
  let clock: FakeClock;
  let logger: RecordingLogger;
  let agent: Agent;
  let eth0: number;

  function start(): void {
    logger = new RecordingLogger();
    agent = createAgent({ kernel, commands: { run: async () => null }, clock, logger });
  }

  function learn(prefix: string, nextHop: string | null): void {
    agent.onLearntRoutes([{ family: prefix.includes(':') ? 'ipv6' : 'ipv4', prefix, nextHop }]);
  }

  function endOfRib(): void {
    agent.onLearntEndOfRib('ipv4');
    agent.onLearntEndOfRib('ipv6');
  }

  async function inSync(): Promise<void> {
    await until('in sync', () => agent.status().inSync);
  }

  async function applied(): Promise<void> {
    const applies = new Promise<void>((resolve) => {
      const stop = agent.onApplied(() => {
        stop();
        resolve();
      });
    });
    await applies;
  }

  beforeEach(() => {
    kernel = new FakeKernel();
    clock = new FakeClock();
    eth0 = kernel.addLink('eth0');
    kernel.uplink = eth0;
    kernel.addAddress('eth0', '10.0.0.1/24');
    start();
  });

  afterEach(async () => {
    await agent.close();
  });

  test('writes nothing before the configuration is there', async () => {
    kernel.putRoute(blackholeRoute('10.99.0.0/26'));
    agent.onLearntStart();
    learn(REMOTE, '10.0.0.2');
    endOfRib();
    await until('links are known', () => kernel.dumps.length === 0 && agent.status().learnt === 0);
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(kernel.operations).toEqual([]);
    expect(agent.status()).toMatchObject({ ready: false, inSync: false });
    expect(agent.kernelRoutes()).toEqual([]);
  });

  test('programs workloads, blocks and learnt routes', async () => {
    const cali1 = kernel.addLink('cali1');
    agent.apply(agentConfig());
    agent.onLearntStart();
    learn(REMOTE, '10.0.0.2');
    endOfRib();
    await inSync();
    expect(kernel.route(POD)).toEqual(linkRoute(POD, cali1));
    expect(kernel.route(BLOCK)).toEqual(blackholeRoute(BLOCK));
    expect(kernel.route(REMOTE)).toEqual(gatewayRoute(REMOTE, '10.0.0.2', eth0));
    expect(agent.status()).toMatchObject({
      node: 'node-1',
      ready: true,
      inSync: true,
      desired: 3,
      actual: 3,
      differences: [],
      workloads: 1,
      blocks: 1,
      learnt: 1,
      learntInSync: true,
      mtu: {
        underlay: 1500,
        interfaceName: 'eth0',
        ipip: null,
        vxlan: { ipv4: null, ipv6: null },
        workload: 1500,
      },
      devices: [],
      forwarding: {
        ipv4: true,
        ipv6: true,
        rpFilter: 'off',
        problems: [],
      },
      nftables: { state: 'unavailable', repairs: 0, counters: [], hostForward: [] },
      lastErrors: [],
    });
  });

  test('tells each kernel route with its reason', async () => {
    kernel.addLink('cali1');
    agent.apply(agentConfig());
    learn(REMOTE, '10.0.0.2');
    learn('10.244.3.0/26', '192.0.2.1');
    kernel.putRoute(blackholeRoute('10.99.0.0/26'));
    await until('three routes', () => agent.status().actual === 4);
    const common = {
      family: 'ipv4',
      nextHops: [],
      metric: 1024,
      protocol: 80,
      inSync: true,
      found: null,
      error: null,
    };
    expect(agent.kernelRoutes()).toEqual(
      expect.arrayContaining([
        {
          ...common,
          prefix: POD,
          type: 'unicast',
          nextHop: null,
          interfaceName: 'cali1',
          reason: 'workload',
        },
        { ...common, prefix: BLOCK, type: 'blackhole', nextHop: null, interfaceName: null, reason: 'block' },
        {
          ...common,
          prefix: REMOTE,
          type: 'unicast',
          nextHop: '10.0.0.2',
          interfaceName: 'eth0',
          reason: 'learnt',
        },
        {
          ...common,
          prefix: '10.99.0.0/26',
          type: 'blackhole',
          nextHop: null,
          interfaceName: null,
          reason: null,
          inSync: false,
          found: 'blackhole proto 80',
        },
        {
          ...common,
          prefix: '10.244.3.0/26',
          type: 'unicast',
          nextHop: '192.0.2.1',
          interfaceName: null,
          reason: 'learnt',
          inSync: false,
          error: 'next hop 192.0.2.1 is on no connected subnet, and no route leads to it',
        },
      ]),
    );
    expect(agent.kernelRoutes()).toHaveLength(5);
  });

  test('is ready after the first apply, even if nothing had to be written', async () => {
    const first = applied();
    agent.apply(agentConfig({ workloads: [], blocks: [] }));
    await first;
    expect(agent.status()).toMatchObject({ ready: true, desired: 0 });
  });

  test('follows the configuration', async () => {
    const cali1 = kernel.addLink('cali1');
    agent.apply(agentConfig());
    await inSync();
    const moved = { name: 'default/pod-1', interfaceName: 'cali1', addresses: ['10.244.1.6/32'], mac: null };
    agent.apply(agentConfig({ workloads: [moved], blocks: [] }));
    await until('the block is gone', () => kernel.route(BLOCK) === undefined);
    expect(kernel.routes()).toEqual([linkRoute('10.244.1.6/32', cali1)]);
  });

  test('counts its writes by kind and result', async () => {
    const events: KernelWriteEvent[] = [];
    agent.onKernelWrite((event) => events.push(event));
    kernel.refuse('10.244.9.0/26', { code: 'ENOSPC', text: 'the table is full (ENOSPC)' });
    agent.apply(agentConfig({ workloads: [], ipForwarding: false }));
    learn('10.244.9.0/26', '10.0.0.2');
    await until('a refusal', () => events.some(({ result }) => result === 'error'));
    agent.apply(agentConfig({ workloads: [], blocks: [], ipForwarding: false }));
    await until('a deletion', () => events.some(({ op }) => op === 'delete'));
    expect(events).toEqual(
      expect.arrayContaining([
        { op: 'add', result: 'ok', count: 1 },
        { op: 'add', result: 'error', count: 1 },
        { op: 'delete', result: 'ok', count: 1 },
      ]),
    );
  });

  describe('announces', () => {
    test('blocks once they are in the kernel, and addresses borrowed from other blocks', async () => {
      kernel.addLink('cali1');
      const told: (readonly string[])[] = [];
      agent.onOriginated((prefixes) => told.push(prefixes));
      const addresses = [POD, '10.244.9.9/32'];
      const workload = { name: 'default/pod-1', interfaceName: 'cali1', addresses, mac: null };
      agent.apply(agentConfig({ workloads: [workload] }));
      await inSync();
      expect(agent.originated()).toEqual([BLOCK, '10.244.9.9/32']);
      expect(told.at(-1)).toEqual([BLOCK, '10.244.9.9/32']);
    });

    test('no block that the kernel refuses', async () => {
      kernel.refuse(BLOCK, { code: 'ENOSPC', text: 'the table is full (ENOSPC)' });
      agent.apply(agentConfig());
      await until('a refusal', () => agent.status().lastErrors.length > 0);
      expect(agent.originated()).toEqual([]);
    });

    test('a block throughout its repair', async () => {
      const told: (readonly string[])[] = [];
      agent.onOriginated((prefixes) => told.push(prefixes));
      agent.apply(agentConfig());
      await until('ready', () => agent.status().ready);
      kernel.deleteRoute(blackholeRoute(BLOCK));
      await until('repaired', () => kernel.route(BLOCK) !== undefined);
      await inSync();
      expect(told).toEqual([[BLOCK]]);
    });

    test('a block no more that this node gives up', async () => {
      agent.apply(agentConfig());
      await until('announced', () => agent.originated().length === 1);
      agent.apply(agentConfig({ blocks: [] }));
      await until('withdrawn', () => agent.originated().length === 0);
    });

    test('no learnt route that happens to have the prefix of a workload without interface', async () => {
      const workload = {
        name: 'default/pod-1',
        interfaceName: 'cali1',
        addresses: ['10.244.9.9/32'],
        mac: null,
      };
      agent.apply(agentConfig({ workloads: [workload] }));
      learn('10.244.9.9/32', '10.0.0.2');
      await until('programmed', () => kernel.route('10.244.9.9/32') !== undefined);
      await inSync();
      expect(agent.originated()).toEqual([BLOCK]);
    });
  });

  describe('repairs', () => {
    beforeEach(async () => {
      kernel.addLink('cali1');
      agent.apply(agentConfig());
      agent.onLearntStart();
      learn(REMOTE, '10.0.0.2');
      endOfRib();
      await inSync();
      kernel.operations.length = 0;
    });

    test('a route that someone deletes', async () => {
      kernel.deleteRoute(gatewayRoute(REMOTE, '10.0.0.2', eth0));
      await until('back', () => kernel.route(REMOTE) !== undefined);
      expect(operations(kernel)).toEqual([`add ${REMOTE}`]);
    });

    test('a route that someone changes', async () => {
      kernel.putRoute(gatewayRoute(REMOTE, '10.0.0.77', eth0));
      await until('back', () => kernel.route(REMOTE)?.target.nextHops[0]?.gateway === '10.0.0.2');
      expect(operations(kernel)).toEqual([`replace ${REMOTE}`]);
    });

    test('what changed while events were lost', async () => {
      kernel.loseEvents();
      kernel.deleteRoute(gatewayRoute(REMOTE, '10.0.0.2', eth0));
      kernel.putRoute(blackholeRoute('10.99.0.0/26'));
      kernel.removeLink('cali1');
      kernel.announceLoss();
      await until('back', () => kernel.route(REMOTE) !== undefined);
      await until('swept', () => kernel.route('10.99.0.0/26') === undefined);
      expect(agent.kernelRoutes().find(({ prefix }) => prefix === POD)?.error).toBe(
        'interface cali1 of workload default/pod-1 does not exist',
      );
    });

    test('what nobody noticed, at the next periodic resync', async () => {
      kernel.loseEvents();
      kernel.deleteRoute(gatewayRoute(REMOTE, '10.0.0.2', eth0));
      kernel.sysctls.set('net/ipv4/conf/cali1/proxy_arp', '0');
      clock.advance(90_000);
      await until('back', () => kernel.route(REMOTE) !== undefined);
      await until('set', () => kernel.sysctls.get('net/ipv4/conf/cali1/proxy_arp') === '1');
      expect(operations(kernel)).toEqual([`add ${REMOTE}`]);
    });

    test('nothing of others, and reads the routes of others once at most', async () => {
      const ofAll = (): number => kernel.dumps.filter(({ protocol }) => protocol === null).length;
      const atStart = ofAll();
      expect(atStart).toBeLessThanOrEqual(2); // one for each family, for removeExternalRoutes
      const foreign = ofProtocol(4, gatewayRoute('10.50.0.0/16', '10.0.0.9', eth0));
      kernel.putRoute(foreign);
      clock.advance(90_000);
      const before = kernel.dumps.length;
      await until('resynced', () => kernel.dumps.length >= before + 2);
      await inSync();
      expect(kernel.route('10.50.0.0/16')).toEqual(foreign);
      expect(ofAll()).toBe(atStart);
      expect(kernel.operations).toEqual([]);
    });

    test('the routes of a link that went down and came back', async () => {
      kernel.setLinkUp('eth0', false);
      await until('waiting', () =>
        agent.kernelRoutes().some(({ error }) => error?.includes('no connected subnet') === true),
      );
      kernel.setLinkUp('eth0', true);
      await until('back', () => kernel.route(REMOTE) !== undefined);
      await inSync();
    });

    test('the routes of a link that went down and came back before anybody looked', async () => {
      kernel.setLinkUp('cali1', false);
      kernel.setLinkUp('cali1', true);
      await until('back', () => kernel.route(POD) !== undefined);
      await inSync();
      expect(operations(kernel)).toContain(`add ${POD}`);
    });

    test('the route to a workload whose interface is made anew', async () => {
      kernel.removeLink('cali1');
      const index = kernel.addLink('cali1');
      await until('back', () => kernel.route(POD)?.target.nextHops[0]?.interfaceIndex === index);
    });
  });

  describe('is never resynced', () => {
    test('when the refresh interval is 0, and still sees events', async () => {
      agent.apply(agentConfig({ routeRefreshSec: 0 }));
      endOfRib();
      await inSync();
      const dumps = kernel.dumps.length;
      clock.advance(1_000_000);
      kernel.deleteRoute(blackholeRoute(BLOCK));
      await until('back', () => kernel.route(BLOCK) !== undefined);
      expect(kernel.dumps).toHaveLength(dumps);
    });
  });

  describe('finds what an earlier process left', () => {
    let leftovers: KernelRoute[];

    beforeEach(() => {
      leftovers = [
        blackholeRoute(BLOCK),
        gatewayRoute(REMOTE, '10.0.0.2', eth0),
        gatewayRoute('10.244.7.0/26', '10.0.0.7', eth0),
        blackholeRoute('fd00:10:7::/64'),
      ];
      for (const route of leftovers) kernel.putRoute(route);
    });

    test('and writes nothing that is in place', async () => {
      agent.apply(agentConfig({ workloads: [] }));
      agent.onLearntStart();
      learn(REMOTE, '10.0.0.2');
      learn('10.244.7.0/26', '10.0.0.7');
      agent.onLearntEndOfRib('ipv4');
      await until('learnt', () => agent.status().learnt === 2);
      await until('ready', () => agent.status().ready);
      expect(kernel.operations).toEqual([]);
      expect(agent.originated()).toEqual([BLOCK]);
    });

    test('and sweeps the rest of a family when that is complete', async () => {
      agent.apply(agentConfig({ workloads: [] }));
      agent.onLearntStart();
      learn(REMOTE, '10.0.0.2');
      await until('learnt', () => agent.status().learnt === 1);
      await until('ready', () => agent.status().ready);
      expect(kernel.routes()).toEqual(leftovers);
      expect(agent.status()).toMatchObject({ learntInSync: false, inSync: false });
      expect(agent.status().differences).toEqual([
        {
          prefix: '10.244.7.0/26',
          kind: 'unexpected',
          text: 'via 10.0.0.7 dev eth0 proto 80 is in the kernel and not wanted',
        },
        {
          prefix: 'fd00:10:7::/64',
          kind: 'unexpected',
          text: 'blackhole proto 80 is in the kernel and not wanted',
        },
      ]);
      agent.onLearntEndOfRib('ipv4');
      await until('swept', () => kernel.route('10.244.7.0/26') === undefined);
      expect(kernel.route('fd00:10:7::/64')).toBeDefined();
      agent.onLearntEndOfRib('ipv6');
      await until('swept', () => kernel.route('fd00:10:7::/64') === undefined);
      expect(operations(kernel)).toEqual(['delete 10.244.7.0/26', 'delete fd00:10:7::/64']);
    });

    test('and waits for End-of-RIB no longer than the graceful restart time', async () => {
      agent.apply(agentConfig({ workloads: [] }));
      agent.onLearntStart();
      await until('ready', () => agent.status().ready);
      clock.advance(119_000);
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(kernel.routes()).toEqual(leftovers);
      clock.advance(1000);
      await inSync();
      expect(kernel.routes()).toEqual([blackholeRoute(BLOCK)]);
    });
  });

  describe('when the speaker restarts', () => {
    beforeEach(async () => {
      agent.apply(agentConfig({ workloads: [] }));
      agent.onLearntStart();
      learn(REMOTE, '10.0.0.2');
      learn('10.244.3.0/26', '10.0.0.3');
      endOfRib();
      await inSync();
      kernel.operations.length = 0;
      agent.onLearntStart();
    });

    test('keeps what is repeated without a write, and drops the rest at End-of-RIB', async () => {
      learn(REMOTE, '10.0.0.2');
      await until('incomplete', () => !agent.status().learntInSync);
      expect(kernel.operations).toEqual([]);
      endOfRib();
      await until('dropped', () => kernel.route('10.244.3.0/26') === undefined);
      expect(operations(kernel)).toEqual(['delete 10.244.3.0/26']);
    });

    test('keeps the last routes while it is away', async () => {
      clock.advance(100_000);
      await until('resynced', () => agent.status().ready && !agent.status().learntInSync);
      expect(kernel.routes().map(({ prefix }) => prefix)).toEqual([BLOCK, REMOTE, '10.244.3.0/26']);
    });
  });

  describe('reports', () => {
    test('a key that a foreign protocol holds, and does not overwrite it', async () => {
      const foreign = ofProtocol(4, gatewayRoute('192.0.2.0/24', '10.0.0.9', eth0));
      kernel.putRoute(foreign);
      agent.apply(agentConfig({ workloads: [] }));
      learn('192.0.2.0/24', '10.0.0.2');
      await until('reported', () => agent.status().lastErrors.length > 0);
      expect(kernel.route('192.0.2.0/24')).toEqual(foreign);
      expect(agent.status().lastErrors).toMatchObject([
        {
          object: 'route 192.0.2.0/24 via 10.0.0.2',
          text: 'held by a route of protocol 4, which is not overwritten',
        },
      ]);
      expect(agent.status().differences).toEqual([
        {
          prefix: '192.0.2.0/24',
          kind: 'foreign',
          text: 'via 10.0.0.2 dev eth0 proto 80 is wanted; via 10.0.0.9 dev eth0 proto 4 is held by a route of protocol 4, which is not overwritten',
        },
      ]);
      kernel.deleteRoute(foreign);
      await until('taken', () => kernel.route('192.0.2.0/24')?.target.protocol === 80);
    });

    test('no leftovers of Calico inside our pools: it replaces them', async () => {
      kernel.putRoute(ofProtocol(12, gatewayRoute(REMOTE, '10.0.0.9', eth0)));
      kernel.putRoute(ofProtocol(12, blackholeRoute(BLOCK)));
      agent.apply(agentConfig({ workloads: [] }));
      learn(REMOTE, '10.0.0.2');
      await until('replaced', () => kernel.routes().every(({ target }) => target.protocol === 80));
      await inSync();
    });

    test('what the kernel refuses, with the object, and tries it again; the rest goes on', async () => {
      kernel.refuse(REMOTE, { code: 'ENOSPC', text: 'the table is full (ENOSPC)' });
      agent.apply(agentConfig({ workloads: [] }));
      learn(REMOTE, '10.0.0.2');
      learn('10.244.3.0/26', '10.0.0.3');
      await until('the rest', () => kernel.route('10.244.3.0/26') !== undefined);
      await until('reported', () => agent.status().lastErrors.length > 0);
      expect(agent.status().lastErrors).toEqual([
        {
          at: '2030-01-01T00:00:00.000Z',
          object: `route ${REMOTE} via 10.0.0.2`,
          text: 'the table is full (ENOSPC)',
        },
      ]);
      kernel.refuse(REMOTE, null);
      await until('waiting', () => clock.timerCount >= 3);
      clock.advance(250);
      await until('written', () => kernel.route(REMOTE) !== undefined);
    });

    test('a pool with encapsulation that nothing leads through', async () => {
      agent.apply(agentConfig({ pools: [{ prefix: '10.244.0.0/16', encapsulation: 'vxlan' }] }));
      learn(REMOTE, '10.0.0.2');
      await until('reported', () => agent.status().lastErrors.length > 0);
      expect(agent.status().lastErrors[0]).toMatchObject({
        object: 'next hop 10.0.0.2',
        text: 'is no node, so nothing says where its VXLAN ends',
      });
    });

    test('a next hop that is not on a link', async () => {
      agent.apply(agentConfig());
      learn(REMOTE, '172.16.0.1');
      await until('reported', () => agent.status().lastErrors.length > 0);
      expect(agent.status().lastErrors[0]).toMatchObject({
        object: 'next hop 172.16.0.1',
        text: 'is on no connected subnet, and no route leads to it',
      });
      expect(logger.lines).toContain(
        'warn is on no connected subnet, and no route leads to it [next hop 172.16.0.1]',
      );
    });

    test('a kernel that it may not write to, and opens it when that has changed', async () => {
      await agent.close();
      let mayOpen = false;
      const open = kernel.open.bind(kernel);
      kernel.open = async (listener: KernelListener) => {
        if (!mayOpen) throw new Error('writing routes needs CAP_NET_ADMIN');
        await open(listener);
      };
      start();
      agent.apply(agentConfig());
      await until('reported', () => agent.status().lastErrors.length > 0);
      expect(agent.status()).toMatchObject({ ready: false, lastErrors: [{ object: 'kernel' }] });
      mayOpen = true;
      clock.advance(1000);
      await until('ready', () => agent.status().ready);
    });
  });

  test('changes protocol and metric without taking a route away in between', async () => {
    agent.apply(agentConfig({ workloads: [] }));
    learn(REMOTE, '10.0.0.2');
    endOfRib();
    await inSync();
    kernel.operations.length = 0;
    agent.apply(agentConfig({ workloads: [], routeProtocol: 90, routePriority: { ipv4: 512, ipv6: 512 } }));
    await until('rewritten', () => kernel.routes().every(({ metric }) => metric === 512));
    expect(operations(kernel).slice(0, 2)).toEqual([`add ${BLOCK}`, `add ${REMOTE}`]);
    expect(kernel.routes().map(({ target }) => target.protocol)).toEqual([90, 90]);
    await inSync();
  });

  test('many learnt routes are written in many turns of the event loop', async () => {
    // Settling five hundred of them takes longer than a turn may.
    clock.lookMs = 5;
    agent.apply(agentConfig({ workloads: [] }));
    const changes = Array.from({ length: 20_000 }, (_, i) => {
      return { family: 'ipv4', prefix: `10.9.${i >> 8}.${i & 255}/32`, nextHop: '10.0.0.2' } as const;
    });
    agent.onLearntRoutes(changes);
    let turns = 0;
    await until('all', () => {
      turns++;
      return agent.status().actual === 20_001;
    });
    expect(turns).toBeGreaterThan(20);
  });

  test('leaves the routes when it is closed, and no timer', async () => {
    agent.apply(agentConfig());
    await until('ready', () => agent.status().ready);
    await agent.close();
    expect([kernel.routes().length, clock.timerCount]).toEqual([1, 0]);
  });
});
