/** NEXT_HOP (RFC 4271 §5.1.3), and in canonical blocks the next hop of MP_REACH_NLRI (RFC 4760 §3, RFC 2545 §3, RFC 8950 §3). */
import { isLinkLocalAt } from '../../net/index.ts';
import { ColumnFlag } from './attribute-columns.ts';
import { type AttributeDescriptor, readUint32 } from './attribute-descriptor.ts';
import { AttributeType, WELL_KNOWN } from './attribute-type.ts';

export const nextHop: AttributeDescriptor = {
  code: AttributeType.NextHop,
  name: 'NEXT_HOP',
  flags: WELL_KNOWN,
  check(bytes, at, length, columns) {
    if (length !== 4 && length !== 16 && length !== 32) return `NEXT_HOP has ${length} octets`;
    if (!isHost(bytes, at, length)) return 'NEXT_HOP is not the address of a host';
    columns.flags |= ColumnFlag.NextHop | kindOf(bytes, at, length);
    return null;
  },
};

function kindOf(bytes: Uint8Array, at: number, length: number): number {
  if (length === 4) return ColumnFlag.NextHopIpv4;
  return isLinkLocalAt(bytes, at, length) ? ColumnFlag.NextHopLinkLocal : 0;
}

/** Neither unspecified nor multicast nor the limited broadcast address. 240.0.0.0/4 is in use in private networks. */
function isHost(bytes: Uint8Array, at: number, length: number): boolean {
  if (length === 4) {
    const address = readUint32(bytes, at);
    return address !== 0 && address >>> 28 !== 0xe && address !== 0xffffffff;
  }
  if (bytes[at] === 0xff) return false;
  for (let i = 0; i < 16; i++) if (bytes[at + i] !== 0) return true;
  return false;
}
