/** Pods reach each other over IPIP: our daemons inside user-mode Linux, whose kernel has it wherever this runs. */
import { fileURLToPath } from 'node:url';
import { TOLERATED_LOSSES } from '../harness/network/tcp-stream.ts';
import { runInUserModeLinux } from '../harness/uml/user-mode-linux.ts';
import { describeWith } from '../support/requirements.ts';
import type { IpipReport } from './support/ipip-scenario.ts';

const SCENARIO = fileURLToPath(new URL('./support/ipip-scenario.ts', import.meta.url));
/** It takes a minute and a half on a busy machine. */
const DEADLINE_MS = 900_000;

jest.setTimeout(DEADLINE_MS + 10_000);

const NEEDS = {
  root: true,
  commands: ['linux.uml', 'gcc', 'ip', 'nsenter', 'ping', 'tcpdump', 'modprobe', 'perl'],
};

describeWith(NEEDS, 'pools over IPIP', () => {
  let report: IpipReport;

  beforeAll(async () => {
    const { status, output } = await runInUserModeLinux(SCENARIO, DEADLINE_MS);
    const line = output.split('\n').find((text) => text.startsWith('REPORT '));
    if (status !== 0 || line === undefined) throw new Error(`status ${status}: ${output.slice(-4000)}`);
    report = JSON.parse(line.slice('REPORT '.length)) as IpipReport;
  });

  const OWN = ['blackhole 10.65.1.0/26', '10.65.1.5 dev cali1 scope link'];

  test('Always: every block of others is behind tunl0, the gateway is its node', () => {
    expect(report.routes.Always).toEqual([
      ...OWN,
      '10.65.2.0/26 via 10.0.1.2 dev tunl0 onlink',
      '10.65.3.0/26 via 10.0.2.3 dev tunl0 onlink',
    ]);
  });

  test('CrossSubnet: inside the own subnet packets go as they are', () => {
    expect(report.routes.CrossSubnet).toEqual([
      ...OWN,
      '10.65.2.0/26 via 10.0.1.2 dev eth0 onlink',
      '10.65.3.0/26 via 10.0.2.3 dev tunl0 onlink',
    ]);
  });

  test('tunl0 is up, has the address of the node, and 20 octets less than the underlay', () => {
    expect(report.device).toEqual({ isUp: true, mtu: 1480, addresses: ['10.65.1.1/32'] });
    expect(report.status).toContain('tunl0: up, MTU 1480, 10.65.1.1');
  });

  test('pods answer, on the own subnet and beyond the router, also after the mode changed', () => {
    expect(report.answered).toEqual({ Always: ['n2', 'n3'], CrossSubnet: ['n2', 'n3'] });
  });

  test('pods reach nodes, nodes pods, and a host beyond the router a pod; TCP and UDP keep the address of the pod', () => {
    expect(report.ways).toEqual(['pod to node', 'node to pod', 'outside to pod']);
    const twice = (address: string): readonly string[] => [address, address];
    expect(report.sources).toEqual({
      'pod to pod': twice('10.65.1.5'),
      // That kernel has no nftables for IP: nothing is translated.
      'pod to node': twice('10.65.1.5'),
      'node to pod': twice('10.65.1.1'),
      'outside to pod': twice('10.0.9.1'),
    });
  });

  test('cleanup takes our address off tunl0 and our routes away, says so, and leaves what is of others', () => {
    const { items, routes, addresses } = report.cleanup;
    expect(items).toEqual(
      expect.arrayContaining([
        'route 10.65.2.0/26 metric 1024',
        'route 10.65.2.5/32 metric 1024',
        'route 10.65.1.0/26 metric 1024',
        'route 10.65.3.0/26 metric 1024',
        'address 10.65.2.1/32 on tunl0',
      ]),
    );
    expect(items.filter((item) => !/^(route|address) (10\.65|fd65:)/.test(item))).toEqual([]);
    expect(routes).toEqual(['198.51.100.0/24 via 10.0.1.1 dev tunl0 onlink']);
    expect(addresses).toEqual(['192.0.2.7/24']);
  });

  test('on the wire are packets in packets (protocol 4) where there is a tunnel, and nowhere else', () => {
    const inner = (to: string): RegExp => new RegExp(`: IP 10\\.65\\.1\\.5 > ${to}: ICMP echo request`);
    const outer = (to: string): RegExp => new RegExp(` IP 10\\.0\\.1\\.1 > ${to}: IP 10\\.65\\.1\\.5 > `);
    expect(report.packets['Always n2']).toMatch(outer('10\\.0\\.1\\.2'));
    expect(report.packets['Always n3']).toMatch(outer('10\\.0\\.2\\.3'));
    expect(report.packets['Always n3']).toMatch(inner('10\\.65\\.3\\.5'));
    expect(report.packets['CrossSubnet n2']).toMatch(/ IP 10\.65\.1\.5 > 10\.65\.2\.5: ICMP/);
    expect(report.packets['CrossSubnet n3']).toMatch(outer('10\\.0\\.2\\.3'));
  });

  test('pods that talk lose nothing while the pool goes from one encapsulation to the next', () => {
    const { pings, stream } = report.changes;
    expect(Object.keys(pings)).toEqual(['Never', 'CrossSubnet', 'VXLAN', 'Always again']);
    for (const series of Object.values(pings)) {
      expect(series.map(({ lost }) => lost)).toEqual([0, 0]);
      for (const { sent } of series) expect(sent).toBeGreaterThan(50);
    }
    expect(stream.sent).toBeGreaterThan(200);
    expect(stream).toMatchObject({ received: stream.sent, error: null });
    // That kernel is slow enough to send again what was only late; without a tunnel hundreds would be missing.
    expect(stream.lost).toBeLessThanOrEqual(TOLERATED_LOSSES);
  });

  test('what is deleted or bent by hand is repaired, at the pace of that kernel', () => {
    expect(Object.keys(report.repairs)).toHaveLength(5);
    for (const seconds of Object.values(report.repairs)) expect(seconds).toBeLessThan(20);
  });

  test('without IPIP pools tunl0 stays, and has no address of ours', () => {
    expect(report.addressesAfter).toEqual([]);
  });
});
