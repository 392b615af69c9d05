import type { TunnelConfig } from '../../../felix-like/agent-api.ts';
import { deriveMtu, type MtuLink } from '../../../felix-like/mtu/derive-mtu.ts';

const NO_TUNNELS: TunnelConfig = { ipip: null, vxlan: { ipv4: null, ipv6: null } };
const IPIP = { interfaceName: 'tunl0', address: null, mtu: null };
const VXLAN = { ...IPIP, interfaceName: 'vxlan.calico', vni: 4096, port: 4789, mac: '66:00:00:00:00:01' };
const CALICO_PATTERN = '^((en|wl|ww|sl|ib)[Pcopsvx].*|(eth|wlan|wwan).*)';

function link(name: string, mtu: number, isUp = true): MtuLink {
  return { name, mtu, isUp };
}

function derive(links: readonly MtuLink[], tunnels: Partial<TunnelConfig> = {}, pattern = CALICO_PATTERN) {
  return deriveMtu({ mtu: { interfacePattern: pattern }, tunnels: { ...NO_TUNNELS, ...tunnels } }, links);
}

test('the least MTU of the interfaces that are up and look like network cards is that of the underlay', () => {
  const links = [link('lo', 65_536), link('eth0', 9000), link('ens5', 8900), link('eth9', 1400, false)];
  expect(derive([...links, link('docker0', 1300), link('cali123', 1200)])).toEqual({
    underlay: 8900,
    interfaceName: 'ens5',
    ipip: null,
    vxlan: { ipv4: null, ipv6: null },
    workload: 8900,
  });
});

test('without such an interface 1460 octets are assumed', () => {
  expect(derive([link('lo', 65_536), link('br0', 1500)])).toMatchObject({
    underlay: 1460,
    interfaceName: null,
  });
});

test('another pattern chooses other interfaces', () => {
  expect(derive([link('eth0', 1500), link('bond0', 9000)], {}, '^bond')).toMatchObject({ underlay: 9000 });
});

test('each encapsulation takes its octets, and workloads get what fits through all of them', () => {
  const links = [link('eth0', 1500)];
  expect(derive(links, { ipip: IPIP })).toMatchObject({ ipip: 1480, workload: 1480 });
  const vxlan = { ipv4: VXLAN, ipv6: VXLAN };
  expect(derive(links, { ipip: IPIP, vxlan })).toMatchObject({
    ipip: 1480,
    vxlan: { ipv4: 1450, ipv6: 1430 },
    workload: 1430,
  });
});

test('a configured MTU wins over the derived one, also where it is greater', () => {
  const tunnels = { ipip: { ...IPIP, mtu: 1600 }, vxlan: { ipv4: { ...VXLAN, mtu: 1300 }, ipv6: null } };
  expect(derive([link('eth0', 1500)], tunnels)).toMatchObject({
    ipip: 1600,
    vxlan: { ipv4: 1300, ipv6: null },
    workload: 1300,
  });
});

test('an underlay that is too small for an encapsulation gives the least MTU that IPv4 knows', () => {
  expect(derive([link('eth0', 68)], { ipip: IPIP })).toMatchObject({ ipip: 68 });
});
