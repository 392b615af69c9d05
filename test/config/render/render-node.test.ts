/** The parts of a rendering that belong to the node itself: identity, listening, dynamic neighbors, warnings. */
import { renderNode } from '@manul/config';
import {
  bgpConfiguration,
  bgpPeer,
  calico,
  config,
  dynamicNeighbor,
  node,
  object,
  render,
  resourcesOf,
  secret,
  warningLines,
} from '../support/render-yaml.ts';

const A = node('a', { v4: '10.0.0.1/24' });
const RANGE = { listenRanges: ['10.0.0.0/8'] };

describe('a stand-alone route reflector', () => {
  const yaml = `apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: {name: default}
spec: {asNumber: 64512, listenPort: 1790, bindMode: NodeIP, nodeToNodeMeshEnabled: false}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: rr-1}
spec: {bgp: {ipv4Address: 127.0.0.1/32, routeReflectorClusterID: 244.0.0.1}}
---
apiVersion: manul.dev/v1alpha1
kind: DynamicNeighbor
metadata: {name: clients}
spec: {listenRanges: [127.0.0.0/8], routeReflectorClient: true}
`;

  test('renders cleanly', () => {
    expect(render(yaml, 'rr-1')).toEqual({
      node: 'rr-1',
      asn: 64_512,
      routerId: '127.0.0.1',
      clusterId: '244.0.0.1',
      listen: [{ address: '127.0.0.1', port: 1790 }],
      peers: [],
      dynamic: [
        {
          name: 'clients',
          listenRanges: ['127.0.0.0/8'],
          asNumbers: ['64512'],
          routeReflectorClient: true,
          families: ['ipv4', 'ipv6'],
          maxSessions: 10_000,
          maxPrefixes: null,
          maxPrefixesWarningPercent: 75,
          password: false,
          held: null,
          holdTime: 90,
          ttlSecurity: null,
          addPath: true,
          importFilters: [],
          exportFilters: [],
          resource: 'DynamicNeighbor/clients',
        },
      ],
      originated: [],
      pools: [],
      communities: [],
      routePriority: { ipv4: 1024, ipv6: 1024 },
      decision: { alwaysCompareMed: false, multipath: 'relaxed', maxPaths: 16 },
      ignoredInterfaces: [],
      warnings: [],
    });
  });

  test('the speaker gets the same, with own AS as the one accepted range', () => {
    expect(config(yaml, 'rr-1').speaker).toMatchObject({
      asn: 64_512,
      routerId: '127.0.0.1',
      clusterId: '244.0.0.1',
      listen: [{ address: '127.0.0.1', port: 1790 }],
      dynamic: [
        {
          name: 'clients',
          asNumbers: [{ first: 64_512, last: 64_512 }],
          holdTimeSec: 90,
          keepaliveSec: 30,
          gracefulRestartSec: 120,
          password: null,
          held: null,
        },
      ],
    });
  });
});

describe('router ID', () => {
  test.each([
    ['the IPv4 address', A, null, '10.0.0.1'],
    ['the option', A, '192.0.2.7', '192.0.2.7'],
    ['hash, asked for', A, 'hash', '202.151.129.18'],
  ])('%s', (_title, yaml, routerId, expected) => {
    const rendered = render(yaml, 'a', { routerId });
    expect(rendered.routerId).toBe(expected);
    expect(rendered.warnings).toEqual([]);
  });

  test.each([
    ['kube-master', '25.79.212.8'],
    ['kube-node-1', '34.92.252.97'],
  ])("Calico's hash of %s is %s", (name, expected) => {
    expect(render('', name, { routerId: 'hash' }).routerId).toBe(expected);
  });

  test('without IPv4 address and option: hash, with a warning', () => {
    const rendered = render(node('kube-master', { v6: 'fd00::1/64' }), 'kube-master');
    expect(rendered.routerId).toBe('25.79.212.8');
    expect(warningLines(rendered)).toEqual([
      'Node/kube-master spec.bgp.ipv4Address: is missing, and no router ID is given: 25.79.212.8, a hash of the name, is used',
    ]);
  });

  test.each(['0.0.0.0', 'fd00::1', 'mine'])(
    'an option that is none, %s, is ignored with a warning',
    (routerId) => {
      const rendered = render(A, 'a', { routerId });
      expect(rendered.routerId).toBe('10.0.0.1');
      expect(warningLines(rendered)).toEqual([
        `Node/a : router ID "${routerId}" is ignored: no IPv4 address, nor hash`,
      ]);
    },
  );
});

describe('listening', () => {
  const dual = node('a', { v4: '10.0.0.1/24', v6: 'fd00::1/64' });

  test('on all addresses, port 179', () => {
    expect(render(A, 'a').listen).toEqual([
      { address: '0.0.0.0', port: 179 },
      { address: '::', port: 179 },
    ]);
  });

  test("bindMode NodeIP: on the node's addresses; the node's own port wins", () => {
    const yaml =
      dual +
      bgpConfiguration({ bindMode: 'NodeIP', listenPort: 1790 }) +
      bgpConfiguration({ listenPort: 1791 }, 'node.a');
    expect(render(yaml, 'a').listen).toEqual([
      { address: '10.0.0.1', port: 1791 },
      { address: 'fd00::1', port: 1791 },
    ]);
  });

  test('bindMode NodeIP without address: nowhere, with a warning', () => {
    const rendered = render(node('a', {}) + bgpConfiguration({ bindMode: 'NodeIP' }), 'a');
    expect(rendered.listen).toEqual([]);
    expect(warningLines(rendered)).toContain(
      'BGPConfiguration/default spec.bindMode: is NodeIP, but node a has no address: nothing listens',
    );
  });

  test('bindMode counts in the default object only', () => {
    const rendered = render(A + bgpConfiguration({ bindMode: 'NodeIP' }, 'node.a'), 'a');
    expect(rendered.listen.map(({ address }) => address)).toEqual(['0.0.0.0', '::']);
    expect(warningLines(rendered)).toEqual([
      'BGPConfiguration/node.a spec.bindMode: has no effect here: only the BGPConfiguration named default sets it',
    ]);
  });
});

describe('a node without address, or in no resource at all', () => {
  const others =
    A + node('b', { v4: '10.0.0.2/24' }) + bgpPeer('tor', { peerIP: '192.0.2.1', asNumber: 65_000 });

  test('has no sessions that it would dial, but accepts dynamic ones', () => {
    const rendered = render(others + node('c', {}) + dynamicNeighbor('d', RANGE), 'c');
    expect(rendered.peers).toEqual([]);
    expect(rendered.dynamic.map(({ name }) => name)).toEqual(['d']);
    expect(rendered.listen).toHaveLength(2);
  });

  test('is no neighbor of others', () => {
    expect(render(others + node('c', {}), 'a').peers.map(({ name }) => name)).toEqual(['mesh/b', 'tor']);
  });

  test('in no resource: rendered all the same, with a warning', () => {
    const rendered = render(others + dynamicNeighbor('d', RANGE), 'nobody');
    expect(rendered).toMatchObject({
      node: 'nobody',
      asn: 64_512,
      clusterId: null,
      peers: [],
      originated: [],
    });
    expect(warningLines(rendered)).toContain(
      'Node/nobody : is in no resource: it has no address, no labels and no blocks',
    );
  });
});

describe('DynamicNeighbor', () => {
  test('nodeSelector picks the speakers', () => {
    const yaml =
      node('rr', { v4: '10.0.0.1/24', labels: { rr: '' } }) +
      node('plain', { v4: '10.0.0.2/24' }) +
      dynamicNeighbor('d', { ...RANGE, nodeSelector: 'has(rr)' });
    expect(render(yaml, 'rr').dynamic).toHaveLength(1);
    expect(render(yaml, 'plain').dynamic).toEqual([]);
  });

  test('every field has its place', () => {
    const yaml =
      A +
      secret('bgp', { rack: 'x' }) +
      calico('BGPFilter', 'f', { importV6: [{ action: 'Accept' }] }) +
      dynamicNeighbor('d', {
        listenRanges: ['10.0.0.0/16', 'fd00::/48', '10.0.0.0/16'],
        asNumbers: ['64512', '65000-65100', 1],
        routeReflectorClient: true,
        families: ['ipv6', 'ipv4'],
        password: { secretKeyRef: { name: 'bgp', key: 'rack' } },
        maxSessions: 5000,
        maxPrefixes: 10_000,
        maxPrefixesWarningPercent: 90,
        holdTime: '30s',
        ttlSecurity: 1,
        addPath: false,
        filters: ['f'],
      });
    const { rendered, speaker } = config(yaml, 'a');
    expect(rendered.dynamic).toEqual([
      {
        name: 'd',
        listenRanges: ['10.0.0.0/16', 'fd00::/48'],
        asNumbers: ['64512', '65000-65100', '1'],
        routeReflectorClient: true,
        families: ['ipv4', 'ipv6'],
        maxSessions: 5000,
        maxPrefixes: 10_000,
        maxPrefixesWarningPercent: 90,
        password: true,
        held: null,
        holdTime: 30,
        ttlSecurity: 1,
        addPath: false,
        importFilters: ['f'],
        exportFilters: [],
        resource: 'DynamicNeighbor/d',
      },
    ]);
    expect(speaker.dynamic[0]).toMatchObject({
      password: 'x',
      holdTimeSec: 30,
      keepaliveSec: 10,
      addPath: false,
      maxPrefixes: 10_000,
      maxPrefixesWarningPercent: 90,
    });
    expect(warningLines(rendered)).toEqual([]);
  });

  test('a Secret that is missing holds the range', () => {
    const rendered = render(
      A + dynamicNeighbor('d', { ...RANGE, password: { secretKeyRef: { name: 's', key: 'k' } } }),
      'a',
    );
    expect(rendered.dynamic[0]).toMatchObject({ password: false, held: 'Secret manul-system/s is missing' });
    expect(warningLines(rendered)).toEqual([
      'DynamicNeighbor/d spec.password: Secret manul-system/s is missing',
    ]);
  });

  test.each([
    ['is read', new Map([['d', 'key']]), 'key', null],
    ['is missing', new Map(), null, 'passwordFile key.txt cannot be read'],
    ['is empty', new Map([['d', '']]), null, 'passwordFile key.txt is empty'],
  ] as [string, Map<string, string>, string | null, string | null][])(
    'a password file that %s',
    (_title, files, password, held) => {
      const resources = resourcesOf(A + dynamicNeighbor('d', { ...RANGE, passwordFile: 'key.txt' }), files);
      const { speaker } = renderNode(resources, { node: 'a', routerId: null, namespace: 'manul-system' });
      expect(speaker.dynamic[0]).toMatchObject({ password, held });
    },
  );

  test('one range in two neighbors belongs to the first by name, with a warning', () => {
    const yaml =
      A +
      dynamicNeighbor('two', { listenRanges: ['10.0.0.0/8', '10.1.0.0/16'] }) +
      dynamicNeighbor('one', RANGE);
    const rendered = render(yaml, 'a');
    expect(rendered.dynamic.map(({ name, listenRanges }) => [name, listenRanges])).toEqual([
      ['one', ['10.0.0.0/8']],
      ['two', ['10.1.0.0/16']],
    ]);
    expect(warningLines(rendered)).toEqual([
      'DynamicNeighbor/two spec.listenRanges[0]: 10.0.0.0/8 is ignored here: it belongs to DynamicNeighbor/one already',
    ]);
  });

  test('reflector clients of other ASes only: a warning', () => {
    const rendered = render(
      A + dynamicNeighbor('d', { ...RANGE, asNumbers: [65_000], routeReflectorClient: true }),
      'a',
    );
    expect(warningLines(rendered)).toEqual([
      "DynamicNeighbor/d spec.routeReflectorClient: has no effect: the clients' AS numbers leave our own, 64512, out",
    ]);
  });
});

describe('fields that are read but have no effect yet are warned of, with resource and field', () => {
  test.each([
    [
      'BGPConfiguration',
      'default',
      { logSeverityScreen: 'Debug', localWorkloadPeeringIPV4: '169.254.0.1' },
      ['spec.logSeverityScreen'],
    ],
    ['BGPConfiguration', 'default', { logSeverityScreen: 'Info' }, []],
    [
      'IPPool',
      'p',
      {
        cidr: '10.65.0.0/16',
        natOutgoing: true,
        blockSize: 28,
        nodeSelector: 'has(x)',
        disabled: true,
        assignmentMode: 'Manual',
      },
      ['spec.blockSize', 'spec.disabled', 'spec.nodeSelector', 'spec.assignmentMode'],
    ],
    [
      'IPPool',
      'p',
      {
        cidr: '10.65.0.0/16',
        blockSize: 26,
        nodeSelector: 'all()',
        natOutgoing: false,
        ipipMode: 'Never',
        vxlanMode: 'Never',
      },
      [],
    ],
    ['IPReservation', 'r', { reservedCIDRs: ['10.65.0.0/30'] }, ['spec.reservedCIDRs']],
    [
      'BGPPeer',
      'b',
      {
        peerIP: '192.0.2.1',
        asNumber: 65_000,
        password: { secretKeyRef: { name: 's', key: 'k', optional: true } },
      },
      ['spec.password', 'spec.password.secretKeyRef.optional'],
    ],
    ['BGPPeer', 'elsewhere', { node: 'b', peerIP: '192.0.2.1', asNumber: 65_000, ttlSecurity: 1 }, []],
    [
      'FelixConfiguration',
      'default',
      { floatingIPs: 'Enabled', bpfEnabled: false, logSeverityScreen: 'Info', routeRefreshInterval: '10s' },
      ['spec.floatingIPs', 'spec'],
    ],
    ['FelixConfiguration', 'node.b', { floatingIPs: 'Enabled' }, []],
    [
      'FelixConfiguration',
      'default',
      { floatingIPs: 'Disabled', workloadSourceSpoofing: 'Disabled', routeSyncDisabled: false },
      [],
    ],
    [
      'FelixConfiguration',
      'default',
      { workloadSourceSpoofing: 'Any', routeSyncDisabled: true, routeTableRange: { min: 1, max: 250 } },
      ['spec.routeSyncDisabled', 'spec.routeTableRange'],
    ],
    [
      'WorkloadEndpoint',
      'w',
      {
        node: 'a',
        interfaceName: 'cali1',
        ipNetworks: [],
        ipNATs: [{}],
        allowSpoofedSourcePrefixes: ['192.0.2.0/24'],
      },
      ['spec.allowSpoofedSourcePrefixes', 'spec.ipNATs'],
    ],
  ])('%s %s %j', (kind, name, spec, fields) => {
    const { warnings } = render(A + calico(kind, name, spec), 'a');
    const namespace = kind === 'WorkloadEndpoint' ? 'default/' : '';
    expect(warnings.map(({ resource, field }) => [resource, field])).toEqual(
      fields.map((field) => [`${kind}/${namespace}${name}`, field]),
    );
  });
});

describe('route priority', () => {
  test('stands for LOCAL_PREF, and is the metric of kernel routes', () => {
    const yaml =
      A +
      bgpConfiguration({ ipv4NormalRoutePriority: 2000 }) +
      calico('BlockAffinity', 'x', { cidr: '10.65.0.0/26', node: 'a' });
    const { rendered, speaker, agent } = config(yaml, 'a');
    expect(rendered.routePriority).toEqual({ ipv4: 2000, ipv6: 1024 });
    expect(speaker.originated).toEqual([
      { prefix: '10.65.0.0/26', localPref: 2_147_483_647 - 2000, communities: [] },
    ]);
    expect(agent.routePriority).toEqual({ ipv4: 2000, ipv6: 1024 });
  });

  test('BGPConfiguration and FelixConfiguration that disagree are warned of', () => {
    const yaml =
      A +
      bgpConfiguration({ ipv4NormalRoutePriority: 2000 }) +
      calico('FelixConfiguration', 'default', { ipv4NormalRoutePriority: 1500 });
    const { rendered, agent } = config(yaml, 'a');
    expect(rendered.routePriority.ipv4).toBe(2000);
    expect(agent.routePriority.ipv4).toBe(1500);
    expect(warningLines(rendered)).toEqual([
      'BGPConfiguration/default spec.ipv4NormalRoutePriority: is 2000, but 1500 in FelixConfiguration: they must agree',
    ]);
  });
});

test('renderNode is pure: the same resources give the same result, in any order', () => {
  const documents = [
    A,
    node('b', { v4: '10.0.0.2/24' }),
    bgpPeer('p', { peerIP: '192.0.2.1', asNumber: 1 }),
    bgpPeer('o', { peerSelector: 'all()' }),
    dynamicNeighbor('d', RANGE),
    object('v1', 'Node', 'c', {}),
  ];
  const forward = render(documents.join(''), 'a');
  expect(render(documents.join(''), 'a')).toEqual(forward);
  expect(render(documents.toReversed().join(''), 'a')).toEqual(forward);
});

test('rendered again after one node has changed, the others and what is wrong with them are the same', () => {
  const bad = object(
    'v1',
    'Node',
    'bad',
    {},
    { annotations: { 'projectcalico.org/IPv4Address': 'nowhere' } },
  );
  const options = { node: 'a', routerId: null, namespace: 'manul-system' };
  const before = resourcesOf(A + node('b', { v4: '10.0.0.2/24' }) + bad);
  const first = renderNode(before, options).rendered;
  expect(warningLines(first).join()).toContain('no IPv4 address: "nowhere"');
  expect(renderNode(before, options).rendered).toEqual(first);
  const moved = resourcesOf(node('b', { v4: '10.0.0.3/24' })).nodes;
  const after = { ...before, nodes: new Map([...before.nodes, ...moved]) };
  const second = renderNode(after, options).rendered;
  expect(second.peers.map(({ address }) => address)).toEqual(['10.0.0.3']);
  expect(second.warnings).toEqual(first.warnings);
});

describe('addresses of the node that are given or found', () => {
  const found = (overrides: boolean) => ({
    nodeAddresses: { ipv4: { address: { address: '10.0.0.9', length: 24 }, overrides }, ipv6: null },
  });
  const B = node('b', { v4: '10.0.0.2/24' });

  test('count where the resource has none, and where they are to override it', () => {
    const listening = (yaml: string, overrides: boolean): string =>
      render(yaml, 'a', found(overrides)).routerId;
    expect(listening(node('a', {}) + B, false)).toBe('10.0.0.9');
    expect(listening(node('a', { v4: '10.0.0.1/24' }) + B, false)).toBe('10.0.0.1');
    expect(listening(node('a', { v4: '10.0.0.1/24' }) + B, true)).toBe('10.0.0.9');
  });

  test('are the local addresses of sessions, and say nothing about other nodes', () => {
    const rendered = render(node('a', { v4: '10.0.0.1/24' }) + B, 'a', found(true));
    expect(rendered.peers).toMatchObject([{ name: 'mesh/b', address: '10.0.0.2', localAddress: '10.0.0.9' }]);
    expect(render(node('a', { v4: '10.0.0.1/24' }) + B, 'b', found(true)).peers).toMatchObject([
      { address: '10.0.0.1' },
    ]);
  });
});
