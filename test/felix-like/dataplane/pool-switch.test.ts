import type { AgentConfig } from '../../../felix-like/agent-api.ts';
import { PoolSwitch } from '../../../felix-like/dataplane/pool-switch.ts';
import { agentConfig } from '../support/agent-config.ts';
import { FakeClock } from '../support/fake-clock.ts';

const IPV4 = '10.244.0.0/16';
const IPV6 = 'fd00:10::/64';
const DEVICE = { interfaceName: 'vxlan.calico', address: null, mtu: null, vni: 1, port: 4789, mac: '' };

type Encapsulation = AgentConfig['pools'][number]['encapsulation'];

function config(encapsulation: Encapsulation, ipv6: Encapsulation = 'none'): AgentConfig {
  const uses = (kind: string): boolean => encapsulation.startsWith(kind);
  return agentConfig({
    pools: [
      { prefix: IPV4, encapsulation },
      { prefix: IPV6, encapsulation: ipv6 },
    ],
    tunnels: {
      ipip: uses('ipip') ? { interfaceName: 'tunl0', address: null, mtu: null } : null,
      vxlan: { ipv4: uses('vxlan') ? DEVICE : null, ipv6: ipv6.startsWith('vxlan') ? DEVICE : null },
    },
  });
}

describe('pools that change their encapsulation', () => {
  let clock: FakeClock;
  let due: number;
  let switches: PoolSwitch;
  const take = (wanted: AgentConfig): Encapsulation[] =>
    switches.take(wanted).pools.map(({ encapsulation }) => encapsulation);

  beforeEach(() => {
    clock = new FakeClock();
    due = 0;
    switches = new PoolSwitch(clock, () => due++);
  });

  test('the first configuration is in force at once', () => {
    expect(take(config('vxlan'))).toEqual(['vxlan', 'none']);
    expect(switches.isWaiting).toBe(false);
  });

  test.each<[Encapsulation, Encapsulation]>([
    ['none', 'vxlan'],
    ['none', 'vxlanCrossSubnet'],
    ['none', 'ipip'],
  ])('from %s to %s: the device is there at once, and used after five seconds', (before, after) => {
    take(config(before));
    const wanted = config(after);
    const inForce = switches.take(wanted);
    expect(inForce.tunnels).toEqual(wanted.tunnels);
    expect(inForce.pools[0]!.encapsulation).toBe(before);
    clock.advance(4999);
    expect(due).toBe(0);
    clock.advance(1);
    expect(due).toBe(1);
    expect(take(wanted)).toEqual([after, 'none']);
    expect(switches.isWaiting).toBe(false);
  });

  test.each<[Encapsulation, Encapsulation]>([
    ['vxlan', 'ipip'],
    ['ipipCrossSubnet', 'vxlan'],
  ])('from %s to %s: both devices are there until the new one is used', (before, after) => {
    const old = switches.take(config(before)).tunnels;
    const wanted = config(after);
    const { tunnels } = switches.take(wanted);
    expect([tunnels.ipip, tunnels.vxlan.ipv4]).not.toContain(null);
    expect(tunnels).toEqual({
      ipip: wanted.tunnels.ipip ?? old.ipip,
      vxlan: { ipv4: wanted.tunnels.vxlan.ipv4 ?? old.vxlan.ipv4, ipv6: null },
    });
    clock.advance(5000);
    expect(switches.take(wanted)).toEqual(wanted);
  });

  test.each<[Encapsulation, Encapsulation]>([
    ['vxlan', 'none'],
    ['ipip', 'none'],
    ['vxlan', 'vxlanCrossSubnet'],
    ['vxlanCrossSubnet', 'vxlan'],
  ])('from %s to %s: at once, because no device is new', (before, after) => {
    take(config(before));
    expect(take(config(after))).toEqual([after, 'none']);
  });

  test('each family waits for its own device', () => {
    take(config('vxlan', 'none'));
    expect(take(config('vxlanCrossSubnet', 'vxlan'))).toEqual(['vxlanCrossSubnet', 'none']);
  });

  test('other changes meanwhile neither end the wait nor make it longer', () => {
    take(config('none'));
    take(config('vxlan'));
    clock.advance(3000);
    expect(take({ ...config('vxlan'), podCidrs: ['10.244.1.0/24'] })).toEqual(['none', 'none']);
    clock.advance(2000);
    expect(due).toBe(1);
    expect(take(config('vxlan'))).toEqual(['vxlan', 'none']);
  });

  test('a change of mind ends the wait', () => {
    take(config('none'));
    take(config('vxlan'));
    expect(take(config('none'))).toEqual(['none', 'none']);
    expect(switches.isWaiting).toBe(false);
    expect(clock.timerCount).toBe(0);
  });

  test('a pool that is new has no old way to keep', () => {
    take({ ...config('none'), pools: [] });
    expect(take(config('vxlan'))).toEqual(['vxlan', 'none']);
  });
});
