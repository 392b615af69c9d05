/**
 * Pods on three nodes reach each other, whatever the pools ask for: real daemons, real kernels, real packets. The
 * routing tables are those that Calico's Felix would make, with one protocol number for all.
 */

import { askEcho } from '../harness/network/echo-calls.ts';
import { LabCluster } from '../harness/network/lab-cluster.ts';
import type { LabResources } from '../harness/network/lab-resources.ts';
import { ip, type LabNode, routes } from '../harness/network/node-lab.ts';
import { answers } from '../harness/network/ping.ts';
import { outputOf } from '../harness/process/run-command.ts';
import { describeWith } from '../support/requirements.ts';

jest.setTimeout(240_000);

/** The host beyond the router. */
const OUTSIDE = { ipv4: '10.0.9.1', ipv6: 'fd00:9::1' };

interface Mode {
  readonly title: string;
  readonly subnets: readonly number[];
  readonly resources: LabResources;
  /** Routes of n1 to pods and tunnels, without `proto 80 metric 1024`. */
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  /** Nodes that n1 reaches through a tunnel. */
  readonly tunnelled: readonly string[];
}

const OWN_IPV4 = ['blackhole 10.65.1.0/26', '10.65.1.5 dev cali1 scope link'];
const OWN_IPV6 = ['blackhole fd65:0:0:1::/122 dev lo', 'fd65:0:0:1::5 dev cali1'];

const MODES: readonly Mode[] = [
  {
    title: 'without encapsulation, on one subnet',
    subnets: [1, 1, 1],
    resources: {},
    ipv4: ['10.65.2.0/26 via 10.0.1.2 dev eth0', '10.65.3.0/26 via 10.0.1.3 dev eth0'],
    ipv6: ['fd65:0:0:2::/122 via fd00:1::2 dev eth0', 'fd65:0:0:3::/122 via fd00:1::3 dev eth0'],
    tunnelled: [],
  },
  {
    title: 'over VXLAN',
    subnets: [1, 1, 1],
    resources: { vxlanMode: 'Always' },
    ipv4: [
      '10.65.2.0/26 via 10.65.2.2 dev vxlan.calico onlink',
      '10.65.3.0/26 via 10.65.3.2 dev vxlan.calico onlink',
    ],
    ipv6: [
      'fd65:0:0:2::/122 via fd65:0:0:2::2 dev vxlan-v6.calico onlink',
      'fd65:0:0:2::2 dev vxlan-v6.calico',
      'fd65:0:0:3::/122 via fd65:0:0:3::2 dev vxlan-v6.calico onlink',
      'fd65:0:0:3::2 dev vxlan-v6.calico',
    ],
    tunnelled: ['n2', 'n3'],
  },
  {
    title: 'over VXLAN between two subnets, and as they are inside one',
    subnets: [1, 1, 2],
    resources: { vxlanMode: 'CrossSubnet' },
    ipv4: ['10.65.2.0/26 via 10.0.1.2 dev eth0 onlink', '10.65.3.0/26 via 10.65.3.2 dev vxlan.calico onlink'],
    ipv6: [
      'fd65:0:0:2::/122 via fd00:1::2 dev eth0 onlink',
      'fd65:0:0:2::2 dev vxlan-v6.calico',
      'fd65:0:0:3::/122 via fd65:0:0:3::2 dev vxlan-v6.calico onlink',
      'fd65:0:0:3::2 dev vxlan-v6.calico',
    ],
    tunnelled: ['n3'],
  },
];

/** Routes of ours, without what all of them have. */
function ourRoutes(node: LabNode, family: 4 | 6): string[] {
  return routes(node.namespace, family, 'proto 80')
    .map((line) => line.replace(' metric 1024', '').replace(' pref medium', ''))
    .sort();
}

interface Addresses {
  readonly ipv4: string;
  readonly ipv6: string;
}

/** Whom to call. */
function both({ ipv4, ipv6 }: Addresses): readonly string[] {
  return [ipv4, ipv6];
}

/** What `askEcho` gives when `both` saw these: over TCP and UDP. */
function seenAs({ ipv4, ipv6 }: Addresses): readonly string[] {
  return [ipv4, ipv4, ipv6, ipv6];
}

const NEEDS = { root: true, commands: ['ip', 'nsenter', 'ping', 'sysctl', 'tcpdump'] };

describeWith(NEEDS, 'pods on three nodes', () => {
  describe.each(MODES)('$title', ({ subnets, resources, ipv4, ipv6, tunnelled }) => {
    let cluster: LabCluster;
    let nodes: readonly LabNode[];

    beforeAll(async () => {
      cluster = await LabCluster.start(subnets, { ...resources, natOutgoing: true });
      ({ nodes } = cluster.lab);
    });

    afterAll(async () => {
      await cluster?.stop();
    });

    test('the first node has the routes that it should have, and no others', () => {
      const [n1] = nodes;
      expect(ourRoutes(n1!, 4)).toEqual([...OWN_IPV4, ...ipv4].sort());
      expect(ourRoutes(n1!, 6)).toEqual([...OWN_IPV6, ...ipv6].sort());
    });

    test('pods ping each other, the nodes, and the outside', async () => {
      for (const { pod } of nodes) {
        for (const other of nodes) {
          await answers(pod.namespace, other.pod.ipv4);
          await answers(pod.namespace, other.pod.ipv6);
          await answers(pod.namespace, other.ipv4);
          await answers(pod.namespace, other.ipv6);
        }
        await answers(pod.namespace, OUTSIDE.ipv4);
        await answers(pod.namespace, OUTSIDE.ipv6);
      }
    });

    test('nodes ping pods', async () => {
      for (const { namespace } of nodes) {
        for (const { pod } of nodes) {
          await answers(namespace, pod.ipv4);
          await answers(namespace, pod.ipv6);
        }
      }
    });

    test('TCP and UDP go from pod to pod, and keep the address of the pod', async () => {
      const [n1, , n3] = nodes;
      await cluster.echo(n3!.pod.namespace);
      expect(await askEcho(n1!.pod.namespace, both(n3!.pod))).toEqual(seenAs(n1!.pod));
    });

    test('TCP and UDP go from pod to node and from node to pod', async () => {
      const [n1, , n3] = nodes;
      await cluster.echo(n3!.namespace);
      // A node is outside of the pools: natOutgoing translates on the way there.
      expect(await askEcho(n1!.pod.namespace, both(n3!))).toEqual(seenAs(n1!));
      const own = [n1!.ipv4, n1!.ipv6, n1!.tunnelAddresses.vxlan, n1!.tunnelAddresses.vxlanV6];
      for (const seen of await askEcho(n1!.namespace, both(n3!.pod))) expect(own).toContain(seen);
    });

    test('the outside sees the node of a pod that calls over TCP and UDP, and not the pod', async () => {
      const { outside } = cluster.lab;
      await cluster.echo(outside);
      const calls = nodes.map(async (node) => {
        expect(await askEcho(node.pod.namespace, both(OUTSIDE))).toEqual(seenAs(node));
      });
      await Promise.all(calls);
    });

    test('packets are in a tunnel where they should be, and nowhere else', async () => {
      const [n1] = nodes;
      for (const node of nodes.slice(1)) {
        // What the router sees on the wire of the first node.
        const looks = (['ipv4', 'ipv6'] as const).map(async (family) => {
          const filter = `udp port 4789 and host ${node[family]} or host ${node.pod[family]}`;
          const seen = outputOf('timeout', ['30', 'tcpdump', '-ni', 'n1', '-c', '1', filter], {
            namespace: cluster.lab.router,
          });
          const pings = setInterval(() => void answers(n1!.pod.namespace, node.pod[family]), 200);
          const line = await seen;
          clearInterval(pings);
          expect(line.includes('VXLAN')).toBe(tunnelled.includes(node.name));
        });
        await Promise.all(looks);
      }
    });

    test('a host beyond the router reaches pods, as behind a top-of-rack router', async () => {
      const { router, outside } = cluster.lab;
      for (const { blocks, ipv4: address, ipv6: address6, pod } of nodes) {
        ip(router, `route replace ${blocks.ipv4} via ${address}`);
        ip(router, `-6 route replace ${blocks.ipv6} via ${address6}`);
        await answers(outside, pod.ipv4);
        await answers(outside, pod.ipv6);
      }
      // The server in the pod of the third node tells whom it sees: nothing is translated on the way in.
      expect(await askEcho(outside, both(nodes[2]!.pod))).toEqual(seenAs(OUTSIDE));
    });
  });
});
