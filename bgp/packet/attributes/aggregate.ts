/**
 * ATOMIC_AGGREGATE and AGGREGATOR (RFC 4271 §5.1.6, §5.1.7). Wrong lengths are found while canonicalising,
 * because these two alone are discarded when malformed (RFC 7606 §7.6, §7.7).
 */
import type { AttributeDescriptor } from './attribute-descriptor.ts';
import { AttributeType, OPTIONAL_TRANSITIVE, WELL_KNOWN } from './attribute-type.ts';

export const atomicAggregate: AttributeDescriptor = {
  code: AttributeType.AtomicAggregate,
  name: 'ATOMIC_AGGREGATE',
  flags: WELL_KNOWN,
  check: () => null,
};

export const aggregator: AttributeDescriptor = {
  code: AttributeType.Aggregator,
  name: 'AGGREGATOR',
  flags: OPTIONAL_TRANSITIVE,
  check: () => null,
};
