/**
 * Pools that change their encapsulation while pods talk, on nodes that hear of it one after the other: nobody sends
 * into a tunnel before the other end is there, and nobody takes away what others still send into.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { pollUntil } from '../harness/deadline.ts';
import { LabCluster } from '../harness/network/lab-cluster.ts';
import { ip, type LabNode, routes } from '../harness/network/node-lab.ts';
import { answers, PingSeries } from '../harness/network/ping.ts';
import { expectUnharmed, TcpStream } from '../harness/network/tcp-stream.ts';
import { describeWith } from '../support/requirements.ts';

jest.setTimeout(240_000);

const NEEDS = { root: true, commands: ['ip', 'nsenter', 'ping', 'sysctl'] };
/** How much later than the one before each node hears of a change. */
const SKEW_MS = 1500;
const DIRECT = '10.65.2.0/26 via 10.0.1.2 dev eth0 proto 80 metric 1024';
const TUNNELLED = '10.65.2.0/26 via 10.65.2.2 dev vxlan.calico proto 80 metric 1024 onlink';

describeWith(NEEDS, 'pools that change their encapsulation while pods talk', () => {
  let cluster: LabCluster;
  let n1: LabNode;
  let others: readonly LabNode[];

  beforeAll(async () => {
    cluster = await LabCluster.start([1, 1, 2], {});
    const { nodes, router } = cluster.lab;
    [n1, ...others] = nodes as [LabNode, ...LabNode[]];
    // Without encapsulation the router between the subnets must know the pods, as a top-of-rack router does.
    for (const { ipv4, ipv6, blocks } of nodes) {
      ip(router, `route replace ${blocks.ipv4} via ${ipv4}`);
      ip(router, `-6 route replace ${blocks.ipv6} via ${ipv6}`);
    }
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  // In this order: each change starts from what the one before left.
  test.each([
    ['none', 'Always', { vxlanMode: 'Always' }, TUNNELLED],
    ['Always', 'CrossSubnet', { vxlanMode: 'CrossSubnet' }, `${DIRECT} onlink`],
    ['CrossSubnet', 'none', {}, DIRECT],
    ['none', 'CrossSubnet', { vxlanMode: 'CrossSubnet' }, `${DIRECT} onlink`],
    ['CrossSubnet', 'Always', { vxlanMode: 'Always' }, TUNNELLED],
    ['Always', 'none', {}, DIRECT],
  ])('from %s to %s no packet is lost', async (_before, after, resources, route) => {
    const from = n1.pod.namespace;
    const expected = route.replace(' proto 80', '');
    for (const { pod } of others) {
      await answers(from, pod.ipv4);
      await answers(from, pod.ipv6);
    }
    const pings = await Promise.all(
      others.flatMap(({ pod }) => [pod.ipv4, pod.ipv6]).map((address) => PingSeries.start(from, address)),
    );
    const [near, far] = others as [LabNode, LabNode];
    const streams = [
      await TcpStream.start(from, near.pod.namespace, near.pod.ipv4),
      await TcpStream.start(from, far.pod.namespace, far.pod.ipv6),
    ];
    for (const [i, node] of cluster.lab.nodes.entries()) {
      if (i > 0) await sleep(SKEW_MS);
      cluster.apply(resources, cluster.lab.nodes, [node.name]);
    }
    // Each hears of it on its own; before that it is in sync with what it had.
    await pollUntil(
      async () => routes(n1.namespace, 4, 'proto 80').includes(expected) || null,
      'the new way',
      {
        deadlineMs: 60_000,
      },
    );
    await cluster.allInSync();
    expect(routes(n1.namespace, 4, 'proto 80')).toContain(expected);
    if (after === 'none') {
      const devices = (): string => ip(n1.namespace, '-br link show type vxlan');
      await pollUntil(async () => devices() === '' || null, 'the devices are gone', { deadlineMs: 60_000 });
    }
    for (const series of pings) {
      const { sent, lost } = await series.stop();
      expect(sent).toBeGreaterThan(100);
      expect(lost).toBe(0);
    }
    for (const stream of streams) await expectUnharmed(stream);
  });
});
