/** NEXT_HOP (RFC 4271 §5.1.3), and in canonical blocks the next hop of MP_REACH_NLRI (RFC 4760 §3, RFC 2545 §3). */
import { ColumnFlag } from './attribute-columns.ts';
import type { AttributeDescriptor } from './attribute-descriptor.ts';
import { AttributeType, WELL_KNOWN } from './attribute-type.ts';

export const nextHop: AttributeDescriptor = {
  code: AttributeType.NextHop,
  name: 'NEXT_HOP',
  flags: WELL_KNOWN,
  check(bytes, at, length, columns) {
    if (length !== 4 && length !== 16 && length !== 32) return `NEXT_HOP has ${length} octets`;
    if (!isUsable(bytes, at, length)) return 'NEXT_HOP is unspecified or a multicast address';
    columns.flags |= length === 4 ? ColumnFlag.NextHop | ColumnFlag.NextHopIpv4 : ColumnFlag.NextHop;
    return null;
  },
};

function isUsable(bytes: Uint8Array, at: number, length: number): boolean {
  if (length === 4) {
    const first = bytes[at]!;
    if (first >= 224) return false;
    return first !== 0 || bytes[at + 1] !== 0 || bytes[at + 2] !== 0 || bytes[at + 3] !== 0;
  }
  if (bytes[at] === 0xff) return false;
  for (let i = 0; i < 16; i++) if (bytes[at + i] !== 0) return true;
  return false;
}
