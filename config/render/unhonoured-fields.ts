/** Warnings for fields that are read but have no effect (yet), so that nobody relies on them unawares. */

import { valueAt } from '../schema/issue-text.ts';
import { FELIX_FIELDS_OUT_OF_SCOPE } from '../schema/kinds/felix-out-of-scope.ts';
import { felixConfigurations } from './felix-settings.ts';
import type { PeerPlan } from './peer-plans.ts';
import type { RenderContext } from './render-context.ts';

const NOT_YET = 'is not implemented yet';
const IPAM = 'has no effect yet: Manul does not allocate addresses';
const DEFAULT_ONLY = 'has no effect here: only the BGPConfiguration named default sets it';

interface Unhonoured {
  /** Dotted path below `spec`. */
  readonly field: string;
  readonly text: string;
  /** Values with which nothing is missed. */
  readonly harmless?: readonly unknown[];
}

const BGP_CONFIGURATION: readonly Unhonoured[] = [
  {
    field: 'logSeverityScreen',
    text: 'has no effect: --log-level sets the log level',
    harmless: ['Info', 'info'],
  },
];

const NODE_BGP_CONFIGURATION: readonly Unhonoured[] = [
  ...BGP_CONFIGURATION,
  { field: 'localWorkloadPeeringIPV4', text: DEFAULT_ONLY },
  { field: 'localWorkloadPeeringIPV6', text: DEFAULT_ONLY },
  { field: 'bindMode', text: DEFAULT_ONLY },
  { field: 'ignoredInterfaces', text: DEFAULT_ONLY },
  { field: 'ipv4NormalRoutePriority', text: DEFAULT_ONLY },
  { field: 'ipv6NormalRoutePriority', text: DEFAULT_ONLY },
  { field: 'programClusterRoutes', text: DEFAULT_ONLY },
];

const BGP_PEER: readonly Unhonoured[] = [
  {
    field: 'password.secretKeyRef.optional',
    text: 'has no effect: a missing key holds the session',
    harmless: [false],
  },
];

const IGNORED_WITH_SELECTOR: readonly Unhonoured[] = [
  { field: 'localASNumber', text: 'has no effect with peerSelector, as in Calico' },
  { field: 'numAllowedLocalASNumbers', text: 'has no effect with peerSelector, as in Calico', harmless: [0] },
];

const IP_POOL: readonly Unhonoured[] = [
  { field: 'blockSize', text: IPAM, harmless: [26, 122] },
  { field: 'disabled', text: IPAM, harmless: [false] },
  { field: 'nodeSelector.text', text: IPAM, harmless: ['all()'] },
  { field: 'namespaceSelector.text', text: IPAM, harmless: ['all()'] },
  { field: 'allowedUses', text: IPAM },
  { field: 'assignmentMode', text: IPAM, harmless: ['Automatic'] },
];

const NODE: readonly Unhonoured[] = [{ field: 'wireguard', text: 'has no effect: there is no WireGuard' }];

const WORKLOAD_ENDPOINT: readonly Unhonoured[] = [
  { field: 'ipNATs', text: NOT_YET },
  { field: 'qosControls', text: NOT_YET },
];

/** What the agent does take from FelixConfiguration. */
const FELIX_HONOURED: ReadonlySet<string> = new Set([
  'nodeSelector',
  'routeRefreshInterval',
  'deviceRouteProtocol',
  'removeExternalRoutes',
  'ipv4NormalRoutePriority',
  'ipv6NormalRoutePriority',
  'interfacePrefix',
  'ipForwarding',
  'ipipEnabled',
  'ipipMTU',
  'vxlanEnabled',
  'vxlanMTU',
  'vxlanMTUV6',
  'vxlanPort',
  'vxlanVNI',
  'routeSource',
  'programClusterRoutes',
  'natPortRange',
  'natOutgoingAddress',
  'natOutgoingExclusions',
  'iptablesNATOutgoingInterfaceFilter',
  'mtuIfacePattern',
  'externalNodesList',
  'allowVXLANPacketsFromWorkloads',
  'allowIPIPPacketsFromWorkloads',
  'workloadSourceSpoofing',
  'deviceRouteSourceAddress',
  'deviceRouteSourceAddressIPv6',
  'featureDetectOverride',
]);

const NO_WIREGUARD = 'has no effect: there is no WireGuard';
const NO_MIGRATION = 'has no effect: addresses of virtual machines that migrate get no elevated routes';
const OWN_HTTP = 'has no effect: --http and --metrics say where health and metrics are served';

/** What it does not take, where there is more to say than that. */
const FELIX_TEXTS: Readonly<Record<string, string>> = {
  interfaceExclude: 'has no effect: no interfaces are touched but those of workloads and tunnels',
  ipv4ElevatedRoutePriority: NO_MIGRATION,
  ipv6ElevatedRoutePriority: NO_MIGRATION,
  liveMigrationRouteConvergenceTime: NO_MIGRATION,
  endpointStatusPathPrefix: 'has no effect: no files about endpoints are written',
  wireguardEnabled: NO_WIREGUARD,
  wireguardEnabledV6: NO_WIREGUARD,
  wireguardListeningPort: NO_WIREGUARD,
  wireguardListeningPortV6: NO_WIREGUARD,
  wireguardInterfaceName: NO_WIREGUARD,
  wireguardInterfaceNameV6: NO_WIREGUARD,
  wireguardRoutingRulePriority: NO_WIREGUARD,
  wireguardMTU: NO_WIREGUARD,
  wireguardMTUV6: NO_WIREGUARD,
  wireguardHostEncryptionEnabled: NO_WIREGUARD,
  healthEnabled: OWN_HTTP,
  healthHost: OWN_HTTP,
  healthPort: OWN_HTTP,
  prometheusMetricsEnabled: OWN_HTTP,
  prometheusMetricsHost: OWN_HTTP,
  prometheusMetricsPort: OWN_HTTP,
  interfaceRefreshInterval:
    'has no effect: the kernel tells of interfaces, and routeRefreshInterval reads all again',
  routeTableRange: 'has no effect: no routing table is used but the main one',
  routeTableRanges: 'has no effect: no routing table is used but the main one',
  routeSyncDisabled: 'has no effect: a node whose routes are not to be written runs with --roles speaker',
  requireMTUFile: 'has no effect: the CNI plugin gets the MTU from the agent, and no file is read',
};

/** Values of FelixConfiguration with which nothing is missed. */
const FELIX_HARMLESS: Readonly<Record<string, unknown>> = {
  floatingIPs: 'Disabled',
  healthEnabled: false,
  prometheusMetricsEnabled: false,
  wireguardEnabled: false,
  wireguardEnabledV6: false,
  wireguardHostEncryptionEnabled: false,
  localSubnetL2Reachability: 'Disabled',
  requireMTUFile: false,
  routeSyncDisabled: false,
  serviceLoopPrevention: 'Disabled',
};

export function warnOfUnhonouredFields(context: RenderContext, peers: readonly PeerPlan[]): void {
  const { resources, options } = context;
  const name = options.node;
  warn(context, 'BGPConfiguration/default', resources.bgpConfigurations.get('default'), BGP_CONFIGURATION);
  const nodeName = `node.${name}`;
  warn(
    context,
    `BGPConfiguration/${nodeName}`,
    resources.bgpConfigurations.get(nodeName),
    NODE_BGP_CONFIGURATION,
  );
  warn(context, `Node/${name}`, resources.nodes.get(name), NODE);
  const used = new Set(peers.map(({ rendered }) => rendered.resource));
  for (const peer of resources.bgpPeers.values()) {
    const resource = `BGPPeer/${peer.metadata.name}`;
    if (!used.has(resource)) continue;
    warn(context, resource, peer, BGP_PEER);
    if (peer.spec.peerSelector !== undefined) warn(context, resource, peer, IGNORED_WITH_SELECTOR);
  }
  for (const pool of resources.ipPools.values()) warn(context, `IPPool/${pool.metadata.name}`, pool, IP_POOL);
  for (const { metadata, spec } of resources.ipReservations.values()) {
    if (spec.reservedCIDRs.length === 0) continue;
    context.warnings.add(`IPReservation/${metadata.name}`, 'spec.reservedCIDRs', IPAM);
  }
  for (const endpoint of resources.workloadEndpoints.values()) {
    if (endpoint.spec.node !== name) continue;
    const { namespace, name: own } = endpoint.metadata;
    warn(context, `WorkloadEndpoint/${namespace}/${own}`, endpoint, WORKLOAD_ENDPOINT);
  }
  warnOfFelixFields(context);
}

function warn(
  context: RenderContext,
  resource: string,
  object: object | undefined,
  fields: readonly Unhonoured[],
): void {
  for (const { field, text, harmless } of fields) {
    const value = valueAt(object, ['spec', ...field.split('.')]);
    if (value === undefined || harmless?.includes(value) === true || isEmptyList(value)) continue;
    context.warnings.add(resource, `spec.${field.replace(/\.text$/, '')}`, text);
  }
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function warnOfFelixFields(context: RenderContext): void {
  const outOfScope: ReadonlySet<string> = new Set(FELIX_FIELDS_OUT_OF_SCOPE);
  for (const { metadata, spec } of felixConfigurations(context)) {
    const resource = `FelixConfiguration/${metadata.name}`;
    const fields = Object.entries(spec)
      .filter(([field, value]) => !FELIX_HONOURED.has(field) && FELIX_HARMLESS[field] !== value)
      .map(([field]) => field);
    for (const field of fields) {
      if (outOfScope.has(field)) continue;
      context.warnings.add(resource, `spec.${field}`, FELIX_TEXTS[field] ?? NOT_YET);
    }
    const others = fields.filter((field) => outOfScope.has(field));
    if (others.length > 0) {
      context.warnings.add(resource, 'spec', `has fields for what Manul does not do: ${others.join(', ')}`);
    }
  }
}
