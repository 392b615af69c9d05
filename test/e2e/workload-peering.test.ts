/**
 * A pod that speaks BGP with its node: it dials the address that `localWorkloadPeeringIPV4` (`…IPV6`) puts on the host
 * side of its interface, the same on each node, and what it announces is in the node's kernel behind its interface.
 */
import { BIRD } from '../harness/daemons/bird.ts';
import type { Daemon } from '../harness/daemons/daemon.ts';
import { pollUntil } from '../harness/deadline.ts';
import { ManulDaemon } from '../harness/manul/manul-daemon.ts';
import { calico, nodeDocuments } from '../harness/network/lab-resources.ts';
import { ip, type LabNode, NodeLab, routes } from '../harness/network/node-lab.ts';
import { describeWith } from '../support/requirements.ts';

jest.setTimeout(120_000);

const ASN = 64_512;
const POD_ASN = 65_200;
const PORT = 179;
const DIALED = { ipv4: '169.254.7.1', ipv6: 'fd07::1' };
const OTHER = '169.254.7.2';
const NETWORKS = ['10.99.1.0/24', 'fd99:1::/64'];
const PATIENCE = { deadlineMs: 30_000 };

const yaml = (...documents: readonly object[]): string =>
  documents.map((document) => `---\n${JSON.stringify(document)}\n`).join('');

const bgp = (localWorkloadPeeringIPV4: string): string =>
  yaml(
    calico('BGPConfiguration', 'default', {
      asNumber: ASN,
      listenPort: PORT,
      localWorkloadPeeringIPV4,
      localWorkloadPeeringIPV6: DIALED.ipv6,
    }),
  );

describeWith(
  { root: true, commands: ['ip', 'nsenter', ...BIRD.commands] },
  'a pod that speaks BGP with its node',
  () => {
    let lab: NodeLab;
    let node: LabNode;
    let manul: ManulDaemon;
    let bird: Daemon;

    beforeAll(async () => {
      lab = new NodeLab({ subnets: [1] });
      node = lab.nodes[0]!;
      manul = await ManulDaemon.start({
        node: node.name,
        namespace: node.namespace,
        roles: 'speaker,agent',
        files: {
          'bgp.yaml': bgp(DIALED.ipv4),
          'node.yaml': yaml(...nodeDocuments(node)),
          'peer.yaml': yaml(
            calico('BGPPeer', 'routers', {
              localWorkloadSelector: 'all()',
              asNumber: POD_ASN,
            }),
          ),
        },
      });
      bird = await BIRD.start({
        namespace: node.pod.namespace,
        address: node.pod.ipv4,
        ipv6Address: node.pod.ipv6,
        port: PORT,
        asn: POD_ASN,
        routerId: node.pod.ipv4,
        networks: NETWORKS,
        neighbors: [neighbor(DIALED.ipv4, 'ipv4'), neighbor(DIALED.ipv6, 'ipv6')],
      });
    });

    afterAll(async () => {
      await bird?.stop();
      await manul?.stop();
      lab?.remove();
    });

    const neighbor = (address: string, family: 'ipv4' | 'ipv6') =>
      ({ address, port: PORT, asn: ASN, families: [family], passive: false, holdTimeSec: 30 }) as const;

    /** Addresses of the host side, without the link-local one. */
    const addresses = (): string[] => {
      const shown = ip(node.namespace, `-o addr show dev ${node.pod.interfaceName}`);
      return [...shown.matchAll(/inet6? (\S+)/g)]
        .map(([, address]) => address!)
        .filter((one) => !one.startsWith('fe80:'));
    };
    const untilAddresses = (...wanted: readonly string[]): Promise<true> =>
      pollUntil(async () => `${addresses()}` === `${wanted}` || null, `addresses are ${wanted}`, PATIENCE);

    test('the host side of its interface has the addresses, and no other interface does', async () => {
      await untilAddresses(`${DIALED.ipv4}/32`, `${DIALED.ipv6}/128`);
      expect(ip(node.namespace, '-o addr').match(/169\.254\./g)).toHaveLength(1);
    });

    test('it dials them, and both sessions come up, over the own address of each side', async () => {
      for (const [address, local] of [
        [node.pod.ipv4, DIALED.ipv4],
        [node.pod.ipv6, DIALED.ipv6],
      ] as const) {
        const isUp = ({ state }: { readonly state: string }): boolean => state === 'Established';
        const peer = await manul.untilPeer(address, isUp, 'Established', PATIENCE.deadlineMs);
        expect(peer).toMatchObject({ kind: 'configured', asn: POD_ASN, localAddress: local });
      }
    });

    test('what it announces is in the kernel of the node, behind its interface', async () => {
      for (const [family, network, hop] of [
        [4, NETWORKS[0]!, node.pod.ipv4],
        [6, NETWORKS[1]!, node.pod.ipv6],
      ] as const) {
        const route = await pollUntil(
          async () => routes(node.namespace, family, network)[0],
          `${network} in the kernel`,
          PATIENCE,
        );
        expect(route).toContain(`via ${hop} dev ${node.pod.interfaceName}`);
      }
    });

    test('it gets the routes of the node, with the address that it dialed as next hop', async () => {
      const block = await pollUntil(
        async () => (await bird.routes('ipv4')).find(({ prefix }) => prefix === node.blocks.ipv4),
        'the pod has the block of its node',
        PATIENCE,
      );
      expect(block.nextHop).toBe(DIALED.ipv4);
    });

    test('an address that somebody takes away comes back', async () => {
      ip(node.namespace, `addr del ${DIALED.ipv4}/32 dev ${node.pod.interfaceName}`);
      await pollUntil(async () => addresses().includes(`${DIALED.ipv4}/32`) || null, 'the address is back');
    });

    test('another address takes the place of the first, and without a BGPPeer there is none', async () => {
      manul.writeFile('bgp.yaml', bgp(OTHER));
      await pollUntil(async () => {
        const now = addresses();
        return (now.includes(`${OTHER}/32`) && !now.includes(`${DIALED.ipv4}/32`)) || null;
      }, 'the other address');
      manul.removeFile('peer.yaml');
      await untilAddresses();
    });
  },
);
