/** Expectations follow Calico's rules for the node-to-node mesh (calico-node's BGP processor). */
import {
  bgpConfiguration,
  bgpPeer,
  calico,
  node,
  peer,
  peerLines,
  render,
  secret,
  warningLines,
} from '../support/render-yaml.ts';

const A = node('a', { v4: '10.0.0.1/24' });
const B = node('b', { v4: '10.0.0.2/24' });
const C = node('c', { v4: '10.0.0.3/24' });

describe('node-to-node mesh', () => {
  test('is on by default: a session with every other node', () => {
    expect(peerLines(render(A + B + C, 'a'))).toEqual(['mesh/b: 10.0.0.2:179', 'mesh/c: 10.0.0.3:179']);
  });

  test('a session with everything at its default', () => {
    expect(peer(render(A + B, 'a'), 'mesh/b')).toEqual({
      name: 'mesh/b',
      kind: 'mesh',
      address: '10.0.0.2',
      port: 179,
      asn: 64_512,
      localAsn: 64_512,
      localAddress: '10.0.0.1',
      passive: true,
      routeReflectorClient: false,
      nextHop: 'auto',
      families: ['ipv4', 'ipv6'],
      password: false,
      held: null,
      holdTime: 90,
      keepalive: 30,
      gracefulRestart: 120,
      ttlSecurity: null,
      allowOwnAs: 0,
      reachableBy: null,
      maxPrefixes: null,
      maxPrefixesWarningPercent: 75,
      maxPrefixesRestart: 300,
      importFilters: [],
      exportFilters: [],
      resource: 'Node/b',
    });
  });

  test('nodeToNodeMeshEnabled: false', () => {
    expect(render(A + B + bgpConfiguration({ nodeToNodeMeshEnabled: false }), 'a').peers).toEqual([]);
  });

  test.each([
    ['neither is a reflector', undefined, undefined, ['mesh/b: 10.0.0.2:179']],
    ['this node is', '244.0.0.1', undefined, []],
    ['the other is', undefined, '244.0.0.1', []],
    ['both are', '244.0.0.1', '244.0.0.2', []],
  ])('cluster IDs: %s', (_title, own, other, lines) => {
    const clusterId = (id: string | undefined) => (id === undefined ? {} : { clusterId: id });
    const yaml =
      node('a', { v4: '10.0.0.1/24', ...clusterId(own) }) +
      node('b', { v4: '10.0.0.2/24', ...clusterId(other) });
    expect(peerLines(render(yaml, 'a'))).toEqual(lines);
  });

  test.each([
    ['10.0.0.9', '10.0.0.10', true],
    ['10.0.0.10', '10.0.0.9', false],
    ['10.0.0.2', '10.0.0.1', true],
    ['10.0.0.100', '10.0.0.99', false],
    ['fd00::a', 'fd00::9', true],
  ])('a neighbor %s of a node %s: passive %s, by text', (remote, own, passive) => {
    const address = (text: string) => (text.includes(':') ? { v6: `${text}/64` } : { v4: `${text}/24` });
    const yaml = node('a', address(own)) + node('b', address(remote));
    expect(peer(render(yaml, 'a'), 'mesh/b').passive).toBe(passive);
    expect(peer(render(yaml, 'b'), 'mesh/a').passive).toBe(!passive);
  });

  test("the neighbor's AS number: its own, else this node's own, not the cluster's", () => {
    const yaml =
      node('a', { v4: '10.0.0.1/24', asn: 65_001 }) + B + node('c', { v4: '10.0.0.3/24', asn: 65_003 });
    const a = render(yaml + bgpConfiguration({ asNumber: 65_000 }), 'a');
    expect(a.asn).toBe(65_001);
    expect(a.peers.map(({ asn, localAsn }) => [asn, localAsn])).toEqual([
      [65_001, 65_001],
      [65_003, 65_001],
    ]);
    const b = render(yaml + bgpConfiguration({ asNumber: 65_000 }), 'b');
    expect(b.peers.map(({ asn, localAsn }) => [asn, localAsn])).toEqual([
      [65_001, 65_000],
      [65_003, 65_000],
    ]);
  });

  test("ports: the neighbor's own listenPort, else the cluster's", () => {
    const yaml =
      A + B + C + bgpConfiguration({ listenPort: 1790 }) + bgpConfiguration({ listenPort: 1791 }, 'node.b');
    expect(peerLines(render(yaml, 'a'))).toEqual(['mesh/b: 10.0.0.2:1791', 'mesh/c: 10.0.0.3:1790']);
  });

  test('nodes with both transports have a session over each, of one family', () => {
    const yaml =
      node('a', { v4: '10.0.0.1/24', v6: 'fd00::1/64' }) + node('b', { v4: '10.0.0.2/24', v6: 'fd00::2/64' });
    const { peers } = render(yaml, 'a');
    expect(
      peers.map(({ name, address, localAddress, families }) => [name, address, localAddress, families]),
    ).toEqual([
      ['mesh/b', '10.0.0.2', '10.0.0.1', ['ipv4']],
      ['mesh/b/ipv6', 'fd00::2', 'fd00::1', ['ipv6']],
    ]);
  });

  test('nodes that share one transport carry both families over it', () => {
    const yaml = node('a', { v4: '10.0.0.1/24', v6: 'fd00::1/64' }) + node('b', { v6: 'fd00::2/64' });
    expect(render(yaml, 'a').peers).toMatchObject([
      { name: 'mesh/b', address: 'fd00::2', families: ['ipv4', 'ipv6'] },
    ]);
  });

  test('nodes that share no transport have no session', () => {
    expect(render(node('a', { v4: '10.0.0.1/24' }) + node('b', { v6: 'fd00::2/64' }), 'a').peers).toEqual([]);
  });

  test('password and restart time come from the default BGPConfiguration', () => {
    const settings = bgpConfiguration({
      nodeMeshPassword: { secretKeyRef: { name: 'bgp', key: 'mesh' } },
      nodeMeshMaxRestartTime: '1m30s',
    });
    expect(peer(render(A + B + settings + secret('bgp', { mesh: 'x' }), 'a'), 'mesh/b')).toMatchObject({
      password: true,
      held: null,
      gracefulRestart: 90,
    });
  });

  test('a password that is missing holds every session of the mesh, and is warned of once', () => {
    const settings = bgpConfiguration({ nodeMeshPassword: { secretKeyRef: { name: 'bgp', key: 'mesh' } } });
    const rendered = render(A + B + C + settings + secret('bgp', { other: 'x' }), 'a');
    const held = 'Secret manul-system/bgp has no key "mesh"';
    expect(rendered.peers.map((session) => [session.password, session.held])).toEqual([
      [false, held],
      [false, held],
    ]);
    expect(warningLines(rendered)).toEqual([`BGPConfiguration/default spec.nodeMeshPassword: ${held}`]);
  });

  test('filters never apply to the mesh', () => {
    const yaml = A + B + calico('BGPFilter', 'f', { exportV4: [{ action: 'Reject' }] });
    expect(peer(render(yaml, 'a'), 'mesh/b').exportFilters).toEqual([]);
  });

  test("a BGPPeer's options win over the mesh for one remote, and its name is shown", () => {
    const yaml = A + B + C + bgpPeer('to-b', { peerIP: '10.0.0.2', asNumber: 64_512, keepaliveTime: '10s' });
    const rendered = render(yaml, 'a');
    expect(peerLines(rendered)).toEqual(['mesh/c: 10.0.0.3:179', 'to-b: 10.0.0.2:179']);
    expect(peer(rendered, 'to-b')).toMatchObject({ kind: 'configured', keepalive: 10 });
  });

  test('another port is another session', () => {
    const yaml = A + B + bgpPeer('to-b', { peerIP: '10.0.0.2:1790', asNumber: 64_512 });
    expect(peerLines(render(yaml, 'a'))).toEqual(['mesh/b: 10.0.0.2:179', 'to-b: 10.0.0.2:1790']);
  });

  test('a BGPPeer that is called mesh does not collide with the mesh', () => {
    const yaml =
      A +
      B +
      C +
      node('d', { v4: '10.0.0.4/24', clusterId: '1.1.1.1', labels: { rr: '' } }) +
      node('e', { v4: '10.0.0.5/24', clusterId: '1.1.1.1', labels: { rr: '' } }) +
      bgpPeer('mesh', { peerSelector: 'has(rr)' });
    expect(peerLines(render(yaml, 'a'))).toEqual([
      'mesh/b: 10.0.0.2:179',
      'mesh/c: 10.0.0.3:179',
      'mesh/d: 10.0.0.4:179',
      'mesh/e: 10.0.0.5:179',
    ]);
  });
});
