/**
 * The optional parameters of OPEN (RFC 4271 §4.2) and their extended form (RFC 9072 §2):
 *
 * ```
 * plain      length (1)            { type (1), length (1), value }*
 * extended   length (1), 255 (1), length (2)   { type (1), length (2), value }*
 * ```
 *
 * The extended form is told by 255 in the place of the first type, whatever the first length says.
 */
import type { Capability } from './capabilities/capability.ts';
import { decodeCapability, encodeCapability } from './capabilities/registry.ts';
import { OptionalParameterType } from './iana.ts';
import { type Notification, openError } from './notification.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

const MAX_PLAIN_OCTETS = 254;

export type CapabilitiesResult =
  | { readonly ok: true; readonly capabilities: readonly Capability[] }
  | { readonly ok: false; readonly notification: Notification };

const MALFORMED: CapabilitiesResult = { ok: false, notification: openError.malformed() };

/** Reads everything behind the BGP Identifier; the parameters must fill the message exactly. */
export function decodeOptionalParameters(reader: WireReader): CapabilitiesResult {
  const plainLength = reader.u8();
  const isExtended = plainLength > 0 && reader.peekU8() === OptionalParameterType.ExtendedLength;
  if (isExtended) reader.u8();
  const length = isExtended ? reader.u16() : plainLength;
  if (reader.truncated || reader.remaining !== length) return MALFORMED;

  const capabilities: Capability[] = [];
  while (reader.remaining > 0) {
    const type = reader.u8();
    const value = reader.bytes(isExtended ? reader.u16() : reader.u8());
    if (reader.truncated) return MALFORMED;
    if (type !== OptionalParameterType.Capabilities) {
      return { ok: false, notification: openError.unsupportedOptionalParameter() };
    }
    if (!readCapabilities(new WireReader(value), capabilities)) return MALFORMED;
  }
  return { ok: true, capabilities };
}

/** @returns false when a capability is longer than its parameter */
function readCapabilities(reader: WireReader, into: Capability[]): boolean {
  while (reader.remaining > 0) {
    const code = reader.u8();
    const value = reader.bytes(reader.u8());
    if (reader.truncated) return false;
    into.push(decodeCapability(code, value));
  }
  return true;
}

/** One parameter with all capabilities (RFC 5492 §4), extended only where the plain form has no room. */
export function encodeOptionalParameters(capabilities: readonly Capability[]): Uint8Array {
  const writer = new WireWriter();
  for (const capability of capabilities) writer.bytes(encodeCapability(capability));
  const value = writer.finish();
  if (value.length === 0) return Uint8Array.of(0);
  if (value.length <= MAX_PLAIN_OCTETS - 2) {
    return new WireWriter()
      .u8(value.length + 2)
      .u8(OptionalParameterType.Capabilities)
      .u8(value.length)
      .bytes(value)
      .finish();
  }
  return new WireWriter()
    .u8(255)
    .u8(OptionalParameterType.ExtendedLength)
    .u16(value.length + 3)
    .u8(OptionalParameterType.Capabilities)
    .u16(value.length)
    .bytes(value)
    .finish();
}
