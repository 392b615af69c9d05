/** ONLY_TO_CUSTOMER (RFC 9234 §5): the AS that sent the route down to a customer, or across to a peer. */
import { ColumnFlag } from './attribute-columns.ts';
import type { AttributeDescriptor } from './attribute-descriptor.ts';
import { AttributeType, OPTIONAL_TRANSITIVE } from './attribute-type.ts';

export const onlyToCustomer: AttributeDescriptor = {
  code: AttributeType.OnlyToCustomer,
  name: 'ONLY_TO_CUSTOMER',
  flags: OPTIONAL_TRANSITIVE,
  check(_bytes, _at, length, columns) {
    if (length !== 4) return `ONLY_TO_CUSTOMER has ${length} octets instead of 4`;
    columns.flags |= ColumnFlag.OnlyToCustomer;
    return null;
  },
};
