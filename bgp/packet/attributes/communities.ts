/** COMMUNITIES (RFC 1997), Extended Communities (RFC 4360) and LARGE_COMMUNITY (RFC 8092). */
import { ColumnFlag } from './attribute-columns.ts';
import { type AttributeDescriptor, readUint32 } from './attribute-descriptor.ts';
import { AttributeType, OPTIONAL_TRANSITIVE } from './attribute-type.ts';

/** Well-known communities that say where a route may go, or what it is worth (RFC 1997, RFC 3765, RFC 8326). */
export const WellKnownCommunity = {
  GracefulShutdown: 0xffff0000,
  NoExport: 0xffffff01,
  NoAdvertise: 0xffffff02,
  NoExportSubconfed: 0xffffff03,
  NoPeer: 0xffffff04,
} as const;

const FLAG_OF: ReadonlyMap<number, number> = new Map([
  [WellKnownCommunity.GracefulShutdown, ColumnFlag.GracefulShutdown],
  [WellKnownCommunity.NoExport, ColumnFlag.NoExport],
  [WellKnownCommunity.NoAdvertise, ColumnFlag.NoAdvertise],
  [WellKnownCommunity.NoExportSubconfed, ColumnFlag.NoExportSubconfed],
  [WellKnownCommunity.NoPeer, ColumnFlag.NoPeer],
]);

export const communities: AttributeDescriptor = {
  code: AttributeType.Communities,
  name: 'COMMUNITIES',
  flags: OPTIONAL_TRANSITIVE,
  check(bytes, at, length, columns) {
    if (length === 0 || length % 4 !== 0) return `COMMUNITIES has ${length} octets`;
    for (let p = at; p < at + length; p += 4) {
      if (bytes[p] === 0xff && bytes[p + 1] === 0xff) columns.flags |= FLAG_OF.get(readUint32(bytes, p)) ?? 0;
    }
    return null;
  },
};

export const extendedCommunities: AttributeDescriptor = {
  code: AttributeType.ExtendedCommunities,
  name: 'EXTENDED COMMUNITIES',
  flags: OPTIONAL_TRANSITIVE,
  check(_bytes, _at, length) {
    return length === 0 || length % 8 !== 0 ? `EXTENDED COMMUNITIES has ${length} octets` : null;
  },
};

export const largeCommunities: AttributeDescriptor = {
  code: AttributeType.LargeCommunities,
  name: 'LARGE_COMMUNITY',
  flags: OPTIONAL_TRANSITIVE,
  check(_bytes, _at, length) {
    return length === 0 || length % 12 !== 0 ? `LARGE_COMMUNITY has ${length} octets` : null;
  },
};

/** The large communities of `value` (a multiple of 12 octets), each once, in order of first occurrence. */
export function distinctLargeCommunities(value: Uint8Array): Uint8Array {
  if (value.length <= 12) return value;
  const seen = new Set<string>();
  const distinct = new Uint8Array(value.length);
  let end = 0;
  for (let p = 0; p < value.length; p += 12) {
    const key = String.fromCharCode(...value.subarray(p, p + 12));
    if (seen.has(key)) continue;
    seen.add(key);
    distinct.set(value.subarray(p, p + 12), end);
    end += 12;
  }
  return distinct.subarray(0, end);
}

/** `aa:nn` for each of the communities in bytes[at, at + length). */
export function formatCommunities(bytes: Uint8Array, at: number, length: number): string[] {
  const texts: string[] = [];
  for (let p = at; p < at + length; p += 4) {
    const value = readUint32(bytes, p);
    texts.push(`${value >>> 16}:${value & 0xffff}`);
  }
  return texts;
}

/** `a:b:c` for each of the large communities in bytes[at, at + length). */
export function formatLargeCommunities(bytes: Uint8Array, at: number, length: number): string[] {
  const texts: string[] = [];
  for (let p = at; p < at + length; p += 12) {
    texts.push(`${readUint32(bytes, p)}:${readUint32(bytes, p + 4)}:${readUint32(bytes, p + 8)}`);
  }
  return texts;
}

/**
 * Parses `aa:nn` (16-bit halves) or `a:b:c` (32-bit parts).
 * @returns the wire octets, 4 or 12, or null.
 */
export function parseCommunity(text: string): Uint8Array | null {
  const parts = text.split(':');
  if (parts.some((part) => !/^\d{1,10}$/.test(part))) return null;
  const values = parts.map(Number);
  const limit = values.length === 2 ? 0xffff : 0xffffffff;
  if ((values.length !== 2 && values.length !== 3) || values.some((value) => value > limit)) return null;
  const width = values.length === 2 ? 2 : 4;
  const bytes = new Uint8Array(values.length * width);
  values.forEach((value, index) => {
    for (let i = 0; i < width; i++) bytes[index * width + i] = Math.floor(value / 2 ** (8 * (width - 1 - i)));
  });
  return bytes;
}
