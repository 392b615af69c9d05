/** FelixConfiguration: `default`, `node.<name>`, or any name with a nodeSelector. */
import { type Prefix, parsePrefix } from '@manul/bgp/net';
import { z } from 'zod';
import {
  address,
  choice,
  durationSec,
  flag,
  integer,
  plainText,
  port,
  Refusal,
  selector,
  text,
} from '../fields.ts';
import { asFields, isSet, judged } from '../rules.ts';
import { MAX_PRIORITY } from './bgp-configuration.ts';
import { objectOf } from './calico-kind.ts';
import { FELIX_FIELDS_OUT_OF_SCOPE } from './felix-out-of-scope.ts';

const parseSource = (value: string): Prefix | Refusal =>
  parsePrefix(value, { mask: true }) ??
  new Refusal(`must be an address or a prefix, is ${JSON.stringify(value)}`);
const mtu = (of: string) => integer(`MTU of ${of}; 0: derived from the host's`, 0, 65_535).optional();
const priority = (of: string) => integer(`Kernel metric of ${of} routes`, 1, MAX_PRIORITY).optional();
const tableRange = z.strictObject({ min: z.int().min(1), max: z.int().max(0xffff_ffff) });

export interface SourcePorts {
  readonly min: number;
  readonly max: number;
}

/** A port, or `first:last`; 0 and empty text are none, as in Calico. */
const portRange = z
  .union([z.number(), z.string()])
  .transform((value, context): SourcePorts | null => {
    const text = String(value).trim();
    if (text === '' || text === '0') return null;
    const [, first, last = first] = /^(\d{1,5})(?:[:-](\d{1,5}))?$/.exec(text) ?? [];
    const [min, max] = [Number(first), Number(last)];
    if (min >= 1 && max <= 65_535 && min <= max) return { min, max };
    const message = `must be a port or first:last, 1 to 65535, is ${JSON.stringify(value)}`;
    context.issues.push({ code: 'custom', message, input: value });
    return null;
  })
  .optional();

const parseRegularExpression = (value: string): string | Refusal => {
  try {
    new RegExp(value);
    return value;
  } catch (error) {
    return new Refusal(`must be a regular expression: ${(error as Error).message}`);
  }
};
const OUT_INTERFACE = /^[^\s"*\\/+]{1,15}\+?$/;
const parseOutInterface = (value: string): string | Refusal =>
  value === '' || OUT_INTERFACE.test(value)
    ? value
    : new Refusal(`must be the name of an interface, or its beginning and +, is ${JSON.stringify(value)}`);

/** What this node agent knows of; the rest of Felix's fields stand in `felix-out-of-scope.ts`. */
const known = {
  nodeSelector: selector('Nodes that this object is for').optional(),
  ipipEnabled: flag('Force the IPIP device on or off; default: derived from the pools').optional(),
  ipipMTU: mtu('tunl0'),
  vxlanEnabled: flag('Force the VXLAN device on or off; default: derived from the pools').optional(),
  vxlanMTU: mtu('vxlan.calico'),
  vxlanMTUV6: mtu('vxlan-v6.calico'),
  vxlanPort: port('UDP port of VXLAN; default 4789').optional(),
  vxlanVNI: integer('VXLAN network identifier; default 4096', 0, 16_777_215).optional(),
  featureDetectOverride: plainText(
    'What the kernel can do, whatever it says: ChecksumOffloadBroken=true or =false; all else has no effect',
  ).optional(),
  mtuIfacePattern: text(
    'Interfaces (regular expression) whose MTU counts',
    parseRegularExpression,
  ).optional(),
  requireMTUFile: flag('The CNI plugin refuses to work without an MTU file').optional(),
  routeSource: choice('Where remote routes come from', ['CalicoIPAM', 'WorkloadIPs']).optional(),
  routeRefreshInterval: durationSec('Interval of full kernel resyncs; 0: never; default 90s').optional(),
  interfaceRefreshInterval: durationSec('Interval of interface scans').optional(),
  routeSyncDisabled: flag('Stop all route programming').optional(),
  deviceRouteProtocol: integer('Protocol number of our kernel routes; default 80', 0, 255).optional(),
  deviceRouteSourceAddress: address('Preferred source address of workload routes', 'ipv4').optional(),
  deviceRouteSourceAddressIPv6: address('Preferred source address of workload routes', 'ipv6').optional(),
  removeExternalRoutes: flag('Remove unknown routes on workload interfaces; default true').optional(),
  programClusterRoutes: choice('Which pool routes the agent programs', [
    'Enabled',
    'Disabled',
    'EnabledIPIPOnly',
    'EnabledNoEncapOnly',
  ]).optional(),
  ipv4NormalRoutePriority: priority('ordinary'),
  ipv4ElevatedRoutePriority: priority('elevated'),
  ipv6NormalRoutePriority: priority('ordinary'),
  ipv6ElevatedRoutePriority: priority('elevated'),
  liveMigrationRouteConvergenceTime: durationSec(
    'How long a migrated workload keeps an elevated route',
  ).optional(),
  routeTableRanges: z.array(tableRange).optional().describe('Routing tables that may be used'),
  routeTableRange: tableRange.optional().describe('Older form of routeTableRanges'),
  interfacePrefix: text('Prefixes of workload interface names, comma-separated; default cali', (value) =>
    value
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  ).optional(),
  interfaceExclude: plainText('Interfaces to leave alone; default kube-ipvs0').optional(),
  ipForwarding: choice('Whether the forwarding sysctls are set; default Enabled', [
    'Enabled',
    'Disabled',
  ]).optional(),
  natPortRange: portRange.describe('Source ports of masqueraded traffic'),
  natOutgoingAddress: address('Source address of masqueraded traffic').optional(),
  natOutgoingExclusions: choice('Destinations that are not masqueraded', [
    'IPPoolsOnly',
    'IPPoolsAndHostIPs',
  ]).optional(),
  iptablesNATOutgoingInterfaceFilter: text(
    'Masquerade only on this outgoing interface',
    parseOutInterface,
  ).optional(),
  externalNodesList: z
    .array(text('Address or range', parseSource))
    .optional()
    .describe('Further sources of tunnel packets'),
  floatingIPs: choice('Whether floating IPs are routed', ['Enabled', 'Disabled']).optional(),
  workloadSourceSpoofing: choice('Whether workloads may ask for foreign source addresses', [
    'Disabled',
    'Any',
  ]).optional(),
  allowVXLANPacketsFromWorkloads: flag('Let workloads send VXLAN packets').optional(),
  allowIPIPPacketsFromWorkloads: flag('Let workloads send IPIP packets').optional(),
  serviceLoopPrevention: choice('What happens to packets to unknown service addresses', [
    'Drop',
    'Reject',
    'Disabled',
  ]).optional(),
  localSubnetL2Reachability: choice('Answer ARP and NDP for local addresses', [
    'Disabled',
    'PodsAndLoadBalancers',
  ]).optional(),
  localSubnetL2ReachabilityRefreshInterval: durationSec('Interval of localSubnetL2Reachability').optional(),
  endpointStatusPathPrefix: plainText('Folder of endpoint-status/').optional(),
  wireguardEnabled: flag('IPv4 WireGuard').optional(),
  wireguardEnabledV6: flag('IPv6 WireGuard').optional(),
  wireguardListeningPort: port('UDP port; default 51820').optional(),
  wireguardListeningPortV6: port('UDP port; default 51821').optional(),
  wireguardInterfaceName: plainText('Interface; default wireguard.cali', 15).optional(),
  wireguardInterfaceNameV6: plainText('Interface; default wg-v6.cali', 15).optional(),
  wireguardRoutingRulePriority: integer('Priority of the routing rule; default 99', 0, 32_766).optional(),
  wireguardMTU: mtu('the WireGuard interface'),
  wireguardMTUV6: mtu('the WireGuard interface'),
  wireguardHostEncryptionEnabled: flag('Encrypt traffic of hosts, too').optional(),
  healthEnabled: flag("Felix's health port").optional(),
  healthHost: plainText("Address of Felix's health port").optional(),
  healthPort: port("Felix's health port").optional(),
  prometheusMetricsEnabled: flag("Felix's metrics port").optional(),
  prometheusMetricsHost: plainText("Address of Felix's metrics port").optional(),
  prometheusMetricsPort: port("Felix's metrics port").optional(),
};

const outOfScope = Object.fromEntries(
  FELIX_FIELDS_OUT_OF_SCOPE.map((field) => [field, z.unknown().optional()] as const),
) as Record<(typeof FELIX_FIELDS_OUT_OF_SCOPE)[number], z.ZodOptional<z.ZodUnknown>>;

const spec = z.strictObject({ ...known, ...outOfScope });

export const felixConfiguration = judged(objectOf(spec), (object, report) => {
  const name = asFields(object['metadata'])['name'];
  const fields = asFields(object['spec']);
  if (typeof name !== 'string' || name === 'default') return;
  const perNode = /^node\../.test(name);
  if (perNode && isSet(fields['nodeSelector']))
    report(['spec', 'nodeSelector'], 'excludes the name node.<name>');
  if (!perNode && !isSet(fields['nodeSelector'])) {
    report(
      ['metadata', 'name'],
      'must be default or node.<name of a node>, unless spec.nodeSelector is given',
    );
  }
});
