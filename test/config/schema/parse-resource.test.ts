import { parse } from 'yaml';
import { parseResource } from '../../../config/schema/parse-resource.ts';
import type { Secret } from '../../../config/schema/resource-set.ts';
import { calico, problemsOf, type Row, rejects } from '../support/resource-problems.ts';

describe('what Calico refuses is refused, by field', () => {
  rejects(
    'BGPConfiguration',
    [
      ['port 0', '{listenPort: 0}', ['spec.listenPort', 'must be at least 1, is 0']],
      ['port as text', '{listenPort: "179"}', ['spec.listenPort', 'must be a number, is "179"']],
      ['AS 0', '{asNumber: 0}', ['spec.asNumber', 'must be an AS number, 1 to 4294967295 or high.low, is 0']],
      ['bind mode', '{bindMode: Any}', ['spec.bindMode', 'must be None or NodeIP, is "Any"']],
      [
        'log level',
        '{logSeverityScreen: Loud}',
        ['spec.logSeverityScreen', 'must be Trace, Debug, Info, Warning, Error or Fatal, is "Loud"'],
      ],
      ['any case of a log level', '{logSeverityScreen: iNFO}'],
      [
        'mesh password without mesh',
        '{nodeToNodeMeshEnabled: false, nodeMeshPassword: {secretKeyRef: {name: a, key: b}}, nodeMeshMaxRestartTime: 60s}',
        ['spec.nodeMeshPassword', 'is only allowed while nodeToNodeMeshEnabled is true'],
        ['spec.nodeMeshMaxRestartTime', 'is only allowed while nodeToNodeMeshEnabled is true'],
      ],
      [
        'communities without advertisements',
        '{communities: [{name: a, value: "1:2"}]}',
        ['spec.communities', 'has no effect without prefixAdvertisements'],
      ],
      [
        'bad community values',
        '{communities: [{name: a, value: "1:65536"}, {name: b, value: "1:2:4294967296"}], prefixAdvertisements: []}',
        [
          'spec.communities[0].value',
          'must be a community aa:nn (0 to 65535 each) or a:b:c (32 bits each), is "1:65536"',
        ],
        [
          'spec.communities[1].value',
          'must be a community aa:nn (0 to 65535 each) or a:b:c (32 bits each), is "1:2:4294967296"',
        ],
      ],
      [
        'an unknown community name',
        '{communities: [{name: a, value: "1:2"}], prefixAdvertisements: [{cidr: 10.0.0.0/8, communities: [a, b, "3:4"]}]}',
        [
          'spec.prefixAdvertisements[0].communities[1]',
          'is neither a community nor a name from spec.communities: "b"',
        ],
      ],
      ['star alone', '{ignoredInterfaces: ["*"]}', ['spec.ignoredInterfaces[0]', 'must not be * alone']],
      [
        'long interface',
        '{ignoredInterfaces: [abcdefghijklmnop]}',
        ['spec.ignoredInterfaces[0]', 'must be 1 to 15 letters, digits, _ . - or *, is "abcdefghijklmnop"'],
      ],
      [
        'priority',
        '{ipv4NormalRoutePriority: 2147483647}',
        ['spec.ipv4NormalRoutePriority', 'must be at most 2147483646, is 2147483647'],
      ],
      [
        'service range',
        '{serviceClusterIPs: [{cidr: nonsense}]}',
        ['spec.serviceClusterIPs[0].cidr', 'must be a prefix, address/length, is "nonsense"'],
      ],
    ],
    'default',
  );

  rejects(
    'BGPConfiguration',
    [
      [
        'cluster-wide fields on a node object',
        '{asNumber: 1, nodeToNodeMeshEnabled: true, listenPort: 1790}',
        ['spec.nodeToNodeMeshEnabled', 'is only allowed in the BGPConfiguration named default'],
        ['spec.asNumber', 'is only allowed in the BGPConfiguration named default'],
      ],
    ],
    'node.a',
  );

  rejects('BGPConfiguration', [
    ['another name', '{}', ['metadata.name', 'must be default, or node.<name of a node>']],
  ]);

  rejects('BGPPeer', [
    [
      'node and nodeSelector',
      '{peerIP: 10.0.0.1, asNumber: 1, node: a, nodeSelector: all()}',
      ['spec.node', 'excludes nodeSelector'],
    ],
    [
      'peerIP and peerSelector',
      '{peerIP: 10.0.0.1, peerSelector: all()}',
      ['spec.peerSelector', 'excludes peerIP'],
    ],
    [
      'peerSelector and asNumber',
      '{peerSelector: all(), asNumber: 1}',
      ['spec.asNumber', "must be absent with peerSelector: each node's own AS number applies"],
    ],
    ['peerSelector and AS 0', '{peerSelector: all(), asNumber: 0}'],
    [
      'workloads without AS',
      '{localWorkloadSelector: all()}',
      ['spec.asNumber', 'is required with localWorkloadSelector'],
    ],
    [
      'workloads and peerIP',
      '{localWorkloadSelector: all(), asNumber: 1, peerIP: 10.0.0.1}',
      ['spec.localWorkloadSelector', 'excludes peerIP'],
    ],
    [
      'no neighbor at all',
      '{asNumber: 1}',
      ['spec.peerIP', 'is required, unless peerSelector or localWorkloadSelector is given'],
    ],
    [
      'a zone behind a global address',
      '{peerIP: "2001:db8::1%eth0", asNumber: 1}',
      ['spec.peerIP', 'must be an address, v4:port or [v6]:port, is "2001:db8::1%eth0"'],
    ],
    ['empty text is absence', '{peerIP: 10.0.0.1, asNumber: 1, nodeSelector: "", node: a, peerSelector: ""}'],
    [
      'keep and mode',
      '{peerIP: 10.0.0.1, asNumber: 1, keepOriginalNextHop: true, nextHopMode: Self}',
      ['spec.keepOriginalNextHop', 'excludes nextHopMode'],
    ],
    [
      'reachableBy without peerIP',
      '{peerSelector: all(), reachableBy: 10.0.0.1}',
      ['spec.reachableBy', 'needs peerIP'],
    ],
    [
      'reachableBy of another family',
      '{peerIP: 10.0.0.1, asNumber: 1, reachableBy: "fd00::1"}',
      ['spec.reachableBy', 'must be of the same address family as peerIP'],
    ],
    [
      'reachableBy beside a bad peerIP',
      '{peerIP: here, asNumber: 1, reachableBy: "fd00::1"}',
      ['spec.peerIP', 'must be an address, v4:port or [v6]:port, is "here"'],
    ],
    ['port 0', '{peerIP: "10.0.0.1:0", asNumber: 1}', ['spec.peerIP', 'has a port outside 1 to 65535: 0']],
    [
      'an octal-looking port',
      '{peerIP: "10.0.0.1:0179", asNumber: 1}',
      ['spec.peerIP', 'has a port outside 1 to 65535: 0179'],
    ],
    [
      'brackets round IPv4',
      '{peerIP: "[10.0.0.1]:179", asNumber: 1}',
      ['spec.peerIP', 'must be an address, v4:port or [v6]:port, is "[10.0.0.1]:179"'],
    ],
    [
      'unquoted asdot',
      '{peerIP: 10.0.0.1, asNumber: 1.10}',
      [
        'spec.asNumber',
        'must be an AS number, 0 to 4294967295 or high.low, is 1.1; put the dotted notation in quotes',
      ],
    ],
    [
      'AS as a list',
      '{peerIP: 10.0.0.1, asNumber: [1]}',
      ['spec.asNumber', 'must be a number or a string, is a list'],
    ],
    [
      'ttl',
      '{peerIP: 10.0.0.1, asNumber: 1, ttlSecurity: 256}',
      ['spec.ttlSecurity', 'must be at most 255, is 256'],
    ],
    [
      'duration',
      '{peerIP: 10.0.0.1, asNumber: 1, keepaliveTime: 20}',
      ['spec.keepaliveTime', 'must be a string, is 20'],
    ],
    [
      'duration text',
      '{peerIP: 10.0.0.1, asNumber: 1, keepaliveTime: "20"}',
      ['spec.keepaliveTime', 'must be a duration such as 90s or 1m30s, is "20"'],
    ],
    [
      'secret key',
      '{peerIP: 10.0.0.1, asNumber: 1, password: {secretKeyRef: {name: a}}}',
      ['spec.password.secretKeyRef.key', 'is required'],
    ],
    [
      'selector',
      '{peerSelector: "has(x"}',
      ['spec.peerSelector', 'is no selector: expected ), found the end (column 6 of "has(x")'],
    ],
    [
      'several at once',
      '{node: a, nodeSelector: "x", peerIP: y, asNumber: z}',
      [
        'spec.nodeSelector',
        'is no selector: expected an operator after label x, found the end (column 2 of "x")',
      ],
      ['spec.peerIP', 'must be an address, v4:port or [v6]:port, is "y"'],
      ['spec.asNumber', 'must be an AS number, 0 to 4294967295 or high.low, is z'],
      ['spec.node', 'excludes nodeSelector'],
    ],
    [
      'spec is no object',
      '[]',
      ['spec', 'must be an object, is a list'],
      ['spec.peerIP', 'is required, unless peerSelector or localWorkloadSelector is given'],
    ],
  ]);

  rejects('IPPool', [
    [
      'host bits',
      '{cidr: 10.0.0.1/16}',
      ['spec.cidr', 'has bits set behind the prefix length: 10.0.0.1/16 should be 10.0.0.0/16'],
    ],
    ['a bare address', '{cidr: 10.0.0.1}', ['spec.cidr', 'must be a prefix, address/length, is "10.0.0.1"']],
    [
      'link-local',
      '{cidr: 169.254.7.0/24}',
      ['spec.cidr', 'overlaps the link-local range 169.254.0.0/16 or fe80::/10'],
    ],
    [
      'around link-local',
      '{cidr: 169.0.0.0/8}',
      ['spec.cidr', 'overlaps the link-local range 169.254.0.0/16 or fe80::/10'],
    ],
    [
      'block size',
      '{cidr: 10.0.0.0/16, blockSize: 19}',
      ['spec.blockSize', 'must be 20 to 32 for this pool, is 19'],
    ],
    [
      'block size of IPv6',
      '{cidr: "fd00::/64", blockSize: 64}',
      ['spec.blockSize', 'must be 116 to 128 for this pool, is 64'],
    ],
    [
      'smaller than a block',
      '{cidr: 10.0.0.0/27}',
      ['spec.blockSize', 'of 26 does not fit: the pool, a /27, is smaller than one block'],
    ],
    ['smaller than a block, disabled', '{cidr: 10.0.0.0/27, disabled: true}'],
    [
      'both encapsulations',
      '{cidr: 10.0.0.0/16, ipipMode: Always, vxlanMode: CrossSubnet}',
      ['spec.vxlanMode', 'excludes ipipMode'],
    ],
    ['empty encapsulation is Never', '{cidr: 10.0.0.0/16, ipipMode: "", vxlanMode: Always}'],
    [
      'IPIP over IPv6',
      '{cidr: "fd00::/64", ipipMode: Always}',
      ['spec.ipipMode', 'must be Never in an IPv6 pool'],
    ],
    [
      'global()',
      '{cidr: 10.0.0.0/16, nodeSelector: global()}',
      ['spec.nodeSelector', 'must not use global()'],
    ],
    [
      'load balancer and workloads',
      '{cidr: 10.0.0.0/16, allowedUses: [LoadBalancer, Workload]}',
      ['spec.allowedUses', 'has LoadBalancer, which excludes other uses'],
    ],
    [
      'load balancer and no export',
      '{cidr: 10.0.0.0/16, allowedUses: [LoadBalancer], disableBGPExport: true}',
      ['spec.allowedUses', 'has LoadBalancer, which excludes disableBGPExport'],
    ],
    [
      'namespaces and tunnels',
      '{cidr: 10.0.0.0/16, namespaceSelector: all()}',
      ['spec.namespaceSelector', 'excludes the use Tunnel: set allowedUses without it'],
    ],
    ['namespaces for workloads', '{cidr: 10.0.0.0/16, namespaceSelector: all(), allowedUses: [Workload]}'],
  ]);

  rejects('Node', [
    [
      'cluster ID',
      '{bgp: {routeReflectorClusterID: rr}}',
      ['spec.bgp.routeReflectorClusterID', 'must be an IPv4 address, is "rr"'],
    ],
    [
      'family',
      '{bgp: {ipv4Address: "fd00::1/64"}}',
      ['spec.bgp.ipv4Address', 'must be an IPv4 address with or without /length, is "fd00::1/64"'],
    ],
    ['a bare address', '{bgp: {ipv4Address: 10.0.0.1}}'],
  ]);

  rejects('IPAMBlock', [
    [
      'owner',
      '{cidr: 10.0.0.0/26, affinity: node-1}',
      ['spec.affinity', 'must be host:<node> or virtual:<name>, is "node-1"'],
    ],
    [
      'attribute',
      '{cidr: 10.0.0.0/26, allocations: [null, 0]}',
      ['spec.allocations', 'names attribute 0, which does not exist (address 1)'],
    ],
    [
      'too many',
      '{cidr: 10.0.0.0/31, allocations: [null, null, null]}',
      ['spec.allocations', 'has 3 entries for a block of 2 addresses'],
    ],
  ]);

  rejects('WorkloadEndpoint', [
    [
      'network',
      '{node: a, interfaceName: cali1, ipNetworks: [10.0.0.0/24]}',
      ['spec.ipNetworks[0]', 'must be an address, /32 or /128, is "10.0.0.0/24"'],
    ],
    [
      'interface',
      '{node: a, interfaceName: "cali/../x"}',
      ['spec.interfaceName', 'must be an interface name of 1 to 15 characters, is "cali/../x"'],
    ],
  ]);

  rejects('FelixConfiguration', [
    [
      'name',
      '{}',
      ['metadata.name', 'must be default or node.<name of a node>, unless spec.nodeSelector is given'],
    ],
    ['selected', '{nodeSelector: all(), routeRefreshInterval: 30s}'],
    ['a field of policy', '{nodeSelector: all(), logSeverityScreen: Info, bpfEnabled: false}'],
  ]);
});

describe('DynamicNeighbor', () => {
  const own = (spec: string) =>
    `apiVersion: manul.dev/v1alpha1\nkind: DynamicNeighbor\nmetadata: {name: x}\nspec: ${spec}`;

  const rows: readonly Row[] = [
    ['no range', '{}', ['spec.listenRanges', 'is required']],
    ['empty ranges', '{listenRanges: []}', ['spec.listenRanges', 'must have at least 1 entries, has 0']],
    [
      'AS range',
      '{listenRanges: [10.0.0.0/8], asNumbers: ["2-1"]}',
      ['spec.asNumbers[0]', 'must be an AS number or a range such as 65000-65100, is "2-1"'],
    ],
    [
      'two keys',
      '{listenRanges: [10.0.0.0/8], passwordFile: a, password: {secretKeyRef: {name: a, key: b}}}',
      ['spec.passwordFile', 'excludes password'],
    ],
    [
      'hold time 1',
      '{listenRanges: [10.0.0.0/8], holdTime: 1s}',
      ['spec.holdTime', 'must be whole seconds, 0 or 3 to 65535 (RFC 4271 §4.2), is 1s'],
    ],
    [
      'GTSM of 0 hops',
      '{listenRanges: [10.0.0.0/8], ttlSecurity: 0}',
      ['spec.ttlSecurity', 'must be at least 1, is 0'],
    ],
    [
      'unknown field',
      '{listenRanges: [10.0.0.0/8], familys: [ipv4]}',
      ['spec.familys', 'is not a known field'],
    ],
  ];
  for (const [title, spec, ...problems] of rows) {
    test(title, () => {
      expect(problemsOf(own(spec))).toEqual(problems);
    });
  }

  test('defaults', () => {
    expect(parseResource(parse(own('{listenRanges: [127.0.0.0/8]}')))).toMatchObject({
      outcome: 'valid',
      resource: {
        spec: {
          nodeSelector: { text: 'all()' },
          asNumbers: [],
          routeReflectorClient: false,
          families: ['ipv4', 'ipv6'],
          maxSessions: 10_000,
          holdTime: 90,
          addPath: true,
          filters: [],
        },
      },
    });
  });
});

describe('parseResource', () => {
  test('unknown fields are named at every depth and do not invalidate the resource', () => {
    const yaml = `
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: x, color: red}
extra: 1
spec: {peerIP: 10.0.0.1, asNumber: 64512, passwd: a, password: {secretKeyRef: {name: a, key: b, c: d}}}
status: {anything: goes}`;
    const parsed = parseResource(parse(yaml));
    expect(parsed.outcome).toBe('valid');
    expect(new Set(problemsOf(yaml).map(([field]) => field))).toEqual(
      new Set(['metadata.color', 'spec.passwd', 'spec.password.secretKeyRef.c', 'extra']),
    );
  });

  test("unknown fields of Kubernetes' kinds are nobody's business", () => {
    const yaml =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: p, whatever: 1}\nspec: {containers: []}\nstatus: {podIPs: [{ip: 10.0.0.1}]}';
    expect(parseResource(parse(yaml))).toMatchObject({ outcome: 'valid', key: 'default/p', problems: [] });
  });

  test('null fields are absent, as the API server stores them', () => {
    expect(
      problemsOf(calico('BGPPeer', '{peerIP: 10.0.0.1, asNumber: 1, nodeSelector: null, password: null}')),
    ).toEqual([]);
  });

  test("the older CRD group's metadata annotation becomes metadata; the object's own labels stay", () => {
    const stored = JSON.stringify({
      labels: { rack: 'a' },
      annotations: { note: 'n' },
      creationTimestamp: 'x',
    });
    const parsed = parseResource({
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'IPPool',
      metadata: {
        name: 'p',
        labels: { 'projectcalico.org/x': 'y' },
        annotations: { 'projectcalico.org/metadata': stored },
      },
      spec: { cidr: '10.0.0.0/16' },
    });
    expect(parsed).toMatchObject({
      outcome: 'valid',
      resource: {
        metadata: { labels: { rack: 'a', 'projectcalico.org/x': 'y' }, annotations: { note: 'n' } },
      },
    });
  });

  test('a metadata annotation that is no JSON is an error at the annotation', () => {
    const parsed = parseResource({
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'IPPool',
      metadata: { name: 'p', annotations: { 'projectcalico.org/metadata': '{' } },
      spec: { cidr: '10.0.0.0/16' },
    });
    expect(parsed).toMatchObject({
      outcome: 'invalid',
      key: 'p',
      problems: [
        { path: ['metadata', 'annotations', 'projectcalico.org/metadata'], text: 'is no JSON object' },
      ],
    });
  });

  test('deleted is text in one CRD group and a boolean in the other', () => {
    for (const deleted of ['"true"', 'true']) {
      const yaml = calico('BlockAffinity', `{cidr: 10.0.0.0/26, node: a, state: "", deleted: ${deleted}}`);
      expect(parseResource(parse(yaml))).toMatchObject({
        outcome: 'valid',
        resource: { spec: { deleted: true } },
      });
    }
  });

  test('Secrets are decoded', () => {
    const yaml = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: n}\ndata: {k: c2VjcmV0}';
    const parsed = parseResource(parse(yaml));
    expect(parsed).toMatchObject({ outcome: 'valid', key: 'n/s' });
    if (parsed.outcome === 'valid') {
      expect(Buffer.from((parsed.resource as Secret).data['k']!).toString()).toBe('secret');
    }
    expect(problemsOf(yaml.replace('c2VjcmV0', '"%"'))).toEqual([['data.k', 'must be base64']]);
  });

  test.each([
    ['a kind of nobody', { apiVersion: 'apps/v1', kind: 'Deployment' }],
    ['a kind of Calico that is not read', { apiVersion: 'projectcalico.org/v3', kind: 'NetworkPolicy' }],
    ["a kind of another group with a name of Kubernetes'", { apiVersion: 'metrics.k8s.io/v1', kind: 'Node' }],
  ])('%s is foreign', (_title, document) => {
    expect(parseResource(document).outcome).toBe('foreign');
  });

  test.each([
    [
      'another version of a known group',
      { apiVersion: 'projectcalico.org/v4', kind: 'BGPPeer' },
      'apiVersion',
    ],
    ['a misspelt kind of ours', { apiVersion: 'manul.dev/v1alpha1', kind: 'DynamicNeighbour' }, 'kind'],
    ['no kind', { apiVersion: 'v1' }, 'kind'],
    ['no apiVersion', { kind: 'Pod' }, 'apiVersion'],
    ['text', 'hello', ''],
    ['a list', [], ''],
  ])('%s is an error', (_title, document, field) => {
    const parsed = parseResource(document);
    expect(parsed).toMatchObject({ outcome: 'invalid', collection: null });
    if (parsed.outcome === 'invalid')
      expect(parsed.problems.map(({ path }) => path.join('.'))).toEqual([field]);
  });

  test('a name that could not be one in Kubernetes is refused', () => {
    const [problem] = problemsOf(calico('BGPFilter', '{}', 'a/b'));
    expect(problem?.[0]).toBe('metadata.name');
  });
});
