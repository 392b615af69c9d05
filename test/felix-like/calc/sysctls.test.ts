import { globalSysctls, workloadSysctls } from '../../../felix-like/calc/sysctls.ts';

describe('kernel parameters', () => {
  test('a workload interface gets those that Calico sets', () => {
    const settings = workloadSysctls('cali1', '2').map(({ key, value }) => `${key}=${value}`);
    expect(settings).toEqual([
      'net/ipv4/conf/cali1/proxy_arp=1',
      'net/ipv4/neigh/cali1/proxy_delay=0',
      'net/ipv4/conf/cali1/route_localnet=1',
      'net/ipv4/conf/cali1/forwarding=1',
      'net/ipv4/conf/cali1/rp_filter=2',
      'net/ipv6/conf/cali1/proxy_ndp=1',
      'net/ipv6/conf/cali1/forwarding=1',
      'net/ipv6/conf/cali1/accept_ra=0',
    ]);
  });

  test("reverse path filtering is left alone when the host's own choice is not known", () => {
    expect(workloadSysctls('cali1', null).map(({ key }) => key)).not.toContain(
      'net/ipv4/conf/cali1/rp_filter',
    );
  });

  test('the node forwards when it is asked to, and is left as it is otherwise', () => {
    expect(globalSysctls({ ipForwarding: true }).map(({ key, value }) => `${key}=${value}`)).toEqual([
      'net/netfilter/nf_conntrack_acct=1',
      'net/ipv4/ip_forward=1',
      'net/ipv6/conf/all/forwarding=1',
    ]);
    expect(globalSysctls({ ipForwarding: false }).map(({ key }) => key)).toEqual([
      'net/netfilter/nf_conntrack_acct',
    ]);
  });
});
