/**
 * What must become of an UPDATE: by RFC 4271 §6.3, RFC 4724 §2, RFC 4760 §7, RFC 6793 §6, RFC 7606, RFC 8950 §4 and the
 * rules of single attributes. An UPDATE with several faults gets the strongest approach of all (RFC 7606 §3(h)).
 */
import type { SessionKind } from '../session-kind.ts';
import { ATTRIBUTE_RULES, isAsPath, isHostAddress } from './attribute-rules.ts';
import { isNoUnicast, type ParsedAttribute, parseNlri, parseUpdate } from './parse-update.ts';

export type Expected =
  /** A NOTIFICATION, with one of these as code/subcode. */
  | { readonly action: 'reset'; readonly codes: readonly string[] }
  | {
      readonly action: 'withdraw' | 'keep';
      /** Routes that are gone, then those that are there, by key. */
      readonly removed: readonly string[];
      readonly added: readonly string[];
      readonly discards: boolean;
      readonly endOfRib: 'ipv4' | 'ipv6' | null;
    };

const MP_REACH = 14;
const MP_UNREACH = 15;
const NEXT_HOP = 3;
const AS_TRANS = 23456;

const FAMILIES = [
  { name: 'ipv4', afi: 1, bits: 32 },
  { name: 'ipv6', afi: 2, bits: 128 },
] as const;
type KnownFamily = (typeof FAMILIES)[number];

export function expectedOf(body: Uint8Array, kind: SessionKind): Expected {
  return new Verdict(kind).of(body);
}

class Verdict {
  readonly #kind: SessionKind;
  readonly #resets: string[] = [];
  /** In the order of arrival, each code once. */
  readonly #attributes = new Map<number, ParsedAttribute>();
  #withdraws = false;
  #discards = false;

  constructor(kind: SessionKind) {
    this.#kind = kind;
  }

  of(body: Uint8Array): Expected {
    const update = parseUpdate(body);
    if (update === null) return { action: 'reset', codes: ['3/1'] };
    const withdrawn = this.#plainRun(update.withdrawn);
    const announced = this.#plainRun(update.nlri);
    this.#collect(update.attributes);
    if (update.isCut) this.#withdraws = true;
    const unreach = this.#mpUnreach();
    const reach = this.#mpReach();
    const hasRoutes = announced.length > 0 || reach.routes.length > 0;
    this.#judgeValues(announced.length > 0 || reach.routes.length === 0);
    if (hasRoutes) this.#requireMandatory(announced.length > 0);
    if (reach.routes.length > 0 && reach.hop !== null && !isHostAddress(reach.hop)) this.#withdraws = true;

    const isIgnoredAnnouncement =
      (update.nlri.length > 0 && !this.#speaks('ipv4')) || (reach.isPresent && !reach.isNegotiated);
    // RFC 7606 §5.2: whose routes these are cannot be told.
    if (this.#withdraws && !hasRoutes && !isIgnoredAnnouncement) this.#resets.push('3/1');
    if (this.#resets.length > 0) return { action: 'reset', codes: this.#resets };
    const gone = [...withdrawn, ...unreach];
    const there = [...announced, ...reach.routes];
    if (this.#withdraws) {
      return { action: 'withdraw', removed: [...gone, ...there], added: [], discards: false, endOfRib: null };
    }
    return {
      action: 'keep',
      removed: gone,
      added: there.filter((key) => !isNoUnicast(key, this.#kind.addPath)),
      discards: hasRoutes && this.#discards,
      endOfRib: this.#endOfRib(body, update.withdrawn.length + update.nlri.length),
    };
  }

  #speaks(name: 'ipv4' | 'ipv6'): boolean {
    return this.#kind.families.includes(name);
  }

  /** A run of the IPv4 fields: it must be readable even where its routes are ignored. */
  #plainRun(run: Uint8Array): string[] {
    const keys = parseNlri(run, 32, this.#kind.addPath && this.#speaks('ipv4'));
    if (keys === null) this.#resets.push('3/10');
    return this.#speaks('ipv4') ? (keys ?? []) : [];
  }

  /** Flags, and what occurs twice (RFC 7606 §3(c), §3(g)). */
  #collect(attributes: readonly ParsedAttribute[]): void {
    for (const attribute of attributes) {
      const { code, flags } = attribute;
      const isMp = code === MP_REACH || code === MP_UNREACH;
      if (this.#attributes.has(code)) {
        if (isMp) this.#resets.push('3/1');
        continue;
      }
      this.#attributes.set(code, attribute);
      const rule = ATTRIBUTE_RULES.get(code);
      if (isMp) {
        if ((flags & 0xc0) !== 0x80) this.#resets.push('3/9');
      } else if (rule === undefined) {
        if ((flags & 0x80) === 0) this.#resets.push('3/2');
      } else if ((flags & 0xc0) !== rule.flags) {
        this.#apply(rule.wrongFlags ?? 'withdraw');
      }
    }
  }

  #apply(approach: 'ignore' | 'discard' | 'withdraw' | null): void {
    if (approach === 'withdraw') this.#withdraws = true;
    if (approach === 'discard') this.#discards = true;
  }

  /** @param nextHopCounts some routes have NEXT_HOP as their next hop, or there are none at all */
  #judgeValues(nextHopCounts: boolean): void {
    for (const { code, value } of this.#attributes.values()) {
      // RFC 4760 §3: ignored beside MP_REACH_NLRI
      if (code === NEXT_HOP && !nextHopCounts) continue;
      this.#apply(ATTRIBUTE_RULES.get(code)?.malformed(value, this.#kind) ?? null);
    }
    if (!this.#kind.fourOctetAs) this.#judgeAs4();
  }

  /** RFC 6793 §4.2.3, §6: only where an AS_PATH, or an AGGREGATOR of AS_TRANS, needs them. */
  #judgeAs4(): void {
    const aggregator = this.#attributes.get(7)?.value;
    const wide = this.#attributes.get(18)?.value;
    const path = this.#attributes.get(17)?.value;
    const asn = aggregator?.length === 6 ? aggregator[0]! * 256 + aggregator[1]! : null;
    if (wide !== undefined && asn === AS_TRANS) {
      if (wide.length !== 8 || wide.subarray(0, 4).every((octet) => octet === 0)) this.#discards = true;
    }
    const isStale = wide !== undefined && asn !== null && asn !== AS_TRANS;
    if (path === undefined || isStale || !this.#attributes.has(2)) return;
    if (!isAsPath(path, 4, [1, 2, 3, 4], false)) this.#discards = true;
  }

  /** RFC 7606 §3(d). */
  #requireMandatory(hasPlainRoutes: boolean): void {
    const hop = this.#attributes.get(NEXT_HOP)?.value;
    if (!this.#attributes.has(1) || !this.#attributes.has(2)) this.#withdraws = true;
    if (hasPlainRoutes && (hop === undefined || !isHostAddress(hop))) this.#withdraws = true;
  }

  #family(value: Uint8Array): KnownFamily | null {
    const afi = value[0]! * 256 + value[1]!;
    const family = FAMILIES.find((one) => one.afi === afi && value[2] === 1);
    return family !== undefined && this.#speaks(family.name) ? family : null;
  }

  #mpUnreach(): string[] {
    const value = this.#attributes.get(MP_UNREACH)?.value;
    if (value === undefined) return [];
    if (value.length < 3) return this.#mpReset();
    const family = this.#family(value);
    if (family === null) return [];
    return parseNlri(value.subarray(3), family.bits, this.#kind.addPath) ?? this.#mpReset();
  }

  #mpReset(): [] {
    this.#resets.push('3/9');
    return [];
  }

  #mpReach(): { isPresent: boolean; isNegotiated: boolean; hop: Uint8Array | null; routes: string[] } {
    const value = this.#attributes.get(MP_REACH)?.value;
    const none = { isPresent: value !== undefined, isNegotiated: true, hop: null, routes: [] };
    if (value === undefined) return none;
    const length = value[3] ?? 0;
    if (value.length < 5 + length) return { ...none, routes: this.#mpReset() };
    const family = this.#family(value);
    if (family === null) return { ...none, isNegotiated: false };
    const isIpv6Hop = length === 16 || length === 32;
    const isIpv4Hop = length === 4 && family.name === 'ipv4';
    if (!isIpv4Hop && !(isIpv6Hop && (family.name === 'ipv6' || this.#kind.extendedNextHop))) {
      return { ...none, routes: this.#mpReset() }; // RFC 7606 §7.11
    }
    const hop = effectiveHop(value.subarray(4, 4 + length));
    const routes = parseNlri(value.subarray(5 + length), family.bits, this.#kind.addPath) ?? this.#mpReset();
    return { ...none, hop, routes };
  }

  /** RFC 4724 §2. */
  #endOfRib(body: Uint8Array, ipv4Octets: number): 'ipv4' | 'ipv6' | null {
    if (body.length === 4) return this.#speaks('ipv4') ? 'ipv4' : null;
    const unreach = this.#attributes.get(MP_UNREACH);
    if (this.#attributes.size !== 1 || unreach?.value.length !== 3 || ipv4Octets > 0) return null;
    return this.#family(unreach.value)?.name ?? null;
  }
}

/** Of a pair (RFC 2545 §3) the link-local address counts where the global one is none. */
function effectiveHop(hop: Uint8Array): Uint8Array {
  if (hop.length !== 32) return hop;
  const isLinkLocal = (address: Uint8Array): boolean => address[0] === 0xfe && address[1]! >> 6 === 2;
  const global = hop.subarray(0, 16);
  const second = hop.subarray(16);
  const hasGlobal = global.some((octet) => octet !== 0) && !isLinkLocal(global);
  return isLinkLocal(second) && !hasGlobal ? second : global;
}
