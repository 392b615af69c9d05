/**
 * FQDN (draft-walton-bgp-hostname-capability), as FRR sends it; read for display, never offered.
 *
 * ```
 * +------------+-----------+------------+-------------+
 * | length (1) | host name | length (1) | domain name |
 * +------------+-----------+------------+-------------+
 * ```
 */
import { decodeDisplayText } from '../display-text.ts';
import { CapabilityCode } from '../iana.ts';
import type { CapabilityDescriptor, FqdnCapability } from './capability.ts';

export const fqdn: CapabilityDescriptor<FqdnCapability> = {
  kind: 'fqdn',
  code: CapabilityCode.Fqdn,
  name: 'FQDN',
  decode(reader) {
    const hostName = reader.bytes(reader.u8());
    const domainName = reader.bytes(reader.u8());
    if (reader.truncated || reader.remaining > 0) return null;
    return Object.freeze({ kind: 'fqdn', hostName, domainName });
  },
  encode({ hostName, domainName }, writer) {
    writer.u8(hostName.length).bytes(hostName).u8(domainName.length).bytes(domainName);
  },
  format({ hostName, domainName }) {
    const host = decodeDisplayText(hostName);
    return domainName.length === 0 ? host : `${host}.${decodeDisplayText(domainName)}`;
  },
};
