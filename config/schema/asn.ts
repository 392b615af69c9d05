/** AS numbers as users write them: a number, decimal text, or asdot (RFC 5396) `high.low`. */

const MAX_ASN = 4_294_967_295;

/** An inclusive range of AS numbers. */
export interface AsnRange {
  readonly first: number;
  readonly last: number;
}

/** Parses `64512` or `1.10` (= 65546). @returns 0 to 4294967295, or null when `text` is no AS number. */
export function parseAsn(text: string): number | null {
  const dotted = /^(\d{1,5})\.(\d{1,5})$/.exec(text);
  if (dotted !== null) {
    const high = Number(dotted[1]);
    const low = Number(dotted[2]);
    return high <= 0xffff && low <= 0xffff ? high * 65_536 + low : null;
  }
  if (!/^\d{1,10}$/.test(text)) return null;
  const asn = Number(text);
  return asn <= MAX_ASN ? asn : null;
}

/** Parses `64512` or `65000-65100`. @returns null when `text` is neither, or the range runs backwards. */
export function parseAsnRange(text: string): AsnRange | null {
  const [firstText, lastText = firstText, ...rest] = text.split('-').map((part) => part.trim());
  if (rest.length > 0) return null;
  const first = parseAsn(firstText!);
  const last = parseAsn(lastText!);
  return first === null || last === null || first < 1 || last < first ? null : { first, last };
}

/** `64512`, or `65000-65100` for a range of more than one. */
export function formatAsnRange(range: AsnRange): string {
  return range.first === range.last ? String(range.first) : `${range.first}-${range.last}`;
}
