/** An UPDATE taken apart as RFC 4271 §4.3 and RFC 4760 say, without a thought for speed; no code of the speaker. */

export interface ParsedAttribute {
  readonly flags: number;
  readonly code: number;
  readonly value: Uint8Array;
}

export interface ParsedUpdate {
  readonly withdrawn: Uint8Array;
  readonly attributes: readonly ParsedAttribute[];
  /** The attributes end inside one of them (RFC 7606 §4). */
  readonly isCut: boolean;
  readonly nlri: Uint8Array;
}

/** @returns null where the two length fields do not fit the message. */
export function parseUpdate(body: Uint8Array): ParsedUpdate | null {
  const withdrawn = counted(body);
  if (withdrawn === null) return null;
  const field = counted(withdrawn.rest);
  if (field === null) return null;
  return { withdrawn: withdrawn.value, nlri: field.rest, ...parseAttributes(field.value) };
}

function counted(bytes: Uint8Array): { readonly value: Uint8Array; readonly rest: Uint8Array } | null {
  if (bytes.length < 2) return null;
  const end = 2 + bytes[0]! * 256 + bytes[1]!;
  return end > bytes.length ? null : { value: bytes.subarray(2, end), rest: bytes.subarray(end) };
}

function parseAttributes(field: Uint8Array): Pick<ParsedUpdate, 'attributes' | 'isCut'> {
  const attributes: ParsedAttribute[] = [];
  let rest = field;
  while (rest.length > 0) {
    const [flags = 0, code = 0] = rest;
    const header = (flags & 0x10) === 0 ? 3 : 4;
    if (rest.length < header) return { attributes, isCut: true };
    const length = header === 3 ? rest[2]! : rest[2]! * 256 + rest[3]!;
    if (rest.length < header + length) return { attributes, isCut: true };
    attributes.push({ flags, code, value: rest.subarray(header, header + length) });
    rest = rest.subarray(header + length);
  }
  return { attributes, isCut: false };
}

/** Keys of the routes in a run of NLRI, equal for equal routes; null where it does not end with an entry (RFC 7606 §5.3). */
export function parseNlri(run: Uint8Array, maxLength: number, hasPathId: boolean): string[] | null {
  const keys: string[] = [];
  let rest = run;
  while (rest.length > 0) {
    const lead = hasPathId ? 4 : 0;
    const bits = rest[lead];
    if (bits === undefined || bits > maxLength) return null;
    const octets = Math.ceil(bits / 8);
    const end = lead + 1 + octets;
    if (rest.length < end) return null;
    const address = new Uint8Array(maxLength / 8);
    address.set(rest.subarray(lead + 1, end));
    for (let bit = bits; bit < octets * 8; bit++) address[bit >> 3]! &= ~(0x80 >> (bit & 7));
    keys.push(`${maxLength}|${String.fromCharCode(...rest.subarray(0, lead), bits, ...address)}`);
    rest = rest.subarray(end);
  }
  return keys;
}

/** Multicast and link-local prefixes are no unicast routes (RFC 4271 §6.3); `key` of `parseNlri`. */
export function isNoUnicast(key: string, hasPathId: boolean): boolean {
  const at = key.indexOf('|') + 1 + (hasPathId ? 4 : 0);
  const bits = key.charCodeAt(at);
  const first = key.charCodeAt(at + 1);
  if (key.startsWith('32|')) return bits >= 4 && first >= 224 && first <= 239;
  if (bits >= 8 && first === 0xff) return true;
  return bits >= 10 && first === 0xfe && (key.charCodeAt(at + 2) & 0xc0) === 0x80;
}
