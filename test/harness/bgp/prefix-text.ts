/** Addresses and prefixes between text and bytes, written for the harness alone: it must not share code with Manul. */
import { isIPv4, isIPv6 } from 'node:net';

export type Family = 'ipv4' | 'ipv6';

/** 4 or 16 bytes of address text. @throws Error when it is none. */
export function addressBytes(text: string): Buffer {
  if (isIPv4(text)) return Buffer.from(text.split('.').map(Number));
  if (!isIPv6(text)) throw new Error(`no address: ${text}`);
  const [head = '', tail] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const all = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

/** Dotted quad, or IPv6 text with the first longest run of zero groups shortened (RFC 5952). */
export function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  for (let size = 8; size >= 2; size--) {
    for (let start = 0; start + size <= 8; start++) {
      if (groups.slice(start, start + size).some((group) => group !== '0')) continue;
      return `${groups.slice(0, start).join(':')}::${groups.slice(start + size).join(':')}`;
    }
  }
  return groups.join(':');
}

/** NLRI of one prefix (RFC 4271 §4.3): length in bits, then as many bytes as it needs. */
export function encodePrefix(text: string): Buffer {
  const [address = '', length = ''] = text.split('/');
  const bits = Number(length);
  return Buffer.concat([Buffer.from([bits]), addressBytes(address).subarray(0, (bits + 7) >> 3)]);
}

export function familyOfPrefix(text: string): Family {
  return text.includes(':') ? 'ipv6' : 'ipv4';
}

export interface DecodedPrefix {
  readonly prefix: string;
  /** Path identifier (RFC 7911), null without ADD-PATH. */
  readonly pathId: number | null;
}

/** Prefixes of an NLRI field. @throws Error when it is cut off or a length is too large. */
export function decodePrefixes(bytes: Buffer, family: Family, withPathIds: boolean): DecodedPrefix[] {
  const width = family === 'ipv4' ? 4 : 16;
  const found: DecodedPrefix[] = [];
  for (let at = 0; at < bytes.length; ) {
    const pathId = withPathIds ? bytes.readUInt32BE(at) : null;
    if (withPathIds) at += 4;
    const bits = bytes.readUInt8(at++);
    const size = (bits + 7) >> 3;
    if (size > width || at + size > bytes.length) throw new Error(`bad NLRI: /${bits} at byte ${at - 1}`);
    const address = Buffer.alloc(width);
    bytes.copy(address, 0, at, at + size);
    at += size;
    found.push({ prefix: `${addressText(address)}/${bits}`, pathId });
  }
  return found;
}
