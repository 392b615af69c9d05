/** BGPFilter: ordered rules for routes in and out of a session, per address family. */
import { addressBits, type Family } from '@manul/bgp/net';
import { z } from 'zod';
import { asNumber, choice, integer, interfacePattern, prefix, strictCommunity } from '../fields.ts';
import { isSet, needs, type Rule, withRules } from '../rules.ts';
import { MAX_PRIORITY } from './bgp-configuration.ts';
import { objectOf } from './calico-kind.ts';

const priority = (description: string) => integer(description, 1, MAX_PRIORITY);

const operation = z
  .strictObject({
    addCommunity: z.strictObject({ value: strictCommunity('Community to add') }).optional(),
    prependASPath: z
      .strictObject({ prefix: z.array(asNumber('AS number to prepend')).min(1).max(10) })
      .optional()
      .describe('AS numbers to prepend; the first one listed ends up first in the path'),
    setPriority: z.strictObject({ value: priority('LOCAL_PREF becomes 2147483647 minus this') }).optional(),
  })
  .refine((fields) => Object.values(fields).filter(isSet).length === 1, {
    message: 'must have exactly one of addCommunity, prependASPath and setPriority',
  })
  .meta({ minProperties: 1, maxProperties: 1 });

function ruleOf(family: Family) {
  const length = (description: string) => integer(description, 0, addressBits(family)).optional();
  const fields = z.strictObject({
    cidr: prefix('Prefix to compare with', { family, mask: true }).optional(),
    matchOperator: choice('How the route compares with cidr', [
      'Equal',
      'NotEqual',
      'In',
      'NotIn',
    ]).optional(),
    prefixLength: z
      .strictObject({ min: length('Shortest length'), max: length('Longest length') })
      .optional()
      .describe('Lengths of the prefixes inside cidr, for In and NotIn'),
    source: choice('RemotePeers: the route was learnt by BGP', ['RemotePeers']).optional(),
    interface: interfacePattern('Outgoing interface of the route', { allowStar: true }).optional(),
    peerType: choice('Type of the session', ['eBGP', 'iBGP']).optional(),
    communities: z
      .strictObject({ values: z.array(strictCommunity('Community')).length(1) })
      .optional()
      .describe('The route carries this community'),
    asPathPrefix: z
      .array(asNumber('AS number'))
      .optional()
      .describe('AS_PATH begins with these, nearest first'),
    priority: priority('LOCAL_PREF is 2147483647 minus this').optional(),
    action: choice('What happens to a route that matches', ['Accept', 'Reject']),
    operations: z.array(operation).min(1).max(10).optional().describe('Changes before accepting, in order'),
  });
  const onlyWithAccept: Rule = {
    field: 'operations',
    broken: (rule) =>
      isSet(rule['operations']) && rule['action'] === 'Reject' ? 'is only allowed with action Accept' : null,
    cel: {
      rule: "!has(self.operations) || self.action == 'Accept'",
      message: 'operations is only allowed with action Accept',
    },
  };
  return withRules(fields, [
    needs('cidr', 'matchOperator'),
    needs('matchOperator', 'cidr'),
    needs('prefixLength', 'cidr'),
    onlyWithAccept,
  ]);
}

const rulesV4 = z.array(ruleOf('ipv4')).optional();
const rulesV6 = z.array(ruleOf('ipv6')).optional();

const spec = z.strictObject({
  importV4: rulesV4.describe('Rules for IPv4 routes that we receive'),
  exportV4: rulesV4.describe('Rules for IPv4 routes that we send'),
  importV6: rulesV6.describe('Rules for IPv6 routes that we receive'),
  exportV6: rulesV6.describe('Rules for IPv6 routes that we send'),
});

export const bgpFilter = objectOf(spec);
