/**
 * Extended Next Hop Encoding (RFC 8950 §4): any number of
 *
 * ```
 * +--------------+---------------+------------------+
 * | NLRI AFI (2) | NLRI SAFI (2) | next hop AFI (2) |
 * +--------------+---------------+------------------+
 * ```
 */
import { CapabilityCode } from '../iana.ts';
import { afiSafiName, type CapabilityDescriptor, type ExtendedNextHopCapability } from './capability.ts';

const ENTRY_OCTETS = 6;

export const extendedNextHop: CapabilityDescriptor<ExtendedNextHopCapability> = {
  kind: 'extendedNextHop',
  code: CapabilityCode.ExtendedNextHop,
  name: 'extended next hop',
  decode(reader) {
    if (reader.remaining % ENTRY_OCTETS !== 0) return null;
    const entries = [];
    while (reader.remaining > 0) {
      entries.push({ afi: reader.u16(), safi: reader.u16(), nextHopAfi: reader.u16() });
    }
    return Object.freeze({ kind: 'extendedNextHop', entries });
  },
  encode({ entries }, writer) {
    for (const { afi, safi, nextHopAfi } of entries) writer.u16(afi).u16(safi).u16(nextHopAfi);
  },
  format({ entries }) {
    return entries
      .map((entry) => `${afiSafiName(entry)} via ${afiSafiName({ afi: entry.nextHopAfi, safi: 1 })}`)
      .join(', ');
  },
};
