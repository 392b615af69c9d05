/** Reads what a speaker sends. Strict: what this decoder does not accept, a test should hear about. */
import { Attr, Flag } from './attributes.ts';
import { addressText, type DecodedPrefix, decodePrefixes, type Family } from './prefix-text.ts';

export interface ReceivedMessage {
  readonly type: number;
  readonly body: Buffer;
}

/** Cuts a byte stream into messages. @throws Error on a wrong marker or length. */
export class MessageSplitter {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): ReceivedMessage[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const messages: ReceivedMessage[] = [];
    while (this.#rest.length >= 19) {
      const length = this.#rest.readUInt16BE(16);
      if (!this.#rest.subarray(0, 16).every((byte) => byte === 0xff))
        throw new Error('wrong marker received');
      if (length < 19 || length > 65_535) throw new Error(`message of length ${length} received`);
      if (this.#rest.length < length) break;
      messages.push({ type: this.#rest[18]!, body: Buffer.from(this.#rest.subarray(19, length)) });
      this.#rest = this.#rest.subarray(length);
    }
    return messages;
  }
}

export interface ReceivedOpen {
  readonly version: number;
  /** From the four-octet AS capability where it is present. */
  readonly asn: number;
  readonly holdTimeSec: number;
  readonly routerId: string;
  /** Capability values by code, in order of appearance. */
  readonly capabilities: ReadonlyMap<number, readonly Buffer[]>;
}

export function decodeOpen(body: Buffer): ReceivedOpen {
  const capabilities = new Map<number, Buffer[]>();
  const end = 10 + body.readUInt8(9);
  for (let at = 10; at < end; at += 2 + body.readUInt8(at + 1)) {
    if (body[at] !== 2) continue;
    const parameterEnd = at + 2 + body.readUInt8(at + 1);
    for (let inner = at + 2; inner < parameterEnd; inner += 2 + body.readUInt8(inner + 1)) {
      const value = body.subarray(inner + 2, inner + 2 + body.readUInt8(inner + 1));
      capabilities.set(body.readUInt8(inner), [...(capabilities.get(body.readUInt8(inner)) ?? []), value]);
    }
  }
  const fourOctetAs = capabilities.get(65)?.[0];
  return {
    version: body.readUInt8(0),
    asn: fourOctetAs === undefined ? body.readUInt16BE(1) : fourOctetAs.readUInt32BE(0),
    holdTimeSec: body.readUInt16BE(3),
    routerId: addressText(body.subarray(5, 9)),
    capabilities,
  };
}

export interface ReceivedAttribute {
  readonly flags: number;
  readonly value: Buffer;
}

export type ReceivedAttributes = ReadonlyMap<number, ReceivedAttribute>;

export interface ReceivedUpdate {
  readonly announced: readonly (DecodedPrefix & { readonly family: Family; readonly nextHop: string })[];
  readonly withdrawn: readonly (DecodedPrefix & { readonly family: Family })[];
  /** By type; MP_REACH_NLRI and MP_UNREACH_NLRI included. */
  readonly attributes: ReceivedAttributes;
  /** The family whose End-of-RIB this is, or null. */
  readonly endOfRib: Family | null;
}

/** @param addPath families on which the other side sends path identifiers */
export function decodeUpdate(body: Buffer, addPath: ReadonlySet<Family>): ReceivedUpdate {
  const withdrawnEnd = 2 + body.readUInt16BE(0);
  const attributesEnd = withdrawnEnd + 2 + body.readUInt16BE(withdrawnEnd);
  const attributes = decodeAttributes(body.subarray(withdrawnEnd + 2, attributesEnd));
  const v4 = { family: 'ipv4' as const };
  const withdrawn = decodePrefixes(body.subarray(2, withdrawnEnd), 'ipv4', addPath.has('ipv4'));
  const announced = decodePrefixes(body.subarray(attributesEnd), 'ipv4', addPath.has('ipv4'));
  const hop = attributes.get(Attr.NextHop);
  if (announced.length > 0 && hop === undefined) throw new Error('UPDATE with NLRI but without NEXT_HOP');
  const reach = decodeReach(attributes.get(Attr.MpReach), addPath);
  const unreach = decodeUnreach(attributes.get(Attr.MpUnreach), addPath);
  return {
    announced: [...announced.map((one) => ({ ...one, ...v4, nextHop: addressText(hop!.value) })), ...reach],
    withdrawn: [...withdrawn.map((one) => ({ ...one, ...v4 })), ...(unreach?.prefixes ?? [])],
    attributes,
    endOfRib: endOfRibFamily(body, attributes, unreach),
  };
}

function decodeAttributes(bytes: Buffer): ReceivedAttributes {
  const attributes = new Map<number, ReceivedAttribute>();
  for (let at = 0; at < bytes.length; ) {
    const flags = bytes.readUInt8(at);
    const type = bytes.readUInt8(at + 1);
    const extended = (flags & Flag.Extended) !== 0;
    const length = extended ? bytes.readUInt16BE(at + 2) : bytes.readUInt8(at + 2);
    const start = at + (extended ? 4 : 3);
    if (start + length > bytes.length) throw new Error(`attribute ${type} is cut off`);
    if (attributes.has(type)) throw new Error(`attribute ${type} occurs twice`);
    attributes.set(type, { flags, value: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return attributes;
}

function unicastFamily(value: Buffer): Family {
  const afi = value.readUInt16BE(0);
  if (value.readUInt8(2) !== 1 || (afi !== 1 && afi !== 2))
    throw new Error(`family ${afi}/${value[2]} received`);
  return afi === 1 ? 'ipv4' : 'ipv6';
}

function decodeReach(reach: ReceivedAttribute | undefined, addPath: ReadonlySet<Family>) {
  if (reach === undefined) return [];
  const family = unicastFamily(reach.value);
  const hopEnd = 4 + reach.value.readUInt8(3);
  const hop = reach.value.subarray(4, Math.min(hopEnd, 20)); // a link-local address may follow the global one
  const prefixes = decodePrefixes(reach.value.subarray(hopEnd + 1), family, addPath.has(family));
  return prefixes.map((one) => ({ ...one, family, nextHop: addressText(hop) }));
}

function decodeUnreach(unreach: ReceivedAttribute | undefined, addPath: ReadonlySet<Family>) {
  if (unreach === undefined) return null;
  const family = unicastFamily(unreach.value);
  const prefixes = decodePrefixes(unreach.value.subarray(3), family, addPath.has(family));
  return { family, prefixes: prefixes.map((one) => ({ ...one, family })) };
}

function endOfRibFamily(
  body: Buffer,
  attributes: ReceivedAttributes,
  unreach: ReturnType<typeof decodeUnreach>,
): Family | null {
  if (body.length === 4) return 'ipv4';
  const onlyUnreach = attributes.size === 1 && unreach !== null && unreach.prefixes.length === 0;
  return onlyUnreach ? unreach.family : null;
}

/** AS numbers in order, sets flattened; four octets each. */
export function asPathOf(attributes: ReceivedAttributes): number[] {
  const value = attributes.get(Attr.AsPath)?.value ?? Buffer.alloc(0);
  const asns: number[] = [];
  for (let at = 0; at < value.length; at += 2 + 4 * value.readUInt8(at + 1)) {
    for (let i = 0; i < value.readUInt8(at + 1); i++) asns.push(value.readUInt32BE(at + 2 + 4 * i));
  }
  return asns;
}

/** A four-byte attribute as a number, or null when it is absent. */
export function uint32Of(attributes: ReceivedAttributes, type: number): number | null {
  return attributes.get(type)?.value.readUInt32BE(0) ?? null;
}

/** An attribute made of IPv4 addresses (ORIGINATOR_ID, CLUSTER_LIST), as dotted quads; empty when absent. */
export function quadsOf(attributes: ReceivedAttributes, type: number): string[] {
  const value = attributes.get(type)?.value ?? Buffer.alloc(0);
  return Array.from({ length: value.length / 4 }, (_, i) => addressText(value.subarray(4 * i, 4 * i + 4)));
}
