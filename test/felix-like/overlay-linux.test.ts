/** The agent's tunnels on a real kernel: what others do to it, at random and all at once, and what it lacks. */
import type { AgentConfig } from '../../felix-like/agent-api.ts';
import { type Agent, createAgent, createHostCommands, createLinuxKernel } from '../../felix-like/index.ts';
import { FakeKernel } from '../../felix-like/kernel/fake-kernel.ts';
import { describeWith } from '../support/requirements.ts';
import { agentConfig } from './support/agent-config.ts';
import { NetworkNamespace } from './support/network-namespace.ts';
import { RecordingLogger } from './support/recording-logger.ts';
import { until } from './support/until.ts';

jest.setTimeout(120_000);

const NODES = Array.from({ length: 20 }, (_, i) => i + 2);
const macOf = (node: number): string => `66:00:00:00:00:${node.toString(16).padStart(2, '0')}`;

const CONFIG: Partial<AgentConfig> = {
  pools: [
    { prefix: '10.65.0.0/16', encapsulation: 'vxlan' },
    { prefix: '10.66.0.0/16', encapsulation: 'none' },
  ],
  blocks: [{ prefix: '10.65.1.0/26', resource: 'BlockAffinity/node-1' }],
  workloads: [
    { name: 'default/pod-1', interfaceName: 'cali1', addresses: ['10.65.1.5/32'], mac: '02:00:00:00:01:05' },
  ],
  tunnels: {
    ipip: null,
    vxlan: {
      ipv4: {
        interfaceName: 'vxlan.calico',
        address: '10.65.1.2',
        mtu: 1450,
        vni: 4096,
        port: 4789,
        mac: '66:00:00:00:00:01',
      },
      ipv6: null,
    },
  },
  remoteNodes: NODES.map((node) => ({
    name: `node-${node}`,
    addresses: { ipv4: `10.0.0.${node}`, ipv6: null },
    vteps: { ipv4: { address: `10.65.${node}.2`, mac: macOf(node) }, ipv6: null },
  })),
  remotePrefixes: NODES.map((node) => ({
    prefix: `10.65.${node}.0/26`,
    node: `node-${node}`,
    resource: `BlockAffinity/node-${node}`,
  })),
  routeRefreshSec: 0,
};

/** Numbers that look random and are the same in every run (mulberry32). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

describeWith({ root: true, commands: ['ip', 'bridge'] }, 'an agent with a tunnel on a real kernel', () => {
  let namespace: NetworkNamespace;
  let agent: Agent;

  beforeEach(async () => {
    namespace = new NetworkNamespace();
    namespace.addLink('eth0');
    namespace.ip('addr add 10.0.0.1/24 dev eth0');
    namespace.addLink('cali1');
    const kernel = createLinuxKernel({ networkNamespace: namespace.path });
    const commands = createHostCommands({ networkNamespace: namespace.path });
    agent = createAgent({ kernel, commands, logger: new RecordingLogger() });
    agent.apply(agentConfig(CONFIG));
    agent.onLearntStart();
    agent.onLearntRoutes([
      { family: 'ipv4', prefix: '10.66.7.0/26', nextHop: '10.0.0.7', nextHops: ['10.0.0.7', '10.0.0.8'] },
    ]);
    agent.onLearntEndOfRib('ipv4');
    agent.onLearntEndOfRib('ipv6');
    await until('in sync', () => agent.status().inSync, 20);
  });

  afterEach(async () => {
    await agent.close();
    namespace.remove();
  });

  /** Everything of ours as the kernel has it. */
  function ours(): string {
    const lines = [
      ...namespace.routes('ipv4', 'proto 80'),
      ...namespace.ip('-4 -br addr show dev vxlan.calico').split('\n'),
      ...namespace.ip('neigh show nud permanent').split('\n'),
      ...namespace.bridge('fdb show dev vxlan.calico').split('\n'),
      ...(namespace.ip('link show dev vxlan.calico').match(/mtu \d+/) ?? []),
    ];
    return lines
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .sort()
      .join('\n');
  }

  function tryOurs(): string {
    try {
      return ours();
    } catch (error) {
      return String(error);
    }
  }

  test('several next hops share the traffic of one route', () => {
    const shown = namespace.ip('route show 10.66.7.0/26').replaceAll(/\s+/g, ' ').trim();
    expect(shown).toBe(
      '10.66.7.0/26 proto 80 metric 1024 nexthop via 10.0.0.7 dev eth0 weight 1 nexthop via 10.0.0.8 dev eth0 weight 1',
    );
  });

  test.each([1, 2, 3])(
    'recovers from whatever others do to it, and loses nothing of theirs (seed %d)',
    async (seed) => {
      const random = generator(seed);
      const wanted = ours();
      const foreign: string[] = [];
      const node = (): number => NODES[random(NODES.length)]!;
      const moves: (() => string)[] = [
        () => `route del 10.65.${node()}.0/26 metric 1024`,
        () => 'route del 10.65.1.0/26 metric 1024',
        () => 'route del 10.66.7.0/26 metric 1024',
        () => `route replace 10.65.${node()}.0/26 via 10.0.0.99 dev eth0 metric 1024 proto static`,
        () => `route add 10.65.77.${random(4) * 64}/26 via 10.0.0.99 dev eth0 proto 80 metric 1024`,
        () => 'addr del 10.65.1.2/32 dev vxlan.calico',
        () => 'addr add 10.99.0.1/32 dev vxlan.calico',
        () => `neigh del 10.65.${node()}.2 dev vxlan.calico`,
        () => `neigh replace 10.65.${node()}.2 lladdr 02:00:00:00:00:99 dev vxlan.calico nud permanent`,
        () => 'neigh del 10.65.1.5 dev cali1',
        () => 'link set vxlan.calico down',
        () => 'link set vxlan.calico up',
        () => `link set vxlan.calico mtu ${1300 + random(100)}`,
        () => 'link del vxlan.calico',
        () => 'link set cali1 down',
        () => 'link set cali1 up',
        () => 'link set eth0 down',
        () => 'link set eth0 up',
        () => {
          const prefix = `192.0.2.${random(64) * 4}/30`;
          foreign.push(prefix);
          return `route replace blackhole ${prefix} proto static`;
        },
      ];
      for (let i = 0; i < 60; i++) {
        try {
          namespace.ip(moves[random(moves.length)]!());
        } catch {
          // what is to be deleted may be gone already
        }
      }
      // A key that a foreign route took is not taken back before that route goes.
      for (const line of namespace.routes('ipv4', 'proto static')) {
        if (line.includes('via 10.0.0.99'))
          namespace.ip(`route del ${line.split(' ')[0]} metric 1024 proto static`);
      }
      for (const link of ['eth0', 'cali1']) namespace.ip(`link set ${link} up`);
      await until('everything as it was', () => tryOurs() === wanted, 50).catch(() => {
        expect({ kernel: tryOurs(), differences: agent.status().differences }).toEqual({ kernel: wanted });
      });
      await until('in sync', () => agent.status().inSync, 20);
      const left = namespace.routes('ipv4', 'proto static').join('\n');
      for (const prefix of foreign) expect(left).toContain(`blackhole ${prefix}`);
    },
  );

  test('a device that somebody else made under our name with another purpose is left alone and reported', async () => {
    namespace.ip('link del vxlan.calico');
    namespace.ip('link add vxlan.calico type bridge');
    const object = 'interface vxlan.calico';
    const reported = (): string | undefined =>
      agent.status().lastErrors.find((error) => error.object === object)?.text;
    await until('reported', () => reported()?.includes('exists as bridge') === true, 20);
    expect(namespace.ip('-d link show dev vxlan.calico')).toContain('bridge');
    namespace.ip('link del vxlan.calico');
    await until('in sync', () => agent.status().inSync, 20);
  });

  test('a device of others that has our VNI is told of in the words of the kernel, and made way for', async () => {
    const object = 'interface vxlan.calico';
    const reported = (): string | undefined =>
      agent.status().lastErrors.find((error) => error.object === object)?.text;
    // Both at once: the agent would have its device back before.
    namespace.ipBatch([
      'link del vxlan.calico',
      'link add flannel.1 type vxlan id 4096 dstport 4789 local 10.0.0.1 dev eth0',
    ]);
    await until('reported', () => reported()?.includes('VNI') === true, 20);
    expect(reported()).toMatch(/^cannot be made: .*VNI.* \(EEXIST\)$/);
    expect(agent.status()).toMatchObject({ inSync: false, refused: { device: 1 } });
    namespace.ip('link del flannel.1');
    await until('in sync', () => agent.status().inSync, 20);
  });

  test('a next hop behind a route of others is followed, and never through our own routes', async () => {
    namespace.addLink('eth1');
    namespace.ip('addr add 10.8.0.1/24 dev eth1');
    const via = (): string => namespace.ip('route show 10.66.8.0/26').trim();
    agent.onLearntRoutes([{ family: 'ipv4', prefix: '10.66.8.0/26', nextHop: '172.16.5.5' }]);
    const object = 'next hop 172.16.5.5';
    await until('reported', () => agent.status().lastErrors.some((error) => error.object === object), 20);
    // Our own route to the next hop's subnet does not count.
    agent.onLearntRoutes([{ family: 'ipv4', prefix: '172.16.5.0/24', nextHop: '10.0.0.9' }]);
    await until('written', () => namespace.ip('route show 172.16.5.0/24').includes('via 10.0.0.9'), 20);
    expect(via()).toBe('');
    namespace.ip('route add 172.16.0.0/16 via 10.0.0.254');
    await until('followed', () => via() === '10.66.8.0/26 via 10.0.0.254 dev eth0 proto 80 metric 1024', 20);
    namespace.ip('route add 172.16.4.0/22 via 10.8.0.254');
    await until('the longer one', () => via().includes('via 10.8.0.254 dev eth1'), 20);
    namespace.ip('route del 172.16.4.0/22');
    await until('the other again', () => via().includes('via 10.0.0.254 dev eth0'), 20);
    namespace.ip('route del 172.16.0.0/16');
    await until('gone', () => via() === '', 20);
  });
});

describe('an agent on a kernel without the module for IPIP', () => {
  test('says so by name, and does everything else', async () => {
    const kernel = new FakeKernel();
    kernel.removeModule('ipip');
    kernel.uplink = kernel.addLink('eth0');
    kernel.addAddress('eth0', '10.0.0.1/24');
    kernel.addLink('cali1');
    const commands = { run: async () => null };
    const agent = createAgent({ kernel, commands, logger: new RecordingLogger() });
    const tunnels = {
      ipip: { interfaceName: 'tunl0', address: '10.65.1.1', mtu: null },
      vxlan: { ipv4: null, ipv6: null },
    };
    const errors: number[] = [];
    agent.onKernelWrite(({ op, result, count }) => {
      if (op === 'link' && result === 'error') errors.push(count);
    });
    agent.apply(agentConfig({ tunnels }));
    const reported = (): string | undefined =>
      agent.status().lastErrors.find(({ object }) => object === 'interface tunl0')?.text;
    try {
      await until('reported', () => reported() !== undefined);
      await until('the rest', () => kernel.routes().length === 2);
      expect(reported()).toBe(
        'cannot be made: this kernel has no links of kind ipip: its module ipip is missing (EOPNOTSUPP)',
      );
      expect(agent.status()).toMatchObject({
        devices: [{ interfaceName: 'tunl0', isPresent: false }],
        inSync: false,
      });
      expect(errors[0]).toBe(1);
    } finally {
      await agent.close();
    }
  });
});
