/** What the first segment of an accepted connection says about who sent it. */

export interface SynFacts {
  /** TTL or hop limit that it arrived with. */
  readonly ttl: number;
  /** It was signed (RFC 2385); the kernel has verified the signature, or the listener has no key for its sender. */
  readonly isSigned: boolean;
}

const TCP_HEADER_BYTES = 20;
const END_OF_OPTIONS = 0;
const NO_OPERATION = 1;
const MD5_SIGNATURE = 19;
/** IPv6 extension headers of the form next(1) length(1, in 8 octets beyond the first 8). */
const EXTENSION_HEADERS: ReadonlySet<number> = new Set([0, 43, 60]);
const PROTOCOL_TCP = 6;

/** @param headers IP header and TCP header, as the kernel kept them. Null: they are missing, or not understood. */
export function readSyn(headers: Uint8Array): SynFacts | null {
  const version = (headers[0] ?? 0) >> 4;
  if (version === 4) return facts(headers, (headers[0]! & 0x0f) * 4, headers[8]);
  if (version === 6) return facts(headers, ipv6HeaderBytes(headers), headers[7]);
  return null;
}

/** Octets in front of the TCP header; -1 when something else follows. */
function ipv6HeaderBytes(headers: Uint8Array): number {
  let next = headers[6];
  let at = 40;
  while (next !== undefined && EXTENSION_HEADERS.has(next)) {
    next = headers[at];
    at += ((headers[at + 1] ?? 0) + 1) * 8;
  }
  return next === PROTOCOL_TCP ? at : -1;
}

function facts(headers: Uint8Array, tcp: number, ttl: number | undefined): SynFacts | null {
  if (tcp < 0 || ttl === undefined || headers.length < tcp + TCP_HEADER_BYTES) return null;
  const end = Math.min(headers.length, tcp + (headers[tcp + 12]! >> 4) * 4);
  return { ttl, isSigned: hasSignature(headers, tcp + TCP_HEADER_BYTES, end) };
}

function hasSignature(headers: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    const kind = headers[at]!;
    if (kind === MD5_SIGNATURE) return true;
    if (kind === END_OF_OPTIONS) return false;
    const length = kind === NO_OPERATION ? 1 : (headers[at + 1] ?? 0);
    if (length === 0) return false;
    at += length;
  }
  return false;
}
