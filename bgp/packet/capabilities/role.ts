/** BGP Role (RFC 9234 §4.1): one octet, what the sender is to the receiver. */
import { CapabilityCode } from '../iana.ts';
import type { CapabilityDescriptor, RoleCapability } from './capability.ts';

/** What a speaker is to its external neighbor (RFC 9234 §4). */
export const BGP_ROLES = ['provider', 'rs', 'rs-client', 'customer', 'peer'] as const;
export type BgpRole = (typeof BGP_ROLES)[number];

/** The only role that the neighbor of a speaker with this one may have (RFC 9234 §4.2). */
export const COUNTERPART: Readonly<Record<BgpRole, BgpRole>> = {
  provider: 'customer',
  customer: 'provider',
  rs: 'rs-client',
  'rs-client': 'rs',
  peer: 'peer',
};

export const role: CapabilityDescriptor<RoleCapability> = {
  kind: 'role',
  code: CapabilityCode.Role,
  name: 'role',
  decode(reader) {
    const value = reader.u8();
    if (reader.truncated || reader.remaining > 0) return null;
    return Object.freeze({ kind: 'role', value });
  },
  encode({ value }, writer) {
    writer.u8(value);
  },
  format: ({ value }) => BGP_ROLES[value] ?? `unassigned role ${value}`,
};

/** The capability of a role. */
export function roleCapability(one: BgpRole): RoleCapability {
  return { kind: 'role', value: BGP_ROLES.indexOf(one) };
}
