/** What a node announces: Calico's blocks and affinities, borrowed addresses, pod CIDRs and services. */
import { bgpConfiguration, calico, config, node, object, render } from '../support/render-yaml.ts';

const A = node('a', { v4: '10.0.0.1/24' });
const affinity = (name: string, cidr: string, spec: object = {}) =>
  calico('BlockAffinity', name, { cidr, node: 'a', ...spec });
const block = (name: string, cidr: string, spec: object = {}) => calico('IPAMBlock', name, { cidr, ...spec });

/** `prefix reason resource` of each. */
function originated(yaml: string, name = 'a'): string[] {
  return render(yaml, name).originated.map(
    ({ prefix, reason, resource }) => `${prefix} ${reason} ${resource}`,
  );
}

/** Prefixes of the agent's blocks. */
function agentBlocks(yaml: string): string[] {
  return config(yaml, 'a').agent.blocks.map(({ prefix }) => prefix);
}

describe('blocks', () => {
  test.each([
    ['confirmed', { state: 'confirmed' }, true],
    ['without state (old data)', {}, true],
    ['pending', { state: 'pending' }, false],
    ['pendingDeletion: the static route stays until it is gone', { state: 'pendingDeletion' }, true],
    ['of another node', { node: 'b' }, false],
    ['virtual', { type: 'virtual' }, false],
    ['deleted', { deleted: true }, false],
  ])('an affinity that is %s', (_title, spec, announced) => {
    const yaml = A + affinity('x', '10.65.0.0/26', spec);
    expect(originated(yaml)).toEqual(announced ? ['10.65.0.0/26 block BlockAffinity/x'] : []);
    expect(agentBlocks(yaml)).toEqual(announced ? ['10.65.0.0/26'] : []);
  });

  test.each([
    ["this node's", { affinity: 'host:a' }, true],
    ["another node's", { affinity: 'host:b' }, false],
    ["a load balancer's", { affinity: 'virtual:a' }, false],
    ["nobody's", {}, false],
    ["this node's, deleted", { affinity: 'host:a', deleted: true }, false],
  ])('a block without affinity object that is %s', (_title, spec, announced) => {
    expect(originated(A + block('y', '10.65.0.0/26', spec))).toEqual(
      announced ? ['10.65.0.0/26 block IPAMBlock/y'] : [],
    );
  });

  test('the affinity decides where both exist', () => {
    const both = (state: string) =>
      A + affinity('x', '10.65.0.0/26', { state }) + block('y', '10.65.0.0/26', { affinity: 'host:a' });
    expect(originated(both('confirmed'))).toEqual(['10.65.0.0/26 block BlockAffinity/x']);
    expect(originated(both('pending'))).toEqual([]);
  });
});

describe('pod CIDRs', () => {
  const core = object(
    'v1',
    'Node',
    'a',
    { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24', 'fd00:244::/64'] },
    {
      annotations: { 'projectcalico.org/IPv4Address': '10.0.0.1/24' },
    },
  );

  test('are announced where the node has no affinities at all', () => {
    expect(originated(core)).toEqual(['10.244.1.0/24 podCIDR Node/a', 'fd00:244::/64 podCIDR Node/a']);
    expect(agentBlocks(core)).toEqual(['10.244.1.0/24', 'fd00:244::/64']);
  });

  test("others' blocks do not count", () => {
    expect(originated(core + affinity('x', '10.65.0.0/26', { node: 'b' }))).toHaveLength(2);
  });

  test.each([['confirmed'], ['pending']])('are not where it has a %s affinity', (state) => {
    const reasons = render(core + affinity('x', '10.65.0.0/26', { state }), 'a').originated.map(
      ({ reason }) => reason,
    );
    expect(reasons).not.toContain('podCIDR');
  });

  test('count as own blocks on export: announced as a whole', () => {
    const { peers } = config(core + node('b', { v4: '10.0.0.2/24' }), 'a').speaker;
    expect(peers[0]?.exportPolicy.terms.map(({ name }) => name)).toEqual([
      'own blocks',
      'elevated ipv4 routes inside own blocks',
      'elevated ipv6 routes inside own blocks',
      'inside own blocks',
    ]);
  });
});

describe('single addresses', () => {
  const attributes = [
    { handle_id: 'h', secondary: { node: 'a', pod: 'p' } },
    { handle_id: 'i', secondary: { node: 'b' } },
    { handle_id: 'j', secondary: { node: 'a' }, releasedAt: '2026-01-01T00:00:00Z' },
    { handle_id: 'k' },
  ];
  const allocations = [null, 0, 1, 2, 3, 0];

  test("allocations of this node in another's block, or nobody's, are borrowed", () => {
    const yaml =
      A +
      block('other', '10.65.1.64/26', { affinity: 'host:b', allocations, attributes }) +
      block('nobodys', 'fd00::ff00/120', { allocations: [null, 0], attributes });
    expect(originated(yaml)).toEqual([
      'fd00::ff01/128 borrowed IPAMBlock/nobodys',
      '10.65.1.65/32 borrowed IPAMBlock/other',
      '10.65.1.69/32 borrowed IPAMBlock/other',
    ]);
  });

  test('allocations in an own block are not: they are inside it', () => {
    expect(
      originated(A + block('own', '10.65.1.64/26', { affinity: 'host:a', allocations, attributes })),
    ).toEqual(['10.65.1.64/26 block IPAMBlock/own']);
  });

  const endpoint = (name: string, ip: string, nodeName = 'a') =>
    calico(
      'WorkloadEndpoint',
      name,
      { node: nodeName, interfaceName: `cali-${name}`, ipNetworks: [ip] },
      { namespace: 'n' },
    );

  test('a block of one address is announced by its workload, and not blackholed', () => {
    const yaml =
      A + affinity('x', '10.65.7.7/32') + affinity('y', '10.65.7.8/32') + endpoint('w', '10.65.7.7');
    expect(originated(yaml)).toEqual(['10.65.7.7/32 workload WorkloadEndpoint/n/w']);
    expect(agentBlocks(yaml)).toEqual([]);
  });

  test('a workload outside of the own blocks is announced by itself, one inside is not', () => {
    const yaml =
      A +
      affinity('x', '10.65.0.0/26') +
      endpoint('in', '10.65.0.5') +
      endpoint('out', '10.65.9.9') +
      endpoint('b', '10.65.8.8', 'b');
    expect(originated(yaml)).toEqual([
      '10.65.0.0/26 block BlockAffinity/x',
      '10.65.9.9/32 workload WorkloadEndpoint/n/out',
    ]);
  });
});

describe('services', () => {
  const ranges = {
    serviceClusterIPs: [{ cidr: '10.96.0.0/12' }],
    serviceExternalIPs: [{ cidr: '198.51.100.0/24' }, { cidr: '192.0.2.9/32' }],
    serviceLoadBalancerIPs: [{ cidr: '203.0.113.0/24' }],
  };
  const service = (spec: object, ingress: string[] = []) =>
    `---\n${JSON.stringify({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', namespace: 'n' },
      spec: { clusterIP: '10.96.0.7', type: 'LoadBalancer', ...spec },
      status: { loadBalancer: { ingress: ingress.map((ip) => ({ ip })) } },
    })}\n`;
  const slice = (endpoints: object[], addressType = 'IPv4') =>
    `---\n${JSON.stringify({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `s-${addressType.toLowerCase()}`,
        namespace: 'n',
        labels: { 'kubernetes.io/service-name': 's' },
      },
      addressType,
      endpoints,
    })}\n`;
  const ready = { addresses: ['10.65.0.5'], nodeName: 'a' };
  const single = (yaml: string) =>
    originated(A + yaml)
      .filter((line) => line.includes('Service/'))
      .map((line) => line.split(' ')[0]);

  test('whole ranges go out from every node; single addresses of the configuration do not by themselves', () => {
    expect(originated(A + bgpConfiguration(ranges))).toEqual([
      '10.96.0.0/12 service BGPConfiguration/default',
      '198.51.100.0/24 service BGPConfiguration/default',
      '203.0.113.0/24 service BGPConfiguration/default',
    ]);
  });

  test('without ranges nothing is announced', () => {
    expect(originated(A + service({ externalTrafficPolicy: 'Local' }) + slice([ready]))).toEqual([]);
  });

  test('ranges from the command line or CALICO_ADVERTISE_CLUSTER_IPS win over serviceClusterIPs', () => {
    const given = { advertiseClusterIps: ['10.112.0.0/12', 'fd00:96::/108'] };
    const lines = render(A + bgpConfiguration(ranges), 'a', given).originated;
    expect(lines.map(({ prefix, resource }) => `${prefix} ${resource}`)).toEqual([
      '10.112.0.0/12 --advertise-cluster-ips',
      'fd00:96::/108 --advertise-cluster-ips',
      '198.51.100.0/24 BGPConfiguration/default',
      '203.0.113.0/24 BGPConfiguration/default',
    ]);
    expect(render(A, 'a', given).originated).toHaveLength(2);
    expect(render(A + bgpConfiguration(ranges), 'a', { advertiseClusterIps: [] }).originated).toHaveLength(2);
  });

  test('endpoints, labels and pods go by the name that Kubernetes has for the node (orchRefs)', () => {
    const renamed = calico('Node', 'a', {
      bgp: { ipv4Address: '10.0.0.1/24' },
      orchRefs: [{ orchestrator: 'k8s', nodeName: 'ip-10-0-0-1.internal' }],
    });
    const local = service({ externalTrafficPolicy: 'Local' }) + bgpConfiguration(ranges);
    const here = slice([{ ...ready, nodeName: 'ip-10-0-0-1.internal' }]);
    const core = (labels: object) => object('v1', 'Node', 'ip-10-0-0-1.internal', {}, { labels });
    const services = (yaml: string) =>
      originated(renamed + local + yaml).filter((line) => line.includes('Service/'));
    expect(services(here)).toEqual(['10.96.0.7/32 service Service/n/s']);
    expect(services(slice([ready]))).toEqual([]);
    const excluded = core({ 'node.kubernetes.io/exclude-from-external-load-balancers': 'true' });
    expect(services(here + excluded)).toEqual([]);
    expect(render(renamed + core({}) + node('b', { v4: '10.0.0.2/24' }), 'b').peers).toHaveLength(1);
  });

  test('a node that is excluded announces none', () => {
    const excluded = node('a', {
      v4: '10.0.0.1/24',
      labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': 'true' },
    });
    expect(
      originated(
        excluded + bgpConfiguration(ranges) + service({ externalTrafficPolicy: 'Local' }) + slice([ready]),
      ),
    ).toEqual([]);
  });

  test.each([
    ['an endpoint here', [ready], true],
    ['an endpoint here that does not say whether it is ready', [{ ...ready, conditions: {} }], true],
    ['an endpoint here that is not ready', [{ ...ready, conditions: { ready: false } }], false],
    ['an endpoint elsewhere', [{ ...ready, nodeName: 'b' }], false],
    ['no endpoint', [], false],
  ])('policy Local: %s', (_title, endpoints, announced) => {
    const yaml =
      bgpConfiguration(ranges) +
      service({ externalTrafficPolicy: 'Local', externalIPs: ['198.51.100.7', '8.8.8.8'] }, ['203.0.113.5']) +
      slice(endpoints);
    expect(single(yaml)).toEqual(announced ? ['10.96.0.7/32', '198.51.100.7/32', '203.0.113.5/32'] : []);
  });

  test('policy Local: an endpoint counts for addresses of its own family', () => {
    const yaml =
      bgpConfiguration(ranges) +
      service({ externalTrafficPolicy: 'Local', clusterIPs: ['10.96.0.7', 'fd00:96::7'] }) +
      slice([{ ...ready, addresses: ['fd00::5'] }], 'IPv6');
    expect(single(yaml)).toEqual(['fd00:96::7/128']);
  });

  test('policy Cluster: an address that stands in the configuration singly brings out all, without endpoints', () => {
    const yaml =
      bgpConfiguration(ranges) +
      service({ externalTrafficPolicy: 'Cluster', externalIPs: ['192.0.2.9', '198.51.100.7'] });
    expect(single(yaml)).toEqual(['10.96.0.7/32', '192.0.2.9/32', '198.51.100.7/32']);
  });

  test.each([
    ['Enabled', 'Cluster', []],
    ['Enabled', undefined, []],
    ['Disabled', 'Cluster', ['10.96.0.7/32', '203.0.113.5/32']],
    ['Disabled', undefined, ['10.96.0.7/32', '203.0.113.5/32']],
  ])(
    'aggregation %s, policy %s: an endpoint elsewhere brings out %j',
    (aggregation, externalTrafficPolicy, expected) => {
      const yaml =
        bgpConfiguration({ ...ranges, serviceLoadBalancerAggregation: aggregation }) +
        service({ externalTrafficPolicy }, ['203.0.113.5']) +
        slice([{ ...ready, nodeName: 'b' }]);
      expect(single(yaml)).toEqual(expected);
    },
  );

  test('aggregation Disabled: load balancer ranges do not go out whole', () => {
    const lines = originated(A + bgpConfiguration({ ...ranges, serviceLoadBalancerAggregation: 'Disabled' }));
    expect(lines).not.toContain('203.0.113.0/24 service BGPConfiguration/default');
  });

  test.each([
    ['headless', { clusterIP: 'None' }],
    ['without cluster IP', { clusterIP: undefined }],
    ['an external name', { type: 'ExternalName' }],
  ])('a service that is %s is not announced', (_title, spec) => {
    expect(
      single(
        bgpConfiguration(ranges) + service({ externalTrafficPolicy: 'Local', ...spec }) + slice([ready]),
      ),
    ).toEqual([]);
  });
});
