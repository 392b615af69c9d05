/**
 * What clients of one reflector may have different from each other: ADD-PATH, families, an external AS; and what
 * the reflector originates itself, from the resources of Calico's IPAM.
 */

import {
  Attr,
  asPath,
  attribute,
  communities,
  Flag,
  localPref,
  nextHop,
  origin,
} from '../harness/bgp/attributes.ts';
import { asPathOf, quadsOf, uint32Of } from '../harness/bgp/decode.ts';
import { capability, encodeOpen, encodeUpdate } from '../harness/bgp/encode.ts';
import { encodePrefix } from '../harness/bgp/prefix-text.ts';
import type { TestPeer } from '../harness/bgp/test-peer.ts';
import { dynamicNeighborYaml } from '../harness/manul/resources.ts';
import { affinityYaml, poolYaml } from './support/cluster.ts';
import { ASN, type Reflector, startReflector } from './support/reflector.ts';
import type { RouteStatus } from './support/shown.ts';

jest.setTimeout(60_000);

const NETWORK = '127.48.0';
const CLUSTER_ID = '244.0.0.1';
const A = `${NETWORK}.11`;
const B = `${NETWORK}.12`;

/** A block of rr-1 by its own word, and one of another node from which rr-1 has borrowed the third address. */
const IPAM_BLOCKS = `apiVersion: crd.projectcalico.org/v1
kind: IPAMBlock
metadata: {name: 10-248-2-0-26}
spec: {cidr: 10.248.2.0/26, affinity: "host:rr-1", allocations: [], unallocated: [], attributes: []}
---
apiVersion: crd.projectcalico.org/v1
kind: IPAMBlock
metadata: {name: 10-248-9-0-26}
spec:
  cidr: 10.248.9.0/26
  affinity: "host:elsewhere"
  allocations: [null, null, 0]
  unallocated: []
  attributes: [{handle_id: x, secondary: {node: rr-1, pod: web, namespace: default}}]
`;

const RESOURCES = [
  poolYaml('10.248.0.0/16'),
  affinityYaml('rr-1', '10.248.1.0/26'),
  affinityYaml('elsewhere', '10.248.3.0/26'),
  IPAM_BLOCKS,
].join('---\n');

/** Routers of AS 65048: RFC 8212 asks for a policy in each direction. */
const ROUTERS = `${dynamicNeighborYaml({
  name: 'routers',
  listenRanges: ['127.48.65.0/24'],
  routeReflectorClient: false,
  spec: ['asNumbers: ["65048"]', 'filters: [routers]'],
})}---
apiVersion: projectcalico.org/v3
kind: BGPFilter
metadata: {name: routers}
spec:
  importV4: [{action: Accept, matchOperator: In, cidr: 192.168.0.0/16}, {action: Reject}]
  exportV4: [{action: Accept, matchOperator: In, cidr: 10.248.0.0/16}, {action: Reject}]
---
${dynamicNeighborYaml({
  name: 'strangers',
  listenRanges: ['127.48.66.0/24'],
  routeReflectorClient: false,
  spec: ['asNumbers: ["65049"]'],
})}`;

function openWithExtendedMessages(routerId: string): Buffer {
  const capabilities = [
    capability.multiprotocol('ipv4'),
    capability.fourOctetAs(ASN),
    Buffer.from([6, 0]), // RFC 8654 §3
  ];
  return encodeOpen({ asn: ASN, routerId, holdTimeSec: 90, capabilities });
}

describe('clients of a reflector', () => {
  let reflector: Reflector;
  const peers: TestPeer[] = [];

  beforeAll(async () => {
    reflector = await startReflector({
      address: `${NETWORK}.1`,
      listenRanges: [`${NETWORK}.0/24`],
      files: { 'ipam.yaml': RESOURCES, 'routers.yaml': ROUTERS },
    });
  });

  afterAll(() => reflector?.daemon.stop());

  afterEach(async () => {
    await Promise.all(peers.splice(0).map((peer) => peer.close()));
  });

  async function client(
    localAddress: string,
    options: Parameters<Reflector['dial']>[1] = {},
  ): Promise<TestPeer> {
    const peer = await reflector.dial(localAddress, options).established();
    peers.push(peer);
    return peer;
  }

  test('with ADD-PATH get every path, without it the best one', async () => {
    const [a, b] = [await client(A), await client(B)];
    const all = await client(`${NETWORK}.13`, { addPath: true });
    const one = await client(`${NETWORK}.14`);
    a.announce(['10.1.0.0/16'], { nextHop: A, localPref: 200 });
    b.announce(['10.1.0.0/16'], { nextHop: B, localPref: 100 });
    const pathsOf = (peer: TestPeer) =>
      [...peer.routes.values()].filter(({ prefix }) => prefix === '10.1.0.0/16');
    const both = await all.until(
      (peer) => (pathsOf(peer).length === 2 ? pathsOf(peer) : null),
      'both paths to 10.1.0.0/16',
    );
    expect(both.map(({ nextHop }) => nextHop).sort()).toEqual([A, B]);
    expect(new Set(both.map(({ pathId }) => pathId)).size).toBe(2);
    expect((await one.route('10.1.0.0/16')).nextHop).toBe(A);
    const shown = await reflector.daemon.read<readonly RouteStatus[]>(
      'routes',
      '--advertised',
      `clients/${NETWORK}.13`,
    );
    expect(shown.filter(({ prefix }) => prefix === '10.1.0.0/16')).toHaveLength(2);

    a.withdraw(['10.1.0.0/16']);
    await all.until((peer) => pathsOf(peer).length === 1 || null, 'one path left');
    expect(pathsOf(all)[0]?.nextHop).toBe(B);
    await one.until((peer) => peer.routes.get('10.1.0.0/16')?.nextHop === B || null, 'the other path');
  });

  test('that send several paths of their own with ADD-PATH have them all kept apart', async () => {
    const sender = await client(A, { addPath: true });
    const all = await client(B, { addPath: true });
    const announce = (pathId: number, hop: string): void => {
      const nlri = Buffer.concat([Buffer.from([0, 0, 0, pathId]), encodePrefix('10.2.0.0/16')]);
      sender.send(encodeUpdate({ attributes: [origin(0), asPath([]), nextHop(hop), localPref(100)], nlri }));
    };
    announce(1, '192.0.2.1');
    announce(2, '192.0.2.2');
    const hops = (peer: TestPeer): string[] =>
      [...peer.routes.values()]
        .filter(({ prefix }) => prefix === '10.2.0.0/16')
        .map(({ nextHop }) => nextHop)
        .sort();
    await all.until((peer) => hops(peer).length === 2 || null, 'both paths');
    expect(hops(all)).toEqual(['192.0.2.1', '192.0.2.2']);
    announce(1, '192.0.2.9'); // replaces the first alone
    await all.until((peer) => hops(peer).includes('192.0.2.9') || null, 'the replaced path');
    expect(hops(all)).toEqual(['192.0.2.2', '192.0.2.9']);
  });

  test('carry IPv4 and IPv6 on one session, with an End-of-RIB for each', async () => {
    const [a, b] = [await client(A), await client(B)];
    a.announce(['10.3.0.0/16'], { nextHop: A });
    a.announce(['fd48:1::/64', 'fd48:2::/64'], { nextHop: 'fd48::11' });
    expect((await b.route('10.3.0.0/16')).nextHop).toBe(A);
    const route = await b.route('fd48:2::/64');
    expect(route.nextHop).toBe('fd48::11');
    expect(quadsOf(route.attributes, Attr.OriginatorId)).toEqual([A]);
    expect(quadsOf(route.attributes, Attr.ClusterList)).toEqual([CLUSTER_ID]);
    await b.until((peer) => peer.endOfRib.size === 2 || null, 'both End-of-RIBs');
    a.withdraw(['fd48:1::/64']);
    await b.noRoute('fd48:1::/64');
    expect(b.routes.has('fd48:2::/64')).toBe(true);
    const shown = await reflector.daemon.read<readonly RouteStatus[]>('routes', '--family', 'ipv6');
    expect(shown).toMatchObject([{ prefix: 'fd48:2::/64', nextHop: 'fd48::11', originatorId: null }]);
  });

  test('that speak one family are sent that one only', async () => {
    const a = await client(A);
    const only = await client(B, { families: ['ipv6'] });
    a.announce(['10.4.0.0/16'], { nextHop: A });
    a.announce(['fd48:4::/64'], { nextHop: 'fd48::11' });
    await only.route('fd48:4::/64');
    expect([...only.routes.keys()].filter((prefix) => !prefix.includes(':'))).toEqual([]);
  });

  test('get the blocks and borrowed addresses of this node, and those of no other', async () => {
    const a = await client(A);
    await a.until((peer) => peer.endOfRib.size === 2 || null, 'both End-of-RIBs');
    expect([...a.routes.keys()].sort()).toEqual(['10.248.1.0/26', '10.248.2.0/26', '10.248.9.2/32']);
    const route = await a.route('10.248.1.0/26');
    expect(route.nextHop).toBe(`${NETWORK}.1`);
    expect(asPathOf(route.attributes)).toEqual([]);
    expect(uint32Of(route.attributes, Attr.LocalPref)).toBe(2_147_483_647 - 1024);
    expect(route.attributes.has(Attr.OriginatorId)).toBe(false);
  });

  test('unknown attributes: the transitive one is passed on with Partial set, the other is dropped', async () => {
    const [a, b] = [await client(A), await client(B)];
    const transitive = attribute(Flag.Optional | Flag.Transitive, 200, Buffer.from('abc'));
    const local = attribute(Flag.Optional, 201, Buffer.from('xyz'));
    const extra = [communities([0xfc00_0001]), transitive, local];
    a.announce(['10.5.0.0/16'], { nextHop: A, extra });
    const { attributes } = await b.route('10.5.0.0/16');
    expect(attributes.get(200)).toEqual({
      flags: Flag.Optional | Flag.Transitive | Flag.Partial,
      value: Buffer.from('abc'),
    });
    expect(attributes.has(201)).toBe(false);
    expect(attributes.get(Attr.Communities)?.value.toString('hex')).toBe('fc000001');
  });

  test('without extended messages lose a route whose attributes have outgrown their messages (RFC 8654 §5)', async () => {
    const a = await client(A, { open: openWithExtendedMessages(A), families: ['ipv4'] });
    const small = await client(B);
    const large = await client(`${NETWORK}.13`, {
      open: openWithExtendedMessages(`${NETWORK}.13`),
      families: ['ipv4'],
    });
    a.announce(['10.10.0.0/16', '10.11.0.0/16'], { nextHop: A });
    await small.route('10.10.0.0/16');
    const huge = attribute(Flag.Optional | Flag.Transitive, 200, Buffer.alloc(20_000, 7));
    a.announce(['10.10.0.0/16'], { nextHop: A, extra: [huge] });
    await small.noRoute('10.10.0.0/16');
    await large.until(
      (peer) => peer.routes.get('10.10.0.0/16')?.attributes.has(200) || null,
      'the large one',
    );
    a.announce(['10.10.0.0/16'], { nextHop: A });
    await small.route('10.10.0.0/16');
    expect([small, large].map(({ isEstablished }) => isEstablished)).toEqual([true, true]);
    expect(small.routes.has('10.11.0.0/16')).toBe(true);
  });

  test('NO_ADVERTISE stays here, NO_EXPORT stays in the AS (RFC 1997)', async () => {
    const [a, b] = [await client(A), await client(B)];
    const router = await client('127.48.65.1', { asn: 65048 });
    const announce = (prefix: string, ...values: number[]): void =>
      a.announce([prefix], { nextHop: A, extra: values.length === 0 ? [] : [communities(values)] });
    announce('10.248.20.0/24', 0xffff_ff02);
    announce('10.248.21.0/24', 0xffff_ff01);
    announce('10.248.22.0/24');
    await Promise.all([b.route('10.248.22.0/24'), router.route('10.248.22.0/24')]);
    await b.route('10.248.21.0/24');
    const has = (peer: TestPeer): boolean[] => [20, 21].map((n) => peer.routes.has(`10.248.${n}.0/24`));
    expect([has(b), has(router)]).toEqual([
      [false, true],
      [false, false],
    ]);
    announce('10.248.22.0/24', 0xffff_ff02); // what was advertised before is withdrawn
    await b.noRoute('10.248.22.0/24');
    await router.noRoute('10.248.22.0/24');
  });

  test('of another AS: next hop self, our AS in front, no LOCAL_PREF; what they send goes to clients', async () => {
    const router = await client('127.48.65.1', { asn: 65048 });
    const a = await client(A);
    router.announce(['192.168.1.0/24', '172.16.0.0/16'], {
      nextHop: '127.48.65.1',
      asPath: [65048, 65100],
      localPref: null,
    });
    const learnt = await a.route('192.168.1.0/24');
    expect(asPathOf(learnt.attributes)).toEqual([65048, 65100]);
    expect(uint32Of(learnt.attributes, Attr.LocalPref)).toBe(100);
    expect(learnt.nextHop).toBe('127.48.65.1');
    expect(a.routes.has('172.16.0.0/16')).toBe(false); // not in the filter

    a.announce(['10.248.7.0/26', '10.6.0.0/16'], { nextHop: A });
    const sent = await router.route('10.248.7.0/26');
    expect(sent.nextHop).toBe(`${NETWORK}.1`);
    expect(asPathOf(sent.attributes)).toEqual([64512]);
    for (const type of [Attr.LocalPref, Attr.OriginatorId, Attr.ClusterList]) {
      expect(sent.attributes.has(type)).toBe(false);
    }
    expect(router.routes.has('10.6.0.0/16')).toBe(false);
  });

  test('of another AS without filters exchange nothing (RFC 8212)', async () => {
    const stranger = await client('127.48.66.1', { asn: 65049 });
    const a = await client(A);
    stranger.announce(['192.168.2.0/24'], { nextHop: '127.48.66.1', asPath: [65049], localPref: null });
    await reflector.daemon.untilPeer('127.48.66.1', (peer) => peer.received.ipv4 === 1, 'with its route');
    await stranger.until((peer) => peer.endOfRib.size === 2 || null, 'both End-of-RIBs');
    expect(stranger.routes.size).toBe(0);
    expect(a.routes.has('192.168.2.0/24')).toBe(false);
    const shown = await reflector.daemon.untilPeer('127.48.66.1', () => true, '');
    expect(shown).toMatchObject({ received: { ipv4: 1 }, accepted: { ipv4: 0 }, advertised: { ipv4: 0 } });
  });
});
