/** Every attribute that Manul recognises and keeps, by type code. */
import { aggregator, atomicAggregate } from './aggregate.ts';
import { asPath } from './as-path.ts';
import type { AttributeDescriptor } from './attribute-descriptor.ts';
import { AttributeType, OPTIONAL_NON_TRANSITIVE, OPTIONAL_TRANSITIVE } from './attribute-type.ts';
import { communities, extendedCommunities, largeCommunities } from './communities.ts';
import { localPref } from './local-pref.ts';
import { multiExitDisc } from './multi-exit-disc.ts';
import { nextHop } from './next-hop.ts';
import { onlyToCustomer } from './only-to-customer.ts';
import { origin } from './origin.ts';
import { clusterList, originatorId } from './reflection.ts';

const DESCRIPTORS: readonly AttributeDescriptor[] = [
  origin,
  asPath,
  nextHop,
  multiExitDisc,
  localPref,
  atomicAggregate,
  aggregator,
  communities,
  originatorId,
  clusterList,
  extendedCommunities,
  largeCommunities,
  onlyToCustomer,
];

/** Descriptor by type code; undefined for a code that is not recognised. */
export const descriptorByCode: readonly (AttributeDescriptor | undefined)[] = Array.from(
  { length: 256 },
  (_, code) => DESCRIPTORS.find((descriptor) => descriptor.code === code),
);

/** No fixed Optional and Transitive bits are known for this code. */
export const UNRECOGNIZED = 0xff;

/** Optional and Transitive bits by type code, the attributes that the codec consumes itself included. */
export const expectedFlags: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  if (code === AttributeType.MpReachNlri || code === AttributeType.MpUnreachNlri) {
    return OPTIONAL_NON_TRANSITIVE;
  }
  if (code === AttributeType.Aigp) return OPTIONAL_NON_TRANSITIVE;
  if (code === AttributeType.As4Path || code === AttributeType.As4Aggregator) return OPTIONAL_TRANSITIVE;
  return descriptorByCode[code]?.flags ?? UNRECOGNIZED;
});
