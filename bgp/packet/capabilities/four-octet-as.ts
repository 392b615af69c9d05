/** Four-octet AS number (RFC 6793 §3): the AS number of the sender, four octets. */
import { CapabilityCode } from '../iana.ts';
import type { CapabilityDescriptor, FourOctetAsCapability } from './capability.ts';

export const fourOctetAs: CapabilityDescriptor<FourOctetAsCapability> = {
  kind: 'fourOctetAs',
  code: CapabilityCode.FourOctetAs,
  name: 'four-octet AS',
  decode(reader) {
    const asn = reader.u32();
    if (reader.truncated || reader.remaining > 0) return null;
    return Object.freeze({ kind: 'fourOctetAs', asn });
  },
  encode({ asn }, writer) {
    writer.u32(asn);
  },
  format: ({ asn }) => String(asn),
};
