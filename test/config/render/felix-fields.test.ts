/**
 * Every field of FelixConfiguration that is about routing: it changes what the node runs with, or a warning says that
 * it does not, and why. No field is passed over in silence.
 */
import { felixConfiguration } from '../../../config/schema/kinds/felix-configuration.ts';
import { FELIX_FIELDS_OUT_OF_SCOPE } from '../../../config/schema/kinds/felix-out-of-scope.ts';
import { calico, config, node } from '../support/render-yaml.ts';

const REMOTE_POD = calico('WorkloadEndpoint', 'there', {
  node: 'b',
  interfaceName: 'cali2',
  ipNetworks: ['10.66.0.9/32'],
});
const SPOOFING = calico('WorkloadEndpoint', 'here', {
  node: 'a',
  interfaceName: 'cali1',
  ipNetworks: ['10.65.0.5/32'],
  allowSpoofedSourcePrefixes: ['192.0.2.0/24'],
});
const POD = `---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: default}
spec: {nodeName: a}
status: {podIP: 10.65.0.7}
`;
const CLUSTER = [
  node('a', { v4: '10.0.0.1/24', v6: 'fd00::1/64', labels: { rack: '1' } }),
  node('b', { v4: '10.0.0.2/24', v6: 'fd00::2/64' }),
  calico('IPPool', 'plain', { cidr: '10.65.0.0/16', natOutgoing: true }),
  calico('IPPool', 'over-ipip', { cidr: '10.66.0.0/16', ipipMode: 'Always' }),
  calico('IPPool', 'over-vxlan', { cidr: '10.67.0.0/16', vxlanMode: 'Always' }),
  calico('IPPool', 'over-vxlan-v6', { cidr: 'fd65::/48', blockSize: 122, vxlanMode: 'Always' }),
  REMOTE_POD,
  SPOOFING,
  POD,
].join('');

function rendered(name: string, spec: object) {
  const { agent, rendered: shown } = config(CLUSTER + calico('FelixConfiguration', name, spec), 'a');
  const resource = `FelixConfiguration/${name}`;
  const warnings = shown.warnings.filter((warning) => warning.resource === resource);
  return { agent: JSON.stringify(agent), warnings: warnings.map(({ field, text }) => `${field} ${text}`) };
}

/** With a value that is not the default. */
const HONOURED: Readonly<Record<string, unknown>> = {
  ipipEnabled: false,
  ipipMTU: 1400,
  vxlanEnabled: false,
  vxlanMTU: 1400,
  vxlanMTUV6: 1400,
  vxlanPort: 8472,
  vxlanVNI: 7,
  featureDetectOverride: 'SNATFullyRandom=false,ChecksumOffloadBroken=true',
  mtuIfacePattern: '^bond',
  routeSource: 'WorkloadIPs',
  routeRefreshInterval: '10s',
  deviceRouteProtocol: 90,
  deviceRouteSourceAddress: '10.0.0.1',
  deviceRouteSourceAddressIPv6: 'fd00::1',
  removeExternalRoutes: false,
  programClusterRoutes: 'Disabled',
  ipv4NormalRoutePriority: 2000,
  ipv6NormalRoutePriority: 2000,
  interfacePrefix: 'tap',
  ipForwarding: 'Disabled',
  natPortRange: '20000:20099',
  natOutgoingAddress: '10.0.0.9',
  natOutgoingExclusions: 'IPPoolsAndHostIPs',
  iptablesNATOutgoingInterfaceFilter: 'eth+',
  externalNodesList: ['192.0.2.0/24'],
  workloadSourceSpoofing: 'Any',
  allowVXLANPacketsFromWorkloads: true,
  allowIPIPPacketsFromWorkloads: true,
};

/** Without effect: a value that asks for something, and the values with which nothing is missed. */
const WARNED: Readonly<Record<string, readonly [value: unknown, text: RegExp, ...harmless: unknown[]]>> = {
  requireMTUFile: [true, /no file is read/, false],
  interfaceRefreshInterval: ['30s', /the kernel tells of interfaces/],
  routeSyncDisabled: [true, /--roles speaker/, false],
  ipv4ElevatedRoutePriority: [500, /virtual machines/],
  ipv6ElevatedRoutePriority: [500, /virtual machines/],
  liveMigrationRouteConvergenceTime: ['10s', /virtual machines/],
  routeTableRanges: [[{ min: 1, max: 250 }], /no routing table is used but the main one/],
  routeTableRange: [{ min: 1, max: 250 }, /no routing table is used but the main one/],
  interfaceExclude: ['kube-ipvs0', /no interfaces are touched/],
  floatingIPs: ['Enabled', /not implemented yet/, 'Disabled'],
  serviceLoopPrevention: ['Drop', /not implemented yet/, 'Disabled'],
  localSubnetL2Reachability: ['PodsAndLoadBalancers', /not implemented yet/, 'Disabled'],
  localSubnetL2ReachabilityRefreshInterval: ['60s', /not implemented yet/],
  endpointStatusPathPrefix: ['/run', /no files about endpoints/],
  wireguardEnabled: [true, /there is no WireGuard/, false],
  wireguardEnabledV6: [true, /there is no WireGuard/, false],
  wireguardListeningPort: [51820, /there is no WireGuard/],
  wireguardListeningPortV6: [51821, /there is no WireGuard/],
  wireguardInterfaceName: ['wg0', /there is no WireGuard/],
  wireguardInterfaceNameV6: ['wg1', /there is no WireGuard/],
  wireguardRoutingRulePriority: [99, /there is no WireGuard/],
  wireguardMTU: [1400, /there is no WireGuard/],
  wireguardMTUV6: [1400, /there is no WireGuard/],
  wireguardHostEncryptionEnabled: [true, /there is no WireGuard/, false],
  healthEnabled: [true, /--http and --metrics/, false],
  healthHost: ['localhost', /--http and --metrics/],
  healthPort: [9099, /--http and --metrics/],
  prometheusMetricsEnabled: [true, /--http and --metrics/, false],
  prometheusMetricsHost: ['0.0.0.0', /--http and --metrics/],
  prometheusMetricsPort: [9091, /--http and --metrics/],
};

describe('fields of FelixConfiguration', () => {
  const nothing = rendered('default', {});

  test('none is forgotten here', () => {
    const shape: object = felixConfiguration.shape.spec.shape;
    const known = [
      ...Object.keys(HONOURED),
      ...Object.keys(WARNED),
      ...FELIX_FIELDS_OUT_OF_SCOPE,
      'nodeSelector',
    ];
    expect(known.sort()).toEqual(Object.keys(shape).sort());
  });

  test.each(Object.entries(HONOURED))(
    '%s: %j changes what the agent does, without a warning',
    (field, value) => {
      const { agent, warnings } = rendered('default', { [field]: value });
      expect(agent).not.toBe(nothing.agent);
      expect(warnings).toEqual([]);
    },
  );

  test.each(Object.entries(WARNED))(
    '%s has no effect, and a warning says why',
    (field, [value, text, ...harmless]) => {
      const { agent, warnings } = rendered('default', { [field]: value });
      expect(agent).toBe(nothing.agent);
      expect(warnings).toEqual([expect.stringMatching(text)]);
      expect(warnings[0]).toContain(`spec.${field} `);
      for (const other of harmless) expect(rendered('default', { [field]: other }).warnings).toEqual([]);
    },
  );

  test.each(FELIX_FIELDS_OUT_OF_SCOPE)('%s is for what Manul does not do, as one warning says', (field) => {
    const { agent, warnings } = rendered('default', { [field]: 'x' });
    expect(agent).toBe(nothing.agent);
    expect(warnings).toEqual([`spec has fields for what Manul does not do: ${field}`]);
  });

  test('an object with a nodeSelector counts on the nodes that it selects, and over default', () => {
    const selected = rendered('rack-1', { nodeSelector: 'rack == "1"', vxlanPort: 8472 });
    expect(selected.agent).not.toBe(nothing.agent);
    expect(rendered('rack-2', { nodeSelector: 'rack == "2"', vxlanPort: 8472 }).agent).toBe(nothing.agent);
  });
});
