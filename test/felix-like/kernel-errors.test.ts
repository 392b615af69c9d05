/**
 * What the kernel refuses: named with the object, tried again later each time, shown in the status and counted, while
 * everything else goes on; and forgotten once it works. The kernel is one in memory, its errors are Linux's.
 */
import { constants } from 'node:os';
import type { AgentConfig, AgentStatus, RefusedKind } from '../../felix-like/agent-api.ts';
import { type Agent, createAgent } from '../../felix-like/index.ts';
import type { CommandPort } from '../../felix-like/kernel/command-port.ts';
import { FakeKernel } from '../../felix-like/kernel/fake-kernel.ts';
import type { KernelFailure } from '../../felix-like/kernel/kernel-port.ts';
import { kernelFailure } from '../../felix-like/kernel/system-error.ts';
import { agentConfig, BLOCK } from './support/agent-config.ts';
import { FakeClock } from './support/fake-clock.ts';
import { RecordingLogger } from './support/recording-logger.ts';
import { until } from './support/until.ts';

const REMOTE = '10.244.2.0/26';
const REMOTE6 = 'fd00:10:2::/64';
const SYSCTL = 'net/ipv4/conf/cali1/proxy_arp';
const MAC = '02:00:00:00:00:05';
const VXLAN: AgentConfig['tunnels'] = {
  ipip: null,
  vxlan: {
    ipv4: {
      interfaceName: 'vxlan.calico',
      address: '10.244.1.1',
      mtu: 1450,
      vni: 4096,
      port: 4789,
      mac: MAC,
    },
    ipv6: null,
  },
};
const IPIP: AgentConfig['tunnels'] = {
  ipip: { interfaceName: 'tunl0', address: '10.244.1.1', mtu: 1480 },
  vxlan: { ipv4: null, ipv6: null },
};
/** Takes every script, and has nothing to list. */
const NFT: CommandPort = {
  run: async (program, [action]) => {
    if (program !== 'nft') return null;
    const isScript = action === '-f';
    return { status: isScript ? 0 : 1, stdout: '', stderr: isScript ? '' : 'No such file or directory' };
  },
};
const NO_NFT: CommandPort = { run: async () => null };
const NAT = { ...agentConfig().nat, sources: ['10.244.0.0/16'] };
const WORKLOADS = [{ ...agentConfig().workloads[0]!, mac: MAC }];

const errno = (code: keyof typeof constants.errno, sentence: string | null = null): KernelFailure =>
  kernelFailure(constants.errno[code], sentence);

interface Case {
  readonly title: string;
  readonly kind: RefusedKind;
  readonly config?: Partial<AgentConfig>;
  /** Begins and, with null, ends the refusal. */
  readonly refuse: (kernel: FakeKernel, isRefusing: boolean) => void;
  readonly object: string;
  readonly text: string;
}

const refuseRoute = (prefix: string, failure: KernelFailure): Case['refuse'] => {
  return (kernel, isRefusing) => kernel.refuse(prefix, isRefusing ? failure : null);
};

const CASES: readonly Case[] = [
  {
    title: 'a route over an interface that is gone',
    kind: 'route',
    refuse: refuseRoute(REMOTE, errno('ENODEV')),
    object: `route ${REMOTE} via 10.0.0.2`,
    text: 'no such interface (ENODEV)',
  },
  {
    title: 'a route for which the table has no room',
    kind: 'route',
    refuse: refuseRoute(REMOTE, errno('ENOSPC')),
    object: `route ${REMOTE} via 10.0.0.2`,
    text: 'no room: the table is full (ENOSPC)',
  },
  {
    title: 'an IPv6 route beyond net.ipv6.route.max_size',
    kind: 'route',
    refuse: refuseRoute(REMOTE6, errno('ENOMEM')),
    object: `route ${REMOTE6} via fd99::2`,
    text: 'no memory, or the table is full (ENOMEM)',
  },
  {
    title: 'a route that the process may not write',
    kind: 'route',
    refuse: refuseRoute(BLOCK, errno('EPERM')),
    object: `route ${BLOCK}`,
    text: 'not permitted; writing routes needs CAP_NET_ADMIN (EPERM)',
  },
  {
    title: 'a route that the kernel refuses in words of its own',
    kind: 'route',
    refuse: refuseRoute(REMOTE, errno('EINVAL', 'Nexthop device is not up')),
    object: `route ${REMOTE} via 10.0.0.2`,
    text: 'Nexthop device is not up (EINVAL)',
  },
  {
    title: 'the device for IPIP, whose module is missing',
    kind: 'device',
    config: { tunnels: IPIP },
    refuse: (kernel, isRefusing) => (isRefusing ? kernel.removeModule('ipip') : kernel.addModule('ipip')),
    object: 'interface tunl0',
    text: 'cannot be made: this kernel has no links of kind ipip: its module ipip is missing (EOPNOTSUPP)',
  },
  {
    title: 'a device that the process may not make',
    kind: 'device',
    config: { tunnels: VXLAN },
    refuse: (kernel, isRefusing) => kernel.refuseObjects('link', isRefusing ? errno('EPERM') : null),
    object: 'interface vxlan.calico',
    text: 'cannot be made: not permitted; writing routes needs CAP_NET_ADMIN (EPERM)',
  },
  {
    title: 'the address of a device',
    kind: 'device',
    config: { tunnels: VXLAN },
    refuse: (kernel, isRefusing) => kernel.refuseObjects('address', isRefusing ? errno('ENOBUFS') : null),
    object: 'interface vxlan.calico',
    text: 'cannot be given the address 10.244.1.1/32: no room: the kernel has no buffers left, or the table is full (ENOBUFS)',
  },
  {
    title: 'a neighbour entry for which the table has no room',
    kind: 'neighbour',
    config: { workloads: WORKLOADS },
    refuse: (kernel, isRefusing) => kernel.refuseObjects('neighbour', isRefusing ? errno('ENOBUFS') : null),
    object: 'neighbour 10.244.1.5 dev cali1',
    text: 'no room: the kernel has no buffers left, or the table is full (ENOBUFS)',
  },
  {
    title: 'a parameter on a read-only /proc/sys',
    kind: 'sysctl',
    refuse: (kernel, isRefusing) => kernel.refuseSysctl(SYSCTL, isRefusing ? errno('EROFS') : null),
    object: `sysctl ${SYSCTL}`,
    text: 'cannot be set to 1: the file system is read-only (EROFS)',
  },
];

describe('what the kernel refuses', () => {
  let kernel: FakeKernel;
  let clock: FakeClock;
  let agent: Agent;
  let failedWrites: number;
  let commands: CommandPort;

  beforeEach(() => {
    kernel = new FakeKernel();
    clock = new FakeClock();
    commands = NFT;
    failedWrites = 0;
    kernel.uplink = kernel.addLink('eth0');
    kernel.addAddress('eth0', '10.0.0.1/24');
    kernel.addAddress('eth0', 'fd99::1/64');
    kernel.addLink('cali1');
  });

  afterEach(async () => {
    await agent.close();
  });

  function start(config: Partial<AgentConfig> = {}): void {
    agent = createAgent({ kernel, commands, clock, logger: new RecordingLogger() });
    agent.onKernelWrite(({ result, count }) => {
      if (result === 'error') failedWrites += count;
    });
    agent.apply(agentConfig(config));
    agent.onLearntStart();
    agent.onLearntRoutes([
      { family: 'ipv4', prefix: REMOTE, nextHop: '10.0.0.2' },
      { family: 'ipv4', prefix: '10.244.3.0/26', nextHop: '10.0.0.3' },
      { family: 'ipv6', prefix: REMOTE6, nextHop: 'fd99::2' },
    ]);
    agent.onLearntEndOfRib('ipv4');
    agent.onLearntEndOfRib('ipv6');
  }

  const reported = (object: string): string | undefined =>
    agent.status().lastErrors.find((error) => error.object === object)?.text;
  /** The loop is at rest: its timers for the next attempt are set. */
  const failuresAfter = async (ms: number): Promise<number> => {
    const before = failedWrites;
    clock.advance(ms);
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    return failedWrites - before;
  };

  test.each(CASES)('$title', async ({ kind, config, refuse, object, text }) => {
    refuse(kernel, true);
    start(config);
    await until('reported', () => reported(object) !== undefined);
    expect(reported(object)).toBe(text);
    // The rest goes on.
    await until('another route', () => kernel.route('10.244.3.0/26') !== undefined);
    expect(agent.status().refused).toEqual({ ...NOTHING_REFUSED, [kind]: 1 });
    expect(agent.status().inSync).toBe(false);
    // Tried again, later each time.
    const attempts: number[] = [];
    for (let ms = 50; ms <= 4000; ms += 50) if ((await failuresAfter(50)) > 0) attempts.push(ms);
    const pauses = attempts.slice(1).map((ms, i) => ms - attempts[i]!);
    expect(pauses.length).toBeGreaterThan(0);
    for (const [i, pause] of pauses.entries()) expect(pause).toBe(pauses[0]! * 2 ** i);
    refuse(kernel, false);
    clock.advance(10_000);
    const isAllWell = ({ inSync, refused }: AgentStatus): boolean => inSync && sumOf(refused) === 0;
    await until('all is well', () => isAllWell(agent.status()));
  });

  test('the connection, without permission', async () => {
    const open = kernel.open.bind(kernel);
    kernel.open = async () => {
      throw new Error('writing routes needs CAP_NET_ADMIN in this network namespace');
    };
    start();
    await until('reported', () => reported('kernel') !== undefined);
    expect(agent.status()).toMatchObject({ ready: false, refused: { kernel: 1 } });
    kernel.open = open;
    clock.advance(1000);
    await until('in sync', () => agent.status().inSync);
    expect(agent.status().refused).toEqual(NOTHING_REFUSED);
  });

  test('nftables, which is missing where natOutgoing needs it: all else works', async () => {
    commands = NO_NFT;
    start({ nat: NAT });
    await until('reported', () => reported('nftables') !== undefined);
    expect(reported('nftables')).toBe(
      'nft is not installed: without it there is no translation of what leaves the pools (natOutgoing)',
    );
    await until('routes', () => kernel.routes().length === 5);
    expect(agent.status()).toMatchObject({
      inSync: false,
      nftables: { state: 'failed' },
      refused: { ...NOTHING_REFUSED, nftables: 1 },
    });
  });

  test('nftables, which is missing where nothing needs it: the node is in sync, and says what it does not do', async () => {
    commands = NO_NFT;
    start();
    await until('in sync', () => agent.status().inSync);
    expect(agent.status()).toMatchObject({
      nftables: {
        state: 'unavailable',
        error: 'nft is not installed: packets of workloads are not filtered, all else works',
      },
      refused: NOTHING_REFUSED,
      lastErrors: [],
    });
  });
});

function sumOf(refused: AgentStatus['refused']): number {
  return Object.values(refused).reduce((sum, count) => sum + count, 0);
}

const NOTHING_REFUSED = { kernel: 0, route: 0, device: 0, neighbour: 0, sysctl: 0, nftables: 0 };
