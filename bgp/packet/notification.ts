/**
 * NOTIFICATION as a value (RFC 4271 §4.5). Only the pairs that an RFC assigns can be built, each with the data
 * field that its RFC asks for; `received` alone takes what a peer sent. Codec: `notification-codec.ts`, texts:
 * `notification-text.ts`.
 *
 * RFC 4271 §6, RFC 4486, RFC 5492 §5, RFC 6608, RFC 7313 §5, RFC 8654 §5, RFC 9003, RFC 9687.
 */
import {
  BGP_VERSION,
  CeaseSubcode,
  ErrorCode,
  FsmSubcode,
  HeaderSubcode,
  OpenSubcode,
  RouteRefreshSubcode,
  UNSPECIFIC,
  UpdateSubcode,
} from './iana.ts';
import { encodeShutdownCommunication } from './shutdown-communication.ts';

declare const legal: unique symbol;

/** Frozen; `data` must not be changed by whoever holds it. */
export interface Notification {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
  /** Exists in the type only: keeps object literals from being taken for a NOTIFICATION. */
  readonly [legal]: true;
}

const NO_DATA = new Uint8Array(0);

function build(code: number, subcode: number, data: Uint8Array = NO_DATA): Notification {
  return Object.freeze({ code, subcode, data }) as Notification;
}

/** What a peer sent, legal or not. `data` is copied. */
export function received(code: number, subcode: number, data: Uint8Array): Notification {
  return build(code, subcode, data.slice());
}

/** Message Header Error (RFC 4271 §6.1). */
export const headerError = {
  connectionNotSynchronized: () => build(ErrorCode.MessageHeader, HeaderSubcode.ConnectionNotSynchronized),
  /** Data: the Length field as received. */
  badMessageLength: (length: number) =>
    build(ErrorCode.MessageHeader, HeaderSubcode.BadMessageLength, Uint8Array.of(length >> 8, length & 0xff)),
  /** Data: the Type field as received. */
  badMessageType: (type: number) =>
    build(ErrorCode.MessageHeader, HeaderSubcode.BadMessageType, Uint8Array.of(type)),
} as const;

/** OPEN Message Error (RFC 4271 §6.2). */
export const openError = {
  /** A field that cannot be read at all: subcode 0. */
  malformed: () => build(ErrorCode.OpenMessage, UNSPECIFIC),
  /** Data: the version that we speak, two octets. */
  unsupportedVersion: () =>
    build(ErrorCode.OpenMessage, OpenSubcode.UnsupportedVersionNumber, Uint8Array.of(0, BGP_VERSION)),
  badPeerAs: () => build(ErrorCode.OpenMessage, OpenSubcode.BadPeerAs),
  badBgpIdentifier: () => build(ErrorCode.OpenMessage, OpenSubcode.BadBgpIdentifier),
  unsupportedOptionalParameter: () => build(ErrorCode.OpenMessage, OpenSubcode.UnsupportedOptionalParameter),
  /** RFC 9234 §4.2. */
  roleMismatch: () => build(ErrorCode.OpenMessage, OpenSubcode.RoleMismatch),
  unacceptableHoldTime: () => build(ErrorCode.OpenMessage, OpenSubcode.UnacceptableHoldTime),
  /** Data: the capabilities that we miss, encoded as in an OPEN (RFC 5492 §5). */
  unsupportedCapability: (capabilities: Uint8Array) =>
    build(ErrorCode.OpenMessage, OpenSubcode.UnsupportedCapability, capabilities.slice()),
} as const;

/** UPDATE Message Error (RFC 4271 §6.3). `attribute` is the whole attribute: flags, type, length, value. */
export const updateError = {
  malformedAttributeList: () => build(ErrorCode.UpdateMessage, UpdateSubcode.MalformedAttributeList),
  unrecognizedWellKnownAttribute: (attribute: Uint8Array) =>
    build(ErrorCode.UpdateMessage, UpdateSubcode.UnrecognizedWellKnownAttribute, attribute.slice()),
  missingWellKnownAttribute: (attributeType: number) =>
    build(ErrorCode.UpdateMessage, UpdateSubcode.MissingWellKnownAttribute, Uint8Array.of(attributeType)),
  attributeFlags: (attribute: Uint8Array) =>
    build(ErrorCode.UpdateMessage, UpdateSubcode.AttributeFlagsError, attribute.slice()),
  attributeLength: (attribute: Uint8Array) =>
    build(ErrorCode.UpdateMessage, UpdateSubcode.AttributeLengthError, attribute.slice()),
  invalidOrigin: (attribute: Uint8Array) =>
    build(ErrorCode.UpdateMessage, UpdateSubcode.InvalidOriginAttribute, attribute.slice()),
  invalidNextHop: (attribute: Uint8Array) =>
    build(ErrorCode.UpdateMessage, UpdateSubcode.InvalidNextHopAttribute, attribute.slice()),
  optionalAttribute: (attribute: Uint8Array) =>
    build(ErrorCode.UpdateMessage, UpdateSubcode.OptionalAttributeError, attribute.slice()),
  invalidNetworkField: () => build(ErrorCode.UpdateMessage, UpdateSubcode.InvalidNetworkField),
  malformedAsPath: () => build(ErrorCode.UpdateMessage, UpdateSubcode.MalformedAsPath),
} as const;

/** Hold Timer Expired (RFC 4271 §6.5). */
export const holdTimerExpired = () => build(ErrorCode.HoldTimerExpired, UNSPECIFIC);

/** Finite State Machine Error; data: the type of the unexpected message (RFC 6608 §4). */
export const fsmError = {
  /** An event outside every state that RFC 6608 names. */
  unspecific: () => build(ErrorCode.FiniteStateMachine, UNSPECIFIC),
  unexpectedInOpenSent: (messageType: number) =>
    build(ErrorCode.FiniteStateMachine, FsmSubcode.UnexpectedInOpenSent, Uint8Array.of(messageType)),
  unexpectedInOpenConfirm: (messageType: number) =>
    build(ErrorCode.FiniteStateMachine, FsmSubcode.UnexpectedInOpenConfirm, Uint8Array.of(messageType)),
  unexpectedInEstablished: (messageType: number) =>
    build(ErrorCode.FiniteStateMachine, FsmSubcode.UnexpectedInEstablished, Uint8Array.of(messageType)),
} as const;

/** Cease (RFC 4486). `text` is a shutdown communication (RFC 9003). */
export const cease = {
  /** Data: AFI, SAFI and the limit that was exceeded (RFC 4486 §4). */
  maximumPrefixes: (afi: number, safi: number, limit: number) => {
    const data = new Uint8Array(7);
    const view = new DataView(data.buffer);
    view.setUint16(0, afi);
    view.setUint8(2, safi);
    view.setUint32(3, limit);
    return build(ErrorCode.Cease, CeaseSubcode.MaximumPrefixes, data);
  },
  administrativeShutdown: (text = '') =>
    build(ErrorCode.Cease, CeaseSubcode.AdministrativeShutdown, encodeShutdownCommunication(text)),
  peerDeconfigured: () => build(ErrorCode.Cease, CeaseSubcode.PeerDeconfigured),
  administrativeReset: (text = '') =>
    build(ErrorCode.Cease, CeaseSubcode.AdministrativeReset, encodeShutdownCommunication(text)),
  connectionRejected: () => build(ErrorCode.Cease, CeaseSubcode.ConnectionRejected),
  otherConfigurationChange: () => build(ErrorCode.Cease, CeaseSubcode.OtherConfigurationChange),
  connectionCollision: () => build(ErrorCode.Cease, CeaseSubcode.ConnectionCollision),
  outOfResources: () => build(ErrorCode.Cease, CeaseSubcode.OutOfResources),
  /** Data: code, subcode and data of the reason (RFC 8538 §3.1). */
  hardReset: ({ code, subcode, data }: Notification) =>
    build(ErrorCode.Cease, CeaseSubcode.HardReset, Uint8Array.of(code, subcode, ...data)),
} as const;

/** ROUTE-REFRESH Message Error (RFC 7313 §5). */
export const routeRefreshError = {
  /** Data: the complete message, header included. */
  invalidMessageLength: (message: Uint8Array) =>
    build(ErrorCode.RouteRefreshMessage, RouteRefreshSubcode.InvalidMessageLength, message.slice()),
} as const;

/** Send Hold Timer Expired (RFC 9687 §4). */
export const sendHoldTimerExpired = () => build(ErrorCode.SendHoldTimerExpired, UNSPECIFIC);
