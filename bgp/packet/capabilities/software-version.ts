/**
 * Software Version (draft-ietf-idr-bgp-softversion-capability): one length octet, then UTF-8 text. Read for
 * display, never offered.
 */
import { decodeDisplayText } from '../display-text.ts';
import { CapabilityCode } from '../iana.ts';
import type { CapabilityDescriptor, SoftwareVersionCapability } from './capability.ts';

export const softwareVersion: CapabilityDescriptor<SoftwareVersionCapability> = {
  kind: 'softwareVersion',
  code: CapabilityCode.SoftwareVersion,
  name: 'software version',
  decode(reader) {
    const version = reader.bytes(reader.u8());
    if (reader.truncated || reader.remaining > 0) return null;
    return Object.freeze({ kind: 'softwareVersion', version });
  },
  encode({ version }, writer) {
    writer.u8(version.length).bytes(version);
  },
  format: ({ version }) => decodeDisplayText(version),
};
