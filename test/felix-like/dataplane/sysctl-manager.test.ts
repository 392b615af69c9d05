import type { AgentConfig } from '../../../felix-like/agent-api.ts';
import { DEFAULT_RP_FILTER_KEY, globalSysctls, workloadSysctls } from '../../../felix-like/calc/sysctls.ts';
import { ErrorLog } from '../../../felix-like/dataplane/error-log.ts';
import { ForwardingCheck } from '../../../felix-like/dataplane/forwarding-check.ts';
import { type SysctlCounts, SysctlManager } from '../../../felix-like/dataplane/sysctl-manager.ts';
import { FakeKernel } from '../../../felix-like/kernel/fake-kernel.ts';
import { agentConfig } from '../support/agent-config.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { gatewayRoute } from '../support/routes.ts';

/** How often parameters are looked at whose changes nobody tells. */
const LOOK_MS = 10_000;

describe('kernel parameters', () => {
  let kernel: FakeKernel;
  let clock: FakeClock;
  let errors: ErrorLog;
  let manager: SysctlManager;
  let forwarding: ForwardingCheck;

  beforeEach(() => {
    kernel = new FakeKernel();
    kernel.sysctls.set(DEFAULT_RP_FILTER_KEY, '2');
    clock = new FakeClock();
    errors = new ErrorLog(clock, new RecordingLogger());
    forwarding = new ForwardingCheck(new RecordingLogger(), () => 'eth0');
    const plan = { global: globalSysctls, workload: workloadSysctls, rpFilterKey: DEFAULT_RP_FILTER_KEY };
    manager = new SysctlManager({ plan, clock, errors, forwarding });
  });

  async function apply(config: AgentConfig = agentConfig()): Promise<SysctlCounts> {
    return manager.apply(kernel, config, await kernel.dumpLinks());
  }

  test('are set for the node at once, and for a workload when its interface appears', async () => {
    expect(await apply()).toEqual({ written: 2, failed: 0 });
    kernel.addLink('cali1');
    kernel.addLink('cali-of-nobody');
    expect(await apply()).toEqual({ written: 6, failed: 0 });
    expect(kernel.sysctls.get('net/ipv4/conf/cali1/proxy_arp')).toBe('1');
    expect(kernel.sysctls.get('net/ipv4/conf/cali1/rp_filter')).toBe('2');
    expect(kernel.sysctls.get('net/ipv4/conf/cali-of-nobody/proxy_arp')).toBe('0');
  });

  test('are set once, and again for an interface that was made anew', async () => {
    kernel.addLink('cali1');
    await apply();
    kernel.sysctls.set('net/ipv4/conf/cali1/proxy_arp', '0');
    expect((await apply()).written).toBe(0);
    kernel.removeLink('cali1');
    await apply();
    kernel.addLink('cali1');
    await apply();
    expect(kernel.sysctls.get('net/ipv4/conf/cali1/proxy_arp')).toBe('1');
  });

  test('are looked at again when that is asked for', async () => {
    await apply();
    kernel.sysctls.set('net/ipv4/ip_forward', '0');
    manager.recheck();
    expect(await apply()).toEqual({ written: 1, failed: 0 });
  });

  test('that are missing are reported, but not those of an IPv6 that the kernel lacks', async () => {
    kernel.addLink('cali1');
    for (const key of [...kernel.sysctls.keys()]) if (key.includes('ipv6')) kernel.sysctls.delete(key);
    kernel.sysctls.delete('net/ipv4/conf/cali1/proxy_arp');
    expect((await apply()).failed).toBe(1);
    expect(errors.list()).toMatchObject([
      {
        object: 'sysctl net/ipv4/conf/cali1/proxy_arp',
        text: 'cannot be set to 1: no such file or directory (ENOENT)',
      },
    ]);
  });

  test('that are refused are tried again, later each time, and those alone', async () => {
    kernel.addLink('cali1');
    const key = 'net/ipv4/conf/cali1/proxy_arp';
    kernel.sysctls.delete(key);
    await apply();
    expect(manager.refusedCount).toBe(1);
    expect(manager.nextMs()).toBe(250);
    expect(await apply()).toEqual({ written: 0, failed: 0 });
    clock.advance(250);
    kernel.sysctls.set('net/ipv4/ip_forward', '0');
    expect(await apply()).toEqual({ written: 0, failed: 1 });
    expect(manager.nextMs()).toBe(750);
    kernel.sysctls.set(key, '0');
    clock.advance(500);
    expect(await apply()).toEqual({ written: 1, failed: 0 });
    expect(kernel.sysctls.get('net/ipv4/ip_forward')).toBe('0');
    expect(manager.refusedCount).toBe(0);
    expect(manager.nextMs()).toBe(LOOK_MS);
  });

  test('of an interface that goes are not tried any more', async () => {
    kernel.addLink('cali1');
    kernel.sysctls.delete('net/ipv4/conf/cali1/proxy_arp');
    await apply();
    kernel.removeLink('cali1');
    await apply();
    expect(manager.refusedCount).toBe(0);
    expect(manager.nextMs()).toBe(LOOK_MS);
  });

  test('whose changes the kernel tells nobody are looked at every ten seconds, and those alone', async () => {
    kernel.addLink('cali1');
    expect(manager.nextMs()).toBeNull();
    await apply();
    const untold = [
      'ipv4/neigh/cali1/proxy_delay',
      'ipv4/conf/cali1/route_localnet',
      'ipv6/conf/cali1/accept_ra',
    ];
    const values = (): (string | undefined)[] => untold.map((key) => kernel.sysctls.get(`net/${key}`));
    for (const key of untold) kernel.sysctls.set(`net/${key}`, '7');
    kernel.sysctls.set('net/ipv4/ip_forward', '0');
    clock.advance(LOOK_MS - 1);
    expect(await apply()).toEqual({ written: 0, failed: 0 });
    clock.advance(1);
    expect(await apply()).toEqual({ written: 3, failed: 0 });
    expect(values()).toEqual(['0', '1', '0']);
    expect(kernel.sysctls.get('net/ipv4/ip_forward')).toBe('0');
    expect(manager.nextMs()).toBe(2 * LOOK_MS);
  });

  test('of a workload that may send from other addresses leave these alone, as long as it may', async () => {
    kernel.addLink('cali1');
    const workload = agentConfig().workloads[0]!;
    const workloads = [{ ...workload, foreignSources: ['192.0.2.0/24'] }];
    const rpFilter = (): string | undefined => kernel.sysctls.get('net/ipv4/conf/cali1/rp_filter');
    await apply(agentConfig({ workloads }));
    expect(rpFilter()).toBe('0');
    await apply();
    expect(rpFilter()).toBe('2');
    await apply(agentConfig({ workloads }));
    expect(rpFilter()).toBe('0');
  });

  describe('forwarding is looked at with them', () => {
    test('a strict filter of the whole node keeps workloads from sending from other addresses', async () => {
      kernel.sysctls.set('net/ipv4/conf/all/rp_filter', '1');
      const workload = agentConfig().workloads[0]!;
      await apply(agentConfig({ workloads: [{ ...workload, foreignSources: ['192.0.2.0/24'] }] }));
      expect(forwarding.status?.problems).toEqual([
        'the reverse path filter of this node is strict (net.ipv4.conf.all.rp_filter is 1): what default/pod-1 may send from other addresses is dropped',
      ]);
      manager.recheckLink(null);
      await apply();
      expect(forwarding.status?.problems).toEqual([]);
    });

    test.each([
      ['0', '0', 'off'],
      ['0', '1', 'strict'],
      ['1', '0', 'strict'],
      ['2', '1', 'loose'],
      ['1', '2', 'loose'],
    ])('with %s for all links and %s for that to other nodes the filter is %s', async (all, own, filter) => {
      kernel.addLink('eth0');
      kernel.sysctls.set('net/ipv4/conf/all/rp_filter', all);
      kernel.sysctls.set('net/ipv4/conf/eth0/rp_filter', own);
      await apply();
      expect(forwarding.status).toMatchObject({ rpFilter: filter, problems: [] });
    });

    test('a strict one drops what pods send to this node, where the way back is a tunnel and nothing is translated', async () => {
      kernel.addLink('eth0');
      kernel.sysctls.set('net/ipv4/conf/eth0/rp_filter', '1');
      const pools = [
        { prefix: '10.65.0.0/16', encapsulation: 'vxlan' },
        { prefix: '10.66.0.0/16', encapsulation: 'none' },
      ] as const;
      const { nat, addresses } = agentConfig();
      const problems = async (overrides: Partial<AgentConfig>): Promise<readonly string[] | undefined> => {
        manager.recheckLink(null);
        await apply(agentConfig({ pools, ...overrides }));
        return forwarding.status?.problems;
      };
      const dropped = [
        'the reverse path filter of this node is strict (net.ipv4.conf.eth0.rp_filter is 1): what pods of 10.65.0.0/16 on other nodes send to this node itself is dropped, for the way back to them is a tunnel; 2 (loose) lets it through',
      ];
      const sources = ['10.65.0.0/16'];
      expect(await problems({})).toEqual(dropped);
      expect(await problems({ nat: { ...nat, sources } })).toEqual([]);
      const exclusions = [addresses.ipv4!.address];
      expect(await problems({ nat: { ...nat, sources, exclusions } })).toEqual(dropped);
    });

    const NO_WAY =
      'this node has no default route, so nobody answers pods that ask for their gateway 169.254.1.1: add one, or a route to that address';

    test('a pod whose gateway nobody answers for is a problem, until there is a default route', async () => {
      await apply();
      expect(forwarding.status?.problems).toEqual([]);
      kernel.addLink('cali1');
      await apply();
      expect(forwarding.status).toMatchObject({ ipv4: true, ipv6: true, problems: [NO_WAY] });
      kernel.putRoute(gatewayRoute('0.0.0.0/0', '10.0.0.254', kernel.addLink('eth0')));
      manager.recheckLink(null);
      await apply();
      expect(forwarding.status?.problems).toEqual([]);
    });

    test('a node that is told not to forward says so where it has workloads', async () => {
      kernel.sysctls.set('net/ipv4/conf/all/rp_filter', '1');
      await apply(agentConfig({ ipForwarding: false }));
      expect(forwarding.status).toEqual({
        ipv4: false,
        ipv6: false,
        rpFilter: 'strict',
        gatewayInterface: null,
        problems: ['this node does not forward IPv4: nothing but the node itself reaches its workloads'],
      });
      manager.recheckLink(null);
      await apply(agentConfig({ ipForwarding: false, workloads: [] }));
      expect(forwarding.status?.problems).toEqual([]);
    });
  });
});
