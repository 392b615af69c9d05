/**
 * Every option of BGPPeer, BGPConfiguration and DynamicNeighbor that `manul render` shows, on the wire: one node, and
 * an independent speaker at the other end of each session. (`reachableBy` needs a kernel: `e2e/agent-peers`.)
 */
import { attributeValues } from '../harness/bgp/attribute-values.ts';
import type { ReceivedMessage } from '../harness/bgp/decode.ts';
import { MessageType } from '../harness/bgp/encode.ts';
import { TestListener } from '../harness/bgp/test-listener.ts';
import { TestPeer } from '../harness/bgp/test-peer.ts';
import { pollUntil } from '../harness/deadline.ts';
import { ManulDaemon } from '../harness/manul/manul-daemon.ts';
import { freePort } from '../harness/process/free-port.ts';
import { affinityYaml, poolYaml } from './support/cluster.ts';
import { ASN } from './support/reflector.ts';

jest.setTimeout(120_000);

const NODE = '127.50.0.1';
/** Another node's address, of a daemon with resources of its own. */
const FAR = '127.50.2.1';
const FAR_ASN = 65_009;
const FEED_ASN = 65_000;
const WORKLOAD = '127.50.4.4';
const CLIENT = '127.50.5.1';
const STRANGER = '127.50.9.9';
/** What the feed announces, behind its own next hop. */
const FED = '10.250.128.0/24';
const LOOPED = '10.250.129.0/24';
const BLOCK = '10.250.1.0/26';

const ADD_PATH = 69;
const GRACEFUL_RESTART = 64;

/** A session with a router of its own. */
interface Option {
  readonly asn: number;
  /** Fields of the BGPPeer beside address and AS number. */
  readonly spec: object;
}

const OPTIONS = {
  feed: { asn: FEED_ASN, spec: {} },
  internal: { asn: ASN, spec: {} },
  'internal-self': { asn: ASN, spec: { nextHopMode: 'Self' } },
  external: { asn: 65_001, spec: {} },
  'external-self': { asn: 65_001, spec: { nextHopMode: 'Self' } },
  'external-keep': { asn: 65_001, spec: { nextHopMode: 'Keep' } },
  'external-kept': { asn: 65_001, spec: { keepOriginalNextHop: true } },
  'local-as': { asn: 65_001, spec: { localASNumber: 64_999 } },
  tolerant: { asn: 65_002, spec: { numAllowedLocalASNumbers: 1 } },
  restart: { asn: 65_001, spec: { maxRestartTime: '45s' } },
  keepalive: { asn: 65_001, spec: { keepaliveTime: '1s' } },
  anywhere: { asn: 65_001, spec: { sourceAddress: 'None' } },
  keyless: { asn: 65_001, spec: { password: { secretKeyRef: { name: 'keys', key: 'router' } } } },
  distant: { asn: 65_001, spec: { ttlSecurity: 1 } },
  filtered: { asn: 65_001, spec: { filters: ['changing'] } },
} satisfies Record<string, Option>;

type Name = keyof typeof OPTIONS;
const NAMES = Object.keys(OPTIONS) as Name[];

const addressOf = (name: Name): string => `127.50.1.${NAMES.indexOf(name) + 1}`;

const document = (kind: string, name: string, spec: object, metadata: object = {}): string =>
  `${JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name, ...metadata }, spec })}\n`;

const nodeYaml = (port: number, bindMode: string): string =>
  [
    document('BGPConfiguration', 'default', {
      asNumber: ASN,
      listenPort: port,
      bindMode,
      nodeToNodeMeshEnabled: false,
      communities: [{ name: 'blocks', value: '64512:100' }],
      prefixAdvertisements: [{ cidr: '10.250.1.0/24', communities: ['blocks', '64512:1:2'] }],
      serviceClusterIPs: [{ cidr: '10.96.0.0/16' }],
      serviceExternalIPs: [{ cidr: '192.0.2.0/24' }],
      serviceLoadBalancerIPs: [{ cidr: '198.51.100.0/24' }],
    }),
    document('Node', 'n1', { bgp: { ipv4Address: `${NODE}/32` } }),
  ].join('---\n');

const filterYaml = (importV4: object[], exportV4: object[]): string =>
  document('BGPFilter', 'changing', { importV4, exportV4 });

const secretYaml = (): string => `apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: manul-system}
stringData: {router: quite-secret}
`;

const farPeerYaml = (name: string, address: string, port: number, asn: number): string =>
  document('BGPPeer', name, {
    peerIP: `${address}:${port}`,
    asNumber: asn,
    ttlSecurity: 1,
    password: { secretKeyRef: { name: 'keys', key: 'router' } },
  });

const serviceYaml = (): string => `apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: LoadBalancer
  clusterIP: 10.96.1.1
  externalIPs: [192.0.2.7, 203.0.113.1]
  externalTrafficPolicy: Local
status: {loadBalancer: {ingress: [{ip: 198.51.100.7}]}}
`;

const endpointYaml = (node: string): string => `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints: [{addresses: [10.250.1.9], nodeName: ${node}}]
`;

const workloadYaml = (): string =>
  [
    document(
      'WorkloadEndpoint',
      'n1-k8s-router-eth0',
      { node: 'n1', interfaceName: 'cali1', ipNetworks: [`${WORKLOAD}/32`] },
      {
        namespace: 'default',
        labels: { app: 'router' },
      },
    ),
    document('BGPPeer', 'workload', { localWorkloadSelector: "app == 'router'", asNumber: 65_040 }),
  ].join('---\n');

const clientsYaml = (): string => `apiVersion: manul.dev/v1alpha1
kind: DynamicNeighbor
metadata: {name: clients}
spec: {listenRanges: [127.50.5.0/24], holdTime: 30s, addPath: false, filters: [], families: [ipv4]}
`;

const keepalives = (messages: readonly ReceivedMessage[]): number =>
  messages.filter(({ type }) => type === MessageType.Keepalive).length;

describe('options of sessions, on the wire', () => {
  const listeners = new Map<Name, TestListener>();
  let daemon: ManulDaemon;
  let far: ManulDaemon;
  let port: number;

  const router = async (name: Name): Promise<TestPeer> =>
    (await listeners.get(name)!.accepted()).established();

  beforeAll(async () => {
    for (const name of NAMES) {
      const address = addressOf(name);
      const { asn } = OPTIONS[name];
      listeners.set(name, await TestListener.listen(address, 0, { asn, routerId: address }));
    }
    port = await freePort(NODE);
    const farPort = await freePort(FAR);
    const peers = NAMES.map((name) => {
      const { asn, spec } = OPTIONS[name];
      const peerIP = `${addressOf(name)}:${listeners.get(name)!.port}`;
      return document('BGPPeer', name, { peerIP, asNumber: asn, ...spec });
    });
    const files = {
      'node.yaml': nodeYaml(port, 'NodeIP'),
      'peers.yaml': peers.join('---\n'),
      'far.yaml': farPeerYaml('far', FAR, farPort, FAR_ASN),
      'secret.yaml': secretYaml(),
      'filter.yaml': filterYaml([], []),
      'pool.yaml': [poolYaml('10.250.0.0/16'), affinityYaml('n1', BLOCK)].join('---\n'),
      'service.yaml': serviceYaml(),
      'endpoints.yaml': endpointYaml('n2'),
      'workload.yaml': workloadYaml(),
      'clients.yaml': clientsYaml(),
    };
    const farFiles = {
      'node.yaml': [
        document('BGPConfiguration', 'default', {
          asNumber: FAR_ASN,
          listenPort: farPort,
          bindMode: 'NodeIP',
          nodeToNodeMeshEnabled: false,
        }),
        document('Node', 'far', { bgp: { ipv4Address: `${FAR}/32` } }),
        farPeerYaml('near', NODE, port, ASN),
      ].join('---\n'),
      'secret.yaml': secretYaml(),
    };
    [daemon, far] = await Promise.all([
      ManulDaemon.start({ node: 'n1', files }),
      ManulDaemon.start({ node: 'far', files: farFiles }),
    ]);
    const feed = await router('feed');
    const route = { nextHop: addressOf('feed'), localPref: null };
    feed.announce([FED], { ...route, asPath: [FEED_ASN, 65_100] });
  });

  afterAll(async () => {
    await Promise.all([daemon?.stop(), far?.stop()]);
    await Promise.all([...listeners.values()].map((listener) => listener.close()));
  });

  describe('the next hop and AS_PATH of a route of the feed', () => {
    const hop = addressOf('feed');
    test.each([
      ['internal', hop, []],
      ['internal-self', NODE, []],
      ['external', NODE, [ASN]],
      ['external-self', NODE, [ASN]],
      ['external-keep', hop, [ASN]],
      ['external-kept', hop, [ASN]],
      ['local-as', NODE, [64_999]],
    ] as const)('%s: %s, %j in front', async (name, nextHop, front) => {
      const route = await (await router(name)).route(FED);
      expect(route.nextHop).toBe(nextHop);
      expect(attributeValues(route.attributes).asPath).toEqual([...front, FEED_ASN, 65_100]);
    });
  });

  test('sessions say in OPEN what is asked for, and the defaults otherwise', async () => {
    const opens = async (name: Name) => (await router(name)).open!;
    const restartTime = (open: { readonly capabilities: ReadonlyMap<number, readonly Buffer[]> }) =>
      open.capabilities.get(GRACEFUL_RESTART)![0]!.readUInt16BE(0) & 0xfff;
    const plain = await opens('external');
    expect(plain).toMatchObject({ asn: ASN, holdTimeSec: 90, routerId: NODE });
    expect(plain.capabilities.has(ADD_PATH)).toBe(true);
    expect(restartTime(plain)).toBe(120);
    expect(restartTime(await opens('restart'))).toBe(45);
    expect((await opens('local-as')).asn).toBe(64_999);
  });

  test('keepaliveTime: a KEEPALIVE comes every second', async () => {
    const peer = await router('keepalive');
    const first = keepalives(peer.messages);
    await peer.until(({ messages }) => keepalives(messages) >= first + 2 || null, 'two more KEEPALIVEs');
    expect(keepalives((await router('external')).messages)).toBeLessThan(keepalives(peer.messages));
  });

  test("sourceAddress: UseNodeIP comes from the node's address, None from where the routes lead", async () => {
    expect((await router('external')).remoteAddress).toBe(NODE);
    expect((await router('anywhere')).remoteAddress).toBe('127.0.0.1');
  });

  test('numAllowedLocalASNumbers: a path with our AS is taken from who may send it, and from nobody else', async () => {
    const route = (name: Name, asn: number) => ({
      nextHop: addressOf(name),
      localPref: null,
      asPath: [asn, ASN],
    });
    (await router('external')).announce([LOOPED], route('external', 65_001));
    await daemon.untilPeer(addressOf('external'), ({ received }) => received.ipv4 === 1, 'with the loop');
    (await router('tolerant')).announce([LOOPED], route('tolerant', 65_002));
    const taken = await (await router('internal')).route(LOOPED);
    expect(attributeValues(taken.attributes).asPath).toEqual([65_002, ASN]);
    expect((await daemon.routes(LOOPED, '--all')).filter(({ best }) => best)).toHaveLength(1);
  });

  test('communities and prefixAdvertisements: what is inside gets them, the rest does not', async () => {
    const peer = await router('external');
    const block = attributeValues((await peer.route(BLOCK)).attributes);
    expect(block).toMatchObject({ communities: ['64512:100'], largeCommunities: ['64512:1:2'] });
    const fed = attributeValues((await peer.route(FED)).attributes);
    expect(fed).toMatchObject({ communities: [], largeCommunities: [] });
  });

  test('filters: import and export change while the session stays', async () => {
    const peer = await router('filtered');
    await peer.route(FED);
    peer.announce(['10.250.130.0/24'], { nextHop: addressOf('filtered'), localPref: null, asPath: [65_001] });
    const internal = await router('internal');
    await internal.route('10.250.130.0/24');
    daemon.writeFile(
      'filter.yaml',
      filterYaml(
        [{ action: 'Reject', matchOperator: 'In', cidr: '10.250.130.0/24' }],
        [
          { action: 'Reject', matchOperator: 'Equal', cidr: FED },
          {
            action: 'Accept',
            matchOperator: 'Equal',
            cidr: BLOCK,
            operations: [{ prependASPath: { prefix: [64_700] } }, { addCommunity: { value: '64512:7' } }],
          },
        ],
      ),
    );
    await peer.noRoute(FED);
    await internal.noRoute('10.250.130.0/24');
    const changed = await peer.until(({ routes }) => {
      const values = attributeValues(routes.get(BLOCK)!.attributes);
      return values.communities.includes('64512:7') ? values : null;
    }, 'the block with the community of the filter');
    expect(changed.asPath).toEqual([ASN, 64_700]);
    daemon.writeFile('filter.yaml', filterYaml([], []));
    await Promise.all([peer.route(FED), internal.route('10.250.130.0/24')]);
    expect(peer).toMatchObject({ isEstablished: true, notification: null });
    expect(await daemon.peer('filtered')).toMatchObject({ flaps: 0 });
  });

  test('password and ttlSecurity: a neighbor that has both comes up, over one hop and with the key', async () => {
    await daemon.untilPeer(FAR, ({ state }) => state === 'Established', 'Established');
    expect(await far.peer('near')).toMatchObject({ state: 'Established', asn: ASN });
  });

  test.each(['keyless', 'distant'] as const)('%s: a neighbor without it never does', async (name) => {
    const shown = await pollUntil(async () => {
      const peer = await daemon.peer(name);
      return peer.likelyCause === null ? null : peer;
    }, `a likely cause of ${name}`);
    expect(shown).toMatchObject({ state: expect.not.stringMatching('Established'), uptimeSeconds: 0 });
    const [accepted] = listeners.get(name)!.peers;
    expect(accepted?.open ?? null).toBeNull();
  });

  test('services: ranges whole, single addresses while an endpoint is ready here, and no other', async () => {
    const peer = await router('external');
    await Promise.all(['10.96.0.0/16', '192.0.2.0/24', '198.51.100.0/24'].map((range) => peer.route(range)));
    const single = ['10.96.1.1/32', '192.0.2.7/32', '198.51.100.7/32'];
    const shown = (): string[] => [...peer.routes.keys()].filter((prefix) => prefix.endsWith('/32')).sort();
    expect(shown()).toEqual([]);
    daemon.writeFile('endpoints.yaml', endpointYaml('n1'));
    await Promise.all(single.map((address) => peer.route(address)));
    expect(shown()).toEqual(single);
    daemon.removeFile('endpoints.yaml');
    await Promise.all(single.map((address) => peer.noRoute(address)));
  });

  test('local workloads: they dial, and are configured peers by the AS of the BGPPeer', async () => {
    const peer = TestPeer.dial(
      { address: NODE, port },
      { asn: 65_040, routerId: '192.0.2.40', localAddress: WORKLOAD },
    );
    await peer.established();
    expect((await peer.route(FED)).nextHop).toBe(NODE);
    peer.announce(['10.250.140.0/24'], { nextHop: WORKLOAD, localPref: null, asPath: [65_040] });
    await (await router('internal')).route('10.250.140.0/24');
    expect(await daemon.peer('workload')).toMatchObject({
      kind: 'configured',
      address: WORKLOAD,
      asn: 65_040,
    });
    await peer.close();
  });

  test('clients of a range: hold time, families and no ADD-PATH, as the DynamicNeighbor says', async () => {
    const client = TestPeer.dial(
      { address: NODE, port },
      { asn: ASN, routerId: CLIENT, localAddress: CLIENT },
    );
    const { open } = await client.established();
    expect(open).toMatchObject({ asn: ASN, holdTimeSec: 30 });
    expect(open!.capabilities.has(ADD_PATH)).toBe(false);
    expect(open!.capabilities.get(1)).toEqual([Buffer.from([0, 1, 0, 1])]); // IPv4 unicast alone
    await client.close();
  });

  test('bindMode: NodeIP listens there alone, None everywhere, and sessions outlive the change', async () => {
    const before = await router('external');
    const elsewhere = () =>
      TestPeer.dial({ address: STRANGER, port }, { asn: ASN, routerId: CLIENT, localAddress: CLIENT });
    const refused = elsewhere();
    await refused.closed();
    expect(refused.failure).toMatchObject({ code: 'ECONNREFUSED' });
    daemon.writeFile('node.yaml', nodeYaml(port, 'None'));
    const client = await pollUntil(() => elsewhere().established(), 'a session with another address');
    await client.route(FED);
    await client.close();
    expect(before).toMatchObject({ isEstablished: true, notification: null });
  });
});
