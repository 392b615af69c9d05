/** Addresses that move from node to node, and blocks that come, move and go, while other pods talk. */

import { pollUntil } from '../harness/deadline.ts';
import { LabCluster } from '../harness/network/lab-cluster.ts';
import { calico, type LabResources } from '../harness/network/lab-resources.ts';
import { ip, type LabNode, type LabPod, plugIn, routes } from '../harness/network/node-lab.ts';
import { answers, PingSeries } from '../harness/network/ping.ts';
import { expectUnharmed, TcpStream } from '../harness/network/tcp-stream.ts';
import { NetworkNamespace } from '../harness/process/network-namespace.ts';
import { describeWith } from '../support/requirements.ts';

jest.setTimeout(240_000);

const NEEDS = { root: true, commands: ['ip', 'nsenter', 'ping', 'sysctl'] };
const IPV4 = '10.65.2.9';
const IPV6 = 'fd65:0:0:2::9';
const BLOCK = '10.65.70.0/26';

describeWith(NEEDS, 'what moves while others talk', () => {
  describe.each<[string, LabResources]>([
    ['without encapsulation', {}],
    ['over VXLAN', { vxlanMode: 'Always' }],
  ])('%s', (_title, resources) => {
    let cluster: LabCluster;
    let n1: LabNode;
    let n2: LabNode;
    let n3: LabNode;
    const made: NetworkNamespace[] = [];

    beforeAll(async () => {
      cluster = await LabCluster.start([1, 1, 1], resources);
      [n1, n2, n3] = cluster.lab.nodes as [LabNode, LabNode, LabNode];
      for (const { pod } of [n2, n3]) await answers(n1.pod.namespace, pod.ipv4);
    });

    afterAll(async () => {
      for (const namespace of made) namespace.remove();
      await cluster?.stop();
    });

    /** A pod with the wandering addresses, plugged into `node`. */
    function plugPod(node: LabNode): LabPod {
      const namespace = new NetworkNamespace('moving', []);
      made.push(namespace);
      const mac = '02:00:00:00:00:99';
      const pod = { name: 'moving', namespace, interfaceName: 'cali9', mac, ipv4: IPV4, ipv6: IPV6 };
      plugIn(node.namespace, pod);
      return pod;
    }

    function applyWithPod({ name: node }: LabNode): void {
      const ipNetworks = [`${IPV4}/32`, `${IPV6}/128`];
      const endpoint = calico('WorkloadEndpoint', 'moving', { node, interfaceName: 'cali9', ipNetworks });
      const more = [{ ...endpoint, metadata: { name: 'moving', namespace: 'default' } }];
      cluster.apply({ ...resources, more });
    }

    function hasRoute(node: LabNode, prefix: string, pattern: RegExp): boolean {
      const family = prefix.includes(':') ? 6 : 4;
      return routes(node.namespace, family, 'proto 80').some((line) => {
        return line.startsWith(`${prefix} `) && pattern.test(line);
      });
    }

    /** Does something while n1's pod talks to those of the other nodes, which must notice nothing. */
    async function whileOthersTalk(action: () => Promise<void>): Promise<void> {
      const from = n1.pod.namespace;
      const pings = [
        await PingSeries.start(from, n2.pod.ipv4),
        await PingSeries.start(from, n3.pod.ipv6),
        await PingSeries.start(n2.pod.namespace, n3.pod.ipv4),
      ];
      const stream = await TcpStream.start(from, n2.pod.namespace, n2.pod.ipv6);
      await action();
      await expectUnharmed(stream);
      for (const series of pings) expect(await series.stop()).toMatchObject({ lost: 0 });
    }

    test('an address that moves to another node and back is followed', async () => {
      await whileOthersTalk(async () => {
        plugPod(n2);
        applyWithPod(n2);
        for (const address of [IPV4, IPV6]) await answers(n1.pod.namespace, address);
        expect(hasRoute(n1, IPV4, /./)).toBe(false);
        for (const [before, after] of [
          [n2, n3],
          [n3, n2],
        ] as const) {
          plugPod(after);
          applyWithPod(after);
          await pollUntil(
            async () => (hasRoute(after, IPV4, /dev cali9/) && hasRoute(after, IPV6, /dev cali9/)) || null,
            `${after.name} has it`,
          );
          ip(before.namespace, 'link del cali9');
          for (const { pod } of cluster.lab.nodes) {
            for (const address of [IPV4, IPV6]) await answers(pod.namespace, address);
          }
          // Away from its block, it has a route of its own everywhere; at home the block's does.
          const isAway = after === n3;
          expect(hasRoute(n1, IPV4, /via 10\.(0\.1|65\.3)\./)).toBe(isAway);
          expect(hasRoute(n1, IPV6, /via fd/)).toBe(isAway);
        }
      });
    });

    test('a block comes, moves and goes', async () => {
      await whileOthersTalk(async () => {
        for (const owner of [n2, n3, null, n3]) {
          const more =
            owner === null
              ? []
              : [calico('BlockAffinity', 'extra', { cidr: BLOCK, node: owner.name, state: 'confirmed' })];
          cluster.apply({ ...resources, more });
          await pollUntil(
            async () => {
              return (
                [n1, n2, n3].every((node) => {
                  if (owner === null) return !hasRoute(node, BLOCK, /./);
                  if (node === owner)
                    return routes(node.namespace, 4).some((line) => line.startsWith(`blackhole ${BLOCK}`));
                  return hasRoute(
                    node,
                    BLOCK,
                    new RegExp(`via (${owner.ipv4}|${owner.tunnelAddresses.vxlan}) `),
                  );
                }) || null
              );
            },
            `the block is ${owner === null ? 'gone' : `behind ${owner.name}`}`,
          );
        }
      });
    });
  });
});
