/** DynamicNeighbor (`manul.dev/v1alpha1`): ranges from which any client may open a session. */
import { z } from 'zod';
import type { AsnRange } from '../asn.ts';
import { parseAsnRange } from '../asn.ts';
import {
  choice,
  durationSec,
  flag,
  integer,
  interfaceName,
  plainText,
  prefix,
  secretReference,
  selector,
} from '../fields.ts';
import { excludes, type Rule, withRules } from '../rules.ts';
import { ALL } from '../selector.ts';
import { TEXT_PATTERN } from '../text-patterns.ts';
import { objectOf } from './calico-kind.ts';

const asNumbers = z
  .union([z.number(), z.string()])
  .transform((value, context): AsnRange => {
    const range = parseAsnRange(String(value));
    if (range !== null) return range;
    const message = `must be an AS number or a range such as 65000-65100, is ${JSON.stringify(value)}`;
    context.issues.push({ code: 'custom', message, input: value });
    return z.NEVER;
  })
  .meta({ description: 'AS number, or range of them', pattern: TEXT_PATTERN.asRange });

const fields = z.strictObject({
  nodeSelector: selector('The speakers that accept these clients').default(ALL),
  listenRanges: z.array(prefix('Range of client addresses')).min(1).describe('Where clients connect from'),
  asNumbers: z.array(asNumbers).default([]).describe("AS numbers of clients; none: the speaker's own"),
  routeReflectorClient: flag('Reflect to these clients (iBGP only, RFC 4456)').default(false),
  families: z
    .array(choice('Address family', ['ipv4', 'ipv6']))
    .min(1)
    .default(['ipv4', 'ipv6'])
    .describe('Address families to offer'),
  password: secretReference.optional(),
  passwordFile: plainText('File with the TCP MD5 key, in the file datastore').optional(),
  maxSessions: integer('Sessions at the same time', 1, 1_000_000).default(10_000),
  maxPrefixes: integer('Prefixes per session and family', 1, 2 ** 31).optional(),
  maxPrefixesWarningPercent: integer(
    'Percentage of maxPrefixes at which to warn; default 75',
    1,
    100,
  ).optional(),
  holdTime: durationSec('Hold time to propose').default(90),
  interface: interfaceName('Clients must come by this interface').optional(),
  ttlSecurity: integer('GTSM (RFC 5082): clients are at most this many hops away', 1, 255).optional(),
  addPath: flag('Offer ADD-PATH (RFC 7911)').default(true),
  importProtection: choice(
    "From clients of another AS: own: not the node's own prefixes; strict: nor a default route, pods', services' and nodes' prefixes",
    ['strict', 'own', 'none'],
  ).default('strict'),
  requirePolicy: flag('Clients of another AS need filters: without, no routes (RFC 8212)').default(true),
  role: choice('What we are to clients of another AS (RFC 9234)', [
    'provider',
    'rs',
    'rs-client',
    'customer',
    'peer',
  ]).optional(),
  strictRole: flag('Refuse clients of another AS that name no role').default(false),
  enforceFirstAs: flag("AS_PATH must begin with the client's AS, where that is another").default(false),
  filters: z.array(plainText('Name of a BGPFilter', 253)).default([]).describe('BGPFilters, in order'),
});

const holdTime: Rule = {
  field: 'holdTime',
  broken: (spec) => {
    const seconds = spec['holdTime'];
    if (typeof seconds !== 'number') return null;
    const valid = Number.isInteger(seconds) && seconds <= 65_535 && (seconds === 0 || seconds >= 3);
    return valid ? null : `must be whole seconds, 0 or 3 to 65535 (RFC 4271 §4.2), is ${seconds}s`;
  },
  cel: {
    rule: "!has(self.holdTime) || self.holdTime == '' || duration(self.holdTime) == duration('0s') || (duration(self.holdTime) >= duration('3s') && duration(self.holdTime) <= duration('65535s') && duration(self.holdTime).getMilliseconds() % 1000 == 0)",
    message: 'holdTime must be whole seconds, 0 or 3 to 65535 (RFC 4271 §4.2)',
  },
};

const oneKey: Rule = excludes('passwordFile', 'password');

const spec = withRules(fields, [holdTime, oneKey]);

export const dynamicNeighbor = objectOf(spec);
