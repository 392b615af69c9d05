/** What Calico's IPAM keeps: IPAMBlock, BlockAffinity and IPAMHandle, in the forms of both CRD groups. */
import type { Prefix } from '@manul/bgp/net';
import { z } from 'zod';
import { choice, integer, plainText, prefix, Refusal, text } from '../fields.ts';
import { type Rule, withRules } from '../rules.ts';
import { objectOf } from './calico-kind.ts';

/** `deleted` is a string in one CRD group and a boolean in the other. */
const deleted = z
  .union([z.boolean(), z.enum(['true', 'false'])])
  .default(false)
  .transform((value) => value === true || value === 'true')
  .describe('The first half of a deletion in two steps');

/** Sequence numbers begin at the clock's nanoseconds, beyond 2^53. */
const sequenceNumber = z
  .union([z.int(), z.bigint(), z.string().regex(/^\d{1,20}$/)])
  .transform((value) => BigInt(value));

/** Who a block belongs to. */
export interface BlockOwner {
  readonly type: 'host' | 'virtual';
  readonly name: string;
}

const AFFINITY = /^(host|virtual):([a-zA-Z0-9.\-_]+)$/;

const affinity = text('Owner: host:<node> or virtual:<name>', (value): BlockOwner | Refusal => {
  const parts = AFFINITY.exec(value);
  if (parts === null)
    return new Refusal(`must be host:<node> or virtual:<name>, is ${JSON.stringify(value)}`);
  return { type: parts[1] as BlockOwner['type'], name: parts[2]! };
});

const strings = z.record(z.string(), z.string());

const attribute = z.strictObject({
  handle_id: z.string().optional(),
  secondary: strings.optional().describe('Node, pod and namespace that have the address'),
  alternateOwnerAttrs: strings.optional(),
  releasedAt: z.string().optional(),
});

const blockFields = z.strictObject({
  cidr: prefix('Addresses of the block'),
  affinity: affinity.optional(),
  affinityClaimTime: z.string().optional().describe('When it was claimed'),
  allocations: z
    .array(z.int().min(0).nullable())
    .default([])
    .describe('Per address: null, or an index into attributes'),
  unallocated: z.array(z.int()).default([]).describe('Free addresses, in order of reuse'),
  attributes: z.array(attribute).default([]).describe('What allocations belong to'),
  sequenceNumber: sequenceNumber.optional().describe('Grows with each write'),
  sequenceNumberForAllocation: z.record(z.string(), sequenceNumber).optional(),
  deleted,
  strictAffinity: z.boolean().optional(),
});

const allocationsFit: Rule = {
  field: 'allocations',
  broken: (spec) => {
    const { cidr, allocations, attributes } = spec as {
      cidr?: Prefix;
      allocations?: unknown;
      attributes?: unknown;
    };
    if (typeof cidr !== 'object' || !Array.isArray(allocations) || !Array.isArray(attributes)) return null;
    const size = 2 ** (cidr.bytes.length * 8 - cidr.length);
    if (allocations.length > size)
      return `has ${allocations.length} entries for a block of ${size} addresses`;
    const ordinal = allocations.findIndex((index) => typeof index === 'number' && index >= attributes.length);
    return ordinal < 0
      ? null
      : `names attribute ${allocations[ordinal]}, which does not exist (address ${ordinal})`;
  },
};

const blockSpec = withRules(blockFields, [allocationsFit]);

const affinitySpec = z.strictObject({
  state: choice('State of the claim; none: confirmed', [
    'confirmed',
    'pending',
    'pendingDeletion',
  ]).optional(),
  node: z.string().min(1).describe('Owner'),
  type: choice('Kind of owner', ['host', 'virtual']).default('host'),
  cidr: prefix('Addresses of the block'),
  deleted,
});

const handleSpec = z.strictObject({
  handleID: plainText('Owner of the allocations'),
  block: z.record(z.string(), integer('Allocations', 0, 2 ** 31)).describe('Allocations per block'),
  deleted,
});

export const ipamBlock = objectOf(blockSpec);
export const blockAffinity = objectOf(affinitySpec);
export const ipamHandle = objectOf(handleSpec);
