/**
 * Multiprotocol Extensions (RFC 4760 §8).
 *
 * ```
 * +---------+----------+----------+
 * | AFI (2) | reserved | SAFI (1) |
 * +---------+----------+----------+
 * ```
 */
import { CapabilityCode } from '../iana.ts';
import { afiSafiName, type CapabilityDescriptor, type MultiprotocolCapability } from './capability.ts';

export const multiprotocol: CapabilityDescriptor<MultiprotocolCapability> = {
  kind: 'multiprotocol',
  code: CapabilityCode.Multiprotocol,
  name: 'multiprotocol',
  decode(reader) {
    const afi = reader.u16();
    reader.u8(); // reserved: ignored on receipt
    const safi = reader.u8();
    if (reader.truncated || reader.remaining > 0) return null;
    return Object.freeze({ kind: 'multiprotocol', afi, safi });
  },
  encode({ afi, safi }, writer) {
    writer.u16(afi).u8(0).u8(safi);
  },
  format: afiSafiName,
};
