/**
 * OPEN (RFC 4271 §4.2): what it says, and the checks of RFC 4271 §6.2 that need no knowledge of ourselves.
 * Those that do (AS number, identifier of an internal peer, families) are in `negotiate.ts`.
 *
 * ```
 * +-------------+-----------+---------------+--------------------+---------------------+
 * | version (1) | my AS (2) | hold time (2) | BGP Identifier (4) | optional parameters |
 * +-------------+-----------+---------------+--------------------+---------------------+
 * ```
 */
import { formatAddress, parseAddress } from '../net/index.ts';
import type { Capability, KnownCapability } from './capabilities/capability.ts';
import { encodeMessage } from './header.ts';
import { AS_TRANS, BGP_VERSION, MAX_TWO_OCTET_AS, MessageTypeCode } from './iana.ts';
import { type Notification, openError } from './notification.ts';
import { decodeOptionalParameters, encodeOptionalParameters } from './optional-parameters.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

/** Hold times of 1 and 2 seconds must be refused (RFC 4271 §6.2). */
const MIN_HOLD_TIME_SEC = 3;

export interface OpenMessage {
  /** The sender's AS number: of the four-octet AS capability where there is one (RFC 6793 §4.1). */
  readonly asn: number;
  readonly holdTimeSec: number;
  /** BGP Identifier, dotted quad; never 0.0.0.0. */
  readonly routerId: string;
  readonly capabilities: readonly Capability[];
}

export type OpenResult =
  | { readonly ok: true; readonly open: OpenMessage }
  | { readonly ok: false; readonly notification: Notification };

/** `body` is the message without its header, at least ten octets: the header check saw to that. */
export function decodeOpen(body: Uint8Array): OpenResult {
  const reader = new WireReader(body);
  const version = reader.u8();
  if (version !== BGP_VERSION) return failure(openError.unsupportedVersion());
  const twoOctetAsn = reader.u16();
  const holdTimeSec = reader.u16();
  const routerId = formatAddress(reader.bytes(4), 0, 4);
  const parameters = decodeOptionalParameters(reader);
  if (!parameters.ok) return parameters;
  const { capabilities } = parameters;

  const asn = findCapability(capabilities, 'fourOctetAs')?.asn ?? twoOctetAsn;
  if (asn === 0 || twoOctetAsn === 0) return failure(openError.badPeerAs()); // RFC 7607 §2
  if (routerId === '0.0.0.0') return failure(openError.badBgpIdentifier()); // RFC 6286 §2.1
  if (holdTimeSec > 0 && holdTimeSec < MIN_HOLD_TIME_SEC) return failure(openError.unacceptableHoldTime());
  return { ok: true, open: Object.freeze({ asn, holdTimeSec, routerId, capabilities }) };
}

function failure(notification: Notification): OpenResult {
  return { ok: false, notification };
}

/**
 * A whole message.
 * @throws RangeError when a field does not fit, TypeError when `routerId` is no dotted quad
 */
export function encodeOpen({ asn, holdTimeSec, routerId, capabilities }: OpenMessage): Uint8Array {
  const identifier = parseAddress(routerId);
  if (identifier?.length !== 4) throw new TypeError(`BGP Identifier ${routerId} is no IPv4 address`);
  const body = new WireWriter()
    .u8(BGP_VERSION)
    .u16(asn > MAX_TWO_OCTET_AS ? AS_TRANS : asn)
    .u16(holdTimeSec)
    .bytes(identifier)
    .bytes(encodeOptionalParameters(capabilities));
  return encodeMessage(MessageTypeCode.Open, body.finish());
}

/** The first capability of a kind, or undefined. */
export function findCapability<K extends KnownCapability['kind']>(
  capabilities: readonly Capability[],
  kind: K,
): Extract<KnownCapability, { kind: K }> | undefined {
  return capabilities.find((capability) => capability.kind === kind) as
    | Extract<KnownCapability, { kind: K }>
    | undefined;
}
