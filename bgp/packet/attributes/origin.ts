/** ORIGIN (RFC 4271 §5.1.1). */
import { ColumnFlag } from './attribute-columns.ts';
import type { AttributeDescriptor } from './attribute-descriptor.ts';
import { AttributeType, OriginValue, WELL_KNOWN } from './attribute-type.ts';

const NAMES = ['igp', 'egp', 'incomplete'] as const;
export type OriginName = (typeof NAMES)[number];

export const origin: AttributeDescriptor = {
  code: AttributeType.Origin,
  name: 'ORIGIN',
  flags: WELL_KNOWN,
  check(bytes, at, length, columns) {
    if (length !== 1) return `ORIGIN has ${length} octets instead of 1`;
    const value = bytes[at]!;
    if (value > OriginValue.Incomplete) return `ORIGIN has the undefined value ${value}`;
    columns.origin = value;
    columns.flags |= ColumnFlag.Origin;
    return null;
  },
};

export function originName(value: number): OriginName {
  return NAMES[value] ?? 'incomplete';
}
