/** What happens to pod traffic and kernel when somebody meddles, a daemon restarts and nodes go. */

import { pollUntil } from '../harness/deadline.ts';
import { ManulDaemon } from '../harness/manul/manul-daemon.ts';
import { LabCluster, type ShownStatus } from '../harness/network/lab-cluster.ts';
import { calico, labYaml, nodeDocuments } from '../harness/network/lab-resources.ts';
import { inside, ip, type LabNode, routes } from '../harness/network/node-lab.ts';
import { answers, PingSeries } from '../harness/network/ping.ts';
import { expectUnharmed, TcpStream } from '../harness/network/tcp-stream.ts';
import { TempFolder } from '../harness/process/temp-folder.ts';
import { describeWith } from '../support/requirements.ts';

jest.setTimeout(240_000);

const NEEDS = { root: true, commands: ['ip', 'nsenter', 'ping', 'sysctl', 'bridge'] };
const VXLAN = { vxlanMode: 'Always' };
const DETECTION = [
  '--ip',
  'autodetect',
  '--ip-autodetection-method',
  'interface=eth.*',
  '--autodetect-poll-interval',
  '1s',
];
const ANYCAST = '10.65.77.5';
const ROUTE_TO_N3 = '10.65.3.0/26 via 10.65.3.2 dev vxlan.calico';

function shown(node: LabNode): string {
  const { namespace } = node;
  const entries = (device: string): string[] => [
    ip(namespace, `-br addr show dev ${device}`).replace(/fe80:\S+/, ''),
    inside(namespace, 'bridge', 'fdb', 'show', 'dev', device),
    ip(namespace, `neigh show dev ${device} nud permanent`),
  ];
  const lines = [
    ...routes(namespace, 4, 'proto 80'),
    ...routes(namespace, 6, 'proto 80'),
    ...['vxlan.calico', 'vxlan-v6.calico'].flatMap(entries).flatMap((text) => text.split('\n')),
    ...ip(namespace, `neigh show dev ${node.pod.interfaceName} nud permanent`).split('\n'),
  ];
  return lines
    .map((line) => line.trim())
    .sort()
    .join('\n');
}

/** The same as far as it can be shown: a missing device is shown as such. */
function tryShown(node: LabNode): string {
  try {
    return shown(node);
  } catch (error) {
    return String(error);
  }
}

describeWith(NEEDS, 'a cluster over VXLAN', () => {
  let cluster: LabCluster;
  let nodes: readonly LabNode[];
  let n1: LabNode;
  let n2: LabNode;

  beforeAll(async () => {
    cluster = await LabCluster.start([1, 1, 1], VXLAN, DETECTION);
    ({ nodes } = cluster.lab);
    [n1, n2] = nodes as [LabNode, LabNode];
    await answers(n1.pod.namespace, n2.pod.ipv4);
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  test.each([
    ['a route to a block', ['ip route del 10.65.2.0/26 metric 1024']],
    ['the blackhole', ['ip route del 10.65.1.0/26 metric 1024']],
    ['an IPv6 route', ['ip -6 route del fd65:0:0:2::/122 metric 1024']],
    ['the address of the device', ['ip addr del 10.65.1.2/32 dev vxlan.calico']],
    [
      'an entry of the forwarding database',
      ['bridge fdb del 66:40:24:34:76:fc dev vxlan.calico dst 10.0.1.2'],
    ],
    ['a neighbour', ['ip neigh del 10.65.2.2 dev vxlan.calico']],
    ["the pod's neighbour entry", ['ip neigh del 10.65.1.5 dev cali1']],
    ['the state of the device', ['ip link set vxlan.calico down']],
    ['the MTU of the device', ['ip link set vxlan.calico mtu 1280']],
    ['both devices', ['ip link del vxlan.calico', 'ip link del vxlan-v6.calico']],
    ['everything', ['ip link del vxlan.calico', 'ip route flush proto 80', 'ip -6 route flush proto 80']],
  ])('%s, deleted or bent by hand, is back within two seconds', async (_what, commands) => {
    const before = shown(n1);
    expect(before).toContain('10.65.2.0/26 via 10.65.2.2 dev vxlan.calico');
    for (const command of commands) inside(n1.namespace, ...command.split(' '));
    const startedAt = performance.now();
    await pollUntil(async () => tryShown(n1) === before || null, 'everything is back', { intervalMs: 20 });
    expect(performance.now() - startedAt).toBeLessThan(2000);
    await answers(n1.pod.namespace, n2.pod.ipv4);
    await answers(n1.pod.namespace, n2.pod.ipv6);
  });

  test('routes, rules, devices and entries of others survive it', () => {
    const { namespace } = n1;
    const foreign = [
      'route add 192.0.2.0/24 via 10.0.1.2 proto static',
      'route add 10.65.99.0/26 via 10.0.1.2 table 100',
      'rule add from 192.0.2.1 lookup 100',
      'link add vxlan7 type vxlan id 7 dstport 8472 dev eth0',
      'neigh add 10.0.1.77 lladdr 02:00:00:00:00:77 dev eth0',
    ];
    for (const command of foreign) ip(namespace, command);
    ip(namespace, 'link del vxlan.calico');
    return pollUntil(async () => tryShown(n1).includes('10.65.2.0/26 via') || null, 'repaired').then(() => {
      expect(routes(namespace, 4)).toContain('192.0.2.0/24 via 10.0.1.2 dev eth0 proto static');
      expect(routes(namespace, 4, 'table 100')).toEqual(['10.65.99.0/26 via 10.0.1.2 dev eth0']);
      expect(ip(namespace, 'rule show')).toContain('from 192.0.2.1 lookup 100');
      expect(ip(namespace, 'link show dev vxlan7')).toContain('vxlan7');
      expect(ip(namespace, 'neigh show dev eth0')).toContain('10.0.1.77 lladdr 02:00:00:00:00:77 PERMANENT');
    });
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'a daemon that ends with %s and starts again costs no packet, and what vanished meanwhile is swept',
    async (signal) => {
      const daemon = cluster.daemon('n1');
      const there = await PingSeries.start(n1.pod.namespace, n2.pod.ipv4);
      const back = await PingSeries.start(n2.pod.namespace, n1.pod.ipv6);
      const streams = [
        await TcpStream.start(n1.pod.namespace, n2.pod.namespace, n2.pod.ipv4),
        await TcpStream.start(n2.pod.namespace, n1.pod.namespace, n1.pod.ipv6),
      ];
      daemon.signal(signal);
      await daemon.exited();
      ip(n1.namespace, 'route add 10.65.77.0/26 via 10.0.1.2 proto 80 metric 1024');
      inside(
        n1.namespace,
        'bridge',
        'fdb',
        'add',
        '66:00:00:00:00:77',
        'dev',
        'vxlan.calico',
        'dst',
        '10.0.1.77',
      );
      await daemon.startAgain();
      await cluster.inSync('n1');
      await pollUntil(async () => !tryShown(n1).includes('.77') || null, 'leftovers are swept');
      for (const series of [there, back]) {
        const { sent, lost } = await series.stop();
        expect(sent).toBeGreaterThan(50);
        expect(lost).toBe(0);
      }
      for (const stream of streams) {
        await expectUnharmed(stream);
      }
    },
  );

  test('a node that dies stays in the kernels of the others until its Node or its BlockAffinity goes', async () => {
    const n3 = cluster.lab.node('n3');
    const living = ['n1', 'n2'];
    cluster.daemon('n3').signal('SIGKILL');
    await cluster.daemon('n3').exited();
    await pollUntil(async () => (await established('n1')) === 2 || null, 'its sessions end');
    const documents = nodeDocuments(n3) as { readonly kind: string }[];
    const without = (kind: string): object[] => documents.filter((document) => document.kind !== kind);
    for (const kind of ['Node', 'BlockAffinity']) {
      await pollUntil(async () => tryShown(n1).includes(ROUTE_TO_N3) || null, 'a route to it');
      cluster.apply({ ...VXLAN, more: without(kind) }, [n1, n2], living);
      for (const node of [n1, n2]) {
        await pollUntil(async () => !tryShown(node).includes('10.65.3.0/26') || null, `no ${kind}, no route`);
        expect(shown(node)).not.toContain('fd65:0:0:3::/122');
      }
      // The other end of the tunnel is known by the Node alone.
      expect(shown(n1).includes('10.0.1.3')).toBe(kind === 'BlockAffinity');
      expect(shown(n1)).toContain('10.65.2.0/26');
      cluster.apply(VXLAN, nodes, living);
    }
    await cluster.daemon('n3').startAgain();
    await answers(n1.pod.namespace, n3.pod.ipv4);
  });

  test('a node whose address changes finds the new one by itself, and is reached over it', async () => {
    const n3 = cluster.lab.node('n3');
    await answers(n2.pod.namespace, n3.pod.ipv4);
    for (const command of [
      'addr del 10.0.1.3/24 dev eth0',
      'addr add 10.0.1.33/24 dev eth0',
      'route add default via 10.0.1.254',
    ])
      ip(n3.namespace, command);
    // What it finds is its own: the others learn it from the Node resource.
    nodes = [n1, n2, { ...n3, ipv4: '10.0.1.33' }];
    cluster.apply(VXLAN, nodes, ['n1', 'n2']);
    await pollUntil(async () => tryShown(n2).includes('dst 10.0.1.33') || null, 'n2 knows the new address');
    await answers(n2.pod.namespace, n3.pod.ipv4);
    expect(shown(n2)).not.toMatch(/dst 10\.0\.1\.3 /);
    expect(ip(n3.namespace, '-d link show dev vxlan.calico')).toContain('local 10.0.1.33');
    const { stdout } = await cluster.daemon('n3').run('status');
    expect(stdout).toContain('10.0.1.33/24, by interface=eth.*');
  });

  test('a speaker and an agent in two processes, each ended and started again alone, cost no packet', async () => {
    // The last one dials all others, and so does not wait until they have forgotten what happened to it before.
    const { name: node, namespace, pod } = cluster.lab.node('n3');
    cluster.daemon(node).signal('SIGTERM');
    await cluster.daemon(node).exited();
    const folder = new TempFolder('link');
    const start = (roles: string): Promise<ManulDaemon> =>
      ManulDaemon.start({
        node,
        files: { 'cluster.yaml': labYaml(nodes, VXLAN) },
        roles,
        namespace,
        arguments: ['--agent-socket', folder.file('link.sock')],
      });
    const [speaker, agent] = await Promise.all([start('speaker'), start('agent')]);
    try {
      await bothInSync(speaker, agent);
      const series = await PingSeries.start(pod.namespace, n2.pod.ipv4);
      const stream = await TcpStream.start(n2.pod.namespace, pod.namespace, pod.ipv6);
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        for (const process of [speaker, agent]) {
          process.signal(signal);
          await process.startAgain();
        }
        await bothInSync(speaker, agent);
      }
      expect(await series.stop()).toMatchObject({ lost: 0 });
      await expectUnharmed(stream);
    } finally {
      await speaker.stop();
      await agent.stop();
      folder.remove();
    }
  });

  /** The agent knows all routes again, from the speaker, and has them in the kernel. */
  async function bothInSync(speaker: ManulDaemon, agent: ManulDaemon): Promise<void> {
    const statusOf = async (process: ManulDaemon): Promise<ShownStatus> =>
      JSON.parse(await process.controlGet('/api/v1/status')) as ShownStatus;
    await pollUntil(
      async () => {
        const { sessions } = await statusOf(speaker);
        const { kernel } = await statusOf(agent);
        return (sessions?.Established === 4 && kernel?.inSync && kernel.learntInSync) || null;
      },
      'both are in sync',
      { deadlineMs: 60_000 },
    );
  }

  async function established(name: string): Promise<number> {
    const peers = await cluster.daemon(name).peers();
    return peers.filter(({ state }) => state === 'Established').length;
  }
});

describeWith(NEEDS, 'a cluster without encapsulation', () => {
  let cluster: LabCluster;

  afterEach(async () => {
    await cluster?.stop();
  });

  test('the blocks of a node that dies leave all kernels when BGP says so', async () => {
    // Without graceful restart, by which a daemon's end leaves its node's routes where they are.
    cluster = await LabCluster.start([1, 1, 1], {}, ['--graceful-restart', 'never']);
    const [n1, n2, n3] = cluster.lab.nodes as [LabNode, LabNode, LabNode];
    const shownIn = ({ namespace }: LabNode): string =>
      [...routes(namespace, 4), ...routes(namespace, 6)].join('\n');
    for (const node of [n1, n2])
      expect(shownIn(node)).toMatch(/10\.65\.3\.0\/26 via.*fd65:0:0:3::\/122 via/s);
    // An address that two nodes have: both ways share the traffic, until one of them is gone.
    cluster.apply({ more: [anycast(n2), anycast(n3)] });
    const ways = (): string[] => ip(n1.namespace, `route show ${ANYCAST}`).match(/via \S+/g) ?? [];
    await pollUntil(async () => ways().length === 2 || null, 'both ways');
    expect(ways().sort()).toEqual(['via 10.0.1.2', 'via 10.0.1.3']);
    // Its Node and its BlockAffinity stay: they do not count here.
    cluster.daemon('n3').signal('SIGKILL');
    for (const node of [n1, n2]) {
      await pollUntil(
        async () => !/10\.65\.3\.|fd65:0:0:3:/.test(shownIn(node)) || null,
        'the routes are gone',
      );
      expect(shownIn(node)).toContain(`10.65.${node === n1 ? 2 : 1}.0/26 via`);
    }
    expect(shownIn(n3)).toContain('10.65.1.0/26 via');
    await pollUntil(async () => ways().join() === 'via 10.0.1.2' || null, 'one way');
  });

  function anycast({ name, pod }: LabNode): object {
    const ipNetworks = [`${pod.ipv4}/32`, `${pod.ipv6}/128`, `${ANYCAST}/32`];
    const endpoint = calico('WorkloadEndpoint', pod.name, {
      node: name,
      interfaceName: pod.interfaceName,
      mac: pod.mac,
      ipNetworks,
    });
    // A second endpoint of the same interface, which counts because it comes later.
    return { ...endpoint, metadata: { name: `${pod.name}-anycast`, namespace: 'default' } };
  }
});
