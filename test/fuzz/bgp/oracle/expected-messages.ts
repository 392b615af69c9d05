/** What must become of the other messages, from the RFCs alone: headers, OPEN, ROUTE-REFRESH. */

/** Shortest message of each type (RFC 4271 §6.1, RFC 2918 §3). */
const SHORTEST: Readonly<Record<number, number>> = { 1: 29, 2: 23, 3: 21, 4: 19, 5: 23 };

/** NOTIFICATION for the 19 octets of a header, as code/subcode, or null (RFC 4271 §6.1, RFC 8654 §4). */
export function expectedOfHeader(header: Uint8Array, maxOctets: number): string | null {
  if (header.subarray(0, 16).some((octet) => octet !== 0xff)) return '1/1';
  const length = header[16]! * 256 + header[17]!;
  const type = header[18]!;
  const longest = type === 4 ? 19 : type === 1 ? 4096 : maxOctets;
  if (length < (SHORTEST[type] ?? 19) || length > longest) return '1/2';
  return type in SHORTEST ? null : '1/3';
}

/** Every NOTIFICATION that the body of an OPEN may be answered with; none: it is good (RFC 4271 §6.2, RFC 5492, RFC 9072). */
export function expectedOfOpen(body: Uint8Array): readonly string[] {
  if (body[0] !== 4) return ['2/1'];
  const problems: string[] = [];
  const capabilities: { readonly code: number; readonly value: Uint8Array }[] = [];
  const parameters = readParameters(body.subarray(9), capabilities);
  if (parameters !== null) problems.push(parameters);
  const short = body[1]! * 256 + body[2]!;
  const wide = capabilities.find(({ code, value }) => code === 65 && value.length === 4)?.value;
  const isZero = (octets: Uint8Array): boolean => octets.every((octet) => octet === 0);
  if (short === 0 || (wide !== undefined && isZero(wide))) problems.push('2/2'); // RFC 7607 §2
  if (isZero(body.subarray(5, 9))) problems.push('2/3'); // RFC 6286 §2.1
  const hold = body[3]! * 256 + body[4]!;
  if (hold === 1 || hold === 2) problems.push('2/6');
  return problems;
}

function readParameters(
  bytes: Uint8Array,
  capabilities: { code: number; value: Uint8Array }[],
): '2/0' | '2/4' | null {
  const isExtended = bytes[0] !== 0 && bytes[1] === 255;
  const lead = isExtended ? 4 : 1;
  if (bytes.length < lead) return '2/0';
  const declared = isExtended ? bytes[2]! * 256 + bytes[3]! : bytes[0]!;
  let rest = bytes.subarray(lead);
  if (rest.length !== declared) return '2/0';
  const header = isExtended ? 3 : 2;
  while (rest.length > 0) {
    if (rest.length < header) return '2/0';
    const end = header + (isExtended ? rest[1]! * 256 + rest[2]! : rest[1]!);
    if (rest.length < end) return '2/0';
    if (rest[0] !== 2) return '2/4';
    let value = rest.subarray(header, end);
    while (value.length > 0) {
      const next = 2 + (value[1] ?? 254);
      if (value.length < next) return '2/0';
      capabilities.push({ code: value[0]!, value: value.subarray(2, next) });
      value = value.subarray(next);
    }
    rest = rest.subarray(end);
  }
  return null;
}

/** `error`, `ignored`, or the kind of a ROUTE-REFRESH (RFC 2918 §4, RFC 7313 §4, §5). */
export function expectedOfRefresh(message: Uint8Array, hasMarkers: boolean): string {
  if (message.length !== 23) return 'error';
  const kind = ['request', 'begin', 'end'][message[21]!];
  if (kind === undefined || (kind !== 'request' && !hasMarkers)) return 'ignored';
  const afi = message[19]! * 256 + message[20]!;
  return (afi === 1 || afi === 2) && message[22] === 1 ? kind : 'ignored';
}
