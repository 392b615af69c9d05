/**
 * What the agent does to packets on the kernel of this machine: a node with two pods and, on the wire behind it, a
 * host that knows the way to no pod. What arrives there is what tcpdump sees there.
 */
import type { AgentConfig } from '../../felix-like/agent-api.ts';
import { type Clock, systemClock } from '../../felix-like/dataplane/clock.ts';
import { type Agent, createAgent, createHostCommands, createLinuxKernel } from '../../felix-like/index.ts';
import { describeWith } from '../support/requirements.ts';
import { agentConfig } from './support/agent-config.ts';
import { ChildInNamespace, runIn } from './support/child-in-namespace.ts';
import { NetworkNamespace } from './support/network-namespace.ts';
import { RecordingLogger } from './support/recording-logger.ts';
import { until } from './support/until.ts';

const PAUSE_MS = 10;
const POOL = '10.244.0.0/16';
const POOL6 = 'fd00:10::/64';
const NAT: AgentConfig['nat'] = {
  sources: [POOL, POOL6],
  exclusions: [POOL, POOL6],
  address: { ipv4: null, ipv6: null },
  ports: null,
  outInterface: null,
};
const TUNNELS: AgentConfig['tunnels'] = {
  ipip: { interfaceName: 'tunl0', address: null, mtu: null },
  vxlan: { ipv4: null, ipv6: null },
};
const VXLAN = { address: null, mtu: null, vni: 4096, port: 4789 };
const VXLANS: AgentConfig['tunnels'] = {
  ipip: null,
  vxlan: {
    ipv4: { ...VXLAN, interfaceName: 'vxlan.calico', mac: '66:00:00:00:00:01' },
    ipv6: { ...VXLAN, interfaceName: 'vxlan-v6.calico', mac: '66:00:00:00:00:02' },
  },
};
/** Sends one datagram to each address; argument: the port and the addresses. */
const SENDER = `const [port, ...hosts] = process.argv.slice(1);
for (const host of hosts) {
  const socket = require('node:dgram').createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.send('x', Number(port), host, () => socket.close());
}`;

/** Sends one VXLAN packet (RFC 7348 §5) with an empty frame; arguments: to, and from which addresses. */
const VXLAN_SENDER = `import socket, sys
to, *sources = sys.argv[1:]
for source in sources:
    family = socket.AF_INET6 if ':' in to else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind((source, 0))
    s.sendto(bytes.fromhex('0800000000100000') + bytes(60), (to, 4789))
`;

/** Sends one datagram; arguments: from which address, to which. */
const FROM_SOURCE = `import socket, sys
source, to = sys.argv[1:]
s = socket.socket(socket.AF_INET6 if ':' in to else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((source, 0))
s.sendto(b'x', (to, 9999))
`;

jest.setTimeout(90_000);

describeWith(
  {
    root: true,
    commands: [
      'ip',
      'nft',
      'nsenter',
      'tcpdump',
      'ping',
      'conntrack',
      'iptables-nft',
      'iptables-legacy',
      'python3',
    ],
  },
  'packets on a real kernel',
  () => {
    let node: NetworkNamespace;
    let outside: NetworkNamespace;
    let pods: NetworkNamespace[];
    let agent: Agent;
    let wire: ChildInNamespace;

    /** Sources of what came in from the wire since the last call, as tcpdump shows them. */
    const arrived = (pattern: RegExp): string[] =>
      [...wire.output.matchAll(pattern)].map(([, source]) => source!);

    function connect(link: string, far: NetworkNamespace, name: string): void {
      node.addLink(link);
      node.ip(`link set ${link}p netns ${far.name}`);
      far.ip(`link set ${link}p name ${name}`);
      far.ip(`link set ${name} up`);
    }

    /** As the CNI plugin would: a route to the gateway that nobody has, and the host's MAC address for IPv6. */
    function addPod(number: number): NetworkNamespace {
      const pod = new NetworkNamespace();
      const link = `cali${number}`;
      connect(link, pod, 'eth0');
      pod.ip(`addr add 10.244.1.${number}/32 dev eth0`);
      pod.ip('route add 169.254.1.1 dev eth0');
      pod.ip('route add default via 169.254.1.1 dev eth0');
      node.ip(`addr add fe80::1/64 dev ${link} nodad`);
      pod.ip(`addr add fd00:10::${number}/128 dev eth0 nodad`);
      pod.ip('-6 route add default via fe80::1 dev eth0');
      return pod;
    }

    async function start(overrides: Partial<AgentConfig> = {}, clock: Clock = systemClock): Promise<void> {
      const networkNamespace = node.path;
      const kernel = createLinuxKernel({ networkNamespace });
      const commands = createHostCommands({ networkNamespace });
      agent = createAgent({ kernel, commands, logger: new RecordingLogger(), clock });
      agent.apply(config(overrides));
      // Kernels without the ipip module cannot make the device; the filter in front of it is there all the same.
      const isSetUp = (): boolean => {
        const { inSync, ready, nftables } = agent.status();
        return overrides.tunnels === undefined ? inSync : ready && nftables.state !== 'pending';
      };
      await until('set up', isSetUp, PAUSE_MS);
    }

    function config(overrides: Partial<AgentConfig> = {}): AgentConfig {
      const workload = (number: number): AgentConfig['workloads'][number] => ({
        name: `default/pod-${number}`,
        interfaceName: `cali${number}`,
        addresses: [`10.244.1.${number}/32`, `fd00:10::${number}/128`],
        mac: null,
      });
      const tunnelFilter = {
        externalSources: [],
        vxlanPort: 4789,
        allowFromWorkloads: { ipip: false, vxlan: false },
      };
      const workloads = [workload(5), workload(6)];
      return agentConfig({ workloads, blocks: [], nat: NAT, tunnelFilter, ...overrides });
    }

    beforeEach(async () => {
      node = new NetworkNamespace();
      outside = new NetworkNamespace();
      connect('eth0', outside, 'eth0');
      node.ip('addr add 192.0.2.1/24 dev eth0');
      node.ip('addr add 192.0.2.9/24 dev eth0');
      node.ip('addr add 2001:db8::1/64 dev eth0 nodad');
      node.ip('route add default via 192.0.2.2');
      outside.ip('addr add 192.0.2.2/24 dev eth0');
      outside.ip('addr add 192.0.2.3/24 dev eth0');
      outside.ip('addr add 2001:db8::2/64 dev eth0 nodad');
      pods = [addPod(5), addPod(6)];
      wire = new ChildInNamespace(
        outside,
        'tcpdump',
        '-n',
        '-l',
        '--immediate-mode',
        '-i',
        'eth0',
        '-Q',
        'in',
      );
      await until('tcpdump listens', () => wire.output.includes('listening on'), PAUSE_MS);
    });

    afterEach(async () => {
      await agent.close();
      await wire.stop();
      for (const namespace of [node, outside, ...pods]) namespace.remove();
    });

    const ECHO = /IP6? (\S+) > \S+: ICMP6?,? echo request/g;
    const DATAGRAM = /IP6? (\S+) > \S+\.9999: UDP/g;

    function ping(from: NetworkNamespace, to: string): void {
      runIn(from, 'ping', '-c', '1', '-W', '5', to);
    }

    function sendDatagrams(from: NetworkNamespace, port: number, ...hosts: string[]): void {
      runIn(from, process.execPath, '-e', SENDER, String(port), ...hosts);
    }

    test('a pod reaches the outside under the address of the node, in both families', async () => {
      await start();
      ping(pods[0]!, '192.0.2.2');
      ping(pods[0]!, '2001:db8::2');
      await until('both seen', () => arrived(ECHO).length === 2, PAUSE_MS);
      expect(arrived(ECHO)).toEqual(['192.0.2.1', '2001:db8::1']);
    });

    test('pod to pod, pod to node and node to pod keep their addresses', async () => {
      await start();
      const inside = new ChildInNamespace(
        pods[1]!,
        'tcpdump',
        '-n',
        '-l',
        '--immediate-mode',
        '-i',
        'eth0',
        '-Q',
        'in',
      );
      await until('tcpdump listens', () => inside.output.includes('listening on'), PAUSE_MS);
      ping(pods[0]!, '10.244.1.6');
      ping(pods[0]!, 'fd00:10::6');
      ping(pods[0]!, '192.0.2.1');
      ping(node, '10.244.1.6');
      const sources = (): string[] => [...inside.output.matchAll(ECHO)].map(([, source]) => source!);
      await until('three seen', () => sources().length === 3, PAUSE_MS);
      await inside.stop();
      expect(sources()).toEqual(['10.244.1.5', 'fd00:10::5', '192.0.2.1']);
    });

    test('address and port range of the translation are those that are asked for', async () => {
      await start({
        nat: { ...NAT, address: { ipv4: '192.0.2.9', ipv6: null }, ports: { min: 20000, max: 20009 } },
      });
      for (let i = 0; i < 8; i++) sendDatagrams(pods[0]!, 9999, '192.0.2.2', '2001:db8::2');
      ping(pods[0]!, '192.0.2.2');
      await until('all seen', () => arrived(DATAGRAM).length === 16 && arrived(ECHO).length === 1, PAUSE_MS);
      for (const source of arrived(DATAGRAM)) expect(source).toMatch(/^(192\.0\.2\.9|2001:db8::1)\.2000\d$/);
      expect(new Set(arrived(DATAGRAM)).size).toBeGreaterThan(4);
      expect(arrived(ECHO)).toEqual(['192.0.2.9']);
    });

    test('what is excluded keeps its source, and so does all when natOutgoing ends', async () => {
      await start({ nat: { ...NAT, exclusions: [...NAT.exclusions, '192.0.2.3'] } });
      sendDatagrams(pods[0]!, 9999, '192.0.2.3', '192.0.2.2');
      await until('both seen', () => arrived(DATAGRAM).length === 2, PAUSE_MS);
      expect(arrived(DATAGRAM).map((source) => source.replace(/\.\d+$/, ''))).toEqual([
        '10.244.1.5',
        '192.0.2.1',
      ]);
      agent.apply(config({ nat: { ...NAT, sources: [] } }));
      const table = (): string => runIn(node, 'nft', 'list', 'table', 'inet', 'manul');
      await until('no translation', () => !table().includes('nat_postrouting'), PAUSE_MS);
      sendDatagrams(pods[1]!, 9999, '192.0.2.2');
      await until('seen', () => arrived(DATAGRAM).length === 3, PAUSE_MS);
      expect(arrived(DATAGRAM)[2]).toMatch(/^10\.244\.1\.6\./);
    });

    test('a table that someone flushes or deletes is back within two seconds, without being asked', async () => {
      await start();
      for (const command of [
        'flush ruleset',
        'delete table inet manul',
        'flush chain inet manul nat_postrouting',
      ]) {
        const repairs = agent.status().nftables.repairs;
        const startMs = performance.now();
        runIn(node, 'nft', command);
        await until('repaired', () => agent.status().nftables.repairs === repairs + 1, PAUSE_MS);
        expect(performance.now() - startMs).toBeLessThan(2000);
        expect(runIn(node, 'nft', 'list', 'chain', 'inet', 'manul', 'nat_postrouting')).toContain(
          'masquerade',
        );
      }
    });

    test.each([
      ['nft', ['ip filter FORWARD accepted', 'ip6 filter FORWARD accepted']],
      ['legacy', ['iptables-legacy FORWARD accepted', 'ip6tables-legacy FORWARD accepted']],
    ])(
      "a host whose own FORWARD chain drops lets the pods' packets through all the same: iptables-%s",
      async (kind, chains) => {
        // One lock of iptables-legacy is for the whole machine.
        const iptables = (program: string, ...args: string[]): string =>
          runIn(node, `${program}-${kind}`, '-w', '20', ...args);
        for (const program of ['iptables', 'ip6tables']) iptables(program, '-P', 'FORWARD', 'DROP');
        await start();
        ping(pods[0]!, '192.0.2.2');
        ping(pods[0]!, '2001:db8::2');
        ping(pods[0]!, '10.244.1.6');
        const states = agent.status().nftables.hostForward.map(({ chain, state }) => `${chain} ${state}`);
        expect(states).toEqual(chains);
        // Of iptables-legacy nobody tells: its chains are looked at every ten seconds.
        if (kind === 'legacy') return;
        iptables('iptables', '-F', 'FORWARD');
        const rules = (): string[] => iptables('iptables', '-S', 'FORWARD').match(/manul: \w+/g) ?? [];
        await until('rules are back', () => rules().length === 2, PAUSE_MS);
      },
    );

    /** Packets by counter of our table, as nft(8) tells. */
    const counted = (): Record<string, number> => {
      const listing = JSON.parse(runIn(node, 'nft', '-j', 'list', 'counters', 'table', 'inet', 'manul'));
      const counters = (listing.nftables as { counter?: { name: string; packets: number } }[]).flatMap(
        ({ counter }) => counter ?? [],
      );
      return Object.fromEntries(counters.map(({ name, packets }) => [name, packets]));
    };

    test('IPIP is accepted from known nodes and dropped from elsewhere; the counters tell', async () => {
      const known = {
        name: 'node-2',
        addresses: { ipv4: '192.0.2.2', ipv6: null },
        vteps: { ipv4: null, ipv6: null },
      };
      await start({ tunnels: TUNNELS, remoteNodes: [known] });
      const send = `import socket
for source in ('192.0.2.2', '192.0.2.3', '192.0.2.3'):
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 4)
    s.bind((source, 0))
    s.sendto(bytes.fromhex('4500001400000000400066e80af402050af40105'), ('192.0.2.1', 0))
`;
      runIn(outside, 'python3', '-c', send);
      runIn(pods[0]!, 'python3', '-c', send.replace(/for source.*/, "for source in ('10.244.1.5',):"));
      await until('all counted', () => counted()['workload_tunnel_dropped'] === 1, PAUSE_MS);
      expect(counted()).toMatchObject({ ipip_accepted: 1, ipip_dropped: 2, workload_tunnel_dropped: 1 });
    });

    test('VXLAN is accepted from known nodes and dropped from elsewhere, in both families; the counters tell', async () => {
      outside.ip('addr add 2001:db8::3/64 dev eth0 nodad');
      const known = {
        name: 'node-2',
        addresses: { ipv4: '192.0.2.2', ipv6: '2001:db8::2' },
        vteps: { ipv4: null, ipv6: null },
      };
      await start({
        tunnels: VXLANS,
        remoteNodes: [known],
        addresses: {
          ipv4: { address: '192.0.2.1', subnet: '192.0.2.0/24' },
          ipv6: { address: '2001:db8::1', subnet: '2001:db8::/64' },
        },
      });
      runIn(outside, 'python3', '-c', VXLAN_SENDER, '192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.3');
      await until('counted', () => counted()['vxlan_dropped'] === 2, PAUSE_MS);
      expect(counted()).toMatchObject({ vxlan_accepted: 1, vxlan_dropped: 2 });
      const senders = ['2001:db8::2', '2001:db8::2', '2001:db8::3'];
      runIn(outside, 'python3', '-c', VXLAN_SENDER, '2001:db8::1', ...senders);
      await until('counted', () => counted()['vxlan_dropped'] === 3, PAUSE_MS);
      expect(counted()).toMatchObject({ vxlan_accepted: 3, vxlan_dropped: 3, workload_tunnel_dropped: 0 });
      // From a workload: to the node itself, and to others in its name.
      for (const [to, from] of [
        ['192.0.2.1', '10.244.1.5'],
        ['192.0.2.2', '10.244.1.5'],
        ['2001:db8::2', 'fd00:10::5'],
      ] as const) {
        runIn(pods[0]!, 'python3', '-c', VXLAN_SENDER, to, from);
      }
      await until('counted', () => counted()['workload_tunnel_dropped'] === 3, PAUSE_MS);
      expect(counted()).toMatchObject({ vxlan_accepted: 3, vxlan_dropped: 3 });
    });

    test('workloads send no tunnel packets, where the node has no tunnel either', async () => {
      await start({ nat: { ...NAT, sources: [] } });
      runIn(pods[0]!, 'python3', '-c', VXLAN_SENDER, '192.0.2.2', '10.244.1.5');
      runIn(pods[0]!, 'python3', '-c', VXLAN_SENDER, '2001:db8::2', 'fd00:10::5');
      await until('counted', () => counted()['workload_tunnel_dropped'] === 2, PAUSE_MS);
      sendDatagrams(pods[0]!, 9999, '192.0.2.2');
      await until('the wire has the last one', () => arrived(DATAGRAM).length === 1, PAUSE_MS);
      expect(wire.output).not.toMatch(/\.4789/);
    });

    test('a workload sends from its own addresses, and from others only where it may', async () => {
      const foreign = ['198.51.100.7', '2001:db8:9::7'];
      for (const pod of pods) {
        for (const address of foreign)
          pod.ip(`addr add ${address} dev eth0${address.includes(':') ? ' nodad' : ''}`);
      }
      const send = (pod: NetworkNamespace, sources: readonly string[]): void => {
        for (const source of sources) {
          runIn(
            pod,
            'python3',
            '-c',
            FROM_SOURCE,
            source,
            source.includes(':') ? '2001:db8::2' : '192.0.2.2',
          );
        }
      };
      const workloads = config().workloads.map((workload) =>
        workload.interfaceName === 'cali6'
          ? { ...workload, foreignSources: ['198.51.100.0/24', '2001:db8:9::/64'] }
          : workload,
      );
      await start({ workloads, nat: { ...NAT, sources: [] } });
      expect(node.sysctl('net/ipv4/conf/cali6/rp_filter')).toBe('0');
      send(pods[0]!, ['10.244.1.5', 'fd00:10::5']);
      await until('own addresses', () => arrived(DATAGRAM).length === 2, PAUSE_MS);
      send(pods[0]!, foreign);
      // IPv6 asks for its gateway from such an address, again and again, before it sends anything.
      await until('counted', () => (counted()['workload_spoofed'] ?? 0) >= 2, PAUSE_MS);
      send(pods[1]!, foreign);
      await until('arrived', () => arrived(DATAGRAM).length === 4, PAUSE_MS);
      const sources = arrived(DATAGRAM).map((source) => source.replace(/\.\d+$/, ''));
      expect(sources.sort()).toEqual([...foreign, '10.244.1.5', 'fd00:10::5'].sort());
    });

    test('parameters that someone changes are set again', async () => {
      await start();
      for (const [key, value] of [
        ['net/ipv4/ip_forward', '1'],
        ['net/ipv6/conf/all/forwarding', '1'],
        ['net/ipv4/conf/cali5/proxy_arp', '1'],
        ['net/ipv6/conf/cali5/proxy_ndp', '1'],
        ['net/ipv4/conf/cali6/forwarding', '1'],
      ] as const) {
        node.setSysctl(key, '0');
        await until(`${key} is back`, () => node.sysctl(key) === value, PAUSE_MS);
      }
    });

    test('a reverse path filter that drops is told of as soon as it is set', async () => {
      const addresses = { ipv4: { address: '192.0.2.1', subnet: '192.0.2.0/24' }, ipv6: null };
      await start({
        addresses,
        tunnels: { ...VXLANS, vxlan: { ...VXLANS.vxlan, ipv6: null } },
        pools: [{ prefix: POOL, encapsulation: 'vxlan' }],
        nat: { ...NAT, sources: [] },
      });
      const forwarding = () => agent.status().forwarding;
      expect(forwarding()).toMatchObject({ rpFilter: 'off', problems: [] });
      node.setSysctl('net/ipv4/conf/eth0/rp_filter', '1');
      await until('strict', () => forwarding()?.rpFilter === 'strict', PAUSE_MS);
      expect(forwarding()?.problems.join()).toContain(
        `what pods of ${POOL} on other nodes send to this node`,
      );
      node.setSysctl('net/ipv4/conf/all/rp_filter', '2');
      await until('loose', () => forwarding()?.rpFilter === 'loose', PAUSE_MS);
      expect(forwarding()?.problems).toEqual([]);
    });

    test('a node without a default route answers pods for their gateway all the same, by a route of ours', async () => {
      node.ip('route del default');
      const addresses = { ipv4: { address: '192.0.2.1', subnet: '192.0.2.0/24' }, ipv6: null };
      await start({ addresses });
      ping(pods[0]!, '192.0.2.2');
      const gateway = (): string[] => node.routes('ipv4', '169.254.1.1');
      expect(gateway()).toEqual(['169.254.1.1 dev eth0 proto 80 scope link metric 1024']);
      expect(agent.status().forwarding).toMatchObject({ problems: [], gatewayInterface: 'eth0' });
      node.ip('route add default via 192.0.2.2');
      await until('gone again', () => gateway().length === 0, PAUSE_MS);
      node.ip('route del default');
      await until('back', () => gateway().length === 1, PAUSE_MS);
    });

    test('a node without default route and address, where pods find no gateway, says so', async () => {
      node.ip('route del default');
      await start({ addresses: { ipv4: null, ipv6: null } });
      const problems = (): readonly string[] => agent.status().forwarding?.problems ?? [];
      expect(problems()).toMatchObject([expect.stringContaining('this node has no default route')]);
      expect(() => ping(pods[0]!, '192.0.2.2')).toThrow();
      node.ip('route add default via 192.0.2.2');
      await until('noticed', () => problems().length === 0, PAUSE_MS);
      ping(pods[0]!, '192.0.2.2');
    });

    test('connections of an address are forgotten when it moves, and only those', async () => {
      await start();
      sendDatagrams(pods[0]!, 9999, '192.0.2.2');
      sendDatagrams(pods[1]!, 9999, '192.0.2.2');
      const tracked = (address: string): number =>
        runIn(node, 'conntrack', '-L', '-s', address)
          .split('\n')
          .filter((line) => line.startsWith('udp')).length;
      await until('tracked', () => tracked('10.244.1.5') === 1 && tracked('10.244.1.6') === 1, PAUSE_MS);
      const moved = config().workloads.map((workload) =>
        workload.interfaceName === 'cali5' ? { ...workload, interfaceName: 'cali7' } : workload,
      );
      node.addLink('cali7');
      agent.apply(config({ workloads: moved }));
      await until(
        'the route moved',
        () => node.routes('ipv4', '10.244.1.5').join().includes('cali7'),
        PAUSE_MS,
      );
      expect(tracked('10.244.1.5')).toBe(0);
      expect(tracked('10.244.1.6')).toBe(1);
      agent.apply(config({ workloads: [] }));
      await until('forgotten', () => tracked('10.244.1.6') === 0, PAUSE_MS);
    });

    test('the MTU follows the underlay', async () => {
      await start({ mtu: { interfacePattern: '^eth' }, tunnels: TUNNELS });
      expect(agent.status().mtu).toMatchObject({ underlay: 1500, ipip: 1480, workload: 1480 });
      node.ip('link set eth0 mtu 1400');
      await until('followed', () => agent.status().mtu?.workload === 1380, PAUSE_MS);
      expect(agent.status().mtu).toMatchObject({ underlay: 1400, interfaceName: 'eth0' });
    });

    test('the MTU of a tunnel device follows the underlay', async () => {
      const addresses = {
        ipv4: { address: '192.0.2.1', subnet: '192.0.2.0/24' },
        ipv6: { address: '2001:db8::1', subnet: '2001:db8::/64' },
      };
      await start({ mtu: { interfacePattern: '^eth' }, tunnels: VXLANS, addresses });
      const mtus = (): string[] => node.ip('link show type vxlan').match(/mtu \d+/g) ?? [];
      await until('made', () => mtus().join() === 'mtu 1450,mtu 1430', PAUSE_MS);
      node.ip('link set eth0 mtu 1400');
      await until('followed', () => mtus().join() === 'mtu 1350,mtu 1330', PAUSE_MS);
    });

    test('parameters of which the kernel does not tell are set again when they are looked at', async () => {
      // Ten seconds of the agent are one here.
      const clock: Clock = {
        ...systemClock,
        now: () => systemClock.now() * 10,
        startTimer: (ms, callback) => systemClock.startTimer(ms / 10, callback),
      };
      await start({}, clock);
      const keys = [
        'ipv4/neigh/cali5/proxy_delay',
        'ipv4/conf/cali5/route_localnet',
        'ipv6/conf/cali5/accept_ra',
      ];
      const values = (): string => keys.map((key) => node.sysctl(`net/${key}`)).join();
      expect(values()).toBe('0,1,0');
      for (const [i, value] of ['7', '0', '2'].entries()) node.setSysctl(`net/${keys[i]}`, value);
      await until('set again', () => values() === '0,1,0', PAUSE_MS);
    });
  },
);
