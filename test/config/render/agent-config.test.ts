/** What the agent is given: workloads, pools and FelixConfiguration. */
import { interfaceNameOf } from '../../../config/render/workloads.ts';
import { bgpConfiguration, bgpPeer, calico, config, node, warningLines } from '../support/render-yaml.ts';

const A = node('a', { v4: '10.0.0.1/24', labels: { rack: '1' } });
const felix = (name: string, spec: object) => calico('FelixConfiguration', name, spec);
const agent = (yaml: string) => config(yaml, 'a').agent;

interface PodFields {
  readonly spec?: object;
  readonly status?: object;
  readonly metadata?: object;
}

function pod({ spec, status, metadata }: PodFields): string {
  return `---\n${JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'nginx', ...metadata },
    spec: { nodeName: 'a', ...spec },
    status: status ?? { podIPs: [{ ip: '10.65.0.5' }, { ip: 'fd00::5' }] },
  })}\n`;
}

describe('host interface names', () => {
  test.each([
    ['default', 'nginx', 'calic440f455693'],
    ['kube-system', 'coredns-0', 'cali8c346e38bf4'],
  ])('%s/%s is %s', (namespace, name, expected) => {
    expect(interfaceNameOf('cali', namespace, name)).toBe(expected);
  });
});

describe('pods of the node', () => {
  test('are workloads with all their addresses', () => {
    expect(agent(A + pod({})).workloads).toEqual([
      {
        name: 'Pod/default/nginx',
        interfaceName: 'calic440f455693',
        addresses: ['10.65.0.5/32', 'fd00::5/128'],
        mac: null,
      },
    ]);
  });

  const annotations = (fields: object) => ({ metadata: { annotations: fields } });
  const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  test.each<[string, PodFields, readonly string[]]>([
    ['elsewhere', { spec: { nodeName: 'b' } }, []],
    ['not scheduled yet', { spec: { nodeName: undefined } }, []],
    ['of the host network', { spec: { hostNetwork: true } }, []],
    ['succeeded', { status: { phase: 'Succeeded', podIP: '10.65.0.5' } }, []],
    ['failed', { status: { phase: 'Failed', podIP: '10.65.0.5' } }, []],
    ['without address', { status: {} }, []],
    ['podIP alone', { status: { podIP: '10.65.0.5' } }, ['10.65.0.5/32']],
    [
      'podIPs before podIP',
      { status: { podIP: '10.65.0.6', podIPs: [{ ip: '10.65.0.5' }] } },
      ['10.65.0.5/32'],
    ],
    [
      'addresses of the CNI plugin',
      {
        status: {},
        ...annotations({
          'cni.projectcalico.org/podIPs': '10.65.0.5/32,fd00::5/128',
          'cni.projectcalico.org/podIP': '10.65.0.9/32',
        }),
      },
      ['10.65.0.5/32', 'fd00::5/128'],
    ],
    [
      'one address of the CNI plugin',
      { status: {}, ...annotations({ 'cni.projectcalico.org/podIP': '10.65.0.9' }) },
      ['10.65.0.9/32'],
    ],
    [
      'being deleted, interface still there',
      { metadata: { ...deleted, annotations: { 'cni.projectcalico.org/podIP': '10.65.0.5/32' } } },
      ['10.65.0.5/32', 'fd00::5/128'],
    ],
    [
      'being deleted, interface gone',
      { metadata: { ...deleted, annotations: { 'cni.projectcalico.org/podIP': '' } } },
      [],
    ],
  ])('%s: %j gives %j', (_title, fields, addresses) => {
    expect(agent(A + pod(fields)).workloads.flatMap((workload) => workload.addresses)).toEqual(addresses);
  });

  test('a WorkloadEndpoint of the same interface counts instead', () => {
    const endpoint = calico(
      'WorkloadEndpoint',
      'a-k8s-nginx-eth0',
      {
        node: 'a',
        interfaceName: 'calic440f455693',
        ipNetworks: ['10.65.0.5/32'],
        mac: 'CA:FE:00:00:00:01',
      },
      { namespace: 'default' },
    );
    expect(agent(A + pod({}) + endpoint).workloads).toEqual([
      {
        name: 'WorkloadEndpoint/default/a-k8s-nginx-eth0',
        interfaceName: 'calic440f455693',
        addresses: ['10.65.0.5/32'],
        mac: 'ca:fe:00:00:00:01',
      },
    ]);
  });

  test('a WorkloadEndpoint without interface is left out with a warning', () => {
    const { rendered, agent: own } = config(
      A + calico('WorkloadEndpoint', 'w', { node: 'a', ipNetworks: ['10.65.0.5'] }),
      'a',
    );
    expect(own.workloads).toEqual([]);
    expect(warningLines(rendered)).toEqual([
      'WorkloadEndpoint/default/w spec.interfaceName: is missing: there is no route to the workload',
    ]);
  });
});

describe('FelixConfiguration', () => {
  test('defaults', () => {
    expect(agent(A)).toEqual({
      node: 'a',
      routeProtocol: 80,
      routePriority: { ipv4: 1024, ipv6: 1024 },
      workloadSource: { ipv4: null, ipv6: null },
      workloads: [],
      blocks: [],
      pools: [],
      peeringAddresses: [],
      podCidrs: [],
      serviceRanges: [],
      gatewayRoutes: [],
      routeRefreshSec: 90,
      ipForwarding: true,
      nat: {
        sources: [],
        exclusions: [],
        address: { ipv4: null, ipv6: null },
        ports: null,
        outInterface: null,
      },
      tunnelFilter: {
        externalSources: [],
        vxlanPort: 4789,
        allowFromWorkloads: { ipip: false, vxlan: false },
      },
      mtu: { interfacePattern: '^((en|wl|ww|sl|ib)[Pcopsvx].*|(eth|wlan|wwan).*)' },
      removeExternalRoutes: true,
      interfacePrefixes: ['cali'],
      addresses: { ipv4: { address: '10.0.0.1', subnet: '10.0.0.0/24' }, ipv6: null },
      tunnels: { ipip: null, vxlan: { ipv4: null, ipv6: null } },
      remoteNodes: [],
      remotePrefixes: [],
      programmed: { ipip: true, noEncapsulation: true },
    });
  });

  test("the node's own object over selected ones over default, field by field", () => {
    const yaml =
      A +
      felix('default', {
        routeRefreshInterval: '10s',
        removeExternalRoutes: false,
        deviceRouteProtocol: 90,
      }) +
      felix('racks', { nodeSelector: 'rack == "1"', routeRefreshInterval: '20s', ipForwarding: 'Disabled' }) +
      felix('others', { nodeSelector: 'rack == "2"', routeRefreshInterval: '25s' }) +
      felix('node.a', { routeRefreshInterval: '1m', interfacePrefix: 'cali, tap' }) +
      felix('node.b', { routeRefreshInterval: '2m' });
    expect(agent(yaml)).toMatchObject({
      routeRefreshSec: 60,
      removeExternalRoutes: false,
      routeProtocol: 90,
      ipForwarding: false,
      interfacePrefixes: ['cali', 'tap'],
    });
  });

  const POOLS =
    calico('IPPool', 'pods', { cidr: '10.65.0.0/16', natOutgoing: true }) +
    calico('IPPool', 'old', { cidr: '10.66.0.0/16', natOutgoing: true, disabled: true }) +
    calico('IPPool', 'bare', { cidr: 'fd00::/64' }) +
    calico('IPPool', 'services', { cidr: '10.67.0.0/24', allowedUses: ['LoadBalancer'] });

  test('natOutgoing translates what leaves any pool but those of load balancers; disabled pools count', () => {
    expect(agent(A + POOLS).nat).toEqual({
      sources: ['10.66.0.0/16', '10.65.0.0/16'],
      exclusions: ['fd00::/64', '10.66.0.0/16', '10.65.0.0/16'],
      address: { ipv4: null, ipv6: null },
      ports: null,
      outInterface: null,
    });
  });

  test('address, ports, interface and exclusions of the translation', () => {
    const spec = {
      natOutgoingAddress: '192.0.2.9',
      natPortRange: '20000:20099',
      iptablesNATOutgoingInterfaceFilter: 'eth+',
      natOutgoingExclusions: 'IPPoolsAndHostIPs',
      externalNodesList: ['172.16.0.0/24', '203.0.113.7'],
    };
    const { nat, tunnelFilter } = agent(
      A + node('b', { v4: '10.0.0.2/24', v6: 'fd99::2/64' }) + felix('default', spec),
    );
    expect(nat).toEqual({
      sources: [],
      exclusions: ['10.0.0.1', '10.0.0.2', 'fd99::2', '172.16.0.0/24', '203.0.113.7/32'],
      address: { ipv4: '192.0.2.9', ipv6: null },
      ports: { min: 20000, max: 20099 },
      outInterface: 'eth+',
    });
    expect(tunnelFilter.externalSources).toEqual(['172.16.0.0/24', '203.0.113.7/32']);
  });

  test.each([
    [3000, { min: 3000, max: 3000 }],
    ['1024-2000', { min: 1024, max: 2000 }],
    [0, null],
    ['', null],
  ])('natPortRange %j is %j', (natPortRange, ports) => {
    expect(agent(A + felix('default', { natPortRange })).nat.ports).toEqual(ports);
  });

  test.each([
    [{ natPortRange: '2000:1000' }, 'must be a port or first:last, 1 to 65535, is "2000:1000"'],
    [{ natPortRange: 70_000 }, 'must be a port or first:last, 1 to 65535, is 70000'],
    [
      { iptablesNATOutgoingInterfaceFilter: 'a b' },
      'must be the name of an interface, or its beginning and +, is "a b"',
    ],
    [
      { mtuIfacePattern: '(' },
      'must be a regular expression: Invalid regular expression: /(/: Unterminated group',
    ],
  ])('%j is refused', (spec, text) => {
    expect(() => agent(felix('default', spec))).toThrow(JSON.stringify(text).slice(1, -1));
  });

  test.each([3, 0, 4])('protocol %d is shared with others: 80 stays, with a warning', (protocol) => {
    const { rendered, agent: own } = config(A + felix('default', { deviceRouteProtocol: protocol }), 'a');
    expect(own.routeProtocol).toBe(80);
    expect(warningLines(rendered)).toEqual([
      `FelixConfiguration/default spec.deviceRouteProtocol: ${protocol} is shared with the kernel or administrators: 80 is used`,
    ]);
  });
});

test.each([
  [{}, 'none', true],
  [{ ipipMode: 'Always' }, 'ipip', true],
  [{ ipipMode: 'CrossSubnet' }, 'ipipCrossSubnet', true],
  [{ vxlanMode: 'Always' }, 'vxlan', true],
  [{ vxlanMode: 'CrossSubnet', disableBGPExport: true }, 'vxlanCrossSubnet', false],
])('a pool %j is of encapsulation %s, exported: %s', (spec, encapsulation, exported) => {
  const { rendered, agent: own } = config(A + calico('IPPool', 'p', { cidr: '10.65.0.0/16', ...spec }), 'a');
  expect(rendered.pools).toEqual([
    { cidr: '10.65.0.0/16', export: exported, encapsulation, resource: 'IPPool/p' },
  ]);
  expect(own.pools).toEqual([{ prefix: '10.65.0.0/16', encapsulation }]);
});

test('ranges of service addresses, even on a node that announces none; LB ranges with aggregation off, too', () => {
  const yaml =
    node('a', {
      v4: '10.0.0.1/24',
      labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': 'true' },
    }) +
    bgpConfiguration({
      serviceClusterIPs: [{ cidr: '10.96.0.0/12' }],
      serviceExternalIPs: [{ cidr: '198.51.100.9/32' }],
      serviceLoadBalancerIPs: [{ cidr: '203.0.113.0/24' }],
      serviceLoadBalancerAggregation: 'Disabled',
    });
  expect(config(yaml, 'a').agent.serviceRanges).toEqual([
    '10.96.0.0/12',
    '198.51.100.9/32',
    '203.0.113.0/24',
  ]);
});

describe('reachableBy', () => {
  const yaml = (...peers: string[]) =>
    bgpConfiguration({ nodeToNodeMeshEnabled: false }) +
    node('a', { v4: '10.0.0.1/24', v6: 'fd00::1/64' }) +
    peers.join('');

  test('is a host route to the neighbor', () => {
    const four = bgpPeer('four', { peerIP: '192.0.2.1', asNumber: 65_000, reachableBy: '10.0.0.254' });
    const six = bgpPeer('six', { peerIP: '[2001:db8::1]:1790', asNumber: 65_000, reachableBy: 'fd00::fe' });
    expect(config(yaml(four, six), 'a').agent.gatewayRoutes).toEqual([
      { prefix: '192.0.2.1/32', gateway: '10.0.0.254', resource: 'BGPPeer/four' },
      { prefix: '2001:db8::1/128', gateway: 'fd00::fe', resource: 'BGPPeer/six' },
    ]);
  });

  test('two gateways for one address: the first counts, and the other is warned of', () => {
    const one = bgpPeer('one', { peerIP: '192.0.2.1', asNumber: 65_000, reachableBy: '10.0.0.254' });
    const two = bgpPeer('two', { peerIP: '192.0.2.1:1790', asNumber: 65_000, reachableBy: '10.0.0.253' });
    const { agent, rendered } = config(yaml(one, two), 'a');
    expect(agent.gatewayRoutes).toEqual([
      { prefix: '192.0.2.1/32', gateway: '10.0.0.254', resource: 'BGPPeer/one' },
    ]);
    expect(warningLines(rendered)).toEqual([
      'BGPPeer/two spec.reachableBy: has no effect: BGPPeer/one says that 192.0.2.1 is reached by 10.0.0.254',
    ]);
  });
});
