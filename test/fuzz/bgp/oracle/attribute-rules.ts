/**
 * What the RFCs say of single path attributes, written from their text and sharing no code with the speaker. One row
 * an attribute: its flags, when its value is malformed, and what a receiver then does.
 */

/** RFC 7606 §2, from the weakest: `ignore` leaves no trace at all. */
export type Approach = 'ignore' | 'discard' | 'withdraw';

export interface AttributeContext {
  readonly isInternal: boolean;
  readonly fourOctetAs: boolean;
}

export interface AttributeRule {
  /** Of the flags octet 0xc0. */
  readonly flags: number;
  /** What wrong flags mean; by default RFC 7606 §3(c). */
  readonly wrongFlags?: Approach;
  /** @returns null where the value is well formed. */
  malformed(value: Uint8Array, context: AttributeContext): Approach | null;
}

const WELL_KNOWN = 0x40;
const OPTIONAL = 0x80;
const OPTIONAL_TRANSITIVE = 0xc0;

const lengthIs = (octets: number) => (value: Uint8Array) => (value.length === octets ? null : 'withdraw');
const multipleOf = (octets: number) => (value: Uint8Array) =>
  value.length > 0 && value.length % octets === 0 ? null : 'withdraw';
/** What only internal peers send: from others it is dropped unread (RFC 7606 §7.5, §7.9, §7.10). */
const internalOnly =
  (check: (value: Uint8Array) => Approach | null) =>
  (value: Uint8Array, { isInternal }: AttributeContext) =>
    isInternal ? check(value) : 'ignore';

/** By type code; MP_REACH_NLRI and MP_UNREACH_NLRI have rules of their own, AS4_… depend on others. */
export const ATTRIBUTE_RULES: ReadonlyMap<number, AttributeRule> = new Map<number, AttributeRule>([
  // RFC 7606 §7.1
  [
    1,
    { flags: WELL_KNOWN, malformed: (value) => (value.length === 1 && value[0]! <= 2 ? null : 'withdraw') },
  ],
  // RFC 7606 §7.2, RFC 7607 §2, RFC 5065 §5
  [
    2,
    {
      flags: WELL_KNOWN,
      malformed: (value, { fourOctetAs }) =>
        isAsPath(value, fourOctetAs ? 4 : 2, [1, 2], true) ? null : 'withdraw',
    },
  ],
  // RFC 7606 §7.3
  [3, { flags: WELL_KNOWN, malformed: lengthIs(4) }],
  // RFC 7606 §7.4
  [4, { flags: OPTIONAL, malformed: lengthIs(4) }],
  // RFC 7606 §7.5
  [5, { flags: WELL_KNOWN, malformed: internalOnly(lengthIs(4)) }],
  // RFC 7606 §7.6
  [6, { flags: WELL_KNOWN, malformed: (value) => (value.length === 0 ? null : 'discard') }],
  // RFC 7606 §7.7, RFC 7607 §2
  [
    7,
    {
      flags: OPTIONAL_TRANSITIVE,
      malformed: (value, { fourOctetAs }) => {
        const asOctets = fourOctetAs ? 4 : 2;
        if (value.length !== asOctets + 4) return 'discard';
        return value.subarray(0, asOctets).some((octet) => octet !== 0) ? null : 'discard';
      },
    },
  ],
  // RFC 7606 §7.8
  [8, { flags: OPTIONAL_TRANSITIVE, malformed: multipleOf(4) }],
  // RFC 7606 §7.9, §7.10
  [9, { flags: OPTIONAL, malformed: internalOnly(lengthIs(4)) }],
  [10, { flags: OPTIONAL, malformed: internalOnly(multipleOf(4)) }],
  // RFC 7606 §7.14
  [16, { flags: OPTIONAL_TRANSITIVE, malformed: multipleOf(8) }],
  // RFC 6793 §6: counted where they are used, see `as4Discards`
  [17, { flags: OPTIONAL_TRANSITIVE, malformed: () => null }],
  [18, { flags: OPTIONAL_TRANSITIVE, malformed: () => null }],
  // RFC 7311 §3.2, §3.3: it is enabled nowhere
  [26, { flags: OPTIONAL, wrongFlags: 'discard', malformed: () => 'ignore' }],
  // RFC 8092 §6
  [32, { flags: OPTIONAL_TRANSITIVE, malformed: multipleOf(12) }],
  // RFC 9234 §5
  [35, { flags: OPTIONAL_TRANSITIVE, malformed: lengthIs(4) }],
]);

/** Whole segments of the given types, none empty, without AS 0 (RFC 4271 §4.3, RFC 7607 §2). */
export function isAsPath(
  value: Uint8Array,
  asOctets: number,
  types: readonly number[],
  mayBeEmpty: boolean,
): boolean {
  if (value.length === 0) return mayBeEmpty;
  let rest = value;
  while (rest.length > 0) {
    const [type, count] = rest;
    if (type === undefined || count === undefined || count === 0 || !types.includes(type)) return false;
    const ases = rest.subarray(2, 2 + count * asOctets);
    if (ases.length < count * asOctets) return false;
    const isConfederation = type > 2;
    for (let i = 0; i < ases.length && !isConfederation; i += asOctets) {
      if (ases.subarray(i, i + asOctets).every((octet) => octet === 0)) return false;
    }
    rest = rest.subarray(2 + count * asOctets);
  }
  return true;
}

/** RFC 4271 §6.3, RFC 4760 §3: a next hop that can be nobody's address makes its routes useless. */
export function isHostAddress(address: Uint8Array): boolean {
  if (address.every((octet) => octet === 0)) return false;
  if (address.length === 4) return address[0]! >> 4 !== 0xe && address.some((octet) => octet !== 0xff);
  return address[0] !== 0xff;
}
