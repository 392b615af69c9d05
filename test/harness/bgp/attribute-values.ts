/** Path attributes as values, read from the bytes of a received UPDATE without any code of Manul's. */
import { Attr } from './attributes.ts';
import type { ReceivedAttributes } from './decode.ts';
import { addressText } from './prefix-text.ts';

export interface AttributeValues {
  readonly origin: string;
  /** AS numbers in order; an AS_SET as an array. */
  readonly asPath: readonly (number | readonly number[])[];
  readonly med: number | null;
  readonly localPref: number | null;
  readonly communities: readonly string[];
  readonly largeCommunities: readonly string[];
  readonly originatorId: string | null;
  readonly clusterList: readonly string[];
}

const ORIGINS = ['igp', 'egp', 'incomplete'];
const LARGE_COMMUNITIES = 32;

/** @param asBytes octets of an AS number on the session */
export function attributeValues(attributes: ReceivedAttributes, asBytes: 2 | 4 = 4): AttributeValues {
  const value = (type: number): Buffer => attributes.get(type)?.value ?? Buffer.alloc(0);
  const uint32 = (type: number): number | null => attributes.get(type)?.value.readUInt32BE(0) ?? null;
  const quads = (type: number): string[] => chunks(value(type), 4).map(addressText);
  return {
    origin: ORIGINS[value(Attr.Origin).readUInt8(0)] ?? 'undefined',
    asPath: segmentValues(value(Attr.AsPath), asBytes),
    med: uint32(Attr.Med),
    localPref: uint32(Attr.LocalPref),
    communities: chunks(value(Attr.Communities), 4).map(
      (one) => `${one.readUInt16BE(0)}:${one.readUInt16BE(2)}`,
    ),
    largeCommunities: chunks(value(LARGE_COMMUNITIES), 12).map(
      (one) => `${one.readUInt32BE(0)}:${one.readUInt32BE(4)}:${one.readUInt32BE(8)}`,
    ),
    originatorId: quads(Attr.OriginatorId)[0] ?? null,
    clusterList: quads(Attr.ClusterList),
  };
}

/** The AS numbers of AS_PATH or AS4_PATH. @throws RangeError when a segment is cut off. */
export function segmentValues(bytes: Buffer, asBytes: 2 | 4): (number | number[])[] {
  const path: (number | number[])[] = [];
  for (let at = 0; at < bytes.length; ) {
    const count = bytes.readUInt8(at + 1);
    const asns = Array.from({ length: count }, (_, i) => bytes.readUIntBE(at + 2 + asBytes * i, asBytes));
    if (bytes[at] === 1) path.push(asns);
    else path.push(...asns);
    at += 2 + asBytes * count;
  }
  return path;
}

function chunks(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: bytes.length / size }, (_, i) => bytes.subarray(size * i, size * (i + 1)));
}
