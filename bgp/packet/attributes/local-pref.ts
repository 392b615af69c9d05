/** LOCAL_PREF (RFC 4271 §5.1.5). */
import { ColumnFlag } from './attribute-columns.ts';
import { type AttributeDescriptor, readUint32 } from './attribute-descriptor.ts';
import { AttributeType, WELL_KNOWN } from './attribute-type.ts';

/** Degree of preference of a route that came without LOCAL_PREF. */
export const DEFAULT_LOCAL_PREF = 100;

export const localPref: AttributeDescriptor = {
  code: AttributeType.LocalPref,
  name: 'LOCAL_PREF',
  flags: WELL_KNOWN,
  check(bytes, at, length, columns) {
    if (length !== 4) return `LOCAL_PREF has ${length} octets instead of 4`;
    columns.localPref = readUint32(bytes, at);
    columns.flags |= ColumnFlag.LocalPref;
    return null;
  },
};
