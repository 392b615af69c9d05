/** Path attributes as bytes (RFC 4271 §4.3, RFC 1997, RFC 4456, RFC 4760), well-formed or deliberately not. */
import { addressBytes, encodePrefix, type Family } from './prefix-text.ts';

export const Attr = {
  Origin: 1,
  AsPath: 2,
  NextHop: 3,
  Med: 4,
  LocalPref: 5,
  Communities: 8,
  OriginatorId: 9,
  ClusterList: 10,
  MpReach: 14,
  MpUnreach: 15,
} as const;

export const Flag = { Optional: 0x80, Transitive: 0x40, Partial: 0x20, Extended: 0x10 } as const;

const WELL_KNOWN = Flag.Transitive;
const OPTIONAL_TRANSITIVE = Flag.Optional | Flag.Transitive;

/** One attribute; the extended length bit is added when the value needs it. */
export function attribute(flags: number, type: number, value: Buffer): Buffer {
  if (value.length > 255 || (flags & Flag.Extended) !== 0) {
    return Buffer.concat([
      Buffer.from([flags | Flag.Extended, type, value.length >> 8, value.length & 0xff]),
      value,
    ]);
  }
  return Buffer.concat([Buffer.from([flags, type, value.length]), value]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

export function origin(code: number): Buffer {
  return attribute(WELL_KNOWN, Attr.Origin, Buffer.from([code]));
}

/** One AS_SEQUENCE of four-octet AS numbers; an empty list gives an empty AS_PATH. */
export function asPath(asns: readonly number[]): Buffer {
  const segment = asns.length === 0 ? [] : [Buffer.from([2, asns.length]), ...asns.map(uint32)];
  return attribute(WELL_KNOWN, Attr.AsPath, Buffer.concat(segment));
}

export function nextHop(address: string): Buffer {
  return attribute(WELL_KNOWN, Attr.NextHop, addressBytes(address));
}

export function med(value: number): Buffer {
  return attribute(Flag.Optional, Attr.Med, uint32(value));
}

export function localPref(value: number): Buffer {
  return attribute(WELL_KNOWN, Attr.LocalPref, uint32(value));
}

/** Each community as 32 bits. */
export function communities(values: readonly number[]): Buffer {
  return attribute(OPTIONAL_TRANSITIVE, Attr.Communities, Buffer.concat(values.map(uint32)));
}

export function originatorId(address: string): Buffer {
  return attribute(Flag.Optional, Attr.OriginatorId, addressBytes(address));
}

export function clusterList(addresses: readonly string[]): Buffer {
  return attribute(Flag.Optional, Attr.ClusterList, Buffer.concat(addresses.map(addressBytes)));
}

const familyHeader = (family: Family): number[] => [0, family === 'ipv4' ? 1 : 2, 1];

/** MP_REACH_NLRI, unicast (RFC 4760 §3). */
export function mpReach(family: Family, hop: string, prefixes: readonly string[]): Buffer {
  const hopBytes = addressBytes(hop);
  const value = [Buffer.from([...familyHeader(family), hopBytes.length]), hopBytes, Buffer.from([0])];
  return attribute(Flag.Optional, Attr.MpReach, Buffer.concat([...value, ...prefixes.map(encodePrefix)]));
}

/** MP_UNREACH_NLRI, unicast (RFC 4760 §4); without prefixes it is the End-of-RIB marker (RFC 4724 §2). */
export function mpUnreach(family: Family, prefixes: readonly string[]): Buffer {
  const value = [Buffer.from(familyHeader(family)), ...prefixes.map(encodePrefix)];
  return attribute(Flag.Optional, Attr.MpUnreach, Buffer.concat(value));
}
