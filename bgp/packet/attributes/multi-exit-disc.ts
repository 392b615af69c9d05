/** MULTI_EXIT_DISC (RFC 4271 §5.1.4). */
import { ColumnFlag } from './attribute-columns.ts';
import { type AttributeDescriptor, readUint32 } from './attribute-descriptor.ts';
import { AttributeType, OPTIONAL_NON_TRANSITIVE } from './attribute-type.ts';

export const multiExitDisc: AttributeDescriptor = {
  code: AttributeType.MultiExitDisc,
  name: 'MULTI_EXIT_DISC',
  flags: OPTIONAL_NON_TRANSITIVE,
  check(bytes, at, length, columns) {
    if (length !== 4) return `MULTI_EXIT_DISC has ${length} octets instead of 4`;
    columns.med = readUint32(bytes, at);
    columns.flags |= ColumnFlag.Med;
    return null;
  },
};
