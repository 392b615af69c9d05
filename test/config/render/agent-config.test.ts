/** What the agent is given: workloads, pools and FelixConfiguration. */
import { interfaceNameOf } from '../../../config/render/workloads.ts';
import { calico, config, node, warningLines } from '../support/render-yaml.ts';

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
      workloads: [],
      blocks: [],
      pools: [],
      routeRefreshSec: 90,
      ipForwarding: true,
      removeExternalRoutes: true,
      interfacePrefixes: ['cali'],
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
