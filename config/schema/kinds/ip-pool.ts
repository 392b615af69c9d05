/** IPPool and IPReservation: ranges that workloads get addresses from, and addresses to leave alone. */
import { contains, type Prefix, parsePrefix } from '@manul/bgp/net';
import { z } from 'zod';
import { choice, flag, prefix, selector } from '../fields.ts';
import { type Rule, withRules } from '../rules.ts';
import { objectOf } from './calico-kind.ts';

const ENCAPSULATION = ['Never', 'Always', 'CrossSubnet'] as const;
const LINK_LOCAL = [parsePrefix('169.254.0.0/16')!, parsePrefix('fe80::/10')!];

const fields = z.strictObject({
  cidr: prefix('Range of addresses'),
  blockSize: z.int().optional().describe('Prefix length of blocks; default 26 (IPv4) or 122 (IPv6)'),
  ipipMode: choice('IPIP encapsulation between nodes, IPv4 only', ENCAPSULATION).default('Never'),
  vxlanMode: choice('VXLAN encapsulation between nodes', ENCAPSULATION).default('Never'),
  natOutgoing: flag('Masquerade what leaves the pools').default(false),
  disabled: flag('No new automatic allocations; routes stay').default(false),
  disableBGPExport: flag('Never announce routes inside this pool').default(false),
  nodeSelector: selector('Nodes that draw from the pool; default all()', { withoutGlobal: true }).optional(),
  namespaceSelector: selector('Namespaces that draw from the pool', { withoutGlobal: true }).optional(),
  allowedUses: z
    .array(choice('Use', ['Workload', 'Tunnel', 'LoadBalancer']))
    .optional()
    .describe('Who may allocate; default Workload and Tunnel'),
  assignmentMode: choice('Manual: used only where named explicitly', ['Automatic', 'Manual']).default(
    'Automatic',
  ),
});

const cidrOf = (spec: Readonly<Record<string, unknown>>): Prefix | null =>
  typeof spec['cidr'] === 'object' ? (spec['cidr'] as Prefix | null) : null;
const usesOf = (spec: Readonly<Record<string, unknown>>): readonly unknown[] =>
  Array.isArray(spec['allowedUses']) ? spec['allowedUses'] : [];
const encapsulates = (mode: unknown): boolean => mode === 'Always' || mode === 'CrossSubnet';

const notLinkLocal: Rule = {
  field: 'cidr',
  broken: (spec) => {
    const cidr = cidrOf(spec);
    const clash = LINK_LOCAL.some(
      (range) => cidr !== null && (contains(range, cidr) || contains(cidr, range)),
    );
    return clash ? 'overlaps the link-local range 169.254.0.0/16 or fe80::/10' : null;
  },
  cel: {
    rule: "!self.cidr.startsWith('169.254.') && !self.cidr.matches('^[Ff][Ee][89AaBb][0-9A-Fa-f]:')",
    message: 'cidr overlaps the link-local range 169.254.0.0/16 or fe80::/10',
  },
};
const blockSize: Rule = {
  field: 'blockSize',
  broken: (spec) => {
    const cidr = cidrOf(spec);
    if (cidr === null) return null;
    const [min, max, standard] = cidr.family === 'ipv4' ? [20, 32, 26] : [116, 128, 122];
    const size = typeof spec['blockSize'] === 'number' ? spec['blockSize'] : standard;
    if (size < min || size > max) return `must be ${min} to ${max} for this pool, is ${size}`;
    if (size < cidr.length && spec['disabled'] !== true) {
      return `of ${size} does not fit: the pool, a /${cidr.length}, is smaller than one block`;
    }
    return null;
  },
  cel: {
    rule: "(!has(self.blockSize) || (self.cidr.contains(':') ? self.blockSize >= 116 && self.blockSize <= 128 : self.blockSize >= 20 && self.blockSize <= 32)) && ((has(self.disabled) && self.disabled) || int(self.cidr.split('/')[1]) <= (has(self.blockSize) ? self.blockSize : (self.cidr.contains(':') ? 122 : 26)))",
    message: 'blockSize must be 20 to 32 (IPv4) or 116 to 128 (IPv6), and one block must fit into the pool',
  },
};
const oneEncapsulation: Rule = {
  field: 'vxlanMode',
  broken: (spec) =>
    encapsulates(spec['vxlanMode']) && encapsulates(spec['ipipMode']) ? 'excludes ipipMode' : null,
  cel: {
    rule: "!has(self.vxlanMode) || !has(self.ipipMode) || self.vxlanMode == 'Never' || self.ipipMode == 'Never'",
    message: 'vxlanMode excludes ipipMode',
  },
};
const ipipIsIpv4: Rule = {
  field: 'ipipMode',
  broken: (spec) =>
    encapsulates(spec['ipipMode']) && cidrOf(spec)?.family === 'ipv6'
      ? 'must be Never in an IPv6 pool'
      : null,
  cel: {
    rule: "!has(self.ipipMode) || self.ipipMode == 'Never' || !self.cidr.contains(':')",
    message: 'ipipMode must be Never in an IPv6 pool',
  },
};
const loadBalancerAlone: Rule = {
  field: 'allowedUses',
  broken: (spec) => {
    if (!usesOf(spec).includes('LoadBalancer')) return null;
    if (usesOf(spec).length > 1) return 'has LoadBalancer, which excludes other uses';
    if (encapsulates(spec['ipipMode']) || encapsulates(spec['vxlanMode'])) {
      return 'has LoadBalancer, which excludes encapsulation';
    }
    if (spec['disableBGPExport'] === true) return 'has LoadBalancer, which excludes disableBGPExport';
    const nodes = spec['nodeSelector'] as { readonly text?: string } | undefined;
    return nodes?.text === undefined || nodes.text === 'all()'
      ? null
      : 'has LoadBalancer, which needs nodeSelector all()';
  },
  cel: {
    rule: "!has(self.allowedUses) || !('LoadBalancer' in self.allowedUses) || (size(self.allowedUses) == 1 && (!has(self.ipipMode) || self.ipipMode == 'Never') && (!has(self.vxlanMode) || self.vxlanMode == 'Never') && (!has(self.disableBGPExport) || !self.disableBGPExport) && (!has(self.nodeSelector) || self.nodeSelector in ['', 'all()']))",
    message:
      'allowedUses has LoadBalancer, which excludes other uses, encapsulation and disableBGPExport, and needs nodeSelector all()',
  },
};
const noNamespacesForTunnels: Rule = {
  field: 'namespaceSelector',
  broken: (spec) =>
    spec['namespaceSelector'] !== undefined &&
    (spec['allowedUses'] === undefined || usesOf(spec).includes('Tunnel'))
      ? 'excludes the use Tunnel: set allowedUses without it'
      : null,
  cel: {
    rule: "!has(self.namespaceSelector) || self.namespaceSelector == '' || (has(self.allowedUses) && !('Tunnel' in self.allowedUses))",
    message: 'namespaceSelector excludes the use Tunnel: set allowedUses without it',
  },
};

/** The fields themselves say so where files are read. */
const noGlobalSelectors: Rule = {
  field: 'nodeSelector',
  broken: () => null,
  cel: {
    rule: "(!has(self.nodeSelector) || !self.nodeSelector.matches(r'\\bglobal\\s*\\(')) && (!has(self.namespaceSelector) || !self.namespaceSelector.matches(r'\\bglobal\\s*\\('))",
    message: 'nodeSelector and namespaceSelector must not use global()',
  },
};

const spec = withRules(fields, [
  noGlobalSelectors,
  notLinkLocal,
  blockSize,
  oneEncapsulation,
  ipipIsIpv4,
  loadBalancerAlone,
  noNamespacesForTunnels,
]);

export const ipPool = objectOf(spec);

const reservationSpec = z.strictObject({
  reservedCIDRs: z
    .array(prefix('Addresses', { mask: true }))
    .default([])
    .describe('Addresses that automatic allocation skips'),
});

export const ipReservation = objectOf(reservationSpec);
