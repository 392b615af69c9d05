/** Expectations follow Calico's peer computation (confd's client), argued in each title. */
import {
  bgpConfiguration,
  bgpPeer,
  calico,
  config,
  node,
  object,
  peer,
  peerLines,
  render,
  secret,
  warningLines,
} from '../support/render-yaml.ts';

const NO_MESH = bgpConfiguration({ nodeToNodeMeshEnabled: false });
const RR = { rr: 'true' };
const A = node('a', { v4: '10.0.0.1/24', labels: { rack: '1' } });
const B = node('b', { v4: '10.0.0.2/24', labels: { rack: '2' } });
const RR1 = node('rr-1', { v4: '10.0.0.11/24', clusterId: '244.0.0.1', labels: RR });
const RR2 = node('rr-2', { v4: '10.0.0.12/24', clusterId: '244.0.0.1', labels: RR });
const NODES = A + B + RR1 + RR2;
const TOR = { peerIP: '192.0.2.1', asNumber: 65_000 };

describe('which node has the session', () => {
  test.each([
    ['neither node nor nodeSelector: every node', {}, ['a', 'b', 'rr-1']],
    ['node: that one', { node: 'b' }, ['b']],
    ['nodeSelector: those that match', { nodeSelector: 'has(rack)' }, ['a', 'b']],
    ['an empty nodeSelector is none', { nodeSelector: '' }, ['a', 'b', 'rr-1']],
  ])('%s', (_title, side, expected) => {
    const yaml = NO_MESH + NODES + bgpPeer('tor', { ...TOR, ...side });
    const having = ['a', 'b', 'rr-1'].filter((name) => render(yaml, name).peers.length > 0);
    expect(having).toEqual(expected);
  });
});

describe('peerIP', () => {
  test('a router outside: port 179, single family, active, source the node', () => {
    expect(peer(render(NO_MESH + NODES + bgpPeer('tor', TOR), 'a'), 'tor')).toMatchObject({
      kind: 'configured',
      address: '192.0.2.1',
      port: 179,
      asn: 65_000,
      localAsn: 64_512,
      localAddress: '10.0.0.1',
      passive: false,
      families: ['ipv4'],
      nextHop: 'auto',
      resource: 'BGPPeer/tor',
    });
  });

  test.each([
    ['a written port stays', '10.0.0.2:1800', 64_512, 1800],
    ["a node's address and AS number: its listen port", '10.0.0.2', 64_512, 1791],
    ["a node's address, another AS number: 179", '10.0.0.2', 65_000, 179],
    ["no node's address: 179, whatever the cluster listens on", '192.0.2.1', 64_512, 179],
    ["a node without a port of its own: the cluster's", '10.0.0.11', 64_512, 1790],
  ])('port: %s', (_title, peerIP, asNumber, port) => {
    const ports =
      bgpConfiguration({ nodeToNodeMeshEnabled: false, listenPort: 1790 }) +
      bgpConfiguration({ listenPort: 1791 }, 'node.b');
    const yaml = ports + NODES + bgpPeer('p', { peerIP, asNumber, reversePeering: 'Manual' });
    expect(peer(render(yaml, 'a'), 'p').port).toBe(port);
  });

  test("without an AS number the cluster's is meant, with a warning", () => {
    const rendered = render(
      bgpConfiguration({ nodeToNodeMeshEnabled: false, asNumber: 65_010 }) +
        NODES +
        bgpPeer('p', { peerIP: '192.0.2.1' }),
      'a',
    );
    expect(peer(rendered, 'p').asn).toBe(65_010);
    expect(warningLines(rendered)).toEqual([
      "BGPPeer/p spec.asNumber: is not set: the cluster's, 65010, is used",
    ]);
  });

  test("this node's own address is no neighbor", () => {
    expect(
      render(
        NO_MESH + NODES + bgpPeer('p', { peerIP: '10.0.0.1', asNumber: 64_512, reversePeering: 'Manual' }),
        'a',
      ).peers,
    ).toEqual([]);
  });

  test('IPv6 with a port, over the IPv6 address', () => {
    const yaml =
      NO_MESH +
      node('a', { v4: '10.0.0.1/24', v6: 'fd00::1/64' }) +
      bgpPeer('p', { peerIP: '[2001:db8::1]:1790', asNumber: 65_000 });
    expect(peer(render(yaml, 'a'), 'p')).toMatchObject({
      address: '2001:db8::1',
      port: 1790,
      localAddress: 'fd00::1',
      families: ['ipv6'],
    });
  });

  test.each([
    ['fe80::1%eth0', 179],
    ['[FE80::1%eth0]:1790', 1790],
  ])(
    'a link-local one names its interface, needs no address of ours, and carries both families: %s',
    (peerIP, port) => {
      const yaml = NO_MESH + node('a', { v4: '10.0.0.1/24' }) + bgpPeer('p', { peerIP, asNumber: 65_000 });
      expect(peer(render(yaml, 'a'), 'p')).toMatchObject({
        address: 'fe80::1%eth0',
        port,
        localAddress: null,
        passive: false,
        families: ['ipv4', 'ipv6'],
      });
    },
  );

  test('without an address of the family there is no session, and a warning says so', () => {
    const rendered = render(NO_MESH + NODES + bgpPeer('p', { peerIP: '2001:db8::1', asNumber: 65_000 }), 'a');
    expect(rendered.peers).toEqual([]);
    expect(warningLines(rendered)).toEqual([
      'BGPPeer/p spec.peerIP: no session with 2001:db8::1: node a has no IPv6 address',
    ]);
  });

  test.each([
    ['cluster-wide, a node with a text-greater address', {}, '10.0.0.2', true],
    ['cluster-wide, a node with a text-smaller address', {}, '10.0.0.0', false],
    ['cluster-wide, no node', {}, '10.0.0.77', false],
    ['of one node, a node with a text-greater address', { node: 'a' }, '10.0.0.2', false],
    ['of selected nodes, a node with a text-greater address', { nodeSelector: 'all()' }, '10.0.0.2', false],
  ])('passive: %s', (_title, side, peerIP, passive) => {
    const yaml =
      NO_MESH +
      NODES +
      node('zero', { v4: '10.0.0.0/24' }) +
      bgpPeer('p', { ...side, peerIP, asNumber: 64_512 });
    expect(peer(render(yaml, 'a'), 'p').passive).toBe(passive);
  });

  test("a node's written address, one shared transport: both families", () => {
    expect(
      peer(render(NO_MESH + NODES + bgpPeer('p', { peerIP: '10.0.0.2', asNumber: 64_512 }), 'a'), 'p')
        .families,
    ).toEqual(['ipv4', 'ipv6']);
  });
});

describe('peerSelector', () => {
  const TO_RR = bgpPeer('to-rr', { nodeSelector: '!has(rr)', peerSelector: 'has(rr)' });

  test('several neighbors: named by node, never passive, AS number and port of the node', () => {
    const yaml =
      NO_MESH +
      NODES +
      node('rr-3', { v4: '10.0.0.13/24', asn: 65_003, labels: RR }) +
      bgpConfiguration({ listenPort: 1791 }, 'node.rr-2') +
      TO_RR;
    const { peers } = render(yaml, 'a');
    expect(peers.map(({ name, address, port, asn, passive }) => [name, address, port, asn, passive])).toEqual(
      [
        ['to-rr/rr-1', '10.0.0.11', 179, 64_512, false],
        ['to-rr/rr-2', '10.0.0.12', 1791, 64_512, false],
        ['to-rr/rr-3', '10.0.0.13', 179, 65_003, false],
      ],
    );
  });

  test("one neighbor: the BGPPeer's own name", () => {
    expect(peerLines(render(NO_MESH + A + RR1 + TO_RR, 'a'))).toEqual(['to-rr: 10.0.0.11:179']);
  });

  test('this node itself is no neighbor, and does not count for the name', () => {
    const full = bgpPeer('rr-mesh', { nodeSelector: 'has(rr)', peerSelector: 'has(rr)' });
    expect(peerLines(render(NO_MESH + NODES + full, 'rr-1'))).toEqual(['rr-mesh: 10.0.0.12:179']);
  });

  test('both transports: two sessions of one family each, one name with /ipv6', () => {
    const yaml =
      NO_MESH +
      node('a', { v4: '10.0.0.1/24', v6: 'fd00::1/64' }) +
      node('r', { v4: '10.0.0.2/24', v6: 'fd00::2/64', labels: RR }) +
      TO_RR;
    expect(render(yaml, 'a').peers.map(({ name, address, families }) => [name, address, families])).toEqual([
      ['to-rr', '10.0.0.2', ['ipv4']],
      ['to-rr/ipv6', 'fd00::2', ['ipv6']],
    ]);
  });

  test('localASNumber and numAllowedLocalASNumbers are ignored, with warnings', () => {
    const yaml =
      NO_MESH +
      A +
      RR1 +
      bgpPeer('p', { peerSelector: 'has(rr)', localASNumber: 65_100, numAllowedLocalASNumbers: 2 });
    const rendered = render(yaml, 'a');
    expect(peer(rendered, 'p')).toMatchObject({ localAsn: 64_512, allowOwnAs: 0 });
    expect(warningLines(rendered)).toEqual([
      'BGPPeer/p spec.localASNumber: has no effect with peerSelector, as in Calico',
      'BGPPeer/p spec.numAllowedLocalASNumbers: has no effect with peerSelector, as in Calico',
    ]);
  });

  test('labels of a Kubernetes Node and its Calico annotations count', () => {
    const core = object(
      'v1',
      'Node',
      'k',
      {},
      {
        labels: { rr: 'true' },
        annotations: {
          'projectcalico.org/IPv4Address': '10.0.0.99/24',
          'projectcalico.org/ASNumber': '65099',
          'projectcalico.org/RouteReflectorClusterID': '244.0.0.9',
        },
      },
    );
    const rendered = render(NO_MESH + A + core + TO_RR, 'a');
    expect(peer(rendered, 'to-rr')).toMatchObject({ address: '10.0.0.99', asn: 65_099 });
    expect(render(NO_MESH + A + core, 'k')).toMatchObject({
      asn: 65_099,
      clusterId: '244.0.0.9',
      routerId: '10.0.0.99',
    });
  });

  test("Kubernetes' labels win over those in Calico's annotation", () => {
    const core = object(
      'v1',
      'Node',
      'k',
      {},
      {
        labels: { rack: '1' },
        annotations: {
          'projectcalico.org/IPv4Address': '10.0.0.99',
          'projectcalico.org/labels': '{"rack":"2","rr":""}',
        },
      },
    );
    expect(
      render(NO_MESH + A + core + bgpPeer('p', { peerSelector: 'rack == "1" && has(rr)' }), 'a').peers,
    ).toHaveLength(1);
  });

  test('an annotation that cannot be read counts as absent, with a warning', () => {
    const core = object('v1', 'Node', 'k', {}, { annotations: { 'projectcalico.org/ASNumber': 'many' } });
    const rendered = render(NO_MESH + core, 'k');
    expect(rendered.asn).toBe(64_512);
    expect(warningLines(rendered)).toContain(
      'Node/k metadata.annotations["projectcalico.org/ASNumber"]: is ignored: no AS number: "many"',
    );
  });
});

describe('reversePeering', () => {
  const TO_RR = (extra: object = {}) =>
    bgpPeer('to-rr', { nodeSelector: 'has(rack)', peerSelector: 'has(rr)', ...extra });

  test('the remotes get the mirror session to each node of the own side, named by node', () => {
    expect(peerLines(render(NO_MESH + NODES + TO_RR(), 'rr-1'))).toEqual([
      'to-rr/a: 10.0.0.1:179',
      'to-rr/b: 10.0.0.2:179',
    ]);
  });

  test('Manual: they do not', () => {
    expect(render(NO_MESH + NODES + TO_RR({ reversePeering: 'Manual' }), 'rr-1').peers).toEqual([]);
  });

  test('the mirror carries the options, is never passive, and has the other AS number', () => {
    const yaml =
      NO_MESH +
      RR1 +
      node('a', { v4: '10.0.0.99/24', asn: 65_001, labels: { rack: '1' } }) +
      calico('BGPFilter', 'f', { importV4: [{ action: 'Accept' }] }) +
      secret('s', { k: 'x' }) +
      TO_RR({
        filters: ['f'],
        ttlSecurity: 1,
        keepaliveTime: '20s',
        maxRestartTime: '30s',
        sourceAddress: 'None',
        nextHopMode: 'Keep',
        password: { secretKeyRef: { name: 's', key: 'k' } },
      });
    expect(peer(render(yaml, 'rr-1'), 'to-rr')).toMatchObject({
      asn: 65_001,
      passive: false,
      localAddress: null,
      ttlSecurity: 1,
      keepalive: 20,
      gracefulRestart: 30,
      nextHop: 'keep',
      password: true,
      importFilters: ['f'],
    });
  });

  test.each([
    ['the AS number agrees', { peerIP: '10.0.0.11', asNumber: 64_512 }, true],
    ["no AS number: the cluster's", { peerIP: '10.0.0.11' }, true],
    ['another AS number', { peerIP: '10.0.0.11', asNumber: 65_000 }, false],
    ['the port agrees', { peerIP: '10.0.0.11:179', asNumber: 64_512 }, true],
    ['another port', { peerIP: '10.0.0.11:1790', asNumber: 64_512 }, false],
  ])('a node that owns peerIP is a remote: %s', (_title, remote, mirrored) => {
    const yaml = NO_MESH + NODES + bgpPeer('p', { nodeSelector: 'has(rack)', ...remote });
    expect(render(yaml, 'rr-1').peers.length > 0).toBe(mirrored);
  });

  test('peerIP mirrors in its own family only', () => {
    const dual = (name: string, n: number, labels = {}) =>
      node(name, { v4: `10.0.0.${n}/24`, v6: `fd00::${n}/64`, labels });
    const yaml =
      NO_MESH +
      dual('a', 1, { rack: '1' }) +
      dual('r', 2) +
      bgpPeer('p', { nodeSelector: 'has(rack)', peerIP: 'fd00::2', asNumber: 64_512 });
    expect(peerLines(render(yaml, 'r'))).toEqual(['p: fd00::1:179']);
  });

  test('a cluster-wide BGPPeer mirrors to every other node', () => {
    const yaml = NO_MESH + NODES + bgpPeer('p', { peerIP: '10.0.0.11', asNumber: 64_512 });
    expect(peerLines(render(yaml, 'rr-1'))).toEqual([
      'p/a: 10.0.0.1:179',
      'p/b: 10.0.0.2:179',
      'p/rr-2: 10.0.0.12:179',
    ]);
  });

  test('an explicit peering is never overwritten by a mirrored one, whatever their names', () => {
    const yaml =
      NO_MESH +
      A +
      RR1 +
      bgpPeer('a-mirrored', { nodeSelector: 'has(rack)', peerSelector: 'has(rr)', keepaliveTime: '10s' }) +
      bgpPeer('b-explicit', { nodeSelector: 'has(rr)', peerSelector: 'has(rack)', keepaliveTime: '20s' });
    expect(peer(render(yaml, 'rr-1'), 'b-explicit').keepalive).toBe(20);
    expect(peer(render(yaml, 'a'), 'a-mirrored').keepalive).toBe(10);
    expect(render(yaml, 'rr-1').peers).toHaveLength(1);
  });
});

describe('two BGPPeers for one remote', () => {
  test('the first by name wins, in any order of documents', () => {
    const first = bgpPeer('one', { ...TOR, keepaliveTime: '10s' });
    const second = bgpPeer('two', { ...TOR, keepaliveTime: '20s' });
    for (const yaml of [first + second, second + first]) {
      expect(peerLines(render(NO_MESH + A + yaml, 'a'))).toEqual(['one: 192.0.2.1:179']);
    }
  });

  test('a cluster-wide one covers one of a node, as in Calico', () => {
    const yaml = NO_MESH + A + bgpPeer('a-node', { ...TOR, node: 'a' }) + bgpPeer('b-global', TOR);
    expect(peerLines(render(yaml, 'a'))).toEqual(['b-global: 192.0.2.1:179']);
  });

  test('the same address written differently is the same remote', () => {
    const dual = node('a', { v6: 'fd00::1/64' });
    const yaml =
      NO_MESH +
      dual +
      bgpPeer('one', { peerIP: '2001:DB8:0::1', asNumber: 1 }) +
      bgpPeer('two', { peerIP: '[2001:db8::1]:179', asNumber: 1 });
    expect(peerLines(render(yaml, 'a'))).toEqual(['one: 2001:db8::1:179']);
  });
});

describe('options of a session', () => {
  const options = (spec: object, extra = '') =>
    peer(render(NO_MESH + A + extra + bgpPeer('p', { ...TOR, ...spec }), 'a'), 'p');

  test.each([
    [{}, { nextHop: 'auto' }],
    [{ nextHopMode: 'Self' }, { nextHop: 'self' }],
    [{ nextHopMode: 'Keep' }, { nextHop: 'keep' }],
    [{ keepOriginalNextHop: true }, { nextHop: 'keep' }],
    [{ keepOriginalNextHop: true, asNumber: 64_512 }, { nextHop: 'auto' }],
    [{ keepOriginalNextHop: true, asNumber: 64_512, localASNumber: 65_100 }, { nextHop: 'keep' }],
    [{ localASNumber: 65_100 }, { localAsn: 65_100 }],
    [{ numAllowedLocalASNumbers: 3 }, { allowOwnAs: 3 }],
    [{ sourceAddress: 'None' }, { localAddress: null }],
    [{ ttlSecurity: 2 }, { ttlSecurity: 2 }],
    [{ ttlSecurity: 0 }, { ttlSecurity: null }],
    [{ maxRestartTime: '90.4s' }, { gracefulRestart: 90 }],
    [{ maxRestartTime: '2h' }, { gracefulRestart: 4095 }],
    [{ keepaliveTime: '14600ms' }, { keepalive: 15, holdTime: 90 }],
    [{ keepaliveTime: '60s' }, { keepalive: 60 }],
    [{ keepaliveTime: '90s' }, { keepalive: 30 }],
    [{ reachableBy: '10.0.0.254' }, { reachableBy: '10.0.0.254' }],
  ])('%j gives %j', (spec, expected) => {
    expect(options(spec)).toMatchObject(expected);
  });

  test.each([
    ['no cluster ID here', undefined, TOR, false],
    ['eBGP', '244.0.0.1', TOR, false],
    ['iBGP with a router outside', '244.0.0.1', { peerIP: '192.0.2.1', asNumber: 64_512 }, true],
    [
      'iBGP by localASNumber',
      '244.0.0.1',
      { peerIP: '192.0.2.1', asNumber: 65_000, localASNumber: 65_000 },
      true,
    ],
    ['a node without a cluster ID', '244.0.0.1', { peerSelector: 'kind == "plain"' }, true],
    ['a node with the same cluster ID', '244.0.0.1', { peerSelector: 'kind == "same"' }, false],
    ['a node with another cluster ID', '244.0.0.1', { peerSelector: 'kind == "other"' }, true],
    ['a node of another AS', '244.0.0.1', { peerSelector: 'kind == "foreign"' }, false],
    [
      'a written address of a node with the same cluster ID: Calico does not look',
      '244.0.0.1',
      { peerIP: '10.0.0.3', asNumber: 64_512 },
      true,
    ],
  ])('reflector client: %s', (_title, clusterId, remote, expected) => {
    const yaml =
      NO_MESH +
      node('a', { v4: '10.0.0.1/24', ...(clusterId === undefined ? {} : { clusterId }) }) +
      node('plain', { v4: '10.0.0.2/24', labels: { kind: 'plain' } }) +
      node('same', { v4: '10.0.0.3/24', clusterId: '244.0.0.1', labels: { kind: 'same' } }) +
      node('other', { v4: '10.0.0.4/24', clusterId: '244.0.0.2', labels: { kind: 'other' } }) +
      node('foreign', { v4: '10.0.0.5/24', asn: 65_000, labels: { kind: 'foreign' } });
    expect(peer(render(yaml + bgpPeer('p', remote), 'a'), 'p').routeReflectorClient).toBe(expected);
  });

  test.each([
    ['a Secret that is missing', '', 'Secret manul-system/s is missing'],
    ['a Secret of another namespace', secret('s', { k: 'x' }, 'default'), 'Secret manul-system/s is missing'],
    ['a key that is missing', secret('s', { other: 'x' }), 'Secret manul-system/s has no key "k"'],
    ['an empty key', secret('s', { k: '' }), 'Secret manul-system/s, key "k", is empty'],
    [
      'a key that Linux does not take',
      secret('s', { k: 'x'.repeat(81) }),
      'Secret manul-system/s, key "k", is longer than 80 bytes',
    ],
    [
      'bytes that are no text',
      '---\n{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: manul-system}, data: {k: /w==}}\n',
      'Secret manul-system/s has a key "k" that is no UTF-8 text',
    ],
  ])('password: %s holds the session', (_title, secrets, held) => {
    const rendered = render(
      NO_MESH + A + secrets + bgpPeer('p', { ...TOR, password: { secretKeyRef: { name: 's', key: 'k' } } }),
      'a',
    );
    expect(peer(rendered, 'p')).toMatchObject({ password: false, held });
    expect(warningLines(rendered)).toEqual([`BGPPeer/p spec.password: ${held}`]);
  });

  test('password: Secrets are looked up in the namespace that is given', () => {
    const yaml =
      NO_MESH +
      A +
      secret('s', { k: 'x' }, 'kube-system') +
      bgpPeer('p', { ...TOR, password: { secretKeyRef: { name: 's', key: 'k' } } });
    expect(peer(render(yaml, 'a', { namespace: 'kube-system' }), 'p')).toMatchObject({
      password: true,
      held: null,
    });
  });
});

describe('mesh, cluster IDs and explicit peerings together', () => {
  const SELECTED = bgpPeer('p', { nodeSelector: 'name == "a"', peerSelector: 'name == "b"' });
  const with_ = (mesh: boolean, a: string | null, b: string | null, selected: boolean) => {
    const one = (name: string, v4: string, clusterId: string | null) =>
      node(name, { v4, labels: { name }, ...(clusterId === null ? {} : { clusterId }) });
    return (
      bgpConfiguration({ nodeToNodeMeshEnabled: mesh }) +
      one('a', '10.0.0.1/24', a) +
      one('b', '10.0.0.2/24', b) +
      (selected ? SELECTED : '')
    );
  };

  test.each([
    // mesh, cluster ID of a, of b, selected by a BGPPeer: the session between them
    [true, null, null, false, 'mesh'],
    [true, null, null, true, 'p'], // Calico runs two here; we run one, with the BGPPeer's options
    [true, '1.1.1.1', null, false, null],
    [true, null, '1.1.1.1', false, null],
    [true, '1.1.1.1', null, true, 'p'],
    [true, null, '1.1.1.1', true, 'p'],
    [false, null, null, false, null],
    [false, null, null, true, 'p'],
    [false, '1.1.1.1', '2.2.2.2', true, 'p'],
  ] as const)('mesh %s, a %s, b %s, selected %s: %s, at both ends', (mesh, a, b, selected, session) => {
    const yaml = with_(mesh, a, b, selected);
    const name = (other: string) => (session === 'mesh' ? `mesh/${other}` : session);
    for (const [self, other] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      expect(render(yaml, self).peers.map((peering) => peering.name)).toEqual(
        session === null ? [] : [name(other)],
      );
    }
  });
});

describe('localWorkloadSelector', () => {
  const endpoint = (name: string, ip: string, nodeName: string, labels: object) =>
    calico(
      'WorkloadEndpoint',
      name,
      { node: nodeName, interfaceName: `cali${name}`, ipNetworks: [ip] },
      { labels, namespace: 'default' },
    );

  test('local workloads that match are passive neighbors without source address', () => {
    const yaml =
      NO_MESH +
      A +
      endpoint('w1', '10.65.0.1/32', 'a', { router: 'yes' }) +
      endpoint('w2', '10.65.0.2', 'a', { router: 'yes' }) +
      endpoint('w3', '10.65.0.3', 'a', {}) +
      endpoint('w4', '10.65.0.4', 'b', { router: 'yes' }) +
      bgpPeer('pods', { localWorkloadSelector: 'has(router)', asNumber: 65_200, localASNumber: 65_201 });
    const { peers } = render(yaml, 'a');
    expect(
      peers.map(({ name, address, asn, localAsn, passive, localAddress }) => [
        name,
        address,
        asn,
        localAsn,
        passive,
        localAddress,
      ]),
    ).toEqual([
      ['pods/10.65.0.1', '10.65.0.1', 65_200, 65_201, true, null],
      ['pods/10.65.0.2', '10.65.0.2', 65_200, 65_201, true, null],
    ]);
  });
});

describe('manul.dev/interface', () => {
  const annotated = (name: string): string =>
    NO_MESH +
    A +
    `---\napiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: {name: p, annotations: {manul.dev/interface: ${JSON.stringify(name)}}}\nspec: {peerIP: 192.0.2.1, asNumber: 65001}\n---\n`;

  test('binds the session to that interface', () => {
    const { rendered, speaker } = config(annotated('eth1'), 'a');
    expect(speaker.peers[0]).toMatchObject({ address: '192.0.2.1', interface: 'eth1', held: null });
    expect(warningLines(rendered)).toEqual([]);
  });

  test('that cannot be the name of one holds the session', () => {
    const { rendered, speaker } = config(annotated('eth1/2'), 'a');
    expect(speaker.peers[0]!.held).toBe('manul.dev/interface "eth1/2" is no name of an interface');
    expect(warningLines(rendered)).toEqual([
      'BGPPeer/p metadata.annotations["manul.dev/interface"]: "eth1/2" is no name of an interface',
    ]);
  });
});

describe('--missing-password connect', () => {
  test('runs the session without the key, as Calico does, and warns', () => {
    const yaml = NO_MESH + A + bgpPeer('p', { ...TOR, password: { secretKeyRef: { name: 's', key: 'k' } } });
    const { rendered, speaker } = config(yaml, 'a', { missingPassword: 'connect' });
    expect(peer(rendered, 'p')).toMatchObject({ password: false, held: null });
    expect(speaker.peers[0]).toMatchObject({ password: null, held: null });
    expect(warningLines(rendered)).toEqual([
      'BGPPeer/p spec.password: Secret manul-system/s is missing: the session runs without a key (--missing-password connect)',
    ]);
  });
});
