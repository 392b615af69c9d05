/** Code points of the IANA BGP registries that sessions use (path attribute types live with the attributes). */

/** RFC 4271 §4.1, RFC 2918. */
export const MessageTypeCode = {
  Open: 1,
  Update: 2,
  Notification: 3,
  Keepalive: 4,
  RouteRefresh: 5,
} as const;
export type MessageTypeCode = (typeof MessageTypeCode)[keyof typeof MessageTypeCode];

/** RFC 4271 §4.5, RFC 7313 §5, RFC 9687. */
export const ErrorCode = {
  MessageHeader: 1,
  OpenMessage: 2,
  UpdateMessage: 3,
  HoldTimerExpired: 4,
  FiniteStateMachine: 5,
  Cease: 6,
  RouteRefreshMessage: 7,
  SendHoldTimerExpired: 8,
} as const;

/** The subcode of an error that has no more precise one. */
export const UNSPECIFIC = 0;

/** RFC 4271 §6.1. */
export const HeaderSubcode = {
  ConnectionNotSynchronized: 1,
  BadMessageLength: 2,
  BadMessageType: 3,
} as const;

/** RFC 4271 §6.2, RFC 5492 §5; 5 is deprecated, 8 to 10 are unassigned or deprecated, 11 is RFC 9234. */
export const OpenSubcode = {
  UnsupportedVersionNumber: 1,
  BadPeerAs: 2,
  BadBgpIdentifier: 3,
  UnsupportedOptionalParameter: 4,
  AuthenticationFailure: 5,
  UnacceptableHoldTime: 6,
  UnsupportedCapability: 7,
  RoleMismatch: 11,
} as const;

/** RFC 4271 §6.3; 7 is deprecated. */
export const UpdateSubcode = {
  MalformedAttributeList: 1,
  UnrecognizedWellKnownAttribute: 2,
  MissingWellKnownAttribute: 3,
  AttributeFlagsError: 4,
  AttributeLengthError: 5,
  InvalidOriginAttribute: 6,
  AsRoutingLoop: 7,
  InvalidNextHopAttribute: 8,
  OptionalAttributeError: 9,
  InvalidNetworkField: 10,
  MalformedAsPath: 11,
} as const;

/** RFC 6608 §3. */
export const FsmSubcode = {
  UnexpectedInOpenSent: 1,
  UnexpectedInOpenConfirm: 2,
  UnexpectedInEstablished: 3,
} as const;

/** RFC 4486 §3, RFC 8538 §3, RFC 9384 §3. */
export const CeaseSubcode = {
  MaximumPrefixes: 1,
  AdministrativeShutdown: 2,
  PeerDeconfigured: 3,
  AdministrativeReset: 4,
  ConnectionRejected: 5,
  OtherConfigurationChange: 6,
  ConnectionCollision: 7,
  OutOfResources: 8,
  HardReset: 9,
  BfdDown: 10,
} as const;

/** RFC 7313 §3.2: message subtypes of ROUTE-REFRESH. */
export const RefreshSubtype = { Request: 0, Begin: 1, End: 2 } as const;

/** RFC 7313 §5. */
export const RouteRefreshSubcode = { InvalidMessageLength: 1 } as const;

/** IANA "Capability Codes": those that Manul knows by name. */
export const CapabilityCode = {
  Multiprotocol: 1,
  RouteRefresh: 2,
  ExtendedNextHop: 5,
  ExtendedMessage: 6,
  Role: 9,
  GracefulRestart: 64,
  FourOctetAs: 65,
  AddPath: 69,
  EnhancedRouteRefresh: 70,
  LongLivedGracefulRestart: 71,
  Fqdn: 73,
  SoftwareVersion: 75,
  /** Route refresh as it was before RFC 2918 had a code point. */
  RouteRefreshCisco: 128,
} as const;

/** RFC 4271 §4.2 and RFC 9072 §2: optional parameter types of OPEN. */
export const OptionalParameterType = { Capabilities: 2, ExtendedLength: 255 } as const;

/** RFC 6793 §9: stands for an AS number that does not fit into two octets. */
export const AS_TRANS = 23456;

/** RFC 7607: AS 0 must not be used. */
export const MAX_TWO_OCTET_AS = 0xffff;

export const BGP_VERSION = 4;
