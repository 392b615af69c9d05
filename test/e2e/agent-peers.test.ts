/**
 * What a speaker with an agent takes from the kernel: whether a next hop is reached, and how far it is (RFC 4271
 * §9.1.2). And what it writes there for its neighbors: the route of `reachableBy`.
 */
import { asPath, localPref, nextHop, origin } from '../harness/bgp/attributes.ts';
import { encodeUpdate } from '../harness/bgp/encode.ts';
import { encodePrefix } from '../harness/bgp/prefix-text.ts';
import { TestListener } from '../harness/bgp/test-listener.ts';
import type { TestPeer } from '../harness/bgp/test-peer.ts';
import { pollUntil } from '../harness/deadline.ts';
import { LabCluster } from '../harness/network/lab-cluster.ts';
import { calico } from '../harness/network/lab-resources.ts';
import { ip, type LabNode, routes } from '../harness/network/node-lab.ts';
import { NamespacePort } from '../harness/process/namespace-port.ts';
import { describeWith } from '../support/requirements.ts';
import { untilRoutes } from './support/cluster.ts';

jest.setTimeout(120_000);

const NEEDS = { root: true, commands: ['ip', 'nsenter'] };
const BEYOND = '10.65.201.0/26';
const TWO_WAYS = '10.65.202.0/26';
const FAR = '203.0.113.9';

const yaml = (...documents: readonly object[]): string =>
  documents.map((document) => `---\n${JSON.stringify(document)}\n`).join('');

describeWith(NEEDS, 'neighbors of a node with an agent', () => {
  let cluster: LabCluster;
  let node: LabNode;
  let listener: TestListener;
  let port: NamespacePort;
  let peer: TestPeer;

  beforeAll(async () => {
    cluster = await LabCluster.start([1], {});
    node = cluster.lab.nodes[0]!;
    listener = await TestListener.listen('127.0.0.1', 0, {
      asn: 64_512,
      routerId: '192.0.2.200',
      addPath: true,
    });
    port = await NamespacePort.open(node.namespace, listener.port);
    const peerIP = `127.0.0.1:${listener.port}`;
    const spec = { peerIP, asNumber: 64_512, sourceAddress: 'None' };
    cluster.daemon(node.name).writeFile('tester.yaml', yaml(calico('BGPPeer', 'tester', spec)));
    peer = await (await listener.accepted()).established();
  });

  afterAll(async () => {
    await port?.close();
    await listener?.close();
    await cluster?.stop();
  });

  const announce = (prefix: string, pathId: number, hop: string): void => {
    const nlri = Buffer.concat([Buffer.from([0, 0, 0, pathId]), encodePrefix(prefix)]);
    peer.send(encodeUpdate({ attributes: [origin(0), asPath([]), nextHop(hop), localPref(100)], nlri }));
  };

  /** The next hop of the best route, or null where there is none. */
  const untilBest = async (prefix: string, hop: string | null): Promise<void> => {
    await untilRoutes(
      cluster.daemon(node.name),
      (shown) => (shown.find(({ best }) => best)?.nextHop ?? null) === hop,
      `${prefix} by ${hop}`,
      prefix,
      '--all',
    );
  };

  const explained = async (prefix: string): Promise<string> =>
    (await cluster.daemon(node.name).run('explain', prefix)).stdout;

  test('a next hop beyond a router is reached while a route leads there, and no longer', async () => {
    announce(BEYOND, 1, '192.0.2.1');
    await untilBest(BEYOND, '192.0.2.1');
    ip(node.namespace, 'route del default');
    await untilBest(BEYOND, null);
    expect(await explained(BEYOND)).toContain('next hop 192.0.2.1 cannot be reached');
    ip(node.namespace, 'route add 192.0.2.0/24 via 10.0.1.254');
    await untilBest(BEYOND, '192.0.2.1');
    ip(node.namespace, 'route add blackhole 192.0.2.0/28');
    await untilBest(BEYOND, null);
    ip(node.namespace, 'route del blackhole 192.0.2.0/28');
    await untilBest(BEYOND, '192.0.2.1');
  });

  test('of two otherwise equal paths the one with the nearer next hop wins', async () => {
    ip(node.namespace, 'route replace 198.51.100.0/24 via 10.0.1.254 metric 50');
    ip(node.namespace, 'route add 192.0.3.0/24 via 10.0.1.254 metric 5');
    announce(TWO_WAYS, 1, '198.51.100.1');
    announce(TWO_WAYS, 2, '192.0.3.1');
    await untilBest(TWO_WAYS, '192.0.3.1');
    expect(await explained(TWO_WAYS)).toContain('IGP metric');
    ip(node.namespace, 'route add 198.51.100.0/24 via 10.0.1.254 metric 1');
    await untilBest(TWO_WAYS, '198.51.100.1');
    ip(node.namespace, 'route del 198.51.100.0/24 metric 1');
    await untilBest(TWO_WAYS, '192.0.3.1');
  });

  test('routes to pods do not count, those to local workloads do', async () => {
    const [learnt, through, inBlock, byWorkload] = [0, 64, 128, 192].map(
      (last) => `10.65.203.${last}/26`,
    ) as [string, string, string, string];
    announce(learnt, 1, '10.0.1.77');
    await untilBest(learnt, '10.0.1.77');
    await pollUntil(
      async () => routes(node.namespace, 4, 'proto 80').some((line) => line.startsWith(learnt)) || null,
      'the learnt route in the kernel',
    );
    announce(through, 1, '10.65.203.9');
    announce(inBlock, 1, '10.65.1.9');
    announce(byWorkload, 1, node.pod.ipv4);
    await untilBest(byWorkload, node.pod.ipv4);
    await untilBest(through, null);
    await untilBest(inBlock, null);
  });

  test('a link that goes down takes its next hops along', async () => {
    ip(node.namespace, `link set ${node.pod.interfaceName} down`);
    await untilBest('10.65.203.192/26', null);
    ip(node.namespace, `link set ${node.pod.interfaceName} up`);
    await untilBest('10.65.203.192/26', node.pod.ipv4);
  });

  test('reachableBy: the neighbor has a route of its own in the kernel, as long as the BGPPeer says so', async () => {
    const daemon = cluster.daemon(node.name);
    const shown = (): string[] => routes(node.namespace, 4, FAR);
    const spec = { peerIP: FAR, asNumber: 65_001, reachableBy: '10.0.1.254' };
    daemon.writeFile('far.yaml', yaml(calico('BGPPeer', 'far', spec)));
    await pollUntil(async () => shown().length > 0 || null, 'the route to the neighbor');
    expect(shown()).toEqual([`${FAR} via 10.0.1.254 dev eth0 proto 80 metric 1024`]);
    announce('10.65.204.0/26', 1, FAR);
    await untilBest('10.65.204.0/26', FAR);
    daemon.removeFile('far.yaml');
    await pollUntil(async () => shown().length === 0 || null, 'no route to the neighbor');
    await untilBest('10.65.204.0/26', null);
  });
});
