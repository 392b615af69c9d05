/** Path attribute type codes and flag bits (RFC 4271 §4.3; IANA "BGP Path Attributes"). */
export const AttributeType = {
  Origin: 1,
  AsPath: 2,
  NextHop: 3,
  MultiExitDisc: 4,
  LocalPref: 5,
  AtomicAggregate: 6,
  Aggregator: 7,
  Communities: 8,
  OriginatorId: 9,
  ClusterList: 10,
  MpReachNlri: 14,
  MpUnreachNlri: 15,
  ExtendedCommunities: 16,
  As4Path: 17,
  As4Aggregator: 18,
  Aigp: 26,
  LargeCommunities: 32,
  OnlyToCustomer: 35,
} as const;

export const AttributeFlag = {
  Optional: 0x80,
  Transitive: 0x40,
  Partial: 0x20,
  ExtendedLength: 0x10,
} as const;

/** The three kinds of attribute that have fixed Optional and Transitive bits. */
export const WELL_KNOWN = AttributeFlag.Transitive;
export const OPTIONAL_TRANSITIVE = AttributeFlag.Optional | AttributeFlag.Transitive;
export const OPTIONAL_NON_TRANSITIVE = AttributeFlag.Optional;

export const OriginValue = { Igp: 0, Egp: 1, Incomplete: 2 } as const;

/** RFC 4271 §4.3; the last two only inside a confederation (RFC 5065 §3), which Manul never is part of. */
export const SegmentType = { AsSet: 1, AsSequence: 2, ConfedSequence: 3, ConfedSet: 4 } as const;

/** Placeholder for a four-octet AS number in two octets (RFC 6793 §9). */
export const AS_TRANS = 23456;
