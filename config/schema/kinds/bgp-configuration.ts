/** BGPConfiguration: `default` for the cluster, `node.<name>` for one node. */
import { z } from 'zod';
import {
  address,
  asNumber,
  choice,
  community,
  durationSec,
  flag,
  integer,
  interfacePattern,
  parseCommunity,
  plainText,
  port,
  prefix,
  secretReference,
} from '../fields.ts';
import {
  asFields,
  type Fields,
  isSet,
  judged,
  type Path,
  type Rule,
  VALIDATIONS,
  withRules,
} from '../rules.ts';
import { objectOf } from './calico-kind.ts';

/** Route priorities are kernel metrics; LOCAL_PREF is 2147483647 minus the priority. */
export const MAX_PRIORITY = 2_147_483_646;

const LOG_LEVEL = /^(trace|debug|info|warning|error|fatal)$/i;

const serviceRanges = (description: string) =>
  z.array(z.strictObject({ cidr: prefix('Range of addresses', { mask: true }) })).describe(description);

const fields = z.strictObject({
  logSeverityScreen: z
    .string()
    .regex(LOG_LEVEL, 'must be Trace, Debug, Info, Warning, Error or Fatal')
    .optional()
    .describe("BIRD's logging; Manul has --log-level"),
  nodeToNodeMeshEnabled: flag('Automatic full mesh of iBGP sessions; default true').optional(),
  asNumber: asNumber('AS number of the cluster; default 64512').optional(),
  listenPort: port('TCP port to listen on, and that other nodes dial; default 179').optional(),
  bindMode: choice("NodeIP: listen on the node's own addresses only", ['None', 'NodeIP']).optional(),
  nodeMeshPassword: secretReference.optional(),
  nodeMeshMaxRestartTime: durationSec('Graceful restart time of mesh sessions; default 120s').optional(),
  serviceClusterIPs: serviceRanges('Cluster IP ranges to announce').optional(),
  serviceExternalIPs: serviceRanges('External IPs of Services that may be announced').optional(),
  serviceLoadBalancerIPs: serviceRanges('Load balancer IPs of Services that may be announced').optional(),
  serviceLoadBalancerAggregation: choice(
    'Disabled: announce single load balancer addresses, not the ranges',
    ['Enabled', 'Disabled'],
  ).optional(),
  communities: z
    .array(z.strictObject({ name: z.string().min(1).max(253), value: community('Community aa:nn or a:b:c') }))
    .max(500)
    .optional()
    .describe('Named communities, for prefixAdvertisements'),
  prefixAdvertisements: z
    .array(
      z.strictObject({
        cidr: prefix('Routes inside this prefix are tagged', { mask: true }),
        communities: z.array(plainText('Name or value of a community', 253)).max(50),
      }),
    )
    .max(500)
    .optional()
    .describe('Communities to attach to routes on export'),
  ignoredInterfaces: z
    .array(interfacePattern('Interface name with * wildcards', { allowStar: false }))
    .optional()
    .describe('Interfaces whose connected routes are not announced'),
  localWorkloadPeeringIPV4: address('Address on the host side of workloads that peer', 'ipv4').optional(),
  localWorkloadPeeringIPV6: address('Address on the host side of workloads that peer', 'ipv6').optional(),
  programClusterRoutes: choice('Which pool routes BGP programs; default EnabledNoEncapOnly', [
    'Enabled',
    'Disabled',
    'EnabledIPIPOnly',
    'EnabledNoEncapOnly',
  ]).optional(),
  ipv4NormalRoutePriority: integer(
    'Kernel metric of ordinary routes; default 1024',
    1,
    MAX_PRIORITY,
  ).optional(),
  ipv6NormalRoutePriority: integer(
    'Kernel metric of ordinary routes; default 1024',
    1,
    MAX_PRIORITY,
  ).optional(),
});

const withMesh = (field: string): Rule => ({
  field,
  broken: (spec) =>
    isSet(spec[field]) && spec['nodeToNodeMeshEnabled'] === false
      ? 'is only allowed while nodeToNodeMeshEnabled is true'
      : null,
  cel: {
    rule: `!has(self.${field}) || !has(self.nodeToNodeMeshEnabled) || self.nodeToNodeMeshEnabled`,
    message: `${field} is only allowed while nodeToNodeMeshEnabled is true`,
  },
});

const spec = withRules(fields, [
  withMesh('nodeMeshPassword'),
  withMesh('nodeMeshMaxRestartTime'),
  {
    field: 'communities',
    broken: (spec) =>
      isSet(spec['communities']) && !isSet(spec['prefixAdvertisements'])
        ? 'has no effect without prefixAdvertisements'
        : null,
    cel: {
      rule: '!has(self.communities) || has(self.prefixAdvertisements)',
      message: 'communities has no effect without prefixAdvertisements',
    },
  },
]);

/** Fields that only the `default` object may have. */
const GLOBAL_ONLY_FIELDS = [
  'nodeToNodeMeshEnabled',
  'asNumber',
  'nodeMeshPassword',
  'nodeMeshMaxRestartTime',
  'serviceClusterIPs',
  'serviceExternalIPs',
  'serviceLoadBalancerIPs',
  'serviceLoadBalancerAggregation',
] as const;

const NAME_RULE = 'must be default, or node.<name of a node>';
const validations = [
  {
    rule: "self.metadata.name == 'default' || self.metadata.name.startsWith('node.')",
    message: `metadata.name ${NAME_RULE}`,
  },
  {
    rule: `self.metadata.name == 'default' || !(${GLOBAL_ONLY_FIELDS.map((field) => `has(self.spec.${field})`).join(' || ')})`,
    message: `only the BGPConfiguration named default may have ${GLOBAL_ONLY_FIELDS.join(', ')}`,
  },
];

const object = objectOf(spec).meta({ [VALIDATIONS]: validations });

export const bgpConfiguration = judged(object, (object, report) => {
  const name = asFields(object['metadata'])['name'];
  const fields = asFields(object['spec']);
  if (typeof name !== 'string') return;
  if (name !== 'default' && !/^node\../.test(name)) {
    report(['metadata', 'name'], NAME_RULE);
  }
  if (name === 'default') {
    judgeAdvertisements(fields, report);
    return;
  }
  for (const field of GLOBAL_ONLY_FIELDS) {
    if (isSet(fields[field]))
      report(['spec', field], 'is only allowed in the BGPConfiguration named default');
  }
});

/** Every entry of prefixAdvertisements is a community, or the name of one. */
function judgeAdvertisements(fields: Fields, report: (path: Path, text: string) => void): void {
  const known = new Set(listOf(fields['communities']).map((community) => asFields(community)['name']));
  listOf(fields['prefixAdvertisements']).forEach((advertisement, i) => {
    listOf(asFields(advertisement)['communities']).forEach((entry, j) => {
      if (typeof entry !== 'string' || known.has(entry) || parseCommunity(entry) !== null) return;
      const text = `is neither a community nor a name from spec.communities: ${JSON.stringify(entry)}`;
      report(['spec', 'prefixAdvertisements', i, 'communities', j], text);
    });
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
