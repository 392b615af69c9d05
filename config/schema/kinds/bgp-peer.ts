/** BGPPeer: sessions between nodes of the cluster, or with routers outside. */
import { canonicalScopedAddress, scopedAddressFamily } from '@manul/bgp/net';
import { z } from 'zod';
import {
  address,
  asNumber,
  choice,
  durationSec,
  flag,
  integer,
  plainText,
  Refusal,
  secretReference,
  selector,
  text,
} from '../fields.ts';
import { excludes, isSet, needs, type Rule, withRules } from '../rules.ts';
import { TEXT_PATTERN } from '../text-patterns.ts';
import { objectOf } from './calico-kind.ts';

/** An address with the port that was written beside it, if any; a link-local one may name its interface. */
export interface PeerAddress {
  readonly address: string;
  readonly port: number | null;
}

const WITH_PORT = /^(?:\[([^\]]+)\]|([0-9.]+)):([0-9]+)$/;

/** Parses `address`, `v4:port` or `[v6]:port`. */
function parsePeerAddress(value: string): PeerAddress | Refusal {
  const bare = canonicalScopedAddress(value);
  if (bare !== null) return { address: bare, port: null };
  const parts = WITH_PORT.exec(value);
  const host = parts === null ? null : canonicalScopedAddress(parts[1] ?? parts[2]!);
  const bracketed = parts?.[1] !== undefined;
  if (parts === null || host === null || bracketed !== (scopedAddressFamily(host) === 'ipv6')) {
    return new Refusal(`must be an address, v4:port or [v6]:port, is ${JSON.stringify(value)}`);
  }
  const digits = parts[3]!;
  const port = Number(digits);
  if (digits.startsWith('0') || port > 65_535) return new Refusal(`has a port outside 1 to 65535: ${digits}`);
  return { address: host, port };
}

const fields = z.strictObject({
  node: plainText('Name of the one node that has the session', 253).optional(),
  nodeSelector: selector('The nodes that have the session; neither node nor this: every node').optional(),
  peerIP: text(
    'Address of the neighbor: address, v4:port or [v6]:port',
    parsePeerAddress,
    64,
    TEXT_PATTERN.peerAddress,
  ).optional(),
  peerSelector: selector('The neighbors are all nodes that match').optional(),
  localWorkloadSelector: selector('The neighbors are local pods that match').optional(),
  asNumber: asNumber("AS number of the neighbor; 0: the cluster's", { min: 0 }).optional(),
  localASNumber: asNumber('AS number to present on this session instead of our own').optional(),
  keepOriginalNextHop: flag('eBGP: leave the next hop as received (deprecated: nextHopMode Keep)').optional(),
  nextHopMode: choice('Next hop of routes that we send; default Auto', ['Auto', 'Self', 'Keep']).optional(),
  password: secretReference.optional(),
  sourceAddress: choice("Whether our end is bound to the node's address; default UseNodeIP", [
    'UseNodeIP',
    'None',
  ]).optional(),
  maxRestartTime: durationSec('Graceful restart time; default 120s').optional(),
  keepaliveTime: durationSec('Interval of KEEPALIVE messages; default a third of the hold time').optional(),
  numAllowedLocalASNumbers: integer('How often our own AS may occur in AS_PATH', 0, 2_147_483_647).optional(),
  ttlSecurity: integer(
    'GTSM (RFC 5082): the neighbor is at most this many hops away; 0: off',
    0,
    255,
  ).optional(),
  reachableBy: address('Gateway of a static host route to the neighbor').optional(),
  filters: z.array(plainText('Name of a BGPFilter', 253)).optional().describe('BGPFilters, in order'),
  reversePeering: choice('Auto: the nodes that are neighbors get the mirror session', [
    'Auto',
    'Manual',
  ]).optional(),
});

const hasNeighbor: Rule = {
  field: 'peerIP',
  broken: (spec) =>
    isSet(spec['peerIP']) || isSet(spec['peerSelector']) || isSet(spec['localWorkloadSelector'])
      ? null
      : 'is required, unless peerSelector or localWorkloadSelector is given',
  cel: {
    rule: 'has(self.peerIP) || has(self.peerSelector) || has(self.localWorkloadSelector)',
    message: 'peerIP is required, unless peerSelector or localWorkloadSelector is given',
  },
};
const asNumberOfNodes: Rule = {
  field: 'asNumber',
  broken: (spec) =>
    isSet(spec['peerSelector']) && isSet(spec['asNumber']) && spec['asNumber'] !== 0
      ? "must be absent with peerSelector: each node's own AS number applies"
      : null,
  cel: {
    rule: '!has(self.peerSelector) || !has(self.asNumber) || self.asNumber == 0',
    message: "asNumber must be absent with peerSelector: each node's own AS number applies",
  },
};
const asNumberOfWorkloads: Rule = {
  field: 'asNumber',
  broken: (spec) =>
    isSet(spec['localWorkloadSelector']) && (!isSet(spec['asNumber']) || spec['asNumber'] === 0)
      ? 'is required with localWorkloadSelector'
      : null,
  cel: {
    rule: '!has(self.localWorkloadSelector) || (has(self.asNumber) && self.asNumber != 0)',
    message: 'asNumber is required with localWorkloadSelector',
  },
};
const reachableInFamily: Rule = {
  field: 'reachableBy',
  broken: (spec) => {
    const peer = spec['peerIP'];
    const gateway = spec['reachableBy'];
    if (typeof gateway !== 'string' || typeof peer !== 'object' || peer === null) return null;
    const family = scopedAddressFamily((peer as PeerAddress).address);
    return scopedAddressFamily(gateway) === family ? null : 'must be of the same address family as peerIP';
  },
  cel: {
    rule: "!has(self.reachableBy) || self.reachableBy == '' || !has(self.peerIP) || self.reachableBy.contains(':') == self.peerIP.matches('^[^.]*:[^.]*:')",
    message: 'reachableBy must be of the same address family as peerIP',
  },
};

const spec = withRules(fields, [
  excludes('node', 'nodeSelector'),
  excludes('peerSelector', 'peerIP'),
  excludes('localWorkloadSelector', 'peerIP', 'peerSelector'),
  hasNeighbor,
  asNumberOfNodes,
  asNumberOfWorkloads,
  {
    field: 'keepOriginalNextHop',
    broken: (spec) =>
      spec['keepOriginalNextHop'] === true && isSet(spec['nextHopMode']) ? 'excludes nextHopMode' : null,
    cel: {
      rule: '!has(self.keepOriginalNextHop) || !self.keepOriginalNextHop || !has(self.nextHopMode)',
      message: 'keepOriginalNextHop excludes nextHopMode',
    },
  },
  needs('reachableBy', 'peerIP'),
  reachableInFamily,
]);

export const bgpPeer = objectOf(spec);
