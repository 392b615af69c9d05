/**
 * The mesh's own options on the wire: password, restart time, and a BGPPeer whose far end mirrors it
 * (`reversePeering`). The fourth node is a speaker of the test, without the key.
 */
import { TestListener } from '../harness/bgp/test-listener.ts';
import { pollUntil } from '../harness/deadline.ts';
import { Cluster } from './support/cluster.ts';

jest.setTimeout(120_000);

/** In the mesh the node whose address is greater as text dials: the fourth is dialed by all. */
const [N1, N2, N3, N4] = ['127.51.0.2', '127.51.0.3', '127.51.0.4', '127.51.0.1'] as const;
/** Restart time of the capability (RFC 4724 §3), as `manul peers` shows it. */
const GRACEFUL_RESTART = 64;

const RESOURCES = `apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: manul-system}
stringData: {mesh: quite-secret}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: n4}
spec: {bgp: {ipv4Address: ${N4}/24}}
---
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: rack}
spec: {node: n1, peerSelector: rack == 'b', maxRestartTime: 15s}
`;

describe('options of the mesh', () => {
  let cluster: Cluster;
  let keyless: TestListener;

  beforeAll(async () => {
    cluster = await Cluster.start({
      nodes: [
        { name: 'n1', address: N1 },
        { name: 'n2', address: N2 },
        { name: 'n3', address: N3, labels: { rack: 'b' } },
      ],
      mesh: true,
      configuration: {
        nodeMeshMaxRestartTime: '77s',
        nodeMeshPassword: { secretKeyRef: { name: 'keys', key: 'mesh' } },
      },
      resources: () => RESOURCES,
    });
    keyless = await TestListener.listen(N4, cluster.port, { asn: 64_512, routerId: N4 });
  });

  afterAll(async () => {
    await cluster?.stop();
    await keyless?.close();
  });

  const restartTime = async (node: string, name: string): Promise<string | undefined> =>
    (await cluster.daemon(node).peer(name)).capabilities.received.find(
      ({ code }) => code === GRACEFUL_RESTART,
    )?.value;

  test('password and restart time: nodes with the key meet, and tell the time', async () => {
    await cluster.daemon('n2').untilPeer(N1, ({ state }) => state === 'Established', 'Established');
    await cluster.daemon('n2').untilPeer(N3, ({ state }) => state === 'Established', 'Established');
    expect(await restartTime('n2', 'mesh/n1')).toContain('77');
    expect(await restartTime('n2', 'mesh/n3')).toContain('77');
  });

  test('a node without the key is not met, and is told as the likely cause', async () => {
    const shown = await pollUntil(async () => {
      const peer = await cluster.daemon('n2').peer('mesh/n4');
      return peer.likelyCause === null ? null : peer;
    }, 'a likely cause');
    expect(shown.state).not.toBe('Established');
    expect(shown.likelyCause).toMatch(/MD5|key|firewall/i);
    expect(keyless.peers.every(({ open }) => open === null)).toBe(true);
  });

  test('reversePeering: the far end of a BGPPeer opens the mirror of it, by the name and options of the BGPPeer', async () => {
    await cluster.daemon('n1').untilPeer(N3, ({ state }) => state === 'Established', 'Established');
    expect(await cluster.daemon('n3').peer('rack')).toMatchObject({
      kind: 'configured',
      address: N1,
      state: 'Established',
    });
    expect(await restartTime('n1', 'rack')).toContain('15');
    expect(await restartTime('n3', 'rack')).toContain('15');
    const names = async (node: string) => (await cluster.daemon(node).peers()).map(({ name }) => name).sort();
    expect(await names('n1')).toEqual(['mesh/n2', 'mesh/n4', 'rack']);
    expect(await names('n3')).toEqual(['mesh/n2', 'mesh/n4', 'rack']);
  });
});
